"""The rows of `verdicts` on looks: trials for the same verdicts, errors, and coverage."""

from typing import Any

import numpy as np

from benchmarks.effects import ALPHA, MIXES, NOISES, NORMAL, Mix
from benchmarks.looks import Outcome, simulate, simulate_fixed, studies_with_free_looks
from benchmarks.measure import Target, line, say

FIXED = (8, 12, 20, 22, 24)  # seeds of fixed designs, between which is interpolated
LESS_NOISE = 0.53  # of the variance: of the last four of ten evaluations instead of two
LESS_SEEDS = 15  # then so many decide as 24 do otherwise
TARGETS = {MIXES[0]: 0.75, MIXES[1]: 0.62}  # of the trials of a fixed design
COLUMNS = (
    "truth", "noise", "trials", "decided", "in 100 trials", "false difference",
    "false equivalence", "intervals cover", "of all looks",
)  # fmt: skip


def rows(studies: int, bound: float) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Lines and tables; `bound` is what a rate of alpha may be simulated as."""
    found = {(truth, noise): _told(truth, noise, studies) for truth in MIXES for noise in NOISES}
    fixed = {
        truth: [simulate_fixed(truth, studies // 2, NORMAL, seeds) for seeds in FIXED]
        for truth in MIXES[:3]
    }
    lines = [
        _saving(truth.name, found[truth, NORMAL], fixed[truth], target)
        for truth, target in TARGETS.items()
    ]
    quiet = simulate(less_noisy(MIXES[0]), studies, NORMAL, LESS_SEEDS)
    what = f"{MIXES[0].name}, variance × {LESS_NOISE}, at most {LESS_SEEDS} seeds"
    lines.append(_saving(what, quiet, fixed[MIXES[0]], 0.5))
    outcomes = list(found.values())
    lines += [
        _worst("family-wise error with looks", [one.false_difference for one in outcomes], bound),
        _worst("false equivalence with looks", [one.false_equivalence for one in outcomes], bound),
        line(
            "smallest share of studies whose intervals all cover when they stop",
            "share of studies",
            [min(one.covered for one in outcomes)],
            None,
            Target("ours", ">=", 1 - ALPHA),
        ),
    ]
    tables = [
        {
            "title": "Studies with looks, at most 24 seeds",
            "columns": list(COLUMNS),
            "rows": [
                [truth.name, noise, one.trials, one.decided, _pace(truth, one), *one[2:]]
                for (truth, noise), one in found.items()
            ],
        },
        {
            "title": "Studies of a fixed number of seeds",
            "columns": ["truth", "seeds", "trials", "decided", "in 100 trials"],
            "rows": [
                [truth.name, str(seeds), one.trials, one.decided, _pace(truth, one)]
                for truth, several in fixed.items()
                for seeds, one in zip(FIXED, several, strict=True)
            ],
        },
        {
            "title": "Family-wise error if the test of a fixed design is repeated, all null",
            "columns": ["looks", "share of studies"],
            "rows": [[str(n), share] for n, share in studies_with_free_looks(studies // 2)],
        },
    ]
    return lines, tables


def less_noisy(truth: Mix) -> Mix:
    """The same effects with a less noisy objective."""
    deviations = tuple(float(sd * np.sqrt(LESS_NOISE)) for sd in truth.deviations)
    return truth._replace(name=f"{truth.name}, less noise", deviations=deviations)


def _told(truth: Mix, noise: str, studies: int) -> Outcome:
    one = simulate(truth, studies, noise)
    say(f"verdicts: looks, {truth.name}, {noise}: {one.trials:.1f} trials, {one.decided:.3f}")
    return one


def _pace(truth: Mix, one: Outcome) -> float:
    """Contrasts that are decided by 100 trials."""
    return 100 * one.decided * len(truth.effects) / one.trials


def _saving(what: str, looks: Outcome, fixed: list[Outcome], target: float) -> dict[str, Any]:
    """Trials of looks and of the fixed design that decides as many contrasts."""
    same = np.interp(looks.decided, [one.decided for one in fixed], [one.trials for one in fixed])
    title = f"trials for the same share of decided contrasts, {what}"
    limit = Target("ratio", ">=", round(1 / target, 2))
    return line(title, "trials", [looks.trials], [float(same)], limit)


def _worst(what: str, shares: list[float], bound: float) -> dict[str, Any]:
    limit = Target("ours", "<=", bound)
    return line(f"largest {what}", "share of studies", [max(shares)], None, limit)
