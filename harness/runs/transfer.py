"""A trial's folder on the way between a node, where it is trained, and the record.

What has changed is sent in parts that fit a message, and no content twice: a checkpoint that is the
best one, too, is named instead. Rows go before the checkpoint that follows
from them, and the result goes last, so what has arrived when a node dies is what a kill would have
left on one machine.
"""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from enum import StrEnum
from hashlib import file_digest
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

from harness.core.files import content_digest, settle
from harness.core.leftovers import discard, passing, settle_folder
from harness.runs import layout
from harness.runs.recorder import Recorder

CHUNK = 2**20  # bytes of a part, at most
_GROWING = (".jsonl", layout.LOG)  # ends of names of files to which whole lines are appended
# what follows from other files, in the order in which it is written: read first and sent last
_FOLLOWS = (
    f"{layout.CHECKPOINT}/{layout.BEST}",
    f"{layout.CHECKPOINT}/{layout.LAST}",
    layout.DIGESTS,
    layout.RESULT,
    layout.PRUNED,
    layout.FAILURE,
)
_BEFORE = f"{layout.CHECKPOINT}/{layout.BEFORE}"  # the record keeps its own when a newer one comes

_NOTHING = 0, ""  # of a file whose lines are not known

Stamp = tuple[int, int, int]  # inode, bytes, time of modification


class OutOfStep(Exception):
    """A part does not follow from those before it."""


class Action(StrEnum):
    """The change that a part makes to its file."""

    APPEND = "append"
    WRITE = "write"  # the file is replaced once its last part is there
    COPY = "copy"  # the file is replaced by another one that has arrived
    REMOVE = "remove"


class Part(NamedTuple):
    """A piece of a file, or its removal."""

    name: str  # of the file, relative to the trial's folder
    action: Action
    data: bytes = b""  # of a copy: the other file's name
    offset: int = 0  # of `data` in the file
    size: int = 0  # bytes of the whole file; 0 where it only grows


class _Sent:
    """Contents of whole files that the other end has."""

    def __init__(self) -> None:
        self._digests: dict[str, str] = {}  # by name

    def parts(self, name: str, file: BinaryIO) -> Iterator[Part]:
        """A whole file, or the name of one with the same content."""
        digest = file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
        twins = (other for other, known in self._digests.items() if known == digest)
        twin = next(twins, None)
        self._digests[name] = digest
        if twin is None or twin == name:
            yield from pieces(name, file)
        else:
            yield Part(name, Action.COPY, twin.encode())

    def forget(self, name: str) -> None:
        """It is removed there."""
        self._digests.pop(name, None)


class Outbox:
    """The changes of a trial's folder since they were last asked for."""

    def __init__(self, folder: Path) -> None:
        """The other end knows the files that `folder` has now."""
        self.folder = folder
        self._sent = {name: _stamp(folder / name) for name in _names(folder)}
        self._contents = _Sent()
        self._lines = {name: _known(folder / name) for name in self._sent if _grows(name)}

    def parts(self) -> Iterator[Part]:
        """The changes, in the order in which they have to be applied; they count as sent.

        The folder may be written meanwhile, as the recorder writes it: by whole lines and renames.
        """
        with ExitStack() as opened:
            # opened before the rows are read: of what they follow from, nothing is missing then
            late = {name: opened.enter_context(self._changed(name)) for name in _FOLLOWS}
            for name in sorted(set(_names(self.folder)) - set(_FOLLOWS)):
                with self._changed(name) as file:
                    yield from self._of(name, file)
            for name, file in late.items():
                yield from self._of(name, file)
        yield from self._removals()

    @contextmanager
    def _changed(self, name: str) -> Iterator[BinaryIO | None]:
        """The open file, if it is there and has changed."""
        path = self.folder / name
        if _stamp(path) in (None, self._sent.get(name)):
            yield None
            return
        try:
            file = path.open("rb")
        except FileNotFoundError:  # removed meanwhile
            yield None
            return
        with file:
            yield file

    def _of(self, name: str, file: BinaryIO | None) -> Iterator[Part]:
        if file is None:
            return
        self._sent[name] = _stamp_of(file)
        if _grows(name):
            yield from self._more(name, file)
        elif name != _BEFORE:
            yield from self._contents.parts(name, file)

    def _more(self, name: str, file: BinaryIO) -> Iterator[Part]:
        """The lines that have come; one that is being written comes next time."""
        content = file.read()
        content = content[: content.rfind(b"\n") + 1]
        known, digest = self._lines.get(name, _NOTHING)
        self._lines[name] = len(content), content_digest(content)
        if not known or content_digest(content[:known]) != digest:  # new, or cut by a resume
            yield from pieces(name, BytesIO(content))
            return
        for at in range(known, len(content), CHUNK):
            yield Part(name, Action.APPEND, content[at : at + CHUNK], at)

    def _removals(self) -> Iterator[Part]:
        for name in sorted(set(self._sent) - set(_names(self.folder))):
            del self._sent[name]
            self._contents.forget(name)
            yield Part(name, Action.REMOVE)


