"""A user's own images: any size and kind that Pillow reads, made RGB squares."""

import os
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from harness.config.content import folder_digest
from harness.config.folder import class_labels, split_files, split_folders
from harness.config.trial import DataConfig
from harness.errors import HarnessError
from harness.gan.data.source import Batch, Source, Split, Uint8

CHUNK = 256  # files decoded before they are written
NAMED = 20  # unreadable files named in the note; the rest is counted
UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    Image.DecompressionBombError,
)


class Failure(NamedTuple):
    """Why a file is no image."""

    reason: str


def load(data: DataConfig, cache: Path) -> Source:
    """Sub-folders named as the splits are the splits; without them a share is held out."""
    root = Path(data.path or "")
    content = folder_digest(root, cache)
    if data.content not in (None, content):
        raise HarnessError(
            f"data.path: the images in {root} have changed since the study was planned: run it "
            "again"
        )
    if split_folders(root, data):
        rules = [data.train_split, data.validation_split]
    else:
        rules = [f"{side} of {data.validation_fraction}" for side in ("rest", "hold-out")]

    def split(side: int) -> Split:
        identity = f"folder {content} {rules[side]} centre_square {data.image_size} px"
        return Split(identity, partial(_batches, data, side))

    return Source(split(0), split(1))


def _batches(data: DataConfig, side: int, notes: list[str]) -> Iterator[Batch]:
    parts = split_files(data)
    labels = class_labels(data, parts)
    files, failures = parts[side], list[str]()
    # Pillow decodes and resizes outside the interpreter's lock, so threads use all cores
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(files), CHUNK):
            kept: list[tuple[Path, Uint8]] = []
            chunk = files[start : start + CHUNK]
            decoded = pool.map(partial(_decode, size=data.image_size), chunk)
            for file, result in zip(chunk, decoded, strict=True):
                if isinstance(result, Failure):
                    failures.append(f"{file.relative_to(data.path or '')} ({result.reason})")
                else:
                    kept.append((file, result))
            if kept:
                images = np.stack([image for _, image in kept])
                yield images, np.array([labels[file] for file, _ in kept]) if labels else None
    if failures:
        more = f" and {len(failures) - NAMED} more" if len(failures) > NAMED else ""
        notes.append(
            f"{len(failures)} of {len(files)} files are unreadable and left out: "
            f"{', '.join(failures[:NAMED])}{more}"
        )


def _decode(file: Path, size: int) -> Uint8 | Failure:
    """One file as uint8 (size, size, 3): first frame, upright, over white, centre square."""
    try:
        with Image.open(file) as opened:
            image = _rgb(ImageOps.exif_transpose(opened))
    except UNREADABLE as error:
        return Failure((str(error) or type(error).__name__).replace(str(file), file.name))
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    method = Image.Resampling.BOX if side >= size else Image.Resampling.BILINEAR
    square = image.resize((size, size), method, box=(left, top, left + side, top + side))
    return np.asarray(square)


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode == "F":
        raise ValueError("floating-point pixels have no known range")
    if image.mode.startswith("I"):  # 16 bits: Pillow's own conversion clips instead of scaling
        levels = np.asarray(image).astype(np.float64) / 257.0
        image = Image.fromarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")
