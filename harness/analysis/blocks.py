"""Parts of an evaluation that share no image: replicates, from which its noise is estimated."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.analysis.values import number
from harness.config.patch import schedule
from harness.config.trial import Schedule
from harness.metrics.kid import replicates, standard_error
from harness.runs.rows import ScoreRow

Array = NDArray[np.floating]
Rows = Sequence[ScoreRow]


class Blocks(NamedTuple):
    """The evaluations of one trial that make its objective, which is their weighted mean."""

    weights: Array  # (evaluations,), sum 1
    kids: Array  # (evaluations,)
    errors: Array  # (evaluations,): standard error of each alone; NaN where unknown
    parts: Array | None  # (evaluations, parts): KIDs of parts that share no image; None: unknown


def collect_blocks(
    rows: Rows, overlapping: bool, objective: str, config: Mapping[str, Any]
) -> Blocks | None:
    """Blocks of a finished trial; None if its objective is no mean, or an evaluation is missing.

    `overlapping`: whether the draws of the metric's protocol share images.
    """
    known = {row.evaluation: row for row in rows if row.evaluation > 0}
    weights = _weights(known, objective, schedule(config))
    if not weights:
        return None
    averaged = [known[at] for at in weights]
    parts = [_parts(row, overlapping) for row in averaged]
    whole = all(parts) and len({len(part) for part in parts}) == 1
    return Blocks(
        np.array(list(weights.values())),
        np.array([number(row.kid) for row in averaged]),
        np.array([standard_error(row, overlapping) for row in averaged]),
        np.array(parts, float) if whole else None,
    )


def _weights(known: Mapping[int, ScoreRow], objective: str, planned: Schedule) -> dict[int, float]:
    """Number of an evaluation → its share in the objective; empty where that is no mean."""
    wanted = planned.window if objective == "final" else range(1, planned.evaluations + 1)
    if objective not in ("final", "area") or not set(wanted) <= set(known):
        return {}
    if objective == "final" or planned.evaluations == 1:
        return dict.fromkeys(wanted, 1 / len(wanted))
    steps = np.diff(np.log([known[at].kimg for at in wanted]))  # the trapezoidal rule
    shares = (np.append(steps, 0) + np.insert(steps, 0, 0)) / (2 * steps.sum())
    return dict(zip(wanted, shares.tolist(), strict=True))


def _parts(row: ScoreRow, overlapping: bool) -> list[float]:
    """KIDs of its parts that share no image; empty where not all are recorded and finite."""
    known = [number(part) for part in replicates(row, overlapping)]
    return known if len(known) > 1 and all(map(math.isfinite, known)) else []
