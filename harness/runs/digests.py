"""Digests of a finished trial's files, as they were written: `digests.json` in its folder.

Written before the result that makes the trial count, and again before a further metric does, so a
kill at any moment leaves either no claim or a true one. An earlier version wrote none: such a trial
is read as it is, and is called unverified.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from harness.core.errors import Damaged
from harness.core.files import content_digest, parse_object, read_bytes, write_json
from harness.runs import layout

ALONE = (layout.CONFIG, layout.ENVIRONMENT, layout.METRICS, layout.RESULT, layout.NEAREST,
         *layout.PICTURES)  # fmt: skip
RECENT = 16  # documents that are not parsed again
FOLDERS = {layout.EVALUATIONS: ".json*", layout.SAMPLES: ".png", layout.GENERATORS: ".npz"}


class Seal(NamedTuple):
    """The content of `digests.json`."""

    files: Mapping[str, str]  # name in the folder → digest of its content
    keeps_checkpoint: bool  # whether the optimisers' states were to stay (`--keep all`)


def digest_of(name: str, content: bytes) -> str:
    """The digest by which a trial's file is sealed: that of its content.

    Of what describes a metric without its `requests`, since further ones come to be answered by it.
    """
    if name.startswith(f"{layout.EVALUATIONS}/") and name.endswith(".json"):
        return _about_digest(name, content)
    return content_digest(content)


@lru_cache(RECENT)
def _about_digest(name: str, content: bytes) -> str:
    about = parse_object(Path(name), content)
    about.pop("requests", None)
    return content_digest(json.dumps(about, sort_keys=True).encode())


def document_digest(value: Mapping[str, Any]) -> str:
    """SHA-256 of a JSON object's content, whatever the order and the layout."""
    read = json.loads(json.dumps(value))
    return content_digest(json.dumps(read, sort_keys=True).encode())


def read_seal(folder: Path) -> Seal | None:
    """The seal of a trial; None where an earlier version wrote none, or it is damaged itself."""
    try:
        return checked_seal(folder)
    except Damaged:
        return None


def checked_seal(folder: Path) -> Seal | None:
    """The seal of a trial, None where there is none; an error where it is damaged itself."""
    path = folder / layout.DIGESTS
    content = read_bytes(path)
    try:
        return None if content is None else _parsed(content)
    except Damaged as error:
        raise Damaged(path, error.why) from None


@lru_cache(RECENT)
def _parsed(content: bytes) -> Seal:
    """The seal in a file, by its content: it is read with every file that it is about."""
    value = parse_object(Path(), content, "files", "keeps_checkpoint", "digest")
    if value["digest"] != _own(value["files"], value["keeps_checkpoint"]):
        raise Damaged(Path(), "it does not hold what was recorded")
    return Seal(value["files"], value["keeps_checkpoint"])


def write_seal(folder: Path, seal: Seal) -> None:
    """Write `digests.json`."""
    files = dict(sorted(seal.files.items()))
    seal_digest = _own(files, seal.keeps_checkpoint)
    value = {"files": files, "keeps_checkpoint": seal.keeps_checkpoint, "digest": seal_digest}
    write_json(folder / layout.DIGESTS, value)


def seal(folder: Path, pending: Mapping[str, bytes], keeps_checkpoint: bool) -> None:
    """Write the digests of a folder's files, and of those that are about to be written."""
    known = {name: digest_of(name, (folder / name).read_bytes()) for name in present(folder)}
    coming = {name: digest_of(name, content) for name, content in pending.items()}
    write_seal(folder, Seal({**known, **coming}, keeps_checkpoint))


def extend(folder: Path, pending: Mapping[str, bytes]) -> None:
    """Add files that are about to be written to a seal, if there is one."""
    if before := read_seal(folder):
        coming = {name: digest_of(name, content) for name, content in pending.items()}
        files = {**before.files, **coming}
        if files != before.files:
            write_seal(folder, before._replace(files=files))


def forget(folder: Path, names: set[str]) -> None:
    """Take files out of a seal: they are no longer there, and that is known."""
    before = read_seal(folder)
    if before and names & before.files.keys():
        kept = {name: value for name, value in before.files.items() if name not in names}
        write_seal(folder, before._replace(files=kept))


def present(folder: Path) -> list[str]:
    """The files of a folder that a seal is about."""
    names = [name for name in ALONE if (folder / name).is_file()]
    for part, ending in FOLDERS.items():
        files = (folder / part).glob(f"[!.]*{ending}")
        names += sorted(path.relative_to(folder).as_posix() for path in files if path.is_file())
    return names


def differing(folder: Path, seal: Seal) -> dict[Path, str]:
    """Files of a sealed folder that are lost or changed: path → what is wrong.

    Scores count by the file that describes their metric, and weights may be removed together
    (`harness clean`): without it, or without their folder, they are no loss.
    """
    faults: dict[Path, str] = {}
    for name, expected in seal.files.items():
        path = folder / name
        if name.startswith(f"{layout.EVALUATIONS}/") and not path.with_suffix(".json").exists():
            continue
        if name.startswith(f"{layout.GENERATORS}/") and not path.parent.exists():
            continue
        if why := _wrong(name, path, expected):
            faults[path] = why
    return faults


def _wrong(name: str, path: Path, expected: str) -> str:
    try:
        content = read_bytes(path)
        if content is None:
            return "it is lost"
        return "" if digest_of(name, content) == expected else DIFFERS
    except Damaged as error:
        return error.why


DIFFERS = "it does not hold what was recorded (its digest is another)"


def _own(files: Mapping[str, str], keeps_checkpoint: bool) -> str:
    # as `document_digest`, for names and digests, which JSON gives back as they are
    value = {"files": files, "keeps_checkpoint": keeps_checkpoint}
    return content_digest(json.dumps(value, sort_keys=True).encode())
