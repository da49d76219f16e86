"""Supplies of trainings: sent once a node, by content, and gathered anew when something is gone."""

import asyncio
import json
import sys

import pytest

from harness import app
from harness.app import running
from harness.config.runtime import Runtime
from harness.core.cache import DIGESTS, entry
from harness.core.errors import HarnessError
from harness.core.files import file_digest, write_json
from harness.execution.cluster import drive, supplies
from harness.execution.cluster.depot import Depot
from harness.execution.cluster.supplies import Item, Kept, Supplies, read_supplies, wanted
from harness.runs import layout

STUDY = """title: A study
question: Q?
baseline: {data.name: digits, data.image_size: 16}
heuristics: [generator_ema]
design: one_at_a_time
seeds: 1
"""


class Node:
    """A worker of a node, and how often it was sent something."""

    def __init__(self, cache):
        self.depot, self.sent = Depot(cache), 0

    async def call(self, method, *args):
        await asyncio.sleep(0)
        self.sent += method == "store"
        return getattr(self.depot, method)(*args)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An entry of two files of the cache, and an encoder's file; parts are small."""
    monkeypatch.setattr(supplies, "CHUNK", 10)

    def make(folder):
        (folder / "a.npy").write_bytes(b"a" * 25)
        (folder / "b.npy").write_bytes(b"")

    folder = entry(tmp_path / "home/data/0123", "images", make).folder
    file = tmp_path / "encoder.keras"
    file.write_bytes(b"e" * 30)
    items = {
        Item("data/0123", file_digest(folder / DIGESTS)): folder,
        Item("files/ab/encoder.keras", file_digest(file)): file,
    }
    return Supplies(items, Kept({}, {}))


def provide(home, *nodes):
    async def all_of_them():
        await asyncio.gather(*(home.provide(node, node.depot.name) for node in nodes))

    asyncio.run(all_of_them())


def test_a_node_is_sent_each_thing_once(home, tmp_path):
    one, two = (Node(tmp_path / "node") for _ in range(2))
    provide(home, one, two)
    assert min(one.sent, two.sent) == 0 < max(one.sent, two.sent)
    there = tmp_path / "node"
    assert (there / "data/0123/a.npy").read_bytes() == b"a" * 25
    assert (there / "data/0123/b.npy").read_bytes() == b""
    assert (there / "files/ab/encoder.keras").read_bytes() == b"e" * 30
    # it is an entry of that node's cache, which nobody makes again
    entry(there / "data/0123", "images", lambda folder: pytest.fail("made again"))
    assert list((there / "coming").iterdir()) == []
    later = Node(there)
    provide(home, later)
    assert later.sent == 0


def test_other_content_is_replaced(home, tmp_path):
    node = Node(tmp_path / "node")
    provide(home, node)
    (tmp_path / "node/files/ab/encoder.keras").write_bytes(b"other")
    (tmp_path / "node/data/0123" / DIGESTS).write_text("{}")
    provide(home, node)
    assert (tmp_path / "node/files/ab/encoder.keras").read_bytes() == b"e" * 30
    assert Depot(tmp_path / "node").lacking(home.items) == []


def test_parts_are_read_once_for_all_nodes(home, tmp_path):
    shared = []
    home.share = lambda part: shared.append(part) or part
    provide(home, Node(tmp_path / "node-1"), Node(tmp_path / "node-2"))
    provide(home, Node(tmp_path / "node-3"))
    assert len(shared) == len({(part.name, part.offset) for part in shared})


@pytest.fixture
def planned(tmp_path):
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies/one.yaml").write_text(STUDY)
    runtime = Runtime(tmp_path / "runs", tmp_path / "reports", tmp_path / "studies")
    plan, _ = app.plan("one", runtime)
    record = running.write_plan(plan, runtime)
    folder = entry(runtime.cache / "data/0123", "images", _a_file).folder
    file = tmp_path / "encoder.keras"
    file.write_bytes(b"e")
    document = {
        "wanted": wanted(record),
        "images": {"{}": {"train": "t"}},
        "entries": ["data/0123"],
        "files": {"encoder.keras": {"path": str(file), "digest": file_digest(file)}},
    }
    write_json(runtime.study("one") / layout.SUPPLIES, document)
    return record, runtime, folder, file


def _a_file(folder):
    (folder / "a").write_text("a")


def test_what_was_gathered_is_read(planned):
    record, runtime, folder, file = planned
    found = read_supplies(record, runtime)
    assert found.items == {
        Item("data/0123", file_digest(folder / DIGESTS)): folder,
        Item(f"files/{file_digest(file)[:32]}/encoder.keras", file_digest(file)): file,
    }
    assert found.kept.copies == {"encoder.keras": f"files/{file_digest(file)[:32]}/encoder.keras"}
    assert found.kept.images == {"{}": {"train": "t"}}


def test_it_is_gathered_anew_where_something_is_gone_or_other(planned):
    record, runtime, folder, file = planned
    other = json.loads(
        json.dumps(record.to_json()).replace('"data.image_size": 16', '"data.image_size": 8')
    )
    assert wanted(type(record).model_validate(other)) != wanted(record)
    file.unlink()
    assert read_supplies(record, runtime) is None
    file.write_bytes(b"e")
    assert read_supplies(record, runtime) is not None
    (folder / "a").write_text("b")
    assert read_supplies(record, runtime) is None
    (folder / DIGESTS).unlink()
    assert read_supplies(record, runtime) is None
    (runtime.study("one") / layout.SUPPLIES).write_text("{")
    assert read_supplies(record, runtime) is None
    (runtime.study("one") / layout.SUPPLIES).unlink()
    assert read_supplies(record, runtime) is None


def test_a_process_that_gathers_nothing_is_started_once(planned, monkeypatch):
    record, runtime, folder, _ = planned
    (folder / DIGESTS).unlink()
    monkeypatch.setattr(drive, "python", lambda: [sys.executable, "-c", "", "instead of"])
    with pytest.raises(HarnessError, match=r"supplies cannot be read; see .*gather\.log"):
        drive._gathered(record, runtime, 1)
