"""The only place where numbers are rounded: what people read."""

import math
import re
from collections.abc import Iterable
from pathlib import PurePath
from typing import Any

from harness.analysis.objectives import KID_SCALE

NONE = "–"
_NOTHING = 1e-10
THIN = "\u202f"


def kid(value: float, decimals: int = 1, signed: bool = False, scale: float = KID_SCALE) -> str:
    """KID × 10³, or what else is judged in its own scale; a difference carries its sign."""
    return number(value * scale, decimals, signed)


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


def number(value: float, decimals: int = 1, signed: bool = False) -> str:
    """A number with a true minus sign and thin spaces between thousands; a dash for none."""
    if not math.isfinite(value):
        return NONE
    text = f"{value:{'+' if signed else ''},.{decimals}f}"
    if not re.search("[1-9]", text):  # rounds to zero, which has no sign
        text = text.lstrip("+-")
    return text.replace(",", THIN).replace("-", "\u2212")


def plain(value: float) -> str:
    """A number that was declared, as it was."""
    return f"{value:g}"


def p_value(p: float) -> str:
    """A p-value to three decimals."""
    if not math.isfinite(p):
        return NONE
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if not math.isfinite(seconds):
        return NONE
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def ratio(value: float) -> str:
    """A multiple of the reference's."""
    return NONE if not math.isfinite(value) else f"× {value:.2f}"


def percent(share: float) -> str:
    """A share as a percentage."""
    return f"{100 * share:g} %"


def count(number_of: int, one: str, many: str = "") -> str:
    """A count with its noun."""
    return f"{number_of} {one if number_of == 1 else many or one + 's'}"


def listed(names: Iterable[str]) -> str:
    """Names as a sentence lists them."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def place(value: Any) -> str:
    """A path by its last part only: where things lie on a machine is nobody's business."""
    text = str(value)
    return PurePath(text).name if "/" in text else text


def pixels(resolution: float | None) -> str:
    """The resolution of an encoder, where it has one of its own."""
    return f" at {resolution:.0f} px" if resolution and math.isfinite(resolution) else ""


def redact(text: str) -> str:
    """Take credentials out of text that others wrote (error messages, addresses)."""
    text = re.sub(r"://[^/\s@]+@", "://…@", text)
    secret = r"(?i)\b([\w-]*(?:api[_-]?key|token|secret|password|passwd)[\w-]*)(\s*[=:]\s*)\S+"
    return re.sub(secret, r"\1\2…", text)
