"""The key `sequential`: what it declares, what it refuses, and which cells get the next seeds."""

import pytest

from harness.analysis.course import MARGIN, Truth, foresee, simulate
from harness.core.errors import HarnessError
from harness.mirror.sweep import study_sweep
from harness.plan.looks import Looks
from harness.plan.sequential import Spread, open_after
from harness.plan.stages import Sequential
from harness.runs.stages import LookRecord, SeenRecord

HEAD = "title: T\nquestion: Q?\nbaseline: {data.name: digits, data.image_size: 16}\n"
TIPS = "heuristics: [generator_ema, spectral_norm]\n"
ALONE = f"design: one_at_a_time\n{TIPS}"


def look(n, **states):
    """A look at n seeds that left contrasts in these states."""
    seen = {
        name: SeenRecord(differences=(), failed=(), identity=None, margin=None,
                         decision={"state": state})
        for name, state in states.items()
    }  # fmt: skip
    return LookRecord(seeds=tuple(range(n)), contrasts=seen)


@pytest.mark.parametrize(
    ("text", "first", "seeds"),
    [
        ("sequential: true\n", 8, 24),
        ("sequential: {}\nseeds: 12\n", 7, 12),
        ("sequential: {n_max: 12}\n", 7, 12),
        ("sequential: {looks: [9, 20]}\n", 9, 20),
        ("sequential: {looks: [9, 20], n_max: 20, futility: 0.0}\nseeds: 20\n", 9, 20),
    ],
)
def test_what_it_declares(expanded, text, first, seeds):
    plan = expanded(ALONE + text, head=HEAD)
    looks = plan.stages.looks
    assert isinstance(plan.stages, Sequential)
    assert (looks.planned[0], looks.planned[-1]) == (first, seeds)
    assert (len(looks.planned) == 2) == ("looks: [" in text)
    assert list(looks.seeds) == plan.seeds == list(range(seeds))
    assert {trial.seed for trial in plan.trials} == set(range(first))
    record = plan.record()
    assert record.looks == record.stages == looks
    assert list(record.seeds) == plan.seeds
    assert (record.stages.left, record.stages.grows, record.stages.gives_up) == (0, False, False)
    assert len(plan.stages.further(plan)) == 3 * (seeds - first) == plan.stages.undecided(plan)


PROFILES = """sequential: true
profiles:
  full: {seeds: 24}
  quick: {seeds: 12, sequential: {looks: [8, 12]}}
  fixed: {seeds: 4, sequential: false}
  smoke: {seeds: 2, evidence: false}
"""


@pytest.mark.parametrize(
    ("profile", "planned"), [("full", 24), ("quick", 12), ("fixed", None), ("smoke", None)]
)
def test_each_profile_has_its_own(expanded, profile, planned):
    looks = expanded(ALONE + PROFILES, profile, head=HEAD).record().looks
    assert (looks.planned[-1] if looks else None) == planned


def test_a_list_of_seeds_is_looked_at_in_its_order(expanded):
    plan = expanded(f"{ALONE}sequential: true\nseeds: {[30, *range(11)]}\n", head=HEAD)
    assert plan.stages.looks.seeds == (*range(11), 30)


BAD = {
    "sequential: {looks: [3, 12]}": "a look after 3 seeds can decide nothing: with 2 contrasts, "
    "alpha 0.05 and at most 12 seeds the first is at 7; write [7, 12]",
    "sequential: {looks: [9, 12, 24]}\nseeds: 12": "a look after 24 seeds, but the study has 12 at "
    "most: write [9, 12], or seeds: 24",
    "sequential: {looks: [9, 12]}\nseeds: 24": "the last look is at 12 seeds, but the study has 24 "
    "at most: write [9, 12, 24], or seeds: 12",
    "sequential: {looks: [9, 12, 30], n_max: 24}": "write [9, 12, 24], or n_max: 30",
    "sequential: {looks: [9, 12], n_max: 24}": "write [9, 12, 24], or n_max: 12",
    "sequential: {looks: [9, 9, 12]}": r"each larger than the one before (given: [9, 9, 12]); "
    "write [9, 12]",
    "sequential: {looks: [12, 9]}": "write [9, 12]",
    "sequential: {looks: []}": "numbers of seeds from 2 up",
    "sequential: {n_max: 24}\nseeds: 12": "n_max: 24 and `seeds` (12 of them) disagree: leave one "
    "out, or write n_max: 12",
    "sequential: true\nseeds: 4": "4 seeds at most cannot give a verdict on 2 contrasts",
    "sequential: 5": "write true, false, or a mapping with looks, n_max and futility (given: 5)",
    "sequential: true\nalpha: 1.0e-06\nseeds: 30": "with 2 contrasts and alpha 1e-06 "
    "the first look is at 23 seeds, and its 2^23 sign patterns are too many to compute",
    "sequential: {n_max: 4}": "at least 7 are needed: raise `n_max`, or remove the key",
    "sequential: {look: [9]}": "unknown key 'look'; did you mean 'looks'?",
    "sequential: {futility: 1.5}": "sequential.futility",
    "sequential: true\ntune: {values: {optimizer.generator.learning_rate: [1.0e-4, 2.0e-4]}, "
    "seeds: [99]}": "a study that tunes trains all of its seeds: remove the key",
    "profiles: {a: {sequential: {look: [9]}}}": "unknown key 'look'; did you mean 'looks'?",
    "sequential: {n_max: 30}\nprofiles: {a: {seeds: 12}}": "disagree: leave one out, or write "
    "n_max: 12 (profile a)",
}


