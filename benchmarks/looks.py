"""Simulated studies with looks and a stopping rule, and the same with all seeds at once.

Trials are the seeds of all contrasts and those of the reference, which trains as long as one
contrast is open. "Decided" is better, worse or equivalent.
"""

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import starmap
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmarks.effects import ALPHA, GRADED, MARGIN, MIXES, NORMAL, STEPS, Mix, draw
from harness.analysis import max_t
from harness.analysis.equivalence import assess_equivalence
from harness.analysis.random_effects import combine
from harness.analysis.sequential import Decision, State, judge, still_open
from harness.analysis.spending import crossings
from harness.plan.looks import Looks

Array = NDArray[np.floating]

BATCH = 250  # studies that a process simulates at a time
FREE = (9, 12, 15, 18, 24)  # seeds at which it is looked at will
DIFFERENT = (State.BETTER, State.WORSE)


class Outcome(NamedTuple):
    """One simulated study, or the mean over many."""

    trials: float
    decided: float  # share of contrasts
    false_difference: float  # any contrast without effect, or of the other sign
    false_equivalence: float  # any effect that is no smaller than the margin
    covered: float  # all intervals hold when the study stops
    always_covered: float  # all intervals of all looks


def means(outcomes: Sequence[Outcome]) -> Outcome:
    """The mean of each field."""
    return Outcome(*np.mean(outcomes, axis=0).tolist())


def simulate(truth: Mix, studies: int, noise: str = NORMAL, n_max: int = 24) -> Outcome:
    """Means over studies with looks, on all cores."""
    return _spread("looks", truth, studies, noise, n_max)


def simulate_fixed(truth: Mix, studies: int, noise: str = NORMAL, seeds: int = 24) -> Outcome:
    """Means over studies that train all seeds and are tested once, on all cores."""
    return _spread("fixed", truth, studies, noise, seeds)


def _spread(rule: str, truth: Mix, studies: int, noise: str, seeds: int) -> Outcome:
    tasks = [
        (rule, truth, min(BATCH, studies - start), noise, seeds, start)
        for start in range(0, studies, BATCH)
    ]
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"  # of the processes
    workers = min(len(tasks), len(os.sched_getaffinity(0)))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        parts = list(pool.map(batch, *zip(*tasks, strict=True)))
    return means([outcome for part in parts for outcome in part])


def batch(
    rule: str, truth: Mix, studies: int, noise: str, seeds: int, number: int
) -> list[Outcome]:
    """Some studies, the same ones for the same arguments."""
    random = np.random.default_rng([number, seeds, *truth.name.encode(), *noise.encode()])
    differences = draw(truth, studies, seeds, random, noise)
    if rule == "fixed":
        return [fixed(truth, one) for one in differences]
    design = Looks.standard(ALPHA, len(truth.effects), seeds)
    return [outcome(truth, look_by_look(design, one)) for one in differences]


def look_by_look(design: Looks, differences: Array) -> list[tuple[Decision, ...]]:
    """The decisions of all looks until the study stops; differences (seeds, contrasts).

    As `decide` gives them, look by look, with the tests of all looks computed only once.
    """
    seen = [differences[:n] for n in design.looks]
    margins = np.full(design.contrasts, MARGIN)
    paths = crossings(design, seen, margins, range(design.contrasts))
    looks: list[tuple[Decision, ...]] = []
    for number in range(len(seen)):
        looks.append(judge(design, seen[: number + 1], margins, paths, looks))
        if not still_open(design, looks):
            break
    return looks


def outcome(truth: Mix, looks: Sequence[tuple[Decision, ...]]) -> Outcome:
    """A study's costs and errors."""
    last = looks[-1]
    effects, states = np.array(truth.effects), [one.state for one in last]
    different = np.array([state in DIFFERENT for state in states])
    equivalent = np.array([state is State.EQUIVALENT for state in states])
    better = np.array([state is State.BETTER for state in states])
    wrong = np.where(better, effects >= 0, effects <= 0)
    return Outcome(
        trials=sum(one.n for one in last) + max(one.n for one in last),
        decided=float((different | equivalent).mean()),
        false_difference=float((different & wrong).any()),
        false_equivalence=float((equivalent & truth.apart).any()),
        covered=float(_cover(last, effects)),
        always_covered=float(all(_cover(look, effects) for look in looks)),
    )


