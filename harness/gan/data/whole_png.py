"""Whether a PNG is whole (Portable Network Graphics, third edition, 5.3, 8 and 10).

Pillow skips the checksums of its pixels, and leaves rows that are missing black.
"""

import struct
import zlib
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
# of Adam7: first column and row, and steps between them
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
          (0, 1, 1, 2))  # fmt: skip
PIECE = 2**20  # bytes unpacked at a time


class Damaged(ValueError):
    """A PNG that is not what it says of itself."""


def check(content: bytes) -> None:
    """Raise `Damaged` if a chunk that pixels follow from is wrong, or there are too few of them."""
    if not content.startswith(SIGNATURE):
        return
    header, pixels = b"", []
    for kind, data in _chunks(content):
        if kind == b"IHDR":
            header = data
        elif kind == b"IDAT":
            pixels.append(data)
    expected = _bytes(header)
    if (unpacked := _unpacked(pixels, expected)) != expected:
        raise Damaged("truncated" if unpacked < expected else "more pixels than its size says")


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at + 12 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        end = at + 8 + length
        if end + 4 > len(content):
            break  # what is missing is noticed by its pixels
        (told,) = struct.unpack_from(">I", content, end)
        needed = kind[:1].isupper() or kind == b"tRNS"
        if needed and zlib.crc32(content[at + 4 : end]) != told:
            raise Damaged(f"the checksum of its chunk {kind.decode('latin-1')} is wrong")
        if kind == b"IEND":
            return
        yield kind, content[at + 8 : end]
        at = end + 4


def _bytes(header: bytes) -> int:
    """How many bytes the pixels are that a header announces: each row has one before it."""
    if len(header) != 13:
        raise Damaged("no header")
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    bits = depth * CHANNELS.get(colour, 0)
    passes = PASSES if interlaced else ((0, 0, 1, 1),)
    total = 0
    for column, row, across, down in passes:
        columns, rows = -(-(width - column) // across), -(-(height - row) // down)
        total += rows * (1 + -(-columns * bits // 8)) if columns > 0 and rows > 0 else 0
    return total


def _unpacked(parts: list[bytes], most: int) -> int:
    """How many bytes there are, counted to one more than `most`: no bomb is unpacked."""
    inflater, count = zlib.decompressobj(), 0
    for part in parts:
        rest = part
        while rest and not inflater.eof and count <= most:
            count += len(inflater.decompress(rest, min(PIECE, most + 1 - count)))
            rest = inflater.unconsumed_tail
    return count
