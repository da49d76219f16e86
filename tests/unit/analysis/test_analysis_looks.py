"""Decisions of looks: Holm's levels over contrasts, what stays closed, missing seeds, futility."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from harness.analysis.sequential import Decision, State, decide
from harness.analysis.spending import NEVER, crossings
from harness.core.errors import HarnessError
from harness.plan.looks import Looks

MARGIN = 11.8
THREE = Looks(0.05, 3, 24, (9, 12, 15, 18, 24), 0.0)


def normal(mean, sd, seeds=24, seed=0):
    """Differences with exactly this mean and deviation over all seeds."""
    values = np.random.default_rng(seed).standard_normal(seeds)
    return mean + sd * (values - values.mean()) / values.std(ddof=1)


def table(*columns):
    return np.column_stack(columns)


def looks_of(design, differences, margin=MARGIN):
    """All looks of a study, one after the other, as a run takes them."""
    earlier, margins = [], np.full(design.contrasts, margin)
    for number in range(len(design.looks)):
        seen = [differences[:n] for n in design.looks[: number + 1]]
        earlier.append(decide(design, seen, margins, earlier))
    return earlier


def states(look):
    return [one.state.value for one in look]


def test_what_is_clear_is_closed_and_what_is_not_goes_on():
    looks = looks_of(THREE, table(normal(-100, 20), normal(100, 20, seed=1), normal(0, 17, seed=2)))
    assert states(looks[0]) == ["better", "worse", "open"]
    assert states(looks[-1]) == ["better", "worse", "equivalent"]
    closed = next(number for number, look in enumerate(looks) if look[2].state != "open")
    assert THREE.looks[closed] > 12, "few seeds cannot show equivalence"
    for look in looks[1:]:
        assert look[:2] == looks[0][:2], "the decisions of the look that closed them"
    for look in looks[closed:]:
        assert look[2] == looks[closed][2]


def test_numbers_of_a_decision():
    x = table(normal(-100, 20), normal(3, 17, seed=1), normal(0, 17, seed=2))
    one = looks_of(THREE, x)[1][1]
    values = x[:12, 1]
    standard_error = values.std(ddof=1) / np.sqrt(12)
    assert (one.n, one.effect, one.sd) == pytest.approx((12, values.mean(), values.std(ddof=1)))
    assert one.t == pytest.approx(values.mean() / standard_error)
    assert one.t_above == pytest.approx((values.mean() + MARGIN) / standard_error)
    assert one.t_below == pytest.approx((MARGIN - values.mean()) / standard_error)
    assert (one.low + one.high) / 2 == pytest.approx(one.effect)
    assert one.level == pytest.approx(0.05 / 2), "one of three is rejected"
    assert one.level_equivalence == pytest.approx(0.05 / 3)
    assert one.boundary > abs(one.t)
    assert one.boundary_above is not None
    assert 0 < one.predictive < 1


def holm_by_hand(crossed, look):
    """Step down over contrasts, from the strictest level; crossed: contrast → level → look."""
    rejected = set()
    while True:
        level = len(rejected)
        hits = {
            place
            for place, levels in enumerate(crossed)
            if place not in rejected and levels[level] != NEVER and levels[level] <= look
        }
        if not hits:
            return rejected
        rejected.add(min(hits))


@pytest.mark.parametrize("seed", range(8))
def test_contrasts_are_rejected_by_holm(seed):
    random = np.random.default_rng(seed)
    design = Looks(0.05, 5, 24, (9, 12, 15, 18, 24), 0.0)
    x = random.normal(0, 17, (24, 5)) + np.array([-60, 22, 18, 14, 11])
    seen = [x[:n] for n in design.looks]
    crossed = crossings(design, seen, np.full(5, np.nan), range(5)).difference.crossed
    for number, look in enumerate(looks_of(design, x, np.nan)):
        different = {place for place, one in enumerate(look) if one.state in ("better", "worse")}
        assert different == holm_by_hand(crossed, number)


def test_a_level_that_grows_rejects_what_an_earlier_look_saw():
    """A crosses at alpha alone, early; B is rejected late, and takes A with it."""
    design = Looks(0.05, 2, 24, (9, 12, 15, 18, 24), 0.0)
    random = np.random.default_rng(126)
    x = table(random.normal(14, 17, 24), random.normal(16, 17, 24))
    seen = [x[:n] for n in design.looks]
    crossed = crossings(design, seen, np.full(2, np.nan), range(2)).difference.crossed
    assert crossed.tolist() == [[NEVER, 0], [3, 2]]
    looks = looks_of(design, x, np.nan)
    late = 3
    assert states(looks[late - 1])[0] == "open"
    assert states(looks[late])[0] == "worse"
    assert [one.level for one in looks[late]] == pytest.approx([0.05, 0.025])


def test_a_difference_goes_before_equivalence():
    """Both are shown of an effect of 5 with a deviation of 2 and a margin of 11.8."""
    looks = looks_of(THREE, table(*(normal(5, 2, seed=seed) for seed in range(3))))
    assert set(states(looks[-1])) == {"worse"}


def test_closed_contrasts_still_count():
    x = table(normal(-100, 20), normal(100, 20, seed=1), normal(6, 17, seed=2))
    alone = crossings(replace(THREE, contrasts=1), [x[:9, 2:]], np.full(1, MARGIN), [0])
    among = crossings(THREE, [x[:9]], np.full(3, MARGIN), [2])
    assert among.difference.crossed.shape == (3, 3)
    assert alone.difference.crossed.shape == (1, 1)
    assert (among.difference.crossed[:2] == NEVER).all(), "closed ones are not tested"


def test_the_same_input_gives_the_same_output_and_later_data_change_nothing():
    x = table(normal(-100, 20), normal(5, 17, seed=1), normal(0, 17, seed=2))
    assert looks_of(THREE, x) == looks_of(THREE, x)
    lacking = x[:9].copy()
    lacking[4, 0] = np.nan  # a trial that crashed, and is repaired after the look
    margins = np.full(3, MARGIN)
    first = decide(THREE, [lacking], margins, [])
    assert first[0].n == 8
    assert states(first)[0] == "open", "eight seeds cannot reject at 8/24 of the information"
    second = decide(THREE, [lacking, x[:12]], margins, [first])
    assert states(second)[0] == "better"
    reversed_later = np.concatenate([x[:9], -x[9:12]])
    assert (
        decide(THREE, [x[:9], reversed_later], margins, [looks_of(THREE, x)[0]])[0]
        == (looks_of(THREE, x)[0][0])
    ), "what is rejected stays so"


def test_a_contrast_that_lacks_seeds_has_its_own_time():
    x = table(*(normal(5, 17, seed=seed) for seed in range(3)))
    x[[1, 3], 2] = np.nan
    looks = looks_of(THREE, x)
    assert [look[2].n for look in looks[:3]] == [7, 10, 13]
    assert [one.boundary is None for one in looks[0]] == [False, False, True]
    assert looks[1][2].boundary is not None


def test_a_cell_that_has_nothing():
    x = table(normal(-100, 20), np.full(24, np.nan), np.append(5.0, np.full(23, np.nan)))
    last = looks_of(replace(THREE, futility=0.1), x)[-1]
    assert states(last) == ["better", "open", "open"]
    assert (last[1].n, last[1].effect, last[1].low, last[1].t) == (0, None, None, None)
    assert (last[2].n, last[2].effect, last[2].sd, last[2].high) == (1, 5.0, None, None)


def test_equal_differences_have_no_t():
    x = table(np.full(24, -3.0), np.zeros(24), normal(0, 17))
    looks = looks_of(THREE, x)
    assert states(looks[0])[0] == "better", "nine of nine seeds agree"
    assert looks[0][0].t is None
    assert states(looks[-1])[1] == "equivalent"
    assert looks[0][1].t == 0


@pytest.mark.parametrize("scale", [1e-9, 1e60])
def test_units_do_not_matter(scale):
    x = table(normal(-20, 20), normal(8, 17, seed=1), normal(0, 17, seed=2))
    for one, other in zip(
        looks_of(THREE, x), looks_of(THREE, x * scale, MARGIN * scale), strict=True
    ):
        assert states(one) == states(other)
        assert [c.t for c in one] == pytest.approx([c.t for c in other])


def test_infinite_differences_are_refused():
    x = np.full((9, 3), 1.0)
    x[4, 1] = np.inf
    with pytest.raises(HarnessError, match="of row 5 and contrast 2"):
        decide(THREE, [x], np.full(3, MARGIN), [])


def test_futility():
    """A small effect with a wide scatter would be neither different nor equivalent at 24 seeds."""
    design = replace(THREE, futility=0.1)
    x = table(normal(3, 40), normal(-100, 20, seed=1), normal(100, 20, seed=2))
    looks = looks_of(design, x)
    closed = next(look for look in looks if look[0].state == "futile")
    assert closed[0].predictive < 0.1
    assert "futile" not in states(looks_of(THREE, x)[-1]), "without futility it goes on"
    last = decide(design, [x], np.full(3, MARGIN), [])
    assert last[0].state is State.OPEN, "at the last look there is nothing to save"
    assert last[0].predictive is None


def test_decisions_survive_a_file():
    x = table(normal(-100, 20), normal(0, 17, seed=1), np.full(24, np.nan))
    first = decide(THREE, [x[:9]], np.full(3, MARGIN), [])
    text = json.dumps([asdict(one) for one in first], allow_nan=False)
    read = [Decision(**one) for one in json.loads(text)]
    margins = np.full(3, MARGIN)
    assert decide(THREE, [x[:9], x[:12]], margins, [read]) == (
        decide(THREE, [x[:9], x[:12]], margins, [first])
    )


@pytest.mark.slow
def test_a_look_at_forty_contrasts_needs_little_memory():
    import tracemalloc

    random = np.random.default_rng(0)
    design = replace(Looks.standard(0.05, 40), futility=0.0)
    x = random.normal(0, 17, (24, 40)) + np.where(np.arange(40) % 4, 0, -100)
    seen = [x[:n] for n in design.looks]
    decide(design, seen[:1], np.full(40, MARGIN), [])  # the signs are made once
    tracemalloc.start()
    decide(design, seen, np.full(40, MARGIN), [])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"\nlast look at 40 open contrasts: {peak / 2**20:.0f} MiB")
    assert peak < 150 * 2**20
