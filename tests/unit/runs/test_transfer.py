"""A trial's folder sent in parts is the same folder, whenever what was sent ends."""

import random
import shutil

import pytest

from harness.core.files import append_line, write_atomically
from harness.core.leftovers import discard
from harness.runs import layout, transfer
from harness.runs.recorder import Recorder
from harness.runs.transfer import Action, Inbox, Outbox, OutOfStep, Part, parts_of, unpack


@pytest.fixture
def home(tmp_path):
    with Recorder(tmp_path / "home") as recorder:
        yield recorder


@pytest.fixture
def node(tmp_path):
    (tmp_path / "node/checkpoint").mkdir(parents=True)
    (tmp_path / "node/evaluations").mkdir()
    return tmp_path / "node"


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(transfer, "CHUNK", 100)


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("lock", layout.BEFORE)
    }


def send(outbox, inbox):
    for part in outbox.parts():
        inbox.take([part])


def write(node, name, size, seed=0):
    write_atomically(node / name, random.Random(seed).randbytes(size))


def test_files_rows_and_removals_arrive(home, node):
    outbox, inbox = Outbox(node), Inbox(home)
    for number in range(5):
        append_line(node / layout.METRICS, {"iteration": number, "loss": 0.5})
        Recorder(node).keep_checkpoint()
        write(node, "checkpoint/last.npz", 250 + number, number)
        write(node, f"generators/{number:08d}.npz", 100 * number, number)
        with (node / layout.LOG).open("a") as log:
            log.write(f"line {number}\n")
        send(outbox, inbox)
        assert files(home.folder) == files(node)
    discard(node / "generators/00000003.npz")
    discard(node / "checkpoint")
    write(node, layout.DIGESTS, 10)
    write(node, layout.RESULT, 10)
    send(outbox, inbox)
    assert files(home.folder) == files(node)
    assert not (home.folder / "checkpoint").exists()
    assert list(outbox.parts()) == []


def test_rows_that_a_resume_has_cut_are_sent_again(home, node):
    outbox, inbox = Outbox(node), Inbox(home)
    rows = [f'{{"iteration":{n}}}\n' for n in range(30)]
    write_atomically(node / layout.METRICS, "".join(rows))
    send(outbox, inbox)
    write_atomically(node / layout.METRICS, "".join(rows[:10]))
    append_line(node / layout.METRICS, {"iteration": "other"})
    send(outbox, inbox)
    assert files(home.folder) == files(node)


def test_a_row_that_is_being_written_waits(home, node):
    outbox, inbox = Outbox(node), Inbox(home)
    with (node / layout.METRICS).open("w") as file:
        file.write('{"iteration":1}\n{"iter')
        file.flush()
        send(outbox, inbox)
        assert (home.folder / layout.METRICS).read_text() == '{"iteration":1}\n'
        file.write('ation":2}\n')
    send(outbox, inbox)
    assert files(home.folder) == files(node)


def test_what_follows_from_others_comes_after_them(node):
    for name in (layout.RESULT, layout.DIGESTS, "checkpoint/last.npz", "evaluations/a.jsonl"):
        write_atomically(node / name, "x\n")
    names = [part.name for part in Outbox(node.parent / "empty").parts()]
    assert names == []
    outbox = Outbox(node)
    outbox._sent.clear()
    outbox._lines.clear()
    assert [part.name for part in outbox.parts()] == [
        "evaluations/a.jsonl", "checkpoint/last.npz", layout.DIGESTS, layout.RESULT,
    ]  # fmt: skip


def test_a_checkpoint_never_comes_without_its_rows(node):
    """It is written between two looks at the folder: the one that was opened first is sent."""
    outbox = Outbox(node)
    append_line(node / layout.METRICS, {"iteration": 1})
    write_atomically(node / "checkpoint/last.npz", b"1")
    parts = outbox.parts()
    first = next(parts)
    append_line(node / layout.METRICS, {"iteration": 2})
    write_atomically(node / "checkpoint/last.npz", b"2")
    assert [first.data, *(part.data for part in parts)] == [b'{"iteration":1}\n', b"1"]
    assert [part.data for part in outbox.parts()] == [b'{"iteration":2}\n', b"2"]


def test_the_record_keeps_the_checkpoint_before_the_last(home, node):
    outbox, inbox = Outbox(node), Inbox(home)
    for content in (b"1", b"2"):
        write_atomically(node / "checkpoint/last.npz", content)
        send(outbox, inbox)
    assert (home.folder / "checkpoint" / layout.BEFORE).read_bytes() == b"1"


