"""Whether both programs train alike: the last KID of each, seed by seed, at equal settings a step.

The harness states the average's decay and ADA's speed for 128 images, so that a change of the batch
does not change them by the way; the baseline (S0) states both for a step. At batch 64 the same two
numbers are other trainings. Here they are made equal, and the harness' defaults stand beside.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import stats

from benchmarks.measure import Result, Row, line, say
from benchmarks.place import place
from benchmarks.study import (
    REFERENCE_BATCH,
    REFERENCE_BETA,
    S0_DECAY,
    Work,
    content,
    equal_a_step,
    script,
)
from benchmarks.study import (
    WORKS as OF_STUDY,
)
from harness.core.files import read_json
from harness.runs.trial import Trial

SEEDS = 4
# as small as tells, since what is compared is what is learnt and not time; a quick run is the first
# of them, with all its seeds
WORKS = tuple(
    replace(work, width=32, steps=min(work.steps, 400), evaluations=1) for work in OF_STUDY
)
LEVEL = 0.95
EMA = "training.ema"
EQUAL, DEFAULT, BASELINE = "ours, equal a step", "ours, by default", "baseline"


def run(quick: bool) -> Result:
    parts = [_measure(work) for work in (WORKS[:1] if quick else WORKS)]
    return {
        "lines": [one for part in parts for one in part["lines"]],
        "tables": [part["table"] for part in parts],
        "notes": [
            f"{SEEDS} seeds each, which are no pairs: the two programs draw other weights, images "
            f"and noise. The interval is Welch's, {100 * LEVEL:.0f} %. An interval that holds 0 is "
            "no proof that there is no difference, only that none of its size can be told.",
            *(part["note"] for part in parts),
        ],
    }


def _measure(work: Work) -> dict[str, Any]:
    steps = work.steps
    kids = {**_ours(work, steps), BASELINE: _theirs(work, steps)}
    what = f"last KID, {work.data}, {work.size} px, width {work.width}, {steps} steps"
    names = (EQUAL, DEFAULT, BASELINE)
    return {
        "lines": [line(f"{what}: {name}", "KID × 10³", kids[name]) for name in names],
        "table": {
            "title": f"Last KID × 10³ on {work.data} with the small encoder, by seed",
            "columns": ["seed", *names],
            "rows": [
                [str(seed), *(float(kids[name][seed]) for name in names)] for seed in range(SEEDS)
            ],
        },
        "note": f"{work.data}, {steps} steps of {work.batch} images: "
        + verdict(kids[EQUAL], kids[BASELINE])
        + f" {about_default(work.batch, steps, kids)}",
    }


def difference(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float]:
    """Mean of ours less theirs, and half of Welch's interval at LEVEL."""
    one, two = (np.asarray(values, float) for values in (ours, theirs))
    found = stats.ttest_ind(one, two, equal_var=False)
    low, high = found.confidence_interval(LEVEL)
    return float(one.mean() - two.mean()), float(high - low) / 2


def verdict(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """What the numbers say of equal settings, in a sentence."""
    mean, half = difference(ours, theirs)
    told = f"ours less the baseline's is {mean:+.2f} ± {half:.2f}"
    if abs(mean) <= half:
        return f"at an equal decay and speed a step no difference can be told, {told}."
    side = "lower" if mean < 0 else "higher"
    return f"at an equal decay and speed a step our KID is {side}: {told}."


def about_default(batch: int, steps: int, kids: Mapping[str, Sequence[float]]) -> str:
    """What the default decay comes to here."""
    mean, half = difference(kids[DEFAULT], kids[EQUAL])
    decay = S0_DECAY ** (batch / REFERENCE_BATCH)
    back, theirs = (1 / (1 - rate) for rate in (decay, S0_DECAY))
    told = "cannot be told from that" if abs(mean) <= half else "is another KID"
    return (
        f"Our defaults, stated for {REFERENCE_BATCH} images, are a decay of {decay:.3f} a step "
        f"here: the average reaches {back:.0f} steps back, the baseline's {theirs:.0f}. After "
        f"{steps} steps what they give {told}: {mean:+.2f} ± {half:.2f} beside equal settings."
    )


def _ours(work: Work, steps: int) -> dict[str, list[float]]:
    with place() as here:
        here.run("benchmarks.encoder", "encoder.keras")
        study, equal = content(work, steps, here.folder / "encoder.keras"), equal_a_step(work.batch)
        study |= {"factors": {"stated": {"for a step": equal}}, "seeds": SEEDS}
        here.study("bench", study)
        took = here.run("harness", "run", "bench").seconds
        say(f"alike: {work.data}, ours, {took:.0f} s")
        found: dict[str, dict[int, float]] = {EQUAL: {}, DEFAULT: {}}
        for folder in here.trials():
            config = read_json(folder / "config.json")
            [identity] = Trial(folder).metrics()
            kid = Trial(folder).evaluation_rows(identity)[-1]["kid"]
            found[EQUAL if config[EMA] == equal[EMA] else DEFAULT][config["seed"]] = 1000 * kid
    kids = {name: [kids[seed] for seed in range(SEEDS)] for name, kids in found.items()}
    say(f"alike: {kids}")
    return kids


def _theirs(work: Work, steps: int) -> list[float]:
    return [1000 * script(work, steps, REFERENCE_BETA, seed)[1] for seed in range(SEEDS)]


ROW = Row("alike", "Whether both train alike", run)
