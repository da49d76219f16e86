"""How many verdicts the trials of a study give, and how many are false: simulated studies."""

import math
from typing import Any

from benchmarks import look_rows
from benchmarks.effects import ALPHA, HEAVY, MIXES, NOISES, NORMAL, RESAMPLED, Mix, mix
from benchmarks.fixed_design import false_equivalence, rates
from benchmarks.measure import Result, Row, Target, line, say

STUDIES, QUICK = 4000, 400
SEEDS = 8  # the shipped default
MORE = 1.12  # verdicts a trial against single-step max-|t|
MODERATE = MIXES[1]  # the one mix whose verdicts are neither sure nor impossible at eight seeds
SIZES = (3, 12, 40)  # contrasts of the further sets


def run(quick: bool) -> Result:
    studies = QUICK if quick else STUDIES
    lines, verdicts = _verdicts(studies)
    errors, error = _errors(studies)
    false, equivalence = _equivalence(studies if quick else STUDIES // 2)
    looks, more = look_rows.rows(studies, _bound(studies))
    return {
        "lines": [*lines, error, equivalence, *looks],
        "tables": [verdicts, errors, false, *more],
        "notes": [
            "Simulated studies of known effects (`effects.py`); nothing is trained. "
            f"{studies} studies a figure: an error rate of {ALPHA} has a standard error "
            f"of {_deviation(studies):.4f}, and the target of {_bound(studies):.4f} lies three "
            "above it.",
            "Before: single-step max-|t| (Westfall & Young 1993), on the same studies. The ratio "
            "of verdicts is that of verdicts a trial, for both have the same trials.",
            f"“{NORMAL}” and “{HEAVY}” noise; “{RESAMPLED}”: residuals of the committed record.",
        ],
    }


def sets() -> list[Mix]:
    """The declared mixes, and sets of other sizes with a third of large or of moderate effects."""
    more = []
    for size in SIZES:
        some = size // 3
        rest = [0.0] * (size - some)
        more += [
            mix(f"{size} null", 0, [0.0] * size),
            mix(f"{some} large + {size - some} null", some, rest),
            mix(f"{some} of 25 + {size - some} null", 0, [25.0] * some + rest),
        ]
    return [*MIXES[:3], *more]


def _verdicts(studies: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Differences found: the lines with their target, and a table of every mix with any."""
    lines, rows = [], []
    for truth in (MIXES[0], MODERATE, MIXES[3]):
        for noise in NOISES:
            found = rates(truth, studies, SEEDS, noise)
            now, before = found["verdicts"], found["verdicts before"]
            rows.append([truth.name, noise, before, now, f"{now / before:.3f}"])
            if truth is MODERATE:
                trials = SEEDS * (1 + len(truth.effects))
                what = f"differences found, {SEEDS} seeds, {truth.name}, {noise}"
                ways = [now / trials], [before / trials]
                lines.append(line(what, "verdicts/trial", *ways, Target("ratio", ">=", MORE)))
    columns = ["truth", "noise", "a study, before", "a study", "ratio"]
    return lines, {
        "title": f"Differences found with {SEEDS} seeds",
        "columns": columns,
        "rows": rows,
    }


def _errors(studies: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Studies with any false difference: a table, and the largest share as a line."""
    rows, worst = [], 0.0
    for truth, seeds in _cases():
        for noise in NOISES:
            found = rates(truth, studies, seeds, noise)
            worst = max(worst, found["error"])
            rows.append([truth.name, str(seeds), noise, found["error before"], found["error"]])
        say(f"verdicts: {truth.name}, {seeds} seeds, errors up to {worst:.4f}")
    columns = ["truth", "seeds", "noise", "before", "now"]
    table = {"title": "Family-wise error at 0.05", "columns": columns, "rows": rows}
    limit = Target("ours", "<=", _bound(studies))
    what = f"largest family-wise error of {len(rows)} cases"
    return line(what, "share of studies", [worst], None, limit), table


def _cases() -> list[tuple[Mix, int]]:
    return [
        *((truth, seeds) for seeds in (6, SEEDS) for truth in sets()),
        *((truth, 12) for truth in MIXES[:3]),
    ]


def _equivalence(studies: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Studies that call an effect on the margin equivalent: a table, and the largest share."""
    rows = [
        [str(seeds), noise, false_equivalence(MIXES[3], studies, seeds, noise)]
        for seeds in (SEEDS, 12)
        for noise in NOISES
    ]
    table = {
        "title": f"False equivalence, {MIXES[3].name}, {studies} studies",
        "columns": ["seeds", "noise", "share of studies"],
        "rows": rows,
    }
    limit = Target("ours", "<=", _bound(studies))
    worst = max(float(row[-1]) for row in rows)
    return line("largest false equivalence", "share of studies", [worst], None, limit), table


def _deviation(studies: int) -> float:
    return math.sqrt(ALPHA * (1 - ALPHA) / studies)


def _bound(studies: int) -> float:
    """What a rate of alpha is simulated as at most: three standard errors above it."""
    return round(ALPHA + 3 * _deviation(studies), 4)


ROW = Row("verdicts", "Verdicts of a study", run)
