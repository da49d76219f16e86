"""Pixels of every kind of file against formulas of its levels; sizes against exact fractions."""

import io
import struct
import zlib
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.config.inputs.folder import Picture
from harness.gan.data.decode import Decoded, Failure, decode_picture
from harness.gan.data.resample import resampled

SIDE = 8  # px of most pictures here, so that nothing is resized
RANDOM = np.random.default_rng(0)


@pytest.fixture
def read(tmp_path):
    def from_bytes(name, content, size=SIDE):
        (tmp_path / name).write_bytes(content)
        return decode_picture(Picture(name, tmp_path / name), size)

    return from_bytes


def levels(top, *shape, kind=None):
    kind = kind or (np.uint8 if top <= 256 else ">u2")
    return RANDOM.integers(0, top, (SIDE, SIDE, *shape)).astype(kind)


def over_white(colour, opacity):
    """What is seen of a colour in [0, 255] of an opacity in [0, 1]."""
    return colour * opacity + 255.0 * (1.0 - opacity)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(depth, colour, pixels, extra=b"", interlaced=False, side=SIDE):
    head = struct.pack(">IIBBBBB", side, side, depth, colour, 0, 0, interlaced)
    parts = chunk(b"IHDR", head) + extra + chunk(b"IDAT", zlib.compress(pixels))
    return b"\x89PNG\r\n\x1a\n" + parts + chunk(b"IEND", b"")


def rows(array):
    return b"".join(b"\0" + row.tobytes() for row in array)


def packed(values, depth):
    bits = (values[..., None] >> np.arange(depth - 1, -1, -1)) & 1
    return np.packbits(bits.reshape(len(values), -1).astype(np.uint8), axis=1)


def grey_key(values, key, top):
    scaled = values.astype(float) * 255 / top
    scaled[values == key] = 255
    return scaled


def tiff(pixels, bits, photometric, samples=1, kind=1, order="<", planes=1, extra=None):
    """An uncompressed TIFF; `planes` above 1: the colours apart, one strip each."""
    strip = len(pixels) // planes
    tags = {
        256: "H 8", 257: "H 8", 258: "H" + f" {bits}" * samples, 259: "H 1",
        262: f"H {photometric}", 273: "I" + " 0" * planes, 277: f"H {samples}", 278: "H 8",
        279: "I" + f" {strip}" * planes, 284: f"H {2 if planes > 1 else 1}",
        339: "H" + f" {kind}" * samples, **({338: f"H {extra}"} if extra is not None else {}),
    }  # fmt: skip
    entries, later, start = [], b"", 8 + 2 + 12 * len(tags) + 4
    strips = None
    for tag, text in sorted(tags.items()):
        letter, *values = text.split()
        raw = struct.pack(order + letter * len(values), *map(int, values))
        if tag == 273:
            strips = (len(entries), len(later)) if len(raw) > 4 else (len(entries), None)
        if len(raw) > 4:
            raw, later = struct.pack(order + "I", start + len(later)), later + raw
        entries.append([struct.pack(order + "HHI", tag, "HI".index(letter) + 3, len(values)), raw])
    end = start + len(later)
    offsets = struct.pack(order + "I" * planes, *(end + strip * n for n in range(planes)))
    place, within = strips
    if within is None:
        entries[place][1] = offsets
    else:
        later = later[:within] + offsets + later[within + len(offsets) :]
    directory = b"".join(head + raw.ljust(4, b"\0") for head, raw in entries)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    return head + struct.pack(order + "H", len(tags)) + directory + bytes(4) + later + pixels


def grey(values):
    return np.repeat(np.asarray(values, float)[..., None], 3, axis=-1)


def _cases():
    """Name → content, the levels that it means in [0, 255], and how far Pillow may be off."""
    yield from _deep_pngs()
    yield from _pngs()
    yield from _tiffs()
    yield from _netpbms()


def _deep_pngs():
    deep, coloured = levels(65536), levels(65536, 3)
    deep[0, 0] = deep[3, 4] = 777
    key = chunk(b"tRNS", struct.pack(">H", 777))
    yield "deep.png", png(16, 0, rows(deep)), grey(deep / 257), 0
    yield "deep_key.png", png(16, 0, rows(deep), key), grey(grey_key(deep, 777, 65535)), 0
    yield "deep_rgb.png", png(16, 2, rows(coloured)), coloured / 257, 1  # upper bytes
    veiled = levels(65536, 4)
    seen = over_white(veiled[..., :3] / 257, veiled[..., 3:] / 65535)
    yield "deep_rgba.png", png(16, 6, rows(veiled)), seen, 1
    two = levels(65536, 2)
    seen = grey(over_white(two[..., 0] / 257, two[..., 1] / 65535))
    yield "deep_la.png", png(16, 4, rows(two)), seen, 1


