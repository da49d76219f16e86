"""Which file the name of a study stands for."""

import re
from collections.abc import Sequence
from pathlib import Path

from harness.config.runtime import SHIPPED
from harness.core.errors import HarnessError, shown, told, unknown

NAME = re.compile(r"[a-z0-9_]{1,100}")


def find_study(name: str, folders: Sequence[Path]) -> Path:
    """The file of a study: of a name in `folders` the nearest, or the path of a .yaml file."""
    if name.endswith((".yaml", ".yml")):
        return _existing(name)
    if not NAME.fullmatch(name):
        raise HarnessError(
            f"{shown(name)} is not a study: give the name of one ([a-z0-9_]+; `harness studies` "
            "lists them), or the path of a .yaml file"
        )
    files = list_studies(folders)
    if name not in files:
        absent = "".join(f"; there is no folder {path}" for path in absent_folders(folders))
        text = unknown("study", name, files)
        # that of a run, say, that was started by the path of its file
        path = "" if "did you mean" in text else "; a file that lies elsewhere is given by its path"
        raise HarnessError(text + path + absent)
    return files[name][0]


def _existing(name: str) -> Path:
    path = Path(name)
    try:
        exists = path.is_file()
    except OSError as error:
        raise HarnessError(f"{shown(name)}: {error.strerror}") from None
    if not exists:
        raise HarnessError(f"there is no study file {told(name)}")
    return path


def list_studies(folders: Sequence[Path]) -> dict[str, list[Path]]:
    """Name → the files of that name, the nearest first; a file that two folders share is one."""
    files: dict[str, dict[Path, Path]] = {}
    for path in (path for folder in folders for path in sorted(folder.glob("*.yaml"))):
        if NAME.fullmatch(path.stem) and path.is_file():
            files.setdefault(path.stem, {}).setdefault(path.resolve(), path)
    return {name: list(files[name].values()) for name in sorted(files)}


def absent_folders(folders: Sequence[Path]) -> list[Path]:
    """Those that are not there; the nearest is the current folder's, which need not be."""
    return [folder for folder in folders[1:] if not folder.is_dir()]


def origin(name: str, folders: Sequence[Path]) -> str:
    """Where the file of a named study lies, and which other it hides; empty for a path."""
    files = list_studies(folders).get(name, [])
    if not files:
        return ""
    place = _place(files[0], "included with the harness")
    return f"{place}, hiding {_place(files[1], 'the included one')}" if files[1:] else place


def _place(file: Path, shipped: str) -> str:
    return shipped if file.parent == SHIPPED else str(file)
