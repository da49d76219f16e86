"""A finding of the doctor, and its remedy."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.core.leftovers import find_leftovers, sweep


@dataclass
class Finding:
    """One finding."""

    area: str  # record, ledger, W&B, installation
    place: str  # the file, folder, trial or package
    what: str
    remedy: str = ""  # what the user can do
    wrong: bool = True  # else it is only said
    mend: Callable[[], str] | None = None  # does what is safe; what was done, or why not
    done: str = ""  # what `mend` said

    @property
    def open(self) -> bool:
        """Whether something is wrong that was not repaired."""
        return self.wrong and not self.done

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        names = ("area", "place", "what", "remedy", "wrong", "done")
        return {name: getattr(self, name) for name in names} | {"mendable": self.mend is not None}


def left(area: str, *folders: Path) -> list[Finding]:
    """Temporary files of killed processes in these folders."""
    return [
        Finding(area, str(path), "left by a killed process", wrong=False, mend=_swept(path))
        for folder in folders
        for path in find_leftovers(folder)
    ]


def _swept(path: Path) -> Callable[[], str]:
    def mend() -> str:
        return "removed" if path in sweep(path.parent) or not path.exists() else ""

    return mend
