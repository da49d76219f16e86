"""Numbers as people read them, in terminal, page, Markdown, LaTeX and messages: all rounding.

What is absent or not finite is a dash. Thousands are parted by a narrow space that does not break,
and minus signs are true ones, which are no hyphens.
"""

import math
import re
from collections.abc import Iterable

NONE = "–"
_BREAK = re.compile(r"(?<=\w\w[_=.])(?=[^\W\d]\w)")  # in a long name, not amid a word or number
_ADDRESS = re.compile(r"(https://[^\s,;]+)")
THIN, MINUS, ELLIPSIS = "\u202f", "\u2212", "…"
KID_SCALE = 1000  # a KID is shown × 10³
_NOTHING = 1e-10


def number(value: float | None, decimals: int = 1, signed: bool = False) -> str:
    """A number to so many decimals; `signed`: with a sign also where it is positive."""
    if value is None or not math.isfinite(value):
        return NONE
    text = f"{value:{'+' if signed else ''},.{decimals}f}"
    if not re.search("[1-9]", text):  # rounds to zero, which has no sign
        text = text.lstrip("+-")
    return _typeset(text)


def _typeset(text: str) -> str:
    return text.replace(",", THIN).replace("-", MINUS)


def kid(
    value: float | None, decimals: int = 1, signed: bool = False, scale: float = KID_SCALE
) -> str:
    """KID × 10³, or what else is judged in its own scale; a difference carries its sign."""
    return number(None if value is None else value * scale, decimals, signed)


def interval(low: float, high: float, decimals: int = 1, scale: float = KID_SCALE) -> str:
    """An interval of differences of KID × 10³, or of what else is judged."""
    if not math.isfinite(low):
        return NONE
    return f"[{kid(low, decimals, True, scale)}, {kid(high, decimals, True, scale)}]"


def decimals(values: Iterable[float], scale: float = KID_SCALE) -> int:
    """Decimals that give what a table shows about three digits, the same in every row.

    What is smaller than 1e-10, as what rounding leaves of nothing, is shown as zero.
    """
    sizes = [abs(value) * scale for value in values if math.isfinite(value)]
    largest = max(sizes, default=10.0)
    if _NOTHING < largest < 0.1:
        return 2 - math.floor(math.log10(largest))
    return 0 if largest >= 10_000 else 1 if largest >= 10 else 2 if largest >= 1 else 3


def plain(value: float) -> str:
    """A number that was declared, as it was: 0.05, 300, 1e-07."""
    return f"{value:g}"


def digits(value: float, count: int = 3) -> str:
    """A number to so many significant digits: 0.0123, 12.3, 1.23e-09."""
    return f"{value:.{count}g}"


def tick(value: float) -> str:
    """A number on an axis, as tables have it: no power of ten."""
    return _typeset(f"{value:,.10g}")


def kimg(value: float) -> str:
    """A length of training, with a decimal where there is one: 128 kimg, 25.6 kimg."""
    return f"{tick(round(value, 1))} kimg"


def p_value(p: float) -> str:
    """A p-value to three decimals."""
    if not math.isfinite(p):
        return NONE
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def duration(seconds: float | None) -> str:
    """A time: 0.2 s, 45 s, 12 min, 2 h 05 min, 3 d 4 h."""
    if seconds is None or not math.isfinite(seconds):
        return NONE
    if 0 < seconds < 1:
        return f"{seconds:.1f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours = round(minutes / 60)
    if hours < 48:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{hours // 24} d {hours % 24} h"


def rate(per_second: float | None) -> str:
    """So many a second, without false digits."""
    return number(per_second, 0 if per_second is None or per_second >= 10 else 1)


def size(count: int) -> str:
    """A number of bytes: 512 B, 64 kB, 3 GB."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count} {unit}"
        count = round(count / 1000)
    return f"{whole(count)} GB"


def ratio(value: float) -> str:
    """A multiple of the reference's."""
    return NONE if not math.isfinite(value) else f"× {value:.2f}"


def percent(share: float, decimals: int | None = None) -> str:
    """A share as a percentage; without `decimals` as it was declared: 95 %, 2.5 %."""
    if not math.isfinite(share):
        return NONE
    return f"{plain(100 * share) if decimals is None else number(100 * share, decimals)} %"


def whole(count: int) -> str:
    """A count."""
    return number(count, 0)


def count(number_of: int, one: str, many: str = "") -> str:
    """A count with its noun."""
    return f"{whole(number_of)} {one if number_of == 1 else many or one + 's'}"


def listed(names: Iterable[str]) -> str:
    """Names as a sentence lists them."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def pixels(resolution: float | None) -> str:
    """The image size of an encoder, if it is set."""
    return f" at {resolution:.0f} px" if resolution and math.isfinite(resolution) else ""


def parts(name: str) -> list[str]:
    """A long name in parts between which a line may end: after `_`, `=` and `.`."""
    return _BREAK.split(name)


def wrapped(text: str, width: int) -> str:
    """Text in lines of at most `width` characters; no word is cut, and nothing is left out.

    A line is longer only where a word, or a part of a long name, is. Both sides of an equals sign
    are one word: "beta_1 = 0.5".
    """
    lines = [""]
    for word in re.split("(?<!=) (?!=)", text):
        gap = " " if lines[-1] else ""
        if len(lines[-1] + gap + word) <= width:
            lines[-1] += gap + word
            continue
        first, *others = parts(word) if len(word) > width else [word]
        lines.append(first)
        for part in others:
            if len(lines[-1] + part) <= width:
                lines[-1] += part
            else:
                lines.append(part)
    return "\n".join(lines if lines[0] else lines[1:])


def addresses(text: str) -> list[tuple[str, bool]]:
    """A text in pieces, and whether each is an address."""
    pieces = enumerate(_ADDRESS.split(text))
    return [(piece, bool(place % 2)) for place, piece in pieces if piece]


def marked(text: str) -> list[tuple[str, bool]]:
    """A sentence in pieces, and whether each is code: what stands between two backticks."""
    pieces = enumerate(text.split("`")) if text.count("`") % 2 == 0 else [(0, text)]
    return [(piece, bool(place % 2)) for place, piece in pieces if piece]
