"""Pairs of tips that exclude each other, from their settings and the rules between knobs.

They are computed, so a new tip or rule needs no further declaration.
"""

from collections.abc import Mapping

from harness.config.patch import DEFAULTS, resolve
from harness.core.errors import HarnessError
from harness.heuristics.schema import Tip
from harness.heuristics.table import HEURISTICS


def clash(one: Tip, two: Tip) -> str:
    """Why two tips cannot be combined over S0's defaults; empty if they can."""
    shared = one.following.keys() & two.following.keys()
    if differing := sorted(path for path in shared if not _alike(one, two, path)):
        return f"both set {differing[0]}"
    if any(_is_default(tip) for tip in (one, two)):
        return ""  # it adds nothing to the other, which is valid alone
    try:
        resolve([one.following, two.following])
    except HarnessError as error:
        return str(error)
    return ""


def _alike(one: Tip, two: Tip, path: str) -> bool:
    """Whether both sides set the same value; a multiple would be applied twice."""
    value = one.following[path]
    return bool(value == two.following[path] and not isinstance(value, Mapping))


def clashing(tip: Tip) -> list[str]:
    """Ids of the tips that cannot be followed together with `tip`."""
    others = (HEURISTICS[name] for name in HEURISTICS if name != tip.id)
    return [other.id for other in others if isinstance(other, Tip) and clash(tip, other)]


def _is_default(tip: Tip) -> bool:
    return all(DEFAULTS[path] == value for path, value in tip.following.items())