def studies_with_free_looks(studies: int) -> list[tuple[int, float]]:
    """The share of studies without any effect that call one different at one look or more.

    With the test of a fixed design, repeated whenever there are new seeds; by number of looks.
    """
    truth = MIXES[2]
    random = np.random.default_rng(0)
    hits = np.array(
        [
            [(max_t.adjusted(one[:n]) <= ALPHA).any() for n in FREE]
            for one in draw(truth, studies, FREE[-1], random)
        ]
    )
    shares = np.logical_or.accumulate(hits, axis=1).mean(0)
    return list(zip(range(1, len(FREE) + 1), shares.tolist(), strict=True))


class Closed(NamedTuple):
    """What an effect is estimated as where each contrast stopped, in deviations of a difference."""

    true: float
    first: float  # share of contrasts that stopped at the first look
    early: float  # mean of their estimates
    alone: float  # mean of all estimates
    covered: float  # by the t-interval of the seeds that the contrast stopped with
    pooled: float  # mean of the effects pooled over sets with the same true effect
    pooled_covered: float
    pooled_error: float  # share of pooled effects with p of ALPHA or less, and the wrong sign


def effects_where_closed(studies: int, sets: int = 3) -> list[Closed]:
    """How far stopping moves the effects of contrasts, alone and pooled over `sets` studies each.

    One row a size of the effect. A study's data decide how many seeds its estimate is of.
    """
    random = np.random.default_rng(1)
    design = Looks.standard(ALPHA, len(STEPS))
    looks = [look_by_look(design, one)[-1] for one in draw(GRADED, studies, 24, random)]
    size = np.array(GRADED.deviations)
    n = np.array([[one.n for one in last] for last in looks])
    effects = np.array([[one.effect for one in last] for last in looks]) / size
    errors = np.array([[one.sd for one in last] for last in looks]) / size / np.sqrt(n)
    half = stats.t.ppf(1 - ALPHA / 2, n - 1) * errors
    rows = []
    for place, true in enumerate(STEPS):
        pools = [
            combine(effects[start : start + sets, place], errors[start : start + sets, place] ** 2)
            for start in range(0, studies - sets + 1, sets)
        ]
        bounds = np.array([pool.interval(ALPHA) for pool in pools])
        wrong = [pool.p <= ALPHA and pool.effect * true <= 0 for pool in pools]
        covered = np.abs(effects[:, place] - true) <= half[:, place]
        early = n[:, place] == design.looks[0]
        rows.append(
            Closed(
                true=true,
                first=float(early.mean()),
                early=float(effects[early, place].mean()),
                alone=float(effects[:, place].mean()),
                covered=float(covered.mean()),
                pooled=float(np.mean([pool.effect for pool in pools])),
                pooled_covered=float(((bounds[:, 0] <= true) & (true <= bounds[:, 1])).mean()),
                pooled_error=float(np.mean(wrong)),
            )
        )
    return rows


def _cover(decisions: Sequence[Decision], effects: Array) -> bool:
    return all(
        one.low is not None and one.high is not None and one.low <= effect <= one.high
        for one, effect in zip(decisions, effects, strict=True)
    )


def fixed(truth: Mix, differences: Array) -> Outcome:
    """All seeds at once, with the tests and intervals of a study without looks."""
    effects, (seeds, contrasts) = np.array(truth.effects), differences.shape
    known = np.ones(contrasts, bool)
    table = assess_equivalence(differences, np.full(contrasts, MARGIN), known, ALPHA)
    different = max_t.adjusted(differences) <= ALPHA
    equivalent = table["equivalent"].to_numpy() & ~different
    wrong = np.where(differences.mean(0) < 0, effects >= 0, effects <= 0)
    level = max_t.single_level(contrasts, ALPHA)
    bounds = np.array(list(starmap(max_t.interval, ((x, level) for x in differences.T))))
    covered = float(((bounds[:, 0] <= effects) & (effects <= bounds[:, 1])).all())
    return Outcome(
        trials=seeds * (contrasts + 1),
        decided=float((different | equivalent).mean()),
        false_difference=float((different & wrong).any()),
        false_equivalence=float((equivalent & truth.apart).any()),
        covered=covered,
        always_covered=covered,
    )
