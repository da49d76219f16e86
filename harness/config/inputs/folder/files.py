"""The pictures in a folder or an archive, and the files that are left out, by reason.

Nothing is decoded here: a file is recognised by its extension or, if that is unknown, by its first
bytes. Links to folders are followed, each folder once.
"""

import heapq
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from harness.config.inputs.folder import archive
from harness.core.errors import HarnessError

IMAGES = frozenset({
    ".apng", ".avif", ".avifs", ".bmp", ".bw", ".dcx", ".dds", ".dib", ".gif", ".icb", ".icns",
    ".ico", ".j2c", ".j2k", ".jfif", ".jp2", ".jpc", ".jpe", ".jpeg", ".jpf", ".jpg", ".jpx",
    ".pbm", ".pcx", ".pfm", ".pgm", ".png", ".pnm", ".ppm", ".psd", ".qoi", ".ras", ".rgb",
    ".rgba", ".sgi", ".tga", ".tif", ".tiff", ".vda", ".vst", ".webp", ".xbm", ".xpm",
})  # fmt: skip
BEGINNINGS = (
    *(b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM", b"8BPS", b"qoif"),
    *(b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"),  # TIFF, and for large files
    *(b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51"),  # JPEG 2000
    *(b"P%d%c" % (kind, space) for kind in range(1, 7) for space in b" \t\r\n"),
)
HEAD = 16  # bytes that tell what a file is
LABELS = "dataset.json"  # StyleGAN2-ADA's file of labels
HIDDEN, BROKEN, CLOSED = "hidden", "broken link or not a file", "cannot be opened"
AGAIN, BACK = "folder that is already read under another path", "link to a parent folder"
NO_IMAGE, LOCKED = "not an image", "encrypted"


class Picture(NamedTuple):
    """A file that should be an image."""

    name: str  # below the data set's root, with slashes
    file: Path  # on the disk; of a member, its archive
    member: str | None = None

    def read(self) -> bytes:
        """The content; OSError with the reason if it cannot be read."""
        if self.member is not None:
            return archive.read(self.file, self.member)
        if self.file.stat().st_size > archive.LARGEST:
            raise OSError(archive.TOO_LARGE)
        return self.file.read_bytes()


@dataclass
class Listing:
    """The pictures and other files below a root."""

    root: Path
    pictures: list[Picture] = field(default_factory=list)
    left_out: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    folders: set[str] = field(default_factory=set)  # names of all folders, empty ones too
    labels: dict[str, Picture] = field(default_factory=dict)  # folder → its file of labels

    def add(self, picture: Picture, head: bytes | None) -> None:
        """Add a file; `head`: its first bytes, None if it cannot be read."""
        folder, _, name = picture.name.rpartition("/")
        if name == LABELS:
            self.labels[folder] = picture
        elif head is None:
            self.left_out[CLOSED].append(picture.name)
        elif known(name) or is_image(head):
            self.pictures.append(picture)
        else:
            self.left_out[NO_IMAGE].append(picture.name)


def shown(name: object) -> str:
    """A name for messages, logs and JSON: bytes that are not UTF-8 are written \\xNN."""
    return os.fsencode(str(name)).decode("utf-8", "backslashreplace")


def known(name: str) -> bool:
    """Whether a file has an image extension."""
    return PurePosixPath(name).suffix.lower() in IMAGES


def is_image(head: bytes) -> bool:
    """Whether a file begins like an image."""
    webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    avif = head[4:8] == b"ftyp" and head[8:12] in (b"avif", b"avis")
    return head.startswith(BEGINNINGS) or webp or avif


def place(path: str) -> Path:
    """The folder or archive that data.path names."""
    folder = Path(path).expanduser()
    if folder.is_dir() or folder.is_file():
        return folder
    message = f"data.path: {shown(folder)} is neither a folder nor a .zip"
    if not folder.is_absolute():
        message += (
            " (relative paths start at the folder where harness is called: "
            f"{shown(Path.cwd() / folder)})"
        )
    raise HarnessError(message)


def listing(root: Path) -> Listing:
    """All pictures below `root`, sorted by name; an error if there are none."""
    tree = Listing(root)
    if root.is_dir():
        _Walk(tree).run()
    else:
        _members(tree)
    if not tree.pictures:
        kinds = ", ".join(sorted(IMAGES))
        raise HarnessError(
            f"data.path: {shown(root)} contains no images ({kinds}){told(tree.left_out)}"
        )
    tree.pictures.sort()
    return tree


def told(left_out: dict[str, list[str]], most: int = 3) -> str:
    """The files that were left out, in brackets; empty if there are none."""
    parts = [f"{len(names)} {why}: {listed(names, most)}" for why, names in left_out.items()]
    return f" (left out: {'; '.join(parts)})" if parts else ""


def listed(names: list[str], most: int) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(shown(name) for name in names[:most]) + more


def _members(tree: Listing) -> None:
    """The members of an archive; a single folder around all of them is ignored."""
    members = archive.members(tree.root)
    around = {name.split("/")[0] for name in members if "/" in name}
    if len(around) == 1 and all("/" in name for name in members):
        strip = len(around.pop()) + 1
    else:
        strip = 0
    for member, locked in members.items():
        name = member[strip:]
        parts = name.split("/")
        if any(part.startswith((".", "__MACOSX")) for part in parts):
            tree.left_out[HIDDEN].append(name)
            continue
        tree.folders.update("/".join(parts[:end]) for end in range(1, len(parts)))
        if locked:
            tree.left_out[LOCKED].append(name)
        elif not name.endswith("/") and name:
            head = b"" if known(name) else archive.head(tree.root, member, HEAD)
            tree.add(Picture(name, tree.root, member), head)


class _Walk:
    """A walk through a folder tree: first its files, then the targets of its links."""

    def __init__(self, tree: Listing) -> None:
        self.tree = tree
        self.real = os.path.realpath(tree.root)
        self.seen = {_identity(tree.root)}
        self.links: list[tuple[str, str]] = []  # a heap, so that the order is that of names

    def run(self) -> None:
        """Add everything to the listing."""
        self._enter("", str(self.tree.root))
        while self.links:
            name, path = heapq.heappop(self.links)
            if self._leads_back(path):
                self.tree.left_out[BACK].append(name)
            elif self._first(name, path):
                self._enter(name, path)

    def _first(self, name: str, path: str) -> bool:
        """Whether a folder was not read before; it counts as read from now on."""
        identity = _identity(Path(path))
        if identity in self.seen:
            self.tree.folders.add(name)  # so that a split or class that it was meant for is missed
            self.tree.left_out[AGAIN].append(name)
            return False
        self.seen.add(identity)
        return True

    def _leads_back(self, path: str) -> bool:
        target = os.path.realpath(path)
        around = (self.real, os.path.realpath(Path(path).parent))
        return any(os.path.commonpath([target, inside]) == target for inside in around)

    def _enter(self, name: str, path: str) -> None:
        pending = [(name, path)]
        while pending:
            here, folder = pending.pop()
            if here:
                self.tree.folders.add(here)
            for entry in self._entries(here, folder):
                below = f"{here}/{entry.name}" if here else entry.name
                if self._sort(below, entry):
                    pending.append((below, entry.path))

    def _entries(self, name: str, folder: str) -> Iterator[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                yield from sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if not name:
                raise HarnessError(f"data.path: {shown(folder)}: {error.strerror}") from None
            self.tree.left_out[CLOSED].append(name)

    def _sort(self, name: str, entry: os.DirEntry[str]) -> bool:
        """Add one entry; True: it is a folder to be entered."""
        kind = _kind(entry)
        if entry.name.startswith("."):
            self.tree.left_out[HIDDEN].append(name)
        elif kind == "folder":
            return self._first(name, entry.path)
        elif kind == "link":
            heapq.heappush(self.links, (name, entry.path))
        elif kind == "file":
            file = Path(entry.path)
            self.tree.add(Picture(name, file), b"" if known(name) else _head(file))
        else:
            self.tree.left_out[BROKEN].append(name)
        return False


def _kind(entry: os.DirEntry[str]) -> str:
    try:
        if entry.is_dir(follow_symlinks=False):
            return "folder"
        if entry.is_dir():
            return "link"
        return "file" if entry.is_file() else ""
    except OSError:  # links that lead to each other
        return ""


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _head(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(HEAD)
    except OSError:
        return None
