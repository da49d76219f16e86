"""Every kind of cache with a zeroed page: found, made again, said, and the same KID as before."""

import multiprocessing
import os
from pathlib import Path

import keras
import numpy as np
import pytest

from harness.config.inputs.content import Contents
from harness.config.patch import resolve
from harness.core import cache as caches
from harness.gan import classifier
from harness.gan.data import load_images
from harness.gan.evaluate import Evaluator
from tests.gan.test_evaluate import SMALL, noise_images, score

pytestmark = pytest.mark.tf
PAGE = 4096


@pytest.fixture(scope="module")
def encoder_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("encoder") / "mine.keras"
    keras.utils.set_random_seed(0)
    keras.Sequential([keras.Input((16, 16, 3)), keras.layers.AveragePooling2D(4),
                      keras.layers.Flatten(), keras.layers.Dense(12)]).save(path)  # fmt: skip
    return path


def evaluate(cache, **knobs):
    """A KID from nothing but what is kept; what is said on the way, and where."""
    changes = {f"evaluation.{name}": value for name, value in knobs.items()}
    config = Contents(cache).fill(resolve([SMALL, {"evaluation.protocol": "blocks", **changes}]))
    images = load_images(config.data, cache)
    made = Evaluator(config, images, cache)
    row = score(made, noise_images)
    row["identity"] = made.identity
    return row, [*images.notes, *made.notes]


def zero(file, keep_time=True):
    """A page that a disk lost; the time of modification says nothing of it."""
    status = file.stat()
    place = min(PAGE, status.st_size // 2)
    with file.open("r+b") as opened:
        opened.seek(place)
        before = opened.read(PAGE)
        opened.seek(place)
        opened.write(bytes(len(before)))
    assert before.strip(b"\0")
    if keep_time:
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        ("data/*/images.npy", "decoded images (digits test 16 px)"),
        ("data/*/labels.npy", "decoded images (digits test 16 px)"),
        ("data/*/about.json", "decoded images (digits test 16 px)"),
        ("data/*/digests.json", "decoded images (digits test 16 px)"),
        ("features/*/real.npy", "features of the real images"),
        ("features/*/digests.json", "features of the real images"),
    ],
)
def test_a_damaged_page_changes_no_kid_and_is_said(encoder_file, tmp_path, pattern, what, capfd):
    before, said = evaluate(tmp_path, encoder=str(encoder_file))
    assert said == []
    for file in tmp_path.glob(pattern):
        zero(file)
    after, said = evaluate(tmp_path, encoder=str(encoder_file))
    assert after == before
    told = [note for note in said if note.startswith(what)]
    assert len(told) == 1
    assert told[0].endswith(": rebuilt")
    assert f"{caches.NOTE}{told[0]}\n" in capfd.readouterr().err
    again, _ = evaluate(tmp_path, encoder=str(encoder_file))
    assert again == before
    assert capfd.readouterr().err == ""


def test_a_damaged_classifier_is_trained_again(tmp_path, capfd):
    before, said = evaluate(tmp_path, encoder="classifier")
    assert said == []
    (file,) = tmp_path.glob(f"encoders/*/{classifier.WEIGHTS}")
    zero(file)
    after, said = evaluate(tmp_path, encoder="classifier")
    assert after == before
    assert [note[:24] for note in said] == ["the classifier of digits"]
    assert "the classifier of digits" in capfd.readouterr().err


def test_a_file_that_is_gone_or_a_folder_of_an_older_version_is_made_again(
    encoder_file, tmp_path, capfd
):
    before, _ = evaluate(tmp_path, encoder=str(encoder_file))
    for name in ("labels.npy", "digests.json"):
        for file in tmp_path.glob(f"data/*/{name}"):
            file.unlink()
        after, said = evaluate(tmp_path, encoder=str(encoder_file))
        assert after == before
        assert len(said) == 2
        assert all(f"had no {name}: rebuilt" in note for note in said)


def _read(folder, answers):
    made = caches.entry(folder / "it", "numbers", lambda target: _numbers(folder, target))
    answers.put(((made.folder / "numbers.npy").read_bytes(), made.note))


def _numbers(folder, target):
    with (folder / "log").open("a") as log:
        log.write("made\n")
    np.save(target / "numbers.npy", np.arange(10_000))


def test_processes_that_find_damage_at_once_mend_it_once(tmp_path):
    _numbers(tmp_path, tmp_path)
    whole = (tmp_path / "numbers.npy").read_bytes()
    caches.entry(tmp_path / "it", "numbers", lambda target: _numbers(tmp_path, target))
    zero(tmp_path / "it" / "numbers.npy")
    (tmp_path / "log").unlink()
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    workers = [context.Process(target=_read, args=(tmp_path, answers)) for _ in range(3)]
    for worker in workers:
        worker.start()
    found = [answers.get(timeout=120) for _ in workers]
    for worker in workers:
        worker.join(60)
    assert {content for content, _ in found} == {whole}
    assert (tmp_path / "log").read_text() == "made\n"
    assert sum(bool(note) for _, note in found) == 1


def test_an_entry_is_read_through_once_a_process(tmp_path, monkeypatch):
    def made():
        return caches.entry(tmp_path / "it", "numbers", lambda target: _numbers(tmp_path, target))

    first = made()
    monkeypatch.setattr(caches, "file_digest", lambda file: pytest.fail("read again"))
    assert made() == first


def test_a_maker_that_is_killed_leaves_nothing_that_counts(tmp_path):
    def dies(target):
        _numbers(tmp_path, target)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        caches.entry(tmp_path / "it", "numbers", dies)
    assert not (tmp_path / "it").exists()
    (tmp_path / ".it.tmp").mkdir()  # as a kill -9 would leave it
    (tmp_path / ".it.tmp" / "numbers.npy").write_bytes(b"half")
    made = caches.entry(tmp_path / "it", "numbers", lambda target: _numbers(tmp_path, target))
    assert len(np.load(made.folder / "numbers.npy")) == 10_000
    assert not (tmp_path / ".it.tmp").exists()


def test_all_files_of_an_entry_are_on_the_disk_before_it_appears(tmp_path, monkeypatch):
    """Labels as well as images: a name that outlives a power cut has its content."""
    synced, real, place = set(), os.fsync, tmp_path / "it"

    def fsync(descriptor):
        if not place.exists():
            synced.add(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        real(descriptor)

    def two(target):
        np.save(target / "images.npy", np.arange(9))
        np.save(target / "labels.npy", np.arange(9))

    monkeypatch.setattr(os, "fsync", fsync)
    caches.entry(place, "both", two)
    assert {"images.npy", "labels.npy"} < synced