def test_a_checkpoint_that_is_the_best_one_is_sent_once(home, node, tmp_path):
    outbox, inbox = Outbox(node), Inbox(home)
    last, best = f"checkpoint/{layout.LAST}", f"checkpoint/{layout.BEST}"
    for seed in range(3):  # a look between the two, and one after both
        write(node, best, 250, seed)
        sent = list(outbox.parts()) if seed % 2 else []
        write(node, last, 250, seed)
        sent += outbox.parts()
        assert sum(len(part.data) for part in sent) < 300
        inbox.take(sent)
        assert files(home.folder) == files(node)
    sent = list(parts_of(home.folder))
    assert sum(len(part.data) for part in sent) < 600  # the one before the last is another
    unpack(tmp_path / "other", sent)
    assert files(tmp_path / "other") == files(home.folder)
    write(node, last, 250, 3)
    inbox.take(outbox.parts())
    assert files(home.folder) == files(node)  # and the best one is what it was


def test_a_file_that_was_removed_is_sent_again(home, node):
    outbox, inbox = Outbox(node), Inbox(home)
    write(node, "generators/00000001.npz", 250)
    send(outbox, inbox)
    discard(node / "generators/00000001.npz")
    send(outbox, inbox)
    write(node, "generators/00000002.npz", 250)
    send(outbox, inbox)
    assert files(home.folder) == files(node)


def test_what_arrives_in_part_replaces_nothing(home, node):
    outbox, inbox = Outbox(node), Inbox(home)
    write(node, "checkpoint/last.npz", 300, 1)
    send(outbox, inbox)
    before = files(home.folder)
    write(node, "checkpoint/last.npz", 300, 2)
    inbox.take([next(outbox.parts())])
    inbox.close()
    assert files(home.folder) == before


def test_a_trial_goes_on_elsewhere(home, node, tmp_path):
    outbox, inbox = Outbox(node), Inbox(home)
    append_line(node / layout.METRICS, {"iteration": 1})
    write(node, "checkpoint/last.npz", 250)
    write_atomically(node / layout.PROGRESS, "{}")
    send(outbox, inbox)
    unpack(tmp_path / "other", parts_of(home.folder))
    expected = files(home.folder)
    del expected[layout.PROGRESS]
    assert files(tmp_path / "other") == expected
    there = Outbox(tmp_path / "other")
    assert list(there.parts()) == []
    append_line(tmp_path / "other" / layout.METRICS, {"iteration": 2})
    (part,) = there.parts()
    assert (part.action, part.offset) == (Action.APPEND, 16)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (Part("../x", Action.WRITE, b"x", 0, 1), "'../x' is no file of a trial"),
        (Part("/etc/x", Action.WRITE, b"x", 0, 1), "'/etc/x' is no file of a trial"),
        (Part("lock", Action.REMOVE), "'lock' is no file of a trial"),
        (Part("metrics.jsonl", Action.APPEND, b"x\n", 7), "0 bytes have arrived, not 7"),
        (Part("x", Action.COPY, b"../y"), "'../y' is no file of a trial"),
        (Part("x", Action.COPY, b"y"), "x: y has not arrived"),
        (Part("result.json", Action.WRITE, b"x", 100, 200), "its beginning has not arrived"),
    ],
)
def test_what_does_not_follow_is_refused(home, part, said):
    with pytest.raises(OutOfStep, match=said):
        Inbox(home).take([part])
    assert files(home.folder) in ({}, {"metrics.jsonl": b""})


def test_any_end_leaves_what_a_kill_would(home, node):
    """Cut off after any part, no checkpoint lacks rows, and no result lacks anything."""
    sent = []
    outbox = Outbox(node)
    for number in range(1, 4):
        append_line(node / layout.METRICS, {"iteration": number})
        write_atomically(node / "checkpoint/last.npz", str(number))
        sent += outbox.parts()
    write_atomically(node / layout.RESULT, "3")
    discard(node / "checkpoint")
    sent += outbox.parts()
    for count in range(len(sent) + 1):
        folder = home.folder.with_name(f"cut-{count}")
        with Recorder(folder) as recorder:
            inbox = Inbox(recorder)
            for part in sent[:count]:
                inbox.take([part])
            inbox.close()
        rows = len((folder / layout.METRICS).read_text().splitlines()) if count else 0
        last = folder / "checkpoint/last.npz"
        assert not last.exists() or int(last.read_text()) <= rows
        assert not (folder / layout.RESULT).exists() or rows == 3
        assert list(folder.glob(".*")) == []
        shutil.rmtree(folder)


def test_what_has_ended_has_no_progress_of_an_earlier_attempt(home, node):
    """The next node never had it, and may have ended the trial before it wrote one of its own."""
    (home.folder / layout.PROGRESS).write_text("{}")
    outbox, inbox = Outbox(node), Inbox(home)
    inbox.close()
    assert (home.folder / layout.PROGRESS).exists()
    write(node, layout.RESULT, 10)
    send(outbox, inbox)
    inbox.close()
    assert files(home.folder) == files(node)
