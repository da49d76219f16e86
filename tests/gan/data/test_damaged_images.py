"""Damaged images: read right, or left out and named; never an exception, a hang or silent garbage.

Bounded and seeded. Without HARNESS_SHARED the pictures are made here. PNG alone has checksums that
tell every changed pixel; of the other formats a changed byte may be another whole image, which is
then to be shrunk as what Pillow reads.
"""

import io
import os
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.config.inputs.folder import Picture
from harness.gan.data.decode import Decoded, Failure, decode_picture
from harness.gan.data.whole_png import SIGNATURE

SIDE, SIZE = 80, 16  # px
SECONDS = 20.0  # for one file, on a machine that others use, too
KINDS = {
    "rgb.png": ("RGB", {}),
    "palette.png": ("P", {}),
    "grey.png": ("L", {}),
    "deep.png": ("I;16", {}),
    "clear.png": ("RGBA", {}),
    "plain.jpg": ("RGB", {"quality": 90}),
    "progressive.jpg": ("RGB", {"quality": 85, "progressive": True}),
    "grey.jpg": ("L", {}),
    "raw.tif": ("RGB", {}),
    "lzw.tif": ("RGB", {"compression": "tiff_lzw"}),
    "deflate.tif": ("RGBA", {"compression": "tiff_adobe_deflate"}),
    "lossy.webp": ("RGB", {"quality": 90}),
    "lossless.webp": ("RGBA", {"lossless": True}),
    "palette.gif": ("P", {}),
    "raw.bmp": ("RGB", {}),
    "raw.ppm": ("RGB", {}),
    "lossy.jp2": ("RGB", {}),
    "fast.avif": ("RGB", {"speed": 10}),
    "packed.qoi": ("RGB", {}),
    "packed.tga": ("RGB", {"compression": "tga_rle"}),
    "packed.pcx": ("RGB", {}),
}


class Memory(Picture):
    """A file that lies nowhere."""

    content = b""

    def read(self):
        return self.content


def decoded(name, content):
    kind = type("_", (Memory,), {"content": content})
    start = time.perf_counter()
    result = decode_picture(kind(name, Path(name)), SIZE)
    assert time.perf_counter() - start < SECONDS
    return result


def pictures():
    """Real photographs where there are any, else smooth ones with noise; 80 x 80."""
    if folder := os.environ.get("HARNESS_SHARED"):
        files = sorted(Path(folder, "data/flowers102_80px/train").rglob("*.jpg"))[::500]
        return [Image.open(file).convert("RGB").crop((0, 0, SIDE, SIDE)) for file in files]
    random, at = np.random.default_rng(0), np.linspace(0, 3, SIDE)
    waves = [np.sin(at[:, None, None] * k + at[None, :, None] * [1, 2, 3]) for k in range(4)]
    noisy = [127 + 100 * wave + random.normal(0, 5, wave.shape) for wave in waves]
    return [Image.fromarray(np.clip(one, 0, 255).astype(np.uint8)) for one in noisy]


def encoded(image, kind):
    mode, options = KINDS[kind]
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    elif mode == "RGBA":
        image = image.copy()
        image.putalpha(image.convert("L"))
    else:
        image = image.quantize(64) if mode == "P" else image.convert(mode)
    file = io.BytesIO()
    suffix = kind.rpartition(".")[2]
    names = {"jpg": "JPEG", "tif": "TIFF", "jp2": "JPEG2000"}
    image.save(file, names.get(suffix, suffix.upper()), **options)
    return file.getvalue()


def truncated(random, content, other):
    return content[: random.integers(1, len(content))]


def flipped(random, content, other):
    data = bytearray(content)
    for at in random.integers(0, len(data), random.integers(1, 12)):
        data[at] ^= 1 << int(random.integers(8))
    return bytes(data)


def overwritten(random, content, other):
    at, length = random.integers(0, len(content)), int(random.integers(1, 64))
    return content[:at] + random.bytes(length) + content[at + length :]


def headed(random, content, other):
    length = int(random.integers(4, 64))
    return other[:length] + content[length:]


def shifted(random, content, other):
    at, length = random.integers(0, len(content)), int(random.integers(1, 32))
    added = random.bytes(length) if length % 2 else b""
    return content[:at] + added + content[at + length // 2 :]


DAMAGES = (truncated, flipped, overwritten, headed, shifted)


def as_read_by_pillow(content):
    """Means of blocks of what Pillow gives; None where it is not of the size that we wrote."""
    with Image.open(io.BytesIO(content)) as image:
        if image.size != (SIDE, SIDE) or image.getexif().get(0x0112, 1) != 1:
            return None
        if image.mode.startswith(("I", "F")):
            return None
        rgba = np.asarray(image.convert("RGBA")).astype(np.float64)
    opacity = rgba[..., 3:] / 255
    over = rgba[..., :3] * opacity + 255 * (1 - opacity)
    step = SIDE // SIZE
    return over.reshape(SIZE, step, SIZE, step, 3).mean(axis=(1, 3))


def check(kind, damage, whole, content):
    """What became of one damaged file."""
    result = decoded(kind, content)
    if isinstance(result, Failure):
        assert result.reason
        return "named"
    assert isinstance(result, Decoded)
    assert (result.pixels.shape, result.pixels.dtype) == ((SIZE, SIZE, 3), np.uint8)
    if np.array_equal(result.pixels, whole):
        return "unharmed"
    assert not content.startswith(SIGNATURE), "a PNG's checksums tell"
    assert damage is not truncated, "a part of an image is none"
    expected = as_read_by_pillow(content)
    assert expected is None or np.abs(expected - result.pixels).max() <= 0.51
    return "another image"


def fuzz(count, seed=20):
    random, images, seen = np.random.default_rng(seed), pictures(), Counter()
    files = {kind: [encoded(image, kind) for image in images] for kind in KINDS}
    whole = {kind: [decoded(kind, one).pixels for one in made] for kind, made in files.items()}
    for case in range(count):
        kind, damage = list(KINDS)[case % len(KINDS)], DAMAGES[case // len(KINDS) % len(DAMAGES)]
        which, other = random.integers(len(images)), list(KINDS)[random.integers(len(KINDS))]
        foreign = files[other if other[-3:] != kind[-3:] else "rgb.png"][which]
        content = damage(random, files[kind][which], foreign)
        try:
            seen[kind, check(kind, damage, whole[kind][which], content)] += 1
        except AssertionError as error:
            raise AssertionError(f"case {case}, {kind}, {damage.__name__}: {error}") from error
    return seen


def test_whole_images_are_read():
    for kind in KINDS:
        result = decoded(kind, encoded(pictures()[0], kind))
        assert isinstance(result, Decoded)


@pytest.mark.filterwarnings("ignore")
def test_a_few_damaged_images():
    seen = fuzz(700)
    assert sum(seen.values()) == 700
    assert sum(number for (_, end), number in seen.items() if end == "named") > 200


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_many_damaged_images():
    assert sum(fuzz(14_000).values()) == 14_000
