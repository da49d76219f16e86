"""Main effects and interactions of crossed factors, by a linear model with seeds as blocks.

Ordinary least squares with a column a seed: of complete data its estimates are those of a mixed
model, whose z-tests give too small p-values with few seeds (statistics, section 8).
"""

import math
import warnings
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from harness.analysis.effects import holm
from harness.analysis.frame import Frames
from harness.core.format import KID_SCALE
from harness.plan.linear import Array, effect, matrix
from harness.runs.crossed import Crossed, Pair, Term

MAIN, INTERACTION = "main effect", "interaction"
_COLUMNS = ("kind", "term", "compared", "n", "effect", "low", "high", "p", "p_adjusted", "identity")


class _Comparison(NamedTuple):
    """An effect of a term: the level of each of its factors, and the one it is compared with."""

    term: Term
    pairs: Sequence[Pair]


def estimate_interactions(frames: Frames) -> pd.DataFrame:
    """One row an effect: kind, term, what was compared, n (trials), estimate, interval and p.

    An interaction is the effect of its first factor where the second has the level that is
    compared, less its effect where the second has the other one. Its p is adjusted by Holm over
    the interactions; main effects are judged in the ranking. NaN where the trials that have a
    value cannot tell. KID as measured; a diverged trial enters with its failure value.
    """
    design = frames.plan.crossed
    if design is None:
        return pd.DataFrame(columns=list(_COLUMNS))
    rows = _rows(frames.trials, design)
    fits = _estimates(rows, design, frames.plan.alpha)
    table = pd.DataFrame(fits, columns=list(_COLUMNS))
    table["identity"] = rows["identity"].iloc[0] if len(rows) else None
    of_two = table["kind"] == INTERACTION
    table["p_adjusted"] = np.nan
    table.loc[of_two, "p_adjusted"] = holm(table.loc[of_two, "p"].astype(float))
    return table


def _rows(trials: pd.DataFrame, design: Crossed) -> pd.DataFrame:
    """The trials of the design that have a value, of the identity that most of them have."""
    rows = trials[trials["cell"].isin(list(design.cells))].dropna(subset=["final", "identity"])
    rows = rows.drop_duplicates(["cell", "seed"])
    return rows[rows["identity"] == rows["identity"].mode()[0]] if len(rows) else rows


def _comparisons(design: Crossed) -> Iterator[_Comparison]:
    for term in design.terms:
        if term:
            for pairs in product(*(design.scales[factor].pairs() for factor in term)):
                yield _Comparison(term, pairs)


def _estimates(rows: pd.DataFrame, design: Crossed, alpha: float) -> list[dict[str, Any]]:
    runs = np.array([design.cells[cell] for cell in rows["cell"]], dtype=np.int64)
    runs = runs.reshape(len(rows), len(design.scales))
    # the mean is the sum of the seeds' columns, so that it is not one of its own
    blocks = pd.get_dummies(rows["seed"], dtype=float).to_numpy()
    columns = np.hstack([matrix(runs, design.levels, design.terms)[:, 1:], blocks])
    fit = _fit(rows["final"].to_numpy(float) * KID_SCALE, columns) if len(rows) else None
    space = np.linalg.pinv(columns) @ columns  # leaves as it is what these rows can tell
    estimated = []
    for comparison in _comparisons(design):
        row = effect(design.levels, design.terms, comparison.term, comparison.pairs)[1:]
        wanted = np.concatenate([row, np.zeros(blocks.shape[1])])
        estimated.append(
            {
                "kind": MAIN if len(comparison.term) == 1 else INTERACTION,
                "term": design.named(comparison.term),
                "compared": _compared(design, comparison),
                "n": len(rows),
                **_estimate(fit, space, wanted, alpha),
            }
        )
    return estimated


def _fit(values: Array, columns: Array) -> Any:
    # here: most reports have no crossed factors, and statsmodels is slow to import
    from statsmodels.api import OLS
    from statsmodels.tools.sm_exceptions import SingularMatrixWarning

    with warnings.catch_warnings():
        # columns that too few trials leave mixed: what they cannot tell is no estimate, see below
        warnings.simplefilter("ignore", SingularMatrixWarning)
        return OLS(values, columns).fit()


def _estimate(fit: Any, space: Array, wanted: Array, alpha: float) -> dict[str, float]:
    """Estimate, interval and p of a row of weights over columns; NaN where there can be none."""
    nothing = dict.fromkeys(("effect", "low", "high", "p"), math.nan)
    if fit is None or not np.allclose(wanted @ space, wanted):
        return nothing
    value = float(wanted @ fit.params) / KID_SCALE
    if fit.df_resid < 1:
        return {**nothing, "effect": value}
    tested = fit.t_test(wanted)
    low, high = (tested.conf_int(alpha)[0] / KID_SCALE).tolist()
    return {"effect": value, "low": low, "high": high, "p": float(tested.pvalue)}


def _compared(design: Crossed, comparison: _Comparison) -> str:
    """The levels, as `on − off`; of two factors, as `(on − off) × (0.6 − 0.4)`."""
    scales = [design.scales[factor] for factor in comparison.term]
    sides = [
        f"{scale.levels[one]} − {scale.levels[other]}"
        for scale, (one, other) in zip(scales, comparison.pairs, strict=True)
    ]
    return sides[0] if len(sides) == 1 else " × ".join(f"({side})" for side in sides)


def means(frames: Frames, design: Crossed, term: Term) -> pd.DataFrame:
    """The mean value of each seed at each pair of levels of two factors, over all other factors.

    Columns: first, second (labels of levels), seed, value.
    """
    rows = _rows(frames.trials, design)
    labels = {
        name: [design.scales[factor].levels[run[factor]] for factor in term]
        for name, run in design.cells.items()
    }
    levels = pd.DataFrame([labels[cell] for cell in rows["cell"]], columns=["first", "second"])
    values = levels.assign(seed=rows["seed"].to_numpy(), value=rows["final"].to_numpy())
    return values.groupby(["first", "second", "seed"], sort=False)["value"].mean().reset_index()
