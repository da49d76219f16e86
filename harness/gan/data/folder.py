"""A user's own images: any size and kind that Pillow reads, made RGB squares."""

import os
import warnings
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from harness.config.inputs.content import surveyed
from harness.config.inputs.folder import Folder, Picture, listed, shown
from harness.config.trial import DataConfig
from harness.core.errors import HarnessError
from harness.gan.data.decode import Decoded, Failure, decode_picture
from harness.gan.data.source import Batch, Source, Split, Told

CHUNK = 256  # files decoded before they are written
NAMED = 20  # files named in a note; the rest is counted


def load(data: DataConfig, cache: Path) -> Source:
    """Sub-folders named as the splits are the splits; without them a share is held out."""
    folder = surveyed(data, cache)
    if data.content not in (None, folder.content):
        raise HarnessError(
            f"data.path: the images in {shown(folder.root)} have changed since the study was "
            "planned: run it again"
        )

    def split(side: int) -> Split:
        identity = folder.identity(side, data.image_size)
        return Split(identity, partial(_batches, folder, side, data.image_size))

    return Source(split(0), split(1), folder)


def _batches(folder: Folder, side: int, size: int, told: Told) -> Iterator[Batch]:
    files, labels = folder.parts[side], folder.classes.of
    failures: dict[str, list[str]] = defaultdict(list)
    # what takes long in Pillow and NumPy is outside the interpreter's lock: threads use all cores
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(files), CHUNK):
            kept: list[tuple[Picture, Decoded]] = []
            chunk = files[start : start + CHUNK]
            for file, result in zip(chunk, _decoded(pool, chunk, size), strict=True):
                if isinstance(result, Failure):
                    failures[result.reason].append(file.name)
                else:
                    kept.append((file, result))
            told.enlarged += sum(result.side < size for _, result in kept)
            if kept:
                images = np.stack([result.pixels for _, result in kept])
                yield images, np.array([labels[file.name] for file, _ in kept]) if labels else None
    what = f"files of split {folder.sides[side]}"
    _tell(told, failures, len(files), what=what, size=size)


def _decoded(pool: ThreadPoolExecutor, files: list[Picture], size: int) -> list[Decoded | Failure]:
    with warnings.catch_warnings():  # here, as filters are those of all threads
        warnings.simplefilter("ignore")  # Pillow's, on files that it reads all the same
        return list(pool.map(partial(decode_picture, size=size), files))


def _tell(told: Told, failures: dict[str, list[str]], files: int, *, what: str, size: int) -> None:
    told.left_out = {why: len(names) for why, names in failures.items()}
    lost = [f"{name} ({why})" for why, names in failures.items() for name in names]
    if lost:
        told.notes.append(
            f"{len(lost)} of {files} {what} {_are(len(lost))} unreadable and left out: "
            f"{listed(lost, NAMED)}"
        )
    if told.enlarged:
        told.notes.append(
            f"{told.enlarged} of {files} {what} {_are(told.enlarged)} smaller than {size} px and "
            "enlarged"
        )


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
