"""Entries of the cache: whole or not there, made once, and mended once."""

import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest

from harness.core import cache as caches
from tests.damage import zero


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
