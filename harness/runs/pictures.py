"""Whether a PNG file is whole, told without decoding it."""

import zlib
from pathlib import Path

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def whole_png(path: Path) -> bool:
    """Whether every chunk is there and has the check sum that it was written with (PNG, 5.3)."""
    try:
        content = path.read_bytes()
    except OSError:
        return False
    place, kind = len(_SIGNATURE), b""
    if not content.startswith(_SIGNATURE):
        return False
    while kind != b"IEND":
        end = place + 8 + int.from_bytes(content[place : place + 4], "big")
        kind, total = content[place + 4 : place + 8], content[end : end + 4]
        if len(total) < 4 or zlib.crc32(content[place + 4 : end]) != int.from_bytes(total, "big"):
            return False
        place = end + 4
    return True
