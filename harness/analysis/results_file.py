"""The text of a file of results: opened, unpacked, decoded; what is no text is named.

Everything here ends in text or in one message, so that what reads tables needs to know of text
only.
"""

import bz2
import codecs
import gzip
import io
import json
import lzma
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import IO, Any

from harness.core.errors import HarnessError

LARGEST = 16 << 20  # bytes, unpacked: a million rows

_BROKEN = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zipfile.BadZipFile,
           NotImplementedError, RuntimeError)  # fmt: skip
_Opened = Callable[[Any], AbstractContextManager[Any]]  # a stream of bytes over a stream of bytes
_PACKED: tuple[tuple[str, str, "re.Pattern[bytes]", _Opened], ...] = (
    (".gz", "gzip archive", re.compile(rb"\x1f\x8b"), gzip.open),
    (".bz2", "bzip2 archive", re.compile(rb"BZh[1-9](1AY&SY|\x17\x72\x45\x38\x50\x90)"),
     bz2.BZ2File),
    (".xz", "xz archive", re.compile(rb"\xfd7zXZ\0"), lzma.LZMAFile),
)  # fmt: skip
_ZIP, _ZIP_NAME = (b"PK\x03\x04", b"PK\x05\x06"), ".zip"
_OFFICE = {"[Content_Types].xml": "an Excel workbook", "mimetype": "an OpenDocument file"}
_OTHER = (
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a", "a RAR archive"),
    (b"SQLite format 3", "an SQLite database"),
    (b"%PDF", "a PDF file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x80\x04\x95", "a pickle"),
    (b"\x80\x05\x95", "a pickle"),
)
_MARKS = (  # of UTF-32 before those of UTF-16, which they begin with
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAVE = "save it as CSV in UTF-8"


def text_of(path: Path) -> str:
    """The text of a file, plain or in a .gz, .bz2, .xz, or .zip of one member.

    UTF-8, or UTF-16 and UTF-32 that begin with a byte-order mark. Raises a HarnessError that names
    the file and, where there is one, the line.
    """
    content = _unpacked(path, _bytes(path))
    for first, what in _OTHER:
        if content.startswith(first):
            raise HarnessError(f"{path}: is {what}; {_SAVE}")
    if content[257:262] == b"ustar":
        raise HarnessError(f"{path}: is a tar archive; name one CSV file")
    text = _decoded(path, content)
    if what := _document(text):
        raise HarnessError(f"{path}: is {what}; {_SAVE}")
    return text


def _bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise HarnessError(f"{path}: is a folder; name one CSV file")
        if stat.S_ISCHR(path.stat().st_mode):  # may never end, or wait for a person
            raise HarnessError(f"{path}: is a device; name one CSV file")
        with os.fdopen(_open(path), "rb") as file:
            return _limited(path, file)
    except OSError as error:
        raise HarnessError(f"{path}: cannot be read ({error.strerror})") from None


def _open(path: Path) -> int:
    """A pipe that nobody writes to is empty, and not waited for until somebody does."""
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(file, True)
    return file


def _limited(path: Path, file: IO[bytes]) -> bytes:
    content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise HarnessError(f"{path}: holds more than {LARGEST >> 20} MiB; keep the rows to compare")
    return content


def _unpacked(path: Path, content: bytes) -> bytes:
    if content.startswith(_ZIP):
        return _tried(path, "zip archive", partial(_member, path, content))
    for suffix, name, first, opened in _PACKED:
        if first.match(content):
            return _tried(path, name, partial(_stream, path, content, opened))
        if path.suffix.lower() == suffix:
            raise HarnessError(f"{path}: is called {suffix} and is no {name}")
    if path.suffix.lower() == _ZIP_NAME:
        raise HarnessError(f"{path}: is called {_ZIP_NAME} and is no zip archive")
    return content


def _stream(path: Path, content: bytes, opened: _Opened) -> bytes:
    with opened(io.BytesIO(content)) as file:
        return _limited(path, file)


def _tried(path: Path, name: str, unpack: Callable[[], bytes]) -> bytes:
    try:
        return unpack()
    except HarnessError:
        raise
    except _BROKEN as error:
        raise HarnessError(f"{path}: is a {name} that cannot be unpacked ({error})") from None


def _member(path: Path, content: bytes) -> bytes:
    """The content of the one file in a zip archive."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [one.filename for one in archive.infolist() if not one.is_dir()]
        for name, what in _OFFICE.items():
            if name in names:
                raise HarnessError(f"{path}: is {what}; {_SAVE}")
        names = [name for name in names if not name.startswith("__MACOSX/")]
        if len(names) != 1:
            held = ", ".join(names[:5]) + (", …" if len(names) > 5 else "") if names else "none"
            raise HarnessError(f"{path}: holds {len(names)} files where one is read ({held})")
        with archive.open(names[0]) as file:
            return _limited(path, file)


def _decoded(path: Path, content: bytes) -> str:
    encoding, mark = next(
        ((name, mark) for mark, name in _MARKS if content.startswith(mark)), ("utf-8", b"")
    )
    body = content[len(mark) :]
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        before = body[: error.start].decode(encoding, "replace")
        raise HarnessError(
            f"{path}, line {_line(before)}: is not {encoding.upper()} "
            f"(byte 0x{body[error.start]:02x}); {_SAVE}"
        ) from None
    if (at := text.find("\0")) >= 0:
        what = "a NUL byte (UTF-16 without a byte-order mark?)"
        raise HarnessError(f"{path}, line {_line(text[:at])}: holds {what}; {_SAVE}")
    return text


def _line(before: str) -> int:
    return len(before.replace("\r\n", "\n").replace("\r", "\n").split("\n"))


def _document(text: str) -> str:
    """The kind of a document that is no table; empty of a table."""
    begin = text.lstrip()[:64].lower()
    if begin.startswith(("<!doctype", "<html", "<?xml", "<table")):
        return "HTML or XML"
    if not begin.startswith(("{", "[")):
        return ""
    for part in (text, text.lstrip().splitlines()[0]):  # whole, or a document a line
        try:
            json.loads(part)
        except RecursionError:
            return "JSON"
        except ValueError:
            continue
        return "JSON"
    return ""
