"""Errors for the user: what is wrong, where, and the nearest valid choice."""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from harness.core.format import whole
from harness.core.redact import redacted

REMEDY = "`harness doctor --fix` moves it aside, and its content is created again"

LONGEST = 120  # characters of a value in a message
LONGEST_MESSAGE = 4000  # whatever was given, and wherever it was put


class HarnessError(ValueError):
    """A mistake in the input or the environment; the command line prints it and exits with 2.

    Its message contains no secrets and has a limited length.
    """

    def __init__(self, message: str) -> None:
        super().__init__(_cut(redacted(message), LONGEST_MESSAGE))


def shown(value: object) -> str:
    """A value for messages: its repr, shortened."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits; a list within itself
        text = f"<{type(value).__name__} too long to show>"
    return _cut(text, LONGEST)


def told(text: str) -> str:
    """Text from elsewhere for messages: on one line, shortened."""
    return _cut(" ".join(text.split()), 2 * LONGEST)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}… ({whole(len(text))} characters)"


class Damaged(HarnessError):
    """A damaged file of the record; `path` names it."""

    def __init__(self, path: Path, why: str) -> None:
        """`why`: the fault of the file, in a few words."""
        super().__init__(f"{path}: damaged: {why}; {REMEDY}")
        self.path, self.why = path, why


def unknown(kind: str, name: object, choices: Iterable[str]) -> str:
    """Message that `name` is an unknown `kind`, with the nearest choice or a short list."""
    known, given = sorted(choices), str(name)
    text = f"unknown {kind} {shown(given)}"
    if not known:
        return f"{text}; there are none here"
    if near := get_close_matches(given[:LONGEST], known, n=1, cutoff=0.5):
        return f"{text}; did you mean {shown(near[0])}?"
    if len(known) <= 12:
        return f"{text}; choose one of: {', '.join(_cut(choice, LONGEST) for choice in known)}"
    return f"{text}; none of the {len(known)} known names is similar"
