"""Signs of an unhealthy training, read from its rows. Flags, never verdicts.

The thresholds are constants: a reader must be able to compare flags between studies.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness.metrics.kid import pooled_error

Row = Mapping[str, Any]

PULL = "_pull"  # ends the names of rows' values that say how hard a penalty pulls
IDLE = "idle_penalty."  # begins the flag of a penalty, whose name follows

ACCURACY_BAND = (0.80, 0.95)  # S0: below it the discriminator is too weak, above it too strong
ZERO_LOSS = 1e-3  # S1: a discriminator's loss of 0.0 is a failure; a mean this low prints as 0.00
REBOUND_RATIO, REBOUND_ERRORS = 1.5, 4.0  # worse by half than the best, and not by chance
FALLING_PAIRS = 0.8  # of two rows the later is lower four times in five: Kendall's tau below -0.6
FEWEST_ROWS = 10  # of the second half: ten numbers by chance fall like that once in 120 times
IDLE_PULL = 0.01  # of the loss's gradient: less than a batch differs from the next by far
COVERAGE_SHARE, COVERAGE_FLOOR = 0.5, 0.05  # half of the best, or next to nothing


def score_flags(
    rows: Sequence[Row], overlapping: bool, identity: str, early: int
) -> list[dict[str, Any]]:
    """`rebound` and `collapsed`, from the evaluation rows of one metric identity.

    `overlapping`: whether the draws of its protocol share images; `early` is the number of the last
    evaluation in the first half of the training.
    """
    trained = rows[1:]  # the first row is the untrained generator
    if not trained:
        return []
    last, best = trained[-1], min(trained, key=lambda row: float(row["kid"]))
    flags = []
    gap = last["kid"] - best["kid"]
    error = math.sqrt(2) * pooled_error(trained, overlapping)  # of a difference
    if last["kid"] > REBOUND_RATIO * best["kid"] and gap > REBOUND_ERRORS * error:
        flags.append("rebound")
    widest = max(row["coverage"] for row in trained)
    late = last["evaluation"] > early
    if last["coverage"] < COVERAGE_SHARE * widest or (late and last["coverage"] < COVERAGE_FLOOR):
        flags.append("collapsed")
    return [{"flag": flag, "kimg": last["kimg"], "identity": identity} for flag in flags]


def training_flags(rows: Sequence[Row], reaches_zero: bool) -> list[dict[str, Any]]:
    """Loss at zero, and accuracy outside the band, over the second half of the training."""
    finite = [row for row in rows if row["discriminator_loss"] is not None]
    late = finite[len(finite) // 2 :]
    if not late:
        return []
    flags = []
    if reaches_zero and np.mean([row["discriminator_loss"] for row in late]) < ZERO_LOSS:
        flags.append("discriminator_loss_zero")
    # a game whose discriminator calls nothing right or wrong has none
    accuracies = [row["real_accuracy"] for row in late if row["real_accuracy"] is not None]
    if accuracies and np.mean(accuracies) < ACCURACY_BAND[0]:
        flags.append("accuracy_below_band")
    if accuracies and np.mean(accuracies) > ACCURACY_BAND[1]:
        flags.append("accuracy_above_band")
    return [{"flag": flag, "kimg": late[0]["kimg"], "identity": None} for flag in flags]


def idle_penalty_flags(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """`idle_penalty.<name>`: over the second half its gradient is negligible next to the loss's.

    Judged by the median of the rows that have the penalty's pull, so that one batch with an
    unusually small gradient of the loss does not decide.
    """
    names = dict.fromkeys(name for row in rows for name in row if name.endswith(PULL))
    flags = []
    for name in names:
        told = [row for row in rows if row.get(name) is not None]
        late = told[len(told) // 2 :]
        if late and np.median([row[name] for row in late]) < IDLE_PULL:
            flag = f"{IDLE}{name.removesuffix(PULL)}"
            flags.append({"flag": flag, "kimg": late[0]["kimg"], "identity": None})
    return flags


def falling_loss_flags(
    rows: Sequence[Row], scores: Sequence[Row], overlapping: bool, identity: str
) -> list[dict[str, Any]]:
    """`generator_loss_falls`: it fools a weak discriminator with ever worse images (S1).

    Over the second half of the training rows the generator's loss falls steadily, whatever its
    scale, and from the evaluation at its beginning to the last KID rises, and not by chance.
    """
    finite = [row for row in rows if row["generator_loss"] is not None]
    late = finite[len(finite) // 2 :]
    if len(late) < FEWEST_ROWS:
        return []
    # the first row of scores is the untrained generator
    before = [row for row in scores[1:] if row["kimg"] <= late[0]["kimg"]]
    if not before or _falling([row["generator_loss"] for row in late]) < FALLING_PAIRS:
        return []
    first, last = before[-1], scores[-1]
    error = math.sqrt(2) * pooled_error(scores[1:], overlapping)
    if last["kid"] - first["kid"] > REBOUND_ERRORS * error:
        return [{"flag": "generator_loss_falls", "kimg": last["kimg"], "identity": identity}]
    return []  # or the error is not known


def _falling(values: Sequence[float]) -> float:
    """The share of pairs of which the later is the lower."""
    earlier, later = np.triu_indices(len(values), k=1)
    return float(np.mean(np.take(values, later) < np.take(values, earlier)))
