"""The same statistics for results from elsewhere: every treatment against every other, by block."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from harness.analysis.effects import MAX_T, estimates, primary, verdict
from harness.analysis.ranks import rank_intervals
from harness.errors import HarnessError, unknown

PAIRS = ("a", "b", "n", "effect", "ci_low", "ci_high", "p", "p_adjusted", "verdict")


def read_results(path: Path, treatment: str, block: str, value: str) -> pd.DataFrame:
    """A CSV file as a table (blocks, treatments) of numbers; NaN where a pair is absent.

    Every mistake names the file and its line or column.
    """
    try:
        rows = pd.read_csv(path, dtype=str, keep_default_na=False, skip_blank_lines=False)
    except OSError as error:
        raise HarnessError(f"{path}: cannot be read ({error.strerror})") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise HarnessError(f"{path}: is no CSV file ({error})") from None
    for name in (treatment, block, value):
        if name not in rows.columns:
            raise HarnessError(f"{path}: {unknown('column', name, list(rows.columns))}")
    rows = rows[(rows[[treatment, block, value]] != "").any(axis=1)]
    numbers = pd.to_numeric(rows[value], errors="coerce")
    given = rows[value].str.strip() != ""
    for line in rows.index[given & ~np.isfinite(numbers)]:
        raise HarnessError(f"{path}, line {line + 2}: {value} is no number: {rows[value][line]!r}")
    rows = rows.assign(number=numbers)[given]
    for line in rows.index[rows.duplicated([treatment, block])]:
        named = f"{treatment} {rows[treatment][line]!r} in {block} {rows[block][line]!r}"
        raise HarnessError(
            f"{path}, line {line + 2}: a second value of {named}; there is one of each (average "
            "repeats, or name them in the block)"
        )
    table = rows.pivot_table("number", block, treatment, aggfunc="first")
    if table.shape[1] < 2 or table.shape[0] < 2:
        raise HarnessError(
            f"{path}: {table.shape[1]} in {treatment} and {table.shape[0]} in {block}: a ranking "
            "needs two of each"
        )
    return table


def rank(table: pd.DataFrame, alpha: float, lower: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The treatments, best first, with the places they may hold; and every pair (a before b).

    Effects are a - b by block, with intervals and p for all pairs at once: exact sign flips from
    six blocks up, Holm's paired t below. `better` says that a is. `lower`: smaller values win.
    """
    values = table.to_numpy(float) * (1 if lower else -1)
    order = np.argsort(np.nanmean(values, axis=0), kind="stable")
    table, values = table.iloc[:, order], values[:, order]
    exact = primary(len(table)) == MAX_T
    low, high = rank_intervals(values, alpha, exact)
    treatments = pd.DataFrame(
        {
            "treatment": table.columns,
            "n": table.notna().sum().to_numpy(),
            "mean": table.mean().to_numpy(),
            "sd": table.std().to_numpy(),
            "rank_low": low,
            "rank_high": high,
        }
    )
    return treatments, _pairs(table, alpha, lower, exact)


def _pairs(table: pd.DataFrame, alpha: float, lower: bool, exact: bool) -> pd.DataFrame:
    names = list(combinations(table.columns, 2))
    D = np.column_stack([(table[a] - table[b]).to_numpy(float) for a, b in names])
    found = estimates(D, alpha, exact)
    sign = 1 if lower else -1
    verdicts = [
        verdict(int(n), sign * effect, p, alpha, False, exact)[0]
        for n, effect, p in zip(found["n"], found["effect"], found["p_adjusted"], strict=True)
    ]
    found = found.rename(columns={"low": "ci_low", "high": "ci_high"})
    named = pd.DataFrame(names, columns=["a", "b"])
    return named.join(found).assign(verdict=verdicts)[list(PAIRS)]
