"""Decoded images on disk: made once whatever number of processes asks, read by memory map.

<cache>/data/<digest>/ is an entry of the cache (harness/core/cache.py): images.npy (uint8,
N x H x W x C), labels.npy where there are labels, and about.json.
"""

import mmap
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from harness.config.inputs.images import decoded
from harness.core.cache import entry
from harness.core.errors import HarnessError
from harness.core.files import read_json, write_json
from harness.gan.data.source import Labels, Split, Told, Uint8


class Stored(NamedTuple):
    """The decoded images of one split: (N, H, W, C), (N,)."""

    images: Uint8  # a memory map
    labels: Labels | None
    notes: tuple[str, ...]


def stored(split: Split, cache: Path) -> Stored:
    """The images of `split`, decoded now if they never were."""
    folder = decoded(split.identity, cache)
    folder, note = entry(folder, f"decoded images ({split.identity})", partial(_build, split))
    notes = read_json(folder / "about.json")["notes"]
    labels = folder / "labels.npy"
    return Stored(
        np.load(folder / "images.npy", mmap_mode="r"),
        np.load(labels) if labels.exists() else None,
        tuple([*notes, note] if note else notes),
    )


def let_go(images: Uint8) -> None:
    """Unmap the images that were read, which count as this process's memory until then.

    They stay in the system's cache of files, so those that are read again cost next to nothing.
    """
    file = getattr(images, "_mmap", None)  # of numpy.memmap; read-only, so nothing is lost
    if file is not None and hasattr(mmap, "MADV_DONTNEED"):  # not on Windows
        file.madvise(mmap.MADV_DONTNEED)


def _build(split: Split, folder: Path) -> None:
    told = Told()
    count, labels = _write_images(folder / "images.npy", split, told)
    if labels is not None:
        np.save(folder / "labels.npy", labels)
    about = {"identity": split.identity, "images": count, **asdict(told)}
    write_json(folder / "about.json", about)


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
    return count, np.concatenate(labels).astype(np.int64) if labels else None


def _write_header(file: BinaryIO, count: int, shape: tuple[int, ...]) -> None:
    fields = {"descr": "|u1", "fortran_order": False, "shape": (count, *shape)}
    np.lib.format.write_array_header_1_0(file, fields)
