"""Variance of the objective × cost of a trial: few evaluations early, more and smaller ones late.

From the committed record: its blocks of images, its evaluations and its seconds. Two figures a
schedule. One draws the blocks of its last fifth from those that the record has there, so more
evaluations average no fluctuation of the training: rather too high. The other takes fluctuations of
successive evaluations as independent however close these are: rather too low. What closer
evaluations average in truth is measured on small trainings.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import encoder, ours
from benchmarks.measure import ROOT, Result, Row, Target, line, say
from benchmarks.place import place
from harness.analysis.frame import Frames, each_row, load
from harness.analysis.noise import split_variance
from harness.config.runtime import Runtime
from harness.config.trial import Schedule
from harness.runs.trial import Trial

Array = NDArray[np.floating]

RUN = "card_tips_cifar10"
RECORD = ROOT / "reports" / RUN / "record"
TODAY, IMAGES, BLOCK = Schedule(10), 2048, 128  # of the record
WITH_UNTRAINED = "(one of them untrained)"
SCHEDULES = {  # what it is: evaluations, and the images of each
    "as today, of 1,024 images": (TODAY, 1024),
    f"4 early {WITH_UNTRAINED} and 4 late evaluations of 1,024 images": (Schedule(7, 4), 1024),
    f"4 early {WITH_UNTRAINED} and 8 late evaluations of 512 images": (Schedule(11, 8), 512),
    f"2 early {WITH_UNTRAINED} and 8 late evaluations of 512 images": (Schedule(9, 8), 512),
}
DRAWS = 2000
LATE = 16  # evaluations in the last fifth of the small trainings
FEWER = (4, 8, LATE)  # of them, in place of two


def run(quick: bool) -> Result:
    frames = load(RUN, Runtime(RECORD))
    return {
        "lines": [*_from_record(frames), *_trained(3 if quick else 8)],
        "notes": [
            "From the record of six tips on CIFAR-10 at 16 px: six contrasts, six seeds each; "
            "median and quartiles are those of the contrasts. Today: ten equally spaced "
            "evaluations of 2,048 images and that of the untrained generator, two of them in the "
            "last fifth; costs are the record's seconds. The first figure of a schedule draws its "
            f"blocks from the record's ({DRAWS:,} times), the second takes fluctuations of the "
            "training as independent.",
            "The small trainings: digits at 16 px, width 16, 12,000 images, 768 images and "
            f"{LATE} evaluations in the last fifth, label smoothing against none; each figure is "
            "the variance over seeds of the difference, averaged over so many of the evaluations.",
        ],
    }


def _from_record(frames: Frames) -> Iterator[dict[str, Any]]:
    """Both figures of each schedule, of all contrasts."""
    blocks = [np.array(list(_differences(frames, dict(c.weights)))) for c in frames.plan.contrasts]
    parts = list(each_row(split_variance(frames)))
    trials = frames.trials[["seconds", "evaluation_seconds"]].mean()
    each = trials["evaluation_seconds"] / (TODAY.evaluations + 1)
    for what, (schedule, images) in SCHEDULES.items():
        seconds = trials["seconds"] + (schedule.evaluations + 1) * each * images / IMAGES
        cost = seconds / trials.sum()
        late, before = len(schedule.window), len(TODAY.window)
        share = late * images / before / IMAGES  # of the images of the last fifth
        drawn = [cost * _drawn(table, share) for table in blocks]
        independent = [
            cost
            * (row.rest + row.short_term * before / late + row.evaluation / share)
            / (row.rest + row.short_term + row.evaluation)
            for row in parts
        ]
        target = None if schedule == TODAY else Target("ours", "<=", 0.8)
        name = f"variance × cost of a trial, today 1: {what}"
        yield line(f"{name}", "× today", drawn, target=target)
        yield line(f"{name}, fluctuations independent", "× today", independent, target=target)


def _differences(frames: Frames, weights: dict[str, float]) -> Iterator[Array]:
    """A contrast seed by seed: (evaluations of the last fifth, blocks)."""
    for seed in frames.plan.seeds:
        tables = [(weight, frames.blocks[cell, seed].parts) for cell, weight in weights.items()]
        yield np.sum([weight * table for weight, table in tables if table is not None], axis=0)


def _drawn(table: Array, share: float) -> float:
    """Variance over seeds with a share of the blocks of each evaluation, as a multiple of all's."""
    random = np.random.default_rng(0)
    evaluations, blocks = table.shape[1:]
    count = round(share * blocks)
    variances = []
    for _ in range(DRAWS):
        chosen = [random.choice(blocks, count, replace=False) for _ in range(evaluations)]
        means = [table[:, at, which].mean(1) for at, which in enumerate(chosen)]
        variances.append(np.mean(means, axis=0).var(ddof=1))
    return float(np.mean(variances) / table.mean((1, 2)).var(ddof=1))


def _trained(seeds: int) -> Iterator[dict[str, Any]]:
    """Variance of a contrast by the number of evaluations in the last fifth, of small trainings."""
    with place() as here:
        worker = ours.Worker(here.folder, "disabled")
        path = here.folder / "encoder.keras"
        encoder.main(str(path))
        kids = []
        for seed in range(seeds):
            one, other = (_kids(worker, str(path), seed, smoothing) for smoothing in (0.1, 0.0))
            kids.append(one - other)
            say(f"noise: seed {seed + 1} of {seeds}")
    few = _variance(kids, 2)
    for count in FEWER:
        what = f"small trainings, {count} evaluations in the last fifth in place of 2: variance"
        yield line(what, "× that of 2", [_variance(kids, count) / few])


def _kids(worker: ours.Worker, path: str, seed: int, smoothing: float) -> Array:
    """KIDs of the last fifth of a small training: (LATE,)."""
    config = ours.config(
        16,
        16,
        64,
        data__name="digits",
        evaluation__protocol="blocks",
        evaluation__encoder=path,
        evaluation__samples=768,
        augmentation__policy="none",
        loss__label_smoothing=smoothing,
        training__kimg=12.0,
        training__evaluations=LATE + 1,
        training__final_evaluations=LATE,
        seed=seed,
    )
    trial = Trial(worker.train(config))
    (identity,) = trial.metrics()
    return np.array([row.kid for row in trial.evaluation_rows(identity)][-LATE:], float)


def _variance(kids: Sequence[Array], count: int) -> float:
    """Over seeds, of the mean of so many equally spaced evaluations, the last one among them."""
    every = LATE // count
    return float(np.var([values[every - 1 :: every].mean() for values in kids], ddof=1))


ROW = Row("noise", "Variance × cost of evaluations", run)