class Inbox:
    """Applies parts to a trial's folder in the record; the recorder holds its lock."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._coming: dict[str, Path] = {}  # files of which some parts have arrived

    def take(self, parts: Iterable[Part]) -> None:
        """Apply parts in their order; raises OutOfStep if one does not follow from those before."""
        for part in parts:
            self._take(part)

    def _take(self, part: Part) -> None:
        path = self._place(part.name)
        if part.action is Action.REMOVE:
            discard(path)
            if path.parent != self._recorder.folder:
                with suppress(OSError):  # others are in it
                    path.parent.rmdir()
        elif part.action is Action.APPEND:
            _append(path, part)
        elif part.action is Action.COPY:
            self._copy(path, self._place(part.data.decode()))
        else:
            self._write(path, part)

    def close(self) -> None:
        """Drop files that have arrived in part only, and the progress of what has ended.

        Its removal does not arrive where the node had no such file, or died before it sent that.
        """
        for path in self._coming.values():
            path.unlink(missing_ok=True)
        self._coming.clear()
        if (self._recorder.folder / layout.RESULT).exists():
            discard(self._recorder.folder / layout.PROGRESS)

    def _place(self, name: str) -> Path:
        parts = PurePosixPath(name).parts
        if not parts or name.startswith("/") or ".." in parts or name == layout.LOCK:
            raise OutOfStep(f"{name!r} is no file of a trial")
        return self._recorder.folder / name

    def _write(self, path: Path, part: Part) -> None:
        if part.offset == 0:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._coming[part.name] = passing(path)
            self._coming[part.name].write_bytes(b"")
        coming = self._coming.get(part.name)
        if coming is None:
            raise OutOfStep(f"{part.name}: its beginning has not arrived")
        _append(coming, part)
        if part.offset + len(part.data) >= part.size:
            del self._coming[part.name]
            self._replace(path, coming)

    def _copy(self, path: Path, other: Path) -> None:
        if not other.exists():
            raise OutOfStep(f"{path.name}: {other.name} has not arrived")
        path.parent.mkdir(parents=True, exist_ok=True)
        coming = passing(path)
        shutil.copyfile(other, coming)
        self._replace(path, coming)

    def _replace(self, path: Path, coming: Path) -> None:
        name = path.relative_to(self._recorder.folder).as_posix()
        if name in _FOLLOWS:
            self._recorder.settle()
            settle(coming)
        if path == self._recorder.checkpoint:
            self._recorder.keep_checkpoint()
        coming.replace(path)
        if name in _FOLLOWS:
            settle_folder(path.parent)


def parts_of(folder: Path) -> Iterator[Part]:
    """A trial's folder as a node needs it to go on."""
    contents = _Sent()
    for name in _names(folder):
        if name != layout.PROGRESS:
            with (folder / name).open("rb") as file:
                yield from contents.parts(name, file)


def unpack(folder: Path, parts: Iterable[Part]) -> None:
    """Write the parts of `parts_of` below `folder`, in a place where nobody else reads them."""
    for part in parts:
        path = folder / part.name
        path.parent.mkdir(parents=True, exist_ok=True)
        if part.action is Action.COPY:
            shutil.copyfile(folder / part.data.decode(), path)
            continue
        with path.open("wb" if part.offset == 0 else "ab") as file:
            file.write(part.data)


def pieces(name: str, file: BinaryIO, chunk: int = 0) -> Iterator[Part]:
    """A whole file, in parts of `chunk` bytes (0: CHUNK)."""
    chunk = chunk or CHUNK
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    for at in range(0, max(1, size), chunk):
        yield Part(name, Action.WRITE, file.read(chunk), at, size)


def _append(path: Path, part: Part) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        if file.tell() != part.offset:
            raise OutOfStep(f"{part.name}: {file.tell()} bytes have arrived, not {part.offset}")
        file.write(part.data)


def _names(folder: Path) -> list[str]:
    """Files of a trial's folder that travel: neither temporary ones nor the lock."""
    inside = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    names = (path.as_posix() for path in inside if not any(p[0] == "." for p in path.parts))
    return sorted(name for name in names if name != layout.LOCK)


def _grows(name: str) -> bool:
    """Whether whole lines are appended to it."""
    return name.endswith(_GROWING)


def _known(path: Path) -> tuple[int, str]:
    """Bytes and digest of a file's whole lines."""
    content = path.read_bytes()
    return len(content), content_digest(content)


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _stamp_of(file: BinaryIO) -> Stamp:
    status = os.fstat(file.fileno())
    return status.st_ino, status.st_size, status.st_mtime_ns
