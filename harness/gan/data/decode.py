"""One file as an RGB square: first frame, upright, over white; or why it is no image.

What Pillow opens without saying what its levels mean (32-bit integers, floating point), or what it
would give other colours than the file has, is refused with its reason: no pixel is guessed.
"""

import io
import struct
import zlib
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from harness.config.inputs.folder import Picture, shown
from harness.gan.data import whole_png
from harness.gan.data.resample import resampled
from harness.gan.data.source import Uint8

PIXELS = 178_956_970  # of the largest image: a 0.5 GB square, where Pillow, too, suspects a bomb
Image.MAX_IMAGE_PIXELS = PIXELS
# those that need another program, or are no pictures, are never tried
FORMATS = (
    *("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "JPEG2000", "AVIF", "PPM", "PSD", "QOI"),
    *("DDS", "ICNS", "SUN", "XPM", "XBM"),
)
# recognised by their name alone: under another name, damaged data could pass for an image
BY_NAME = {
    **dict.fromkeys((".tga", ".icb", ".vda", ".vst"), "TGA"),
    **dict.fromkeys((".bw", ".rgb", ".rgba", ".sgi"), "SGI"),
    **{".pcx": "PCX", ".dcx": "DCX", ".dib": "DIB", ".ico": "ICO"},
}
UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    AttributeError,
    ArithmeticError,
    MemoryError,
    EOFError,
    struct.error,
    zlib.error,
    RuntimeError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
"""Errors of Pillow's readers for damaged files: those seen, and others that are possible."""
FULL = 255  # the brightest of 8 bits
BITS, PHOTOMETRIC, PLANAR, SAMPLE_FORMAT = 258, 262, 284, 339  # tags of TIFF
WHITE_IS_ZERO, APART, SIGNED = 0, 2, 2  # their values


class Failure(NamedTuple):
    """Why a file is no image."""

    reason: str


class Decoded(NamedTuple):
    """An image as it is trained on."""

    pixels: Uint8  # (size, size, 3)
    side: int  # of its centre square in the file, px


class Unsupported(ValueError):
    """An image whose levels have no known range or meaning."""


def decode_picture(picture: Picture, size: int) -> Decoded | Failure:
    """A file's centre square at `size` px."""
    try:
        content = picture.read()
        if not content:
            return Failure("empty")
        whole_png.check(content)
        return _decoded(content, picture.name, size)
    except UNREADABLE as error:
        return Failure(_reason(error, picture))


def _reason(error: Exception, picture: Picture) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "no image that can be read"
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return "too many pixels"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    lines = str(error).strip().splitlines()
    named = lines[0] if lines else type(error).__name__
    return shown(named.replace(str(picture.file), picture.file.name))[:200]


def _decoded(content: bytes, name: str, size: int) -> Decoded:
    Image.init()
    by_name = BY_NAME.get(f".{name.rpartition('.')[2].lower()}")
    formats = [one for one in (*FORMATS, by_name) if one in Image.OPEN]
    with Image.open(io.BytesIO(content), formats=formats) as image:
        if image.width * image.height > PIXELS:
            raise Unsupported(f"{image.width} × {image.height} are too many pixels")
        _check_levels(image)
        ImageOps.exif_transpose(image, in_place=True)
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        square = image.crop((left, top, left + side, top + side))
        grey = image.mode.startswith("I")
        array, scale = _grey_16(square, image) if grey else _colours(square)
    pixels = resampled(lambda first, end: _over_white(array[first:end]), side, size, scale)
    return Decoded(np.broadcast_to(pixels, (size, size, 3)), side)


def _check_levels(image: Image.Image) -> None:
    """Refuse what Pillow would silently read wrongly; correct a PNG's transparent level.

    Pillow leaves that level as it is where it scales the others to 8 bits.
    """
    tags: Any = getattr(image, "tag_v2", {})
    if SIGNED in tags.get(SAMPLE_FORMAT, ()):
        raise Unsupported("levels with a sign, whose range is not known")
    if tags.get(PLANAR) == APART and max(tags.get(BITS, (8,))) > 8:
        raise Unsupported("more than 8 bits a level with the colours apart")
    key = image.info.get("transparency")
    tiles: Any = getattr(image, "tile", ())
    if image.format != "PNG" or key is None or not tiles:
        return
    raw = str(tiles[0][3])
    if raw == "RGB;16B":  # of which Pillow keeps the upper bytes, and they may not tell
        raise Unsupported("16-bit colours of which one is transparent")
    image.info["transparency"] = key * {"L;2": 85, "L;4": 17}.get(raw, 1)


def _grey_16(square: Image.Image, image: Image.Image) -> tuple[NDArray[Any], float]:
    """Grey levels of up to 16 bits, (side, side, 1), and the scale that makes white 255."""
    tags: Any = getattr(image, "tag_v2", {})
    bits = tags.get(BITS, (16,))[0]
    if image.mode == "I" and image.format not in ("PPM", "PNG"):
        raise Unsupported(f"{bits}-bit whole numbers, whose range is not known")
    levels = np.asarray(square).astype(np.int64)
    full = 2 ** min(bits, 16) - 1
    if tags.get(PHOTOMETRIC) == WHITE_IS_ZERO:
        levels = full - levels
    if (key := image.info.get("transparency")) is not None:
        levels[levels == key] = full
    return levels[..., None], full / FULL


def _colours(square: Image.Image) -> tuple[NDArray[Any], float]:
    """Colours (side, side, 3), or (side, side, 4) with their opacity; the scale of what follows."""
    if square.mode == "F":
        raise Unsupported("floating-point levels, whose range is not known")
    if not square.has_transparency_data:
        return np.asarray(square.convert("RGB")), 1.0
    if square.mode == "La":  # multiplied by their opacity
        square = square.convert("LA")
    return np.asarray(square.convert("RGBA")), float(FULL)


def _over_white(levels: NDArray[Any]) -> NDArray[np.float64]:
    """Whole numbers: levels as they are or, with an opacity, 255 times those over white."""
    if levels.shape[-1] != 4:
        return levels.astype(np.float64)
    opacity = levels[..., 3:].astype(np.float64)
    return levels[..., :3] * opacity + FULL * (FULL - opacity)
