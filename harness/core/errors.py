"""The one kind of error a user is meant to read: what is wrong, where, and the nearest choice."""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from harness.core.format import whole
from harness.core.redact import redacted

REMEDY = "`harness doctor --fix` sets it aside, and what it held is made again"

LONGEST = 120  # characters of a value in a message
LONGEST_MESSAGE = 4000  # whatever was given, and wherever it was put


class HarnessError(ValueError):
    """A mistake in the input or the surroundings; the command line prints it and exits with 2.

    Its message holds no secret and has an end, whatever was given.
    """

    def __init__(self, message: str) -> None:
        super().__init__(_cut(redacted(message), LONGEST_MESSAGE))


def shown(value: object) -> str:
    """A value as messages show it: as Python writes it, and short whatever was given."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits; a list within itself
        text = f"<{type(value).__name__} that is too long to show>"
    return _cut(text, LONGEST)


def told(text: str) -> str:
    """What somebody else's message says: on one line, and short."""
    return _cut(" ".join(text.split()), 2 * LONGEST)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}… ({whole(len(text))} characters)"


class Damaged(HarnessError):
    """A file of the record that does not hold what was written there; `path` names it."""

    def __init__(self, path: Path, why: str) -> None:
        """`why`: what is wrong with the file, in a few words."""
        super().__init__(f"{path}: damaged: {why}; {REMEDY}")
        self.path, self.why = path, why


def unknown(kind: str, name: object, choices: Iterable[str]) -> str:
    """Say that `name` is no `kind`, with the nearest choice, or all of a short list."""
    known, given = sorted(choices), str(name)
    text = f"unknown {kind} {shown(given)}"
    if not known:
        return f"{text}; there is none here"
    if near := get_close_matches(given[:LONGEST], known, n=1, cutoff=0.5):
        return f"{text}; did you mean {shown(near[0])}?"
    if len(known) <= 12:
        return f"{text}; choose one of: {', '.join(_cut(choice, LONGEST) for choice in known)}"
    return f"{text}; none of the {len(known)} known ones is near it"
