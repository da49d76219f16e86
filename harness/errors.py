"""The one kind of error a user is meant to read: what is wrong, where, and the nearest choice."""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

REMEDY = "`harness doctor --fix` sets it aside, and what it held is made again"


class HarnessError(ValueError):
    """A mistake in the input or the surroundings; the command line prints it and exits with 2."""


class Damaged(HarnessError):
    """A file of the record that does not hold what was written there; `path` names it."""

    def __init__(self, path: Path, why: str) -> None:
        """`why`: what is wrong with the file, in a few words."""
        super().__init__(f"{path}: damaged: {why}; {REMEDY}")
        self.path, self.why = path, why


def unknown(kind: str, name: object, choices: Iterable[str]) -> str:
    """Say that `name` is no `kind`, with the nearest choice, or all of a short list."""
    known = sorted(choices)
    text = f"unknown {kind} {str(name)!r}"
    if not known:
        return f"{text}; there is none here"
    if near := get_close_matches(str(name), known, n=1, cutoff=0.5):
        return f"{text}; did you mean {near[0]!r}?"
    if len(known) <= 12:
        return f"{text}; choose one of: {', '.join(known)}"
    return f"{text}; none of the {len(known)} known ones is near it"
