"""Decoded images on disk: made once whatever number of processes asks, read by memory map.

<cache>/data/<digest>/ holds images.npy (uint8, N x H x W x C), labels.npy where there are labels,
and about.json; it appears whole, by a rename, once all of it is on the disk.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from harness.config.images import decoded
from harness.errors import HarnessError
from harness.files import read_json, write_atomically, write_json
from harness.gan.data.source import Labels, Split, Told, Uint8


class Stored(NamedTuple):
    """The decoded images of one split: (N, H, W, C), (N,)."""

    images: Uint8  # a memory map
    labels: Labels | None
    notes: tuple[str, ...]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on `path`, so that what costs time is made by one process only."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise HarnessError(f"{path.parent}: the cache cannot be written ({error})") from None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield  # closing the file, or dying, frees the lock


def stored(split: Split, cache: Path) -> Stored:
    """The images of `split`, decoded now if they never were."""
    folder = decoded(split.identity, cache)
    if not folder.exists():
        with locked(folder.with_suffix(".lock")):
            if not folder.exists():  # another process may have been first
                _build(split, folder)
    about = read_json(folder / "about.json")
    labels = folder / "labels.npy"
    return Stored(
        np.load(folder / "images.npy", mmap_mode="r"),
        np.load(labels) if labels.exists() else None,
        tuple(about["notes"]),
    )


def _build(split: Split, folder: Path) -> None:
    temporary = folder.with_name(f".{folder.name}.tmp")  # one builder at a time: it has the lock
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir(parents=True)
        told = Told()
        count, labels = _write_images(temporary / "images.npy", split, told)
        if labels is not None:
            write_atomically(temporary / "labels.npy", lambda file: np.save(file, labels))
        about = {"identity": split.identity, "images": count, **asdict(told)}
        write_json(temporary / "about.json", about)
        _sync_folder(temporary)
        temporary.replace(folder)
        _sync_folder(folder.parent)
    except OSError as error:
        raise HarnessError(f"{folder}: decoded images cannot be stored ({error})") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, so that no power cut takes back a rename."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_images(path: Path, split: Split, told: Told) -> tuple[int, Labels | None]:
    count, shape = 0, ()
    labels: list[Labels] = []
    with path.open("wb") as file:
        for images, batch_labels in split.batches(told):
            if not count:
                shape = images.shape[1:]
                _write_header(file, 0, shape)
            file.write(np.ascontiguousarray(images).data)
            count += len(images)
            if batch_labels is not None:
                labels.append(batch_labels)
        if not count:
            why = f" ({'; '.join(told.notes)})" if told.notes else ""
            raise HarnessError(f"{split.identity}: there is no image to load{why}")
        file.seek(0)
        _write_header(file, count, shape)  # as long as before: NumPy leaves room for the count
        file.flush()
        os.fsync(file.fileno())
    return count, np.concatenate(labels).astype(np.int64) if labels else None


def _write_header(file: BinaryIO, count: int, shape: tuple[int, ...]) -> None:
    fields = {"descr": "|u1", "fortran_order": False, "shape": (count, *shape)}
    np.lib.format.write_array_header_1_0(file, fields)