@pytest.mark.parametrize("text", BAD)
def test_what_it_refuses(expanded, text):
    with pytest.raises(HarnessError) as error:
        expanded(f"{ALONE}{text}\n", "a" if "profiles" in text else None, head=HEAD)
    assert BAD[text] in str(error.value)
    assert "a.yaml:" in str(error.value)


def test_a_search_is_never_sequential(expanded):
    search = "design: search\nsearch: {space: {training.ema: {low: 0.0, high: 0.9}}, trials: 3}\n"
    with pytest.raises(HarnessError, match="a search has no contrasts to stop at; its budget is"):
        expanded(f"{search}sequential: true\nseeds: 1\n", head=HEAD)


def test_a_study_with_looks_is_no_sweep(expanded):
    plan = expanded(f"{ALONE}sequential: true\n", head=HEAD)
    with pytest.raises(
        HarnessError, match="a study with looks is no sweep: its trials follow from its looks"
    ):
        study_sweep(plan, "a", "p")


def test_in_ablation_a_cell_stays_while_any_of_its_contrasts_is_open(expanded):
    text = (
        "design: ablation\nrecipe: [generator_ema, spectral_norm]\nsequential: {looks: [9, 12]}\n"
    )
    plan = expanded(TIPS + text, head=HEAD)
    contrasts = {contrast.name: set(contrast.weights) for contrast in plan.contrasts}
    open_name = plan.contrasts[-1].name
    states = {name: "open" if name == open_name else "better" for name in contrasts}
    looks = plan.stages.looks.added(look(9, **states))
    counts = Spread.of(plan).seeds(looks.planned, open_after(looks))
    kept = {"reference"} | contrasts[open_name]
    assert kept < set(counts)
    assert counts == {label: 12 if label in kept else 9 for label in counts}


def test_crossed_factors_stop_as_a_whole(expanded):
    plan = expanded(f"{TIPS}design: factorial\nsequential: {{looks: [9, 12]}}\n", head=HEAD)
    one, *others = plan.stages.looks.contrasts
    some = look(9, **{one: "open", **dict.fromkeys(others, "better")})
    none = look(9, **dict.fromkeys([one, *others], "futile"))
    for taken, seeds in ((some, 12), (none, 9)):
        looks = plan.stages.looks.added(taken)
        counts = Spread.of(plan).seeds(looks.planned, open_after(looks))
        assert set(counts.values()) == {seeds}
        assert looks.ended == (taken is none)


def test_a_scored_run_takes_the_trials_and_no_looks(expanded, tmp_path):
    plan = expanded(f"{ALONE}sequential: {{looks: [9, 12]}}\n", head=HEAD)
    states = {"generator_ema": "better", "spectral_norm": "open"}
    trained = plan.stages.at(plan, plan.stages.looks.added(look(9, **states)))
    assert len(trained.trials) == 9 + 12 + 12
    again = plan.stages.like(plan, trained, tmp_path)
    assert [trial.key for trial in again.trials] == [trial.key for trial in trained.trials]
    assert not again.stages.decides(again)
    assert again.record().stages.standing == "seeds by the looks of a"


# sequential.md simulates these with sign flips: 129, 154 and 106 trials
MIXES = {
    129: [(-168, 34), (-407, 60), (0, 14), (0, 16), (0, 19), (0, 21)],
    154: [(0, 14), (0, 15), (0, 16), (0, 18), (0, 19), (0, 21)],
    106: [(-168, 34), (-407, 60), (25, 17), (-25, 17), (0, 14), (0, 21)],
}


@pytest.mark.parametrize("trials", MIXES)
def test_the_expected_number_of_trials_is_that_of_the_looks_themselves(trials):
    design = Looks(0.05, 6, 24, (9, 12, 15, 18, 24), 0.1)
    contrasts = {str(n): {"reference", f"c{n}"} for n in range(6)}
    spread = Spread(["reference", *(f"c{n}" for n in range(6))], contrasts, shared=False)
    truths = [Truth(effect, sd, 11.8) for effect, sd in MIXES[trials]]
    course = foresee(design, spread, truths, "pilot")
    assert course.expected == pytest.approx(trials, rel=0.08)
    assert (course.least, course.most) == (63, 168)
    assert course.first_p == 2 / 2**9
    assert course.first_level >= course.first_p


def test_a_certain_effect_is_closed_at_the_first_look_and_no_margin_never_as_equivalent():
    design = Looks(0.05, 2, 24, (8, 12, 24), 0.0)
    closed = simulate(design, [Truth(9.0, 1.0, MARGIN), Truth(0.0, 1.0, float("nan"))], 50)
    assert (closed[:, 0] == 8).all()
    assert (closed[:, 1] == 24).mean() > 0.8