def _pngs():
    for depth in (1, 2, 4, 8):
        top = 2**depth - 1
        values = levels(top + 1)
        values[0, :2] = (0, 1)
        bits = rows(packed(values, depth))
        yield f"grey{depth}.png", png(depth, 0, bits), grey(values * (255 / top)), 0
        for one in (0, 1):
            key = chunk(b"tRNS", struct.pack(">H", one))
            seen = grey(grey_key(values, one, top))
            yield f"grey{depth}_key{one}.png", png(depth, 0, bits, key), seen, 0
        palette = RANDOM.integers(0, 256, (top + 1, 3)).astype(np.uint8)
        colours = chunk(b"PLTE", palette.tobytes())
        yield f"palette{depth}.png", png(depth, 3, bits, colours), palette[values].astype(float), 0
        veil = RANDOM.integers(0, 256, top + 1).astype(np.uint8)
        seen = over_white(palette[values], veil[values][..., None] / 255)
        extra = colours + chunk(b"tRNS", veil.tobytes())
        yield f"palette{depth}_alpha.png", png(depth, 3, bits, extra), seen, 0
    plain = levels(256, 3)
    key = chunk(b"tRNS", struct.pack(">HHH", *map(int, plain[0, 0])))
    seen = plain.astype(float)
    seen[(plain == plain[0, 0]).all(axis=-1)] = 255
    yield "rgb_key.png", png(8, 2, rows(plain), key), seen, 0


def _netpbms():
    for top in (1, 7, 255, 1000, 4095, 65535):
        values = levels(top + 1, 3, kind=">u2" if top > 255 else np.uint8)
        head = b"P6\n8 8\n%d\n" % top
        yield f"{top}.ppm", head + values.tobytes(), values * (255 / top), 0
        one = values[..., 0]
        head = b"P5\n8 8\n%d\n" % top
        yield f"{top}.pgm", head + one.tobytes(), grey(one * (255 / top)), 0
        text = " ".join(map(str, one.ravel())).encode()
        yield f"plain{top}.pgm", b"P2\n8 8\n%d\n" % top + text, grey(one * (255 / top)), 0


def _tiffs():
    for order in "<>":
        values = levels(65536, kind=order + "u2")
        yield f"16{order}.tif", tiff(values.tobytes(), 16, 1, order=order), grey(values / 257), 0
        small = levels(256)
        inverted = grey(255.0 - small)
        yield f"white{order}.tif", tiff(small.tobytes(), 8, 0, order=order), inverted, 0
        deep = levels(65536, 3, kind=order + "u2")
        content = tiff(deep.tobytes(), 16, 2, 3, order=order)
        yield f"16_rgb{order}.tif", content, deep / 257, 1
        four = levels(256, 4)
        colour, veil = four[..., :3], four[..., 3:] / 255
        content = tiff(four.tobytes(), 8, 2, 4, order=order, extra=2)
        yield f"rgba{order}.tif", content, over_white(colour, veil), 0
        dark = np.concatenate([np.minimum(colour, four[..., 3:]), four[..., 3:]], axis=-1)
        content = tiff(dark.tobytes(), 8, 2, 4, order=order, extra=1)
        yield f"multiplied{order}.tif", content, dark[..., :3] + 255.0 * (1 - veil), 1
        ink = (255.0 - colour) * (255.0 - four[..., 3:]) / 255
        yield f"cmyk{order}.tif", tiff(four.tobytes(), 8, 5, 4, order=order), ink, 0
        apart = colour.transpose(2, 0, 1).tobytes()
        content = tiff(apart, 8, 2, 3, order=order, planes=3)
        yield f"apart{order}.tif", content, colour.astype(float), 0
    values = levels(65536, kind="<u2")
    yield "white16.tif", tiff(values.tobytes(), 16, 0), grey(255 - values / 257), 0
    values = RANDOM.integers(0, 4096, (SIDE, SIDE))
    bits = packed(values, 12).tobytes()
    yield "12.tif", tiff(bits, 12, 1), grey(values * (255 / 4095)), 0


CASES = {name: case for name, *case in _cases()}


@pytest.mark.parametrize("name", CASES)
def test_levels_are_what_the_file_says(read, name):
    content, expected, most = CASES[name]
    result = read(name.replace("<", "_le").replace(">", "_be"), content)
    assert isinstance(result, Decoded), result
    assert np.abs(result.pixels - np.rint(expected)).max() <= most


REFUSED = {
    "signed 32 bits": (tiff(levels(9, kind="<i4").tobytes(), 32, 1, kind=2), "with a sign"),
    "32 bits": (tiff(levels(9, kind="<u4").tobytes(), 32, 1), "32-bit whole numbers"),
    "signed 16 bits": (tiff(levels(9, kind="<i2").tobytes(), 16, 1, kind=2), "with a sign"),
    "signed 8 bits": (tiff(levels(9).tobytes(), 8, 1, kind=2), "with a sign"),
    "floats": (tiff(RANDOM.random((8, 8), np.float32).tobytes(), 32, 1, kind=3), "floating-point"),
    "deep and apart": (
        tiff(levels(65536, 3, kind="<u2").transpose(2, 0, 1).tobytes(), 16, 2, 3, planes=3),
        "colours apart",
    ),
    "deep with a key": (
        png(16, 2, rows(levels(65536, 3)), chunk(b"tRNS", bytes(6))),
        "of which one is transparent",
    ),
    "rows that are missing": (png(8, 0, rows(levels(256)[:5])), "truncated"),
    "rows too many": (png(8, 0, rows(levels(256)) * 2), "more pixels"),
    "empty": (b"", "empty"),
    "text": (b"no image", "no image that can be read"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_told_is_left_out_and_named(read, name):
    content, reason = REFUSED[name]
    result = read("x.img", content)
    assert isinstance(result, Failure)
    assert reason in result.reason


def test_a_bomb_is_not_unpacked(read):
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(2**24)))
    result = read("bomb.png", bomb + chunk(b"IEND", b""))
    assert isinstance(result, Failure)
    half = Image.new("1", (13_500, 13_500))
    file = io.BytesIO()
    half.save(file, "PNG")
    result = read("large.png", file.getvalue())
    assert isinstance(result, Failure)
    assert "too many pixels" in result.reason


