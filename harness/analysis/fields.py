"""The content of a table's field: a number, no number, or a name."""

import math
import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from harness.core.format import MINUS, plain, whole

MISSING = frozenset(
    {"", "na", "n/a", "#n/a", "n.a.", "<na>", "nan", "null", "none", "nil", "missing", "-", "–",
     "—", MINUS, "--", "?", "."}
)  # fmt: skip
LARGEST, SMALLEST = 1e100, 1e-100  # beyond these, squares may not be numbers
LONGEST = 200  # letters of a name

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_DIGITS = re.compile(r"[+-]?\d[\d.,'\u2019_\s]*", re.ASCII)
_ALONE = "write the value alone, its standard deviation in another column, which sd names"
_HINTS = (
    (re.compile(r"[+-]?inf(inity)?|[+-]?∞", re.I), "is infinite: leave the field empty"),
    (re.compile(r".*(±|\+\s*/?\s*-).*"), _ALONE),
    (re.compile(r".*\d\s*[(\[].*"), _ALONE),
    (re.compile(r".*[%‰].*"), "write numbers without a sign for per cent, all on one scale"),
    (_DIGITS, "write a decimal point, and nothing between thousands: 1234.5"),
    (re.compile(r"[^\w]*\d.*"), "write the number alone, as 0.12 or 1.2e-1"),
)
_NO_RESULT = "leave the field empty where there is no result"
_UNNAMED = frozenset({"nan", "na", "n/a", "#n/a", "<na>", "null"})


class Columns(NamedTuple):
    """Columns of a table of results: what is ranked, what is paired, and the values.

    Of values that are means, `sd` and `n` hold standard deviations and how many values each is of;
    `n` may be one number for all. Empty: values are no means.
    """

    treatment: str
    block: str
    value: str
    sd: str = ""
    n: str = ""

    def named(self, prefix: str) -> dict[str, str]:
        """Option → column, with its prefix; without `sd` and `n` where they are not asked for."""
        return {f"{prefix}{name}": column for name, column in self._asdict().items() if column}


def shown(text: str) -> str:
    """A field as messages quote it: long ones cut."""
    return repr(text if len(text) <= 60 else f"{text[:57]}…")


def number(text: str) -> float | None:
    """The double nearest to what a field says, None for a word that there is none.

    Raises a ValueError that says what is wrong and what to write. A true minus is a minus.
    """
    if text.casefold() in MISSING:
        return None
    written = text.replace(MINUS, "-")
    if not _NUMBER.fullmatch(written):
        hint = next((advice for form, advice in _HINTS if form.fullmatch(written)), _NO_RESULT)
        raise ValueError(f"is no number: {shown(text)} ({hint})")
    value = float(written)
    zero = not re.search("[1-9]", re.split("[eE]", written)[0])
    if not (zero or SMALLEST <= abs(value) <= LARGEST):
        span = f"{plain(SMALLEST)} to {plain(LARGEST)}"
        raise ValueError(f"is out of range: {shown(text)} (sizes from {span} can be judged)")
    return value


def deviation(text: str) -> float | None:
    """A standard deviation, with or without ± before it; as `number`."""
    value = number(text.removeprefix("±").strip())
    if value is not None and value < 0:
        raise ValueError(f"is negative: {shown(text)} (a standard deviation is 0 or more)")
    return value


def count(text: str) -> int | None:
    """How many values a mean is of; as `number`."""
    value = number(text)
    if value is None:
        return None
    if value < 2 or value != int(value):
        raise ValueError(
            f"is no number of values: {shown(text)} (a standard deviation is of 2 or more)"
        )
    return int(value)


def is_number(text: str) -> bool:
    """Whether a field says a number, of whatever size."""
    return bool(_NUMBER.fullmatch(text.replace(MINUS, "-")))


def name_mistake(text: str) -> str:
    """The mistake in a name; empty where there is none."""
    if not text:
        return "is empty"
    if len(text) > LONGEST:
        return f"has {whole(len(text))} letters, and no more than {LONGEST} make a name"
    if any(unicodedata.category(letter) == "Cc" for letter in text):
        return f"holds a line break or another control character: {shown(text)}"
    return ""


def same(text: str) -> str:
    """Equal for two names that are one: 0 and 0.0, and one accent written in two ways."""
    text = unicodedata.normalize("NFC", text)
    return re.sub(r"([+-]?\d+)\.0*", r"\1", text) if re.fullmatch(r"-?\d+\.0*", text) else text


def _alike(text: str) -> str:
    """Equal for names that a reader takes for one."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = "".join(letter for letter in text if unicodedata.category(letter) != "Cf")
    text = " ".join(re.sub(r"[\s_-]+", " ", text).split()) or text
    return repr(float(text)) if _NUMBER.fullmatch(text) and math.isfinite(float(text)) else text


def suspicious(kind: str, names: Iterable[str]) -> list[str]:
    """A sentence for names that look alike and are two, and for those that look like none."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(_alike(name), []).append(name)
    notes = [
        f"{kind}: {' and '.join(shown(name) for name in group)} look alike and are kept apart"
        for group in groups.values()
        if len(group) > 1
    ]
    notes += [
        f"{kind}: {shown(name)} is taken as a name"
        for group in groups.values()
        for name in group
        if name.casefold() in _UNNAMED
    ]
    return notes
