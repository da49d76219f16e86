"""Studies to try a test on: paired differences of contrasts whose true effects are known.

KID × 10³, with effects and scatter like those of `reports/card_tips_cifar10`: four contrasts near
null with deviations of 14 to 21, two large ones with 74 and 78; a reference of 236, which with 5 %
of it as margin of equivalence gives ± 11.8. All contrasts share the reference, so they correlate.
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.measure import ROOT

Array = NDArray[np.floating]

RECORD = ROOT / "reports" / "card_tips_cifar10" / "tables" / "trials.csv"
ALPHA, MARGIN = 0.05, 11.8
SHARED = 10.0  # deviation of what all differences of a seed have in common, the reference
LARGE = ((-407.0, 78.0), (-168.0, 74.0))  # effect, deviation
NEAR = (17.0, 17.5, 14.0, 20.5, 14.5, 20.0)  # deviations of contrasts near null
NORMAL, HEAVY, RESAMPLED = "normal", "t with 3 degrees of freedom", "resampled"
NOISES = (NORMAL, HEAVY, RESAMPLED)


class Mix(NamedTuple):
    """True effects of a study's contrasts and the deviations of their paired differences."""

    name: str
    effects: tuple[float, ...]
    deviations: tuple[float, ...]

    @property
    def null(self) -> NDArray[np.bool_]:
        """Which contrasts have no effect: to call one better or worse is an error."""
        return np.array(self.effects) == 0

    @property
    def apart(self) -> NDArray[np.bool_]:
        """Which effects are no smaller than the margin: to call one equivalent is an error."""
        return np.abs(self.effects) >= MARGIN


def mix(name: str, large: int, others: Sequence[float]) -> Mix:
    """Some large effects, and others of given size that scatter like contrasts near null."""
    strong = [LARGE[place % len(LARGE)] for place in range(large)]
    near = [(effect, NEAR[place % len(NEAR)]) for place, effect in enumerate(others)]
    effects, deviations = zip(*strong, *near, strict=True)
    return Mix(name, effects, deviations)


MIXES = (
    mix("2 large + 4 null", 2, [0.0] * 4),
    mix("2 large + 2 of ± 25 + 2 null", 2, [25.0, -25.0, 0.0, 0.0]),
    mix("all null", 0, [0.0] * 6),
    mix("2 large + 4 at the margin", 2, [MARGIN, -MARGIN, MARGIN, -MARGIN]),
)
STEPS = (0.0, 0.5, 0.75, 1.0, 1.5, 3.0)  # effects in deviations
GRADED = Mix("graded", tuple(17 * step for step in STEPS), (17.0,) * len(STEPS))


def draw(
    truth: Mix, studies: int, seeds: int, random: np.random.Generator, noise: str = NORMAL
) -> Array:
    """Differences of so many studies: (studies, seeds, contrasts).

    `noise` is one of NOISES. All are symmetric about the effect, which sign flips assume: of the
    record a seed's residuals are resampled with a common random sign.
    """
    own, sizes = np.array(truth.deviations), (studies, seeds, len(truth.effects))
    if noise == RESAMPLED:
        return np.array(truth.effects) + own * _resampled(sizes, own, random)
    if noise == NORMAL:
        common, alone = random.standard_normal((studies, seeds, 1)), random.standard_normal(sizes)
    else:  # scaled to a variance of 1, which t has 3 of
        common = random.standard_t(3, (studies, seeds, 1)) / np.sqrt(3)
        alone = random.standard_t(3, sizes) / np.sqrt(3)
    return np.array(truth.effects) + SHARED * common + np.sqrt(own**2 - SHARED**2) * alone


def _resampled(
    sizes: tuple[int, int, int], deviations: Array, random: np.random.Generator
) -> Array:
    """Residuals of the record's seeds in units of their deviations, whole rows of up to six."""
    studies, seeds, contrasts = sizes
    large, near = record()
    blocks = []
    for start in range(0, contrasts, 6):
        rows = random.integers(0, len(near), (studies, seeds))
        signs = random.choice((1.0, -1.0), (studies, seeds, 1))
        part, strong, weak = [], 0, 0
        for deviation in deviations[start : start + 6]:
            if deviation > max(NEAR):
                part.append(large[:, strong % large.shape[1]])
                strong += 1
            else:
                part.append(near[:, weak % near.shape[1]])
                weak += 1
        blocks.append(signs * np.column_stack(part)[rows])
    return np.concatenate(blocks, axis=2)


@cache
def record() -> tuple[Array, Array]:
    """Residuals of the committed record by seed, with a mean square of 1: (seeds, contrasts).

    Those of its two large effects, and those of the four contrasts near null.
    """
    trials = pd.read_csv(RECORD)
    final = trials.pivot_table("final", "seed", "cell")
    apart = final.drop(columns="reference").sub(final["reference"], axis=0)
    size = apart.mean().abs() > 0.1
    residuals = apart - apart.mean()
    scaled = residuals / np.sqrt((residuals**2).mean())
    return scaled.loc[:, size].to_numpy(float), scaled.loc[:, ~size].to_numpy(float)
