"""Evaluations that leave the objective its standard error, and how many seconds they take.

From the committed record, by the model of `noise`. All schedules here score as many images in the
last fifth of the training, over which the objective averages, as the record has there; they differ
in how many evaluations these are, and in what comes before, which the objective does not see.
"""

from typing import Any

import numpy as np

from benchmarks.measure import Result, Row, Target, line
from benchmarks.noise import IMAGES, RECORD, RUN, TODAY
from harness.analysis.frame import Frames, each_row, load
from harness.analysis.noise import split_variance
from harness.config.runtime import Runtime
from harness.config.trial import Schedule

SCHEDULES = {
    "as trained, 10 equally spaced": TODAY,
    "3 early and 2 late": Schedule(5, 2),
    "3 early and 4 late": Schedule(7, 4),
    "3 early and 8 late": Schedule(11, 8),
    "1 early and 8 late": Schedule(9, 8),
}
EQUAL = "3 early and 2 late"


def run(quick: bool) -> Result:
    del quick
    frames = load(RUN, Runtime(RECORD))
    shared = _shared(frames)
    rows = [_row(what, of, frames, shared) for what, of in SCHEDULES.items()]
    seconds = {row[0]: row[4] for row in rows}
    what = f"seconds of evaluations, equal standard error: {EQUAL} (in no included study)"
    return {
        "lines": [
            line(what, "× today", [seconds[EQUAL]], target=Target("ours", "<=", 0.55)),
            line("trials that begin with the images of another one", "%", [100 * shared]),
        ],
        "tables": [
            {
                "title": "Evaluations with as many images in the last fifth as the record has",
                "columns": [
                    "evaluations besides the untrained generator's",
                    "images of each",
                    "standard error × today",
                    "the same, fluctuations independent",
                    "seconds × today",
                    "with untrained generators scored once",
                ],
                "rows": rows,
            }
        ],
        "notes": [
            "Seconds are proportional to the images that are encoded, since the encoder takes nine "
            "tenths of an evaluation. The standard error is that of a contrast; the first figure "
            "takes the training's short-term fluctuations as alike in all evaluations of the last "
            "fifth, the second as independent (median over contrasts); the truth is between them.",
            "Two late evaluations of as many images as before are at the same iterations, so the "
            "objective is the same and its standard error, too; only points of the curve are left "
            "out. Smaller evaluations save more, but are another metric, of fewer real images.",
            "Taken: untrained generators with the same images are scored once on a machine. No "
            "included study changes its schedule by this, since its trials would get other keys: "
            "`training.evaluations: 5` with `training.final_evaluations: 2` is for new studies.",
        ],
    }


def _row(what: str, of: Schedule, frames: Frames, shared: float) -> list[Any]:
    images = IMAGES * len(TODAY.window) // len(of.window)
    errors = [
        _error(row, len(TODAY.window) / len(of.window)) for row in each_row(split_variance(frames))
    ]
    before = (TODAY.evaluations + 1) * IMAGES
    whole, once = ((of.evaluations + 1 - left) * images / before for left in (0.0, shared))
    return [what, f"{images:,}", 1.0, float(np.median(errors)), whole, once]


def _error(parts: Any, share: float) -> float:
    """Of a contrast, where short-term fluctuations are averaged over more evaluations."""
    before = parts.rest + parts.short_term + parts.evaluation
    return float(np.sqrt((before - parts.short_term * (1 - share)) / before))


def _shared(frames: Frames) -> float:
    """The share of trials whose untrained generator has the very score of another one's."""
    untrained = frames.curves[frames.curves["evaluation"] == 0]
    return 1 - len(untrained[["seed", "kid"]].drop_duplicates()) / len(untrained)


ROW = Row("schedules", "Evaluations of equal standard error", run)
