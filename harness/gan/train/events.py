"""Events of a training, for those who listen to it."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Moved(NamedTuple):
    """Training went on; nothing is due."""

    phase: str  # compiling, training or evaluating: what comes next


class Row(NamedTuple):
    """Training statistics since the last row."""

    values: Mapping[str, Any]


class Scores(NamedTuple):
    """An evaluation of the EMA generator by one metric; the study's comes last."""

    values: Mapping[str, Any]
    further: str | None = None  # identity of another metric than the study's


class Diverged(NamedTuple):
    """A loss or a weight is no longer finite; the training ends here."""

    reason: str


Event = Moved | Row | Scores | Diverged