def test_an_interlaced_png(read):
    values = RANDOM.integers(0, 256, (13, 13)).astype(np.uint8)
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
              (0, 1, 1, 2))  # fmt: skip
    pixels = b"".join(rows(values[y::down, x::across]) for x, y, across, down in passes)
    result = read("adam7.png", png(8, 0, pixels, interlaced=True, side=13), 16)
    assert isinstance(result, Decoded)
    plain = read("plain.png", png(8, 0, rows(values), side=13), 16)
    assert np.array_equal(result.pixels, plain.pixels)


def test_a_changed_pixel_is_told_by_the_checksum(read):
    content = bytearray(png(8, 0, rows(levels(256))))
    content[content.index(b"IDAT") + 20] ^= 1
    assert "checksum of its chunk IDAT" in read("x.png", bytes(content)).reason


def averaged(pixels, size):
    """The mean of what lies under each pixel, in fractions."""
    side = len(pixels)
    weights = [
        [
            max(Fraction(0), min(Fraction((i + 1) * side, size), j + 1)
                - max(Fraction(i * side, size), Fraction(j)))
            for j in range(side)
        ]
        for i in range(size)
    ]  # fmt: skip
    area = Fraction(side, size) ** 2
    used = [[(j, w) for j, w in enumerate(row) if w] for row in weights]
    return np.array([
        [
            [round(sum(a * b * int(pixels[y, x, c]) for y, a in down for x, b in across) / area)
             for c in range(3)]
            for across in used
        ]
        for down in used
    ])  # fmt: skip


def shrunk(pixels, size):
    return resampled(lambda first, end: pixels[first:end].astype(float), len(pixels), size, 1.0)


@pytest.mark.parametrize(("side", "size"), [(20, 16), (13, 8), (8, 8), (27, 16), (16, 8), (9, 8)])
def test_shrinking_is_the_mean_of_the_area(side, size):
    pixels = RANDOM.integers(0, 256, (side, side, 3), np.uint8)
    assert np.array_equal(shrunk(pixels, size), averaged(pixels, size))


def test_strips_make_no_difference(monkeypatch):
    pixels = RANDOM.integers(0, 256, (100, 100, 3), np.uint8)
    whole = [shrunk(pixels, size) for size in (8, 32, 64, 128)]
    monkeypatch.setattr("harness.gan.data.resample.STRIP", 700)
    parts = [shrunk(pixels, size) for size in (8, 32, 64, 128)]
    assert all(np.array_equal(one, other) for one, other in zip(whole, parts, strict=True))


def test_what_boxes_of_whole_pixels_did():
    """Pillow's BOX was used before: at 80 → 64 px an output pixel is one or two source pixels."""
    pixels = RANDOM.integers(0, 256, (80, 80, 3), np.uint8)
    box = np.asarray(Image.fromarray(pixels).resize((64, 64), Image.Resampling.BOX))
    assert np.abs(box.astype(int) - shrunk(pixels, 64)).max() > 60


@pytest.mark.tf
@pytest.mark.parametrize(("side", "size"), [(80, 64), (32, 16), (13, 8), (5, 8), (9, 64)])
def test_folders_are_resized_as_sets_of_tfds_are(side, size):
    tf = pytest.importorskip("tensorflow")
    pixels = RANDOM.integers(0, 256, (side, side, 3), np.uint8)
    method = "area" if side >= size else "bilinear"
    theirs = tf.image.resize(pixels.astype(np.float32), (size, size), method=method).numpy()
    assert np.abs(theirs - shrunk(pixels, size)).max() <= 0.501


def test_transparency_is_seen_before_colours_are_mixed(tmp_path):
    """A clear black pixel is white, and is averaged as white."""
    image = np.zeros((16, 16, 4), np.uint8)
    image[::2, :, 3] = 255
    Image.fromarray(image).save(tmp_path / "x.png")
    result = decode_picture(Picture("x.png", tmp_path / "x.png"), 8)
    assert (result.pixels == 128).all()  # of 127.5, to even


def test_a_file_that_cannot_be_opened(tmp_path):
    result = decode_picture(Picture("x.png", Path(tmp_path / "x.png")), 8)
    assert result == Failure("No such file or directory")
