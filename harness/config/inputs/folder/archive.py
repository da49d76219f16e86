"""A .zip of images as in StyleGAN2-ADA, read without unpacking."""

import os
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path

from harness.core.errors import HarnessError

UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)

LARGEST = 2**30  # bytes of a file that is read: no image of so many is meant to be one
TOO_LARGE = "larger than 1 GiB"


def members(path: Path) -> dict[str, bool]:
    """Name → whether it is encrypted, for every member except non-empty folders."""
    names = {info.filename: bool(info.flag_bits & 1) for info in _opened(path).infolist()}
    inner = {name[: at + 1] for name in names for at, char in enumerate(name[:-1]) if char == "/"}
    return {name: locked for name, locked in names.items() if name not in inner}


def read(path: Path, member: str) -> bytes:
    """The content of a member; OSError with the reason if it cannot be read."""
    try:
        if _opened(path).getinfo(member).file_size > LARGEST:
            raise OSError(TOO_LARGE)
        return _opened(path).read(member)
    except UNREADABLE as error:
        raise OSError(f"damaged in the archive ({error})") from error


def head(path: Path, member: str, length: int) -> bytes | None:
    """The first bytes of a member; None if it cannot be read."""
    try:
        with _opened(path).open(member) as file:
            return file.read(length)
    except (*UNREADABLE, OSError):
        return None


def _opened(path: Path) -> zipfile.ZipFile:
    status = path.stat()
    return _open(path, os.getpid(), status.st_mtime_ns, status.st_size, status.st_ino)


@lru_cache(maxsize=2)
def _open(path: Path, *_: int) -> zipfile.ZipFile:
    """One open archive for all threads of a process; zipfile has a lock."""
    try:
        return zipfile.ZipFile(path)
    except (*UNREADABLE, OSError, ValueError) as error:
        raise HarnessError(
            f"data.path: {path} is neither a folder nor a complete .zip ({error})"
        ) from None
