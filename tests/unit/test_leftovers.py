"""What is on its way in or out has a name of its own, and goes when its process is dead."""

import os
import subprocess
import sys
import time

import pytest

from harness.core import leftovers
from harness.core.leftovers import GOING, OLD, discard, passing, set_aside, sweep


def abandoned(path, pid, where=None):
    """A leftover of process `pid` of this machine, or of another."""
    where = where or leftovers._here()
    left = path.with_name(f".{path.name}.{where}-{pid}-00000000.tmp")
    left.write_text("half")
    return left


@pytest.fixture
def dead():
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_names_are_hidden_short_and_differ_even_in_one_process(tmp_path):
    names = {passing(tmp_path / ("ü" * 200)).name for _ in range(100)}
    assert len(names) == 100
    assert all(name.startswith(".") and len(name.encode()) < 255 for name in names)


def test_two_containers_with_one_host_name_and_process_id_give_other_names(tmp_path, monkeypatch):
    ours = passing(tmp_path / "a").name.split(".")[2].split("-")[0]
    monkeypatch.setattr(leftovers.os, "readlink", lambda path: "pid:[1]")
    leftovers._here.cache_clear()
    theirs = passing(tmp_path / "a").name.split(".")[2].split("-")[0]
    leftovers._here.cache_clear()
    assert ours != theirs


def test_leftovers_of_the_dead_go_and_of_the_living_stay(tmp_path, dead):
    gone = abandoned(tmp_path / "a.json", dead)
    mine = abandoned(tmp_path / "b.json", os.getpid())
    living = abandoned(tmp_path / "c.json", os.getppid())
    foreign = abandoned(tmp_path / "d.json", dead, where="01234567")
    other = tmp_path / ".notes.tmp"
    other.write_text("a user's")
    assert sweep(tmp_path) == [gone]
    assert mine.exists()
    assert living.exists()
    assert other.exists()
    assert foreign.exists()
    before = time.time() - OLD - 10
    os.utime(foreign, (before, before))
    os.utime(other, (before, before))
    assert sweep(tmp_path) == [foreign]
    assert other.exists()


def test_what_an_earlier_version_left_goes_when_it_is_old(tmp_path):
    left = [tmp_path / name for name in (".plan.json.123.tmp", ".progress.tmp")]
    for path in left:
        path.write_text("half")
    assert sweep(tmp_path) == []
    for path in left:
        os.utime(path, (1, 1))
    assert sorted(sweep(tmp_path)) == sorted(left)


def test_a_removal_that_is_cut_off_leaves_nothing_under_the_name(tmp_path, monkeypatch):
    folder = tmp_path / "trial"
    folder.mkdir()
    (folder / "result.json").write_text("{}")
    monkeypatch.setattr(leftovers, "_remove", lambda path: None)  # killed before it begins
    discard(folder)
    assert not folder.exists()
    [left] = tmp_path.iterdir()
    assert left.name.endswith(GOING)
    discard(folder)  # what is not there is no error
    monkeypatch.undo()
    process = left.with_name(left.name.replace(f"-{os.getpid()}-", "-4194300-"))
    left.rename(process)
    assert sweep(tmp_path) == [process]
    assert list(tmp_path.iterdir()) == []


def test_what_is_set_aside_twice_is_kept_twice(tmp_path):
    kept = []
    for content in ("one", "two"):
        (tmp_path / "a").write_text(content)
        kept.append(set_aside(tmp_path / "a", tmp_path / "aside", "a"))
    assert [path.read_text() for path in kept] == ["one", "two"]


def test_nothing_is_swept_where_there_is_no_folder(tmp_path):
    assert sweep(tmp_path / "none") == []
