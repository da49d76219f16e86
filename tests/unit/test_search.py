"""What Optuna answers: from the outcomes alone, the same every time; and a worker that asks it."""

import math

import pytest

from harness.config.catalog import PRUNERS, SAMPLERS
from harness.execution.search.sampler import importances, prunes, suggest
from harness.plan.search import REFUSED, Outcome
from harness.runs.stages import Search, Suggestion
from harness.runs.status import Status

SPACE = {
    "rate": {"low": 1e-5, "high": 1e-3, "log": True, "step": None, "whole": False},
    "width": {"low": 8, "high": 32, "log": False, "step": 8, "whole": True},
    "tip": {"choices": ["on", "off"]},
}


def search_of(sampler="tpe", pruner="none", count=0):
    made = tuple(Suggestion(params={}, cell=f"suggestion {n}", refused="") for n in range(count))
    return Search(
        layers=(), space=SPACE, factors={}, trials=40, sampler=sampler, pruner=pruner, seed=3,
        suggestions=made,
    )  # fmt: skip


def outcome(rate=1e-4, width=16, tip="on", value=0.5, state=Status.FINISHED, kids=None):
    params = {"rate": rate, "width": width, "tip": tip}
    return Outcome(params, state, value, kids or {})


def grid():
    """Forty trials whose KID depends on the rate: 3e-5 is best."""
    rates = [1e-5 * 10 ** (n / 20) for n in range(40)]
    return [
        outcome(rate, (8, 16, 24, 32)[n % 4], ("on", "off")[n % 2], abs(math.log10(rate) + 4.5))
        for n, rate in enumerate(rates)
    ]


@pytest.mark.parametrize("sampler", list(SAMPLERS))
def test_a_suggestion_is_within_the_space_and_the_same_when_asked_again(sampler):
    seen = set()
    for count in range(6):
        search = search_of(sampler, count=count)
        past = grid()[:count]
        params = suggest(search, past)
        assert params == suggest(search, past)
        assert set(params) == set(SPACE)
        assert 1e-5 <= params["rate"] <= 1e-3
        assert params["width"] in (8, 16, 24, 32)
        assert params["tip"] in ("on", "off")
        seen.add(params["rate"])
    assert len(seen) == 6


def test_tpe_learns_from_what_it_is_told_and_the_others_do_not():
    waiting = outcome(1e-3, value=None, state="missing")
    good = [
        suggest(search_of("tpe", count=40 + n), [*grid(), *[waiting] * n])["rate"] for n in range(8)
    ]
    assert sorted(abs(math.log10(rate) + 4.5) for rate in good)[4] < 0.25
    for sampler in ("random", "quasi_random"):
        search = search_of(sampler, count=4)
        assert suggest(search, grid()[:4]) == suggest(search, grid()[4:8])


def test_what_did_not_end_well_is_told_too():
    past = [
        *grid()[:12],
        outcome(state=Status.DIVERGED, value=0.9, kids={1: 0.9}),
        outcome(state=Status.DIVERGED, value=None),
        outcome(state=Status.PRUNED, value=None, kids={1: 0.8}),
        outcome(state=REFUSED, value=None),
        outcome(state=Status.CRASHED, value=None),
        outcome(state="missing", value=None, kids={1: 0.7}),
    ]
    params = suggest(search_of("tpe", count=len(past)), past)
    silent = [*past[:12], *[outcome(state=Status.CRASHED, value=None)] * 6]
    assert params != suggest(search_of("tpe", count=len(past)), silent)


def is_random(past, cells=None):
    """Whether the suggestion after `past` is the draw that nothing which was learnt has changed."""
    search = search_of("tpe", count=len(past))
    if cells:
        made = tuple(Suggestion(params={}, cell=cell, refused="") for cell in cells)
        search = search.replaced(suggestions=made)
    return suggest(search, past) == suggest(search.replaced(sampler="random"), past)


# what ended so brings the model nearer, and what does not
COUNTS = {
    "finished": outcome(value=0.4),
    "diverged, with the value of a failure": outcome(state=Status.DIVERGED, value=0.9),
    "pruned after an evaluation": outcome(state=Status.PRUNED, value=None, kids={1: 0.8}),
}
COUNTS_NOT = {
    "refused": outcome(state=REFUSED, value=None),
    "crashed": outcome(state=Status.CRASHED, value=None),
    "crashed after an evaluation": outcome(state=Status.CRASHED, value=None, kids={1: 0.1}),
    "diverged without a value": outcome(state=Status.DIVERGED, value=None, kids={1: 0.1}),
    "finished without a value": outcome(value=None),
    "pruned without a value": outcome(state=Status.PRUNED, value=None),
    "in training": outcome(value=None, state="missing", kids={1: 0.1}),
}


@pytest.mark.parametrize("way", COUNTS)
def test_ten_trials_with_a_value_end_the_random_start(way):
    assert is_random([*grid()[:9]])
    assert not is_random([*grid()[:9], COUNTS[way]])


@pytest.mark.parametrize("way", COUNTS_NOT)
def test_what_trained_to_no_value_does_not_end_it(way):
    """However many: none of them is trained to a number that a model could be made of."""
    assert is_random([COUNTS_NOT[way]] * 30)
    assert is_random([*[COUNTS_NOT[way]] * 30, *grid()[:9]])
    assert not is_random([*[COUNTS_NOT[way]] * 30, *grid()[:10]])


def test_suggestions_that_train_the_same_thing_count_once():
    cells = ["one"] * 5 + [f"suggestion {n}" for n in range(9)]
    assert is_random(grid()[:13], cells[:13])
    assert not is_random(grid()[:14], cells)


def test_many_refused_ones_do_not_make_bad_trials_good():
    """TPE takes the best tenth for good: of the refused and all, that would be all that trained."""
    past = [*grid(), *[outcome(1e-3, state=REFUSED, value=None)] * 400]
    found = []
    for n in range(8):
        search = search_of("tpe", count=len(past) + n)
        more = [outcome(1e-3, state=REFUSED, value=None)] * n
        found.append(abs(math.log10(suggest(search, [*past, *more])["rate"]) + 4.5))
    assert sorted(found)[4] < 0.25


@pytest.mark.parametrize("pruner", list(PRUNERS))
def test_a_pruner_gives_up_the_worst_and_not_the_best(pruner):
    others = [outcome(value=0.1 * n, kids=dict.fromkeys(range(1, 6), 0.1 * n)) for n in range(1, 9)]
    search = search_of(pruner=pruner)
    worst, best = (dict.fromkeys(range(1, 4), kid) for kid in (5.0, 0.01))
    own = outcome(value=None, state="missing", kids=worst)
    assert prunes(search, others, own) is (pruner != "none")
    assert not prunes(search, others, own._replace(kids=best))


def test_the_median_waits_for_five_finished_trials():
    others = [outcome(value=0.1, kids={1: 0.1, 2: 0.1}) for _ in range(4)]
    own = outcome(value=None, state="missing", kids={1: 5.0, 2: 5.0})
    assert not prunes(search_of(pruner="median"), others, own)
    assert prunes(search_of(pruner="median"), [*others, others[0]], own)


def test_importances_name_what_made_the_difference_and_need_enough_trials():
    found = importances(search_of(), grid())
    assert next(iter(found)) == "rate"
    assert found["rate"] > 0.8
    assert sum(found.values()) == pytest.approx(1)
    assert importances(search_of(), grid()[:9]) == {}
    assert importances(search_of(), [outcome(value=0.5)] * 12) == {}
