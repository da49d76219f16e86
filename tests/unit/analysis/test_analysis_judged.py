"""What is judged at all: what has not learnt is not, and a divergence is a result."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from harness.analysis.claims import judge_claims
from harness.analysis.effects import estimate_effects, estimates
from harness.analysis.ranking import rank_contrasts
from harness.analysis.verdicts import FOLLOWS, IGNORES, reason
from tests.records import plan_of

WAVE = np.array([1, -1, 0.5, -0.5, 0.8, -0.8, 0.2, -0.2, 0.6, -0.6, 0.4, -0.4])


def cell(final=0.3, seeds=6, untrained=1.7, coverage=0.5, collapsed=0, diverged=0, share=1.0):
    """Trials of a cell: so many collapsed from the first on, or diverged from the last back."""
    rows = []
    for seed in range(seeds):
        lost = seed >= seeds - diverged
        rows.append({
            "seed": seed, "identity": "m", "untrained": untrained, "coverage": coverage,
            "final": untrained if lost else final + 0.01 * share * WAVE[seed],
            "final_kid": untrained if lost else final,
            "status": "diverged" if lost else "finished",
            "flags": "collapsed accuracy_below_band" if seed < collapsed else "", "censored": 0.0,
        })  # fmt: skip
    return rows


def study(tips, reference=None, weights=None, **plan):
    """Contrasts of cells with the reference, or by `weights`: (cell, cell of the other side)."""
    cells = {"reference": reference or cell(share=-1.0), **tips}
    weights = weights or {name: {name: 1, "reference": -1} for name in tips}
    contrasts = []
    for name, own in weights.items():
        sides = {"following": max(own, key=own.get), "ignoring": min(own, key=own.get)}
        contrast = {"name": name, "kind": "tip", "title": name, "design": "", "heuristic": ""}
        claim = {"source": "S0", "effect": "no_effect"}
        contrasts.append(contrast | sides | {"weights": own, "claims": [
            claim, claim | {"of": "stability"}, claim | {"of": "variety"}]})  # fmt: skip
    trials = pd.DataFrame([{"cell": name, **row} for name, rows in cells.items() for row in rows])
    plan = plan_of(contrasts, range(len(cells["reference"])), **plan)
    knobs = {"training.kimg": 200.0, "training.evaluations": 200}
    return SimpleNamespace(plan=plan, trials=trials, configs={"reference": knobs})


def found(frames):
    return estimate_effects(frames).set_index("contrast")


GREY = {"final": 1.737, "untrained": 1.755}
UNLEARNT = [
    (
        {"untrained": -0.001},
        "its untrained KID is -0.001, so there is nothing to learn by this metric",
    ),
    (GREY, "its final KID is 99 % of its untrained KID"),
    ({"coverage": 0.01}, "its coverage is 0.01"),
    ({"collapsed": 4}, "4 of 6 trials collapsed"),
]


@pytest.mark.parametrize(("reference", "why"), UNLEARNT)
def test_where_the_reference_has_not_learnt_nothing_is_judged(reference, why):
    frames = study({"same": cell(), "tip": cell(0.1)}, cell(**reference))
    table = rank_contrasts(frames)
    assert set(table["verdict"]) == {"not judged"}
    assert set(table["reason"]) == {f"the reference has not learnt: {why}"}
    assert table["place"].isna().all()
    assert table["rank_low"].isna().all()
    assert set(judge_claims(frames, table)["judgement"]) == {"not judged"}


@pytest.mark.parametrize(
    ("final", "verdict", "reason"),
    [
        (0.285, "better", "smaller than the margin of equivalence"),
        (0.315, "worse", "smaller than the margin of equivalence"),
        (0.2, "better", ""),
        (0.3, "equivalent", ""),
    ],
)
def test_an_effect_that_is_too_small_to_matter_is_called_so(final, verdict, reason):
    """The margin is 5 % of what the reference has learnt, (1.7 − 0.3) × 0.05 = 0.07."""
    frames = study({"tip": cell(final, seeds=8, share=-0.9 if final != 0.3 else 1.0)},
                   cell(seeds=8, share=-1.0))  # fmt: skip
    row = found(frames).loc["tip"]
    assert (row["verdict"], row["reason"]) == (verdict, reason)


def test_of_looks_it_is_said_where_the_repeated_interval_includes_zero():
    row = {"verdict": "worse", "reason": "closed at 9 seeds"}
    wide = SimpleNamespace(**row, low=-0.02, high=0.16)
    clear = SimpleNamespace(**row, low=0.02, high=0.16)
    doubt = "closed at 9 seeds; the test decides, though the interval includes zero"
    assert (reason(wide, 0.05, looked=True), reason(clear, 0.05, looked=True)) == (
        doubt,
        "closed at 9 seeds",
    )
    unknown = reason(clear, float("nan"), looked=False)  # as of times that both sides fell short of
    assert unknown == "closed at 9 seeds"
    still = SimpleNamespace(**row | {"verdict": "inconclusive"}, low=0.02, high=0.16)
    assert reason(still, 0.05, looked=True) == doubt.replace("includes", "leaves out")


@pytest.mark.parametrize(("final", "said"), [(0.285, "inconclusive"), (0.2, "contradicted")])
def test_a_small_effect_does_not_contradict_that_there_is_none(final, said):
    frames = study({"tip": cell(final, seeds=8, share=-0.9)}, cell(seeds=8, share=-1.0))
    claims = judge_claims(frames, rank_contrasts(frames))
    assert list(claims.loc[claims["of"] == "quality", "judgement"]) == [said]


def test_half_of_the_untrained_kid_and_half_of_the_trials_are_enough():
    table = found(study({"tip": cell(0.1)}, cell(0.85, collapsed=3)))
    assert table.loc["tip", "verdict"] == "better"


@pytest.mark.parametrize("seeds", [6, 7, 12])
def test_means_of_equal_numbers_are_on_the_bound_whatever_their_rounding(seeds):
    bound = {"final": 0.3, "untrained": 0.6, "coverage": 0.05}  # six times .05 have a lower mean
    assert found(study({"a": cell(seeds=seeds)}, cell(seeds=seeds, **bound)))["reason"]["a"] == ""


def test_what_an_old_record_does_not_tell_speaks_against_nothing():
    frames = study({"tip": cell(0.1), "same": cell()})
    for name in ("untrained", "coverage"):
        frames.trials[name] = np.nan
    table = found(frames)
    assert table["verdict"].to_dict() == {"tip": "better", "same": "inconclusive"}
    assert np.isnan(table["margin"]).all()  # what was learnt is not known
    table = found(SimpleNamespace(plan=frames.plan, trials=frames.trials.drop(columns="flags")))
    assert table.loc["tip", "verdict"] == "better"


@pytest.mark.parametrize("black", [{"coverage": 0.0}, {"collapsed": 6}])
def test_a_side_that_has_collapsed_is_never_better_and_takes_no_place(black):
    tips = {"black": cell(0.05, **black), "good": cell(0.2), "same": cell()}
    frames = study(tips)
    table = rank_contrasts(frames).set_index("contrast")
    assert table.loc["black", "verdict"] == "not judged"
    assert table.loc["black", "reason"].startswith("the side that follows it has not learnt (")
    assert table.index[0] == "good"
    assert table["place"].tolist()[:2] == [1, 2]
    assert np.isnan(table.loc["black", "place"])
    assert np.isnan(table.loc["black", "rank_low"])
    assert table.loc["good", "verdict"] == "better"
    # and so where it is ignored, without a verdict in its favour
    turned = study(tips, weights={name: {name: -1, "reference": 1} for name in tips})
    table = rank_contrasts(turned).set_index("contrast")
    assert table.loc["black", "verdict"] == "not judged"
    assert np.isnan(table.loc["black", "place"])


def test_a_side_that_has_collapsed_is_not_equivalent():
    black = cell(0.3, 12, coverage=0.0)
    table = found(study({"black": black, "same": cell(0.3, 12)}, cell(0.3, 12, share=-1.0)))
    assert table["verdict"].to_dict() == {"black": "not judged", "same": "equivalent"}


def test_a_side_that_has_learnt_nothing_is_named_where_it_is_worse():
    row = found(study({"tip": cell(1.6)})).loc["tip"]
    why = "the side that follows it has not learnt (its final KID is 94 % of its untrained KID)"
    assert (row["verdict"], row["reason"]) == ("worse", why)


def test_where_neither_side_has_learnt_that_contrast_is_not_judged():
    """As in an ablation, whose tips are contrasted with a recipe, too."""
    tips = {"recipe": cell(1.6), "without": cell(1.2), "tip": cell(0.1)}
    weights = {"tip": {"tip": 1, "reference": -1}, "left out": {"recipe": 1, "without": -1}}
    frames = study(tips, weights=weights)
    table = found(frames)
    assert table["verdict"].to_dict() == {"tip": "better", "left out": "not judged"}
    assert table.loc["left out", "reason"].startswith("neither side has learnt (")
    judged = judge_claims(frames, rank_contrasts(frames)).groupby("contrast")["judgement"].agg(set)
    assert judged["left out"] == {"not judged"}


def test_before_any_seed_has_both_sides_a_first_divergence_is_no_verdict_on_a_side():
    frames = study({"tip": cell(diverged=1)})
    frames.trials = frames.trials[
        (frames.trials["cell"] == "tip") & (frames.trials["seed"] > 3)
        | (frames.trials["cell"] == "reference") & (frames.trials["seed"] < 2)
    ]
    row = found(frames).loc["tip"]
    assert (row["n"], row["verdict"], row["unlearnt_following"]) == (0, "inconclusive", "")


def test_sides_of_many_cells_are_judged_by_all_their_trials():
    cells = {"a": cell(0.3), "b": cell(1.6, collapsed=6), "c": cell(0.2), "d": cell(1.6)}
    rates = {"rate": {"b": 0.5, "d": 0.5, "a": -0.5, "c": -0.5},
             "tip": {"c": 0.5, "d": 0.5, "a": -0.5, "b": -0.5}}  # fmt: skip
    table = found(study(cells, weights=rates))
    assert table.loc["rate", "verdict"] == "worse"
    assert "the side that follows it" in table.loc["rate", "reason"]
    assert table.loc["tip", "reason"].startswith("neither side has learnt (")


def test_a_profile_without_evidence_gives_no_place_to_what_collapsed_either():
    table = rank_contrasts(
        study({"black": cell(0.05, coverage=0.0), "b": cell(0.2)}, evidence=False)
    )
    assert set(table["verdict"]) == {"not judged"}
    assert table["contrast"].tolist() == ["b", "black"]
    assert table["place"].fillna(0).tolist() == [1, 0]


def test_the_margin_is_a_share_of_what_was_learnt():
    table = found(study({"tip": cell()}, cell(0.3, untrained=1.7)))
    mean = np.mean(0.3 + 0.01 * WAVE[:6])
    assert table.loc["tip", "margin"] == pytest.approx(0.05 * (1.7 - mean))
    # nothing was learnt, by an objective that need not be the last KID
    table = found(study({"tip": cell()}, cell(0.3, untrained=0.25), objective="area"))
    assert np.isnan(table.loc["tip", "margin"])


def test_a_time_has_a_margin_of_its_own_and_budgets_are_not_equally_long():
    times = study(
        {"tip": cell(100.0, 8)}, cell(100.0, 8, share=-1.0), objective="time_to_threshold"
    )
    times.trials["final_kid"] = 0.3
    row = found(times).loc["tip"]
    assert row["margin"] == pytest.approx(5, rel=0.01)
    assert row["verdict"] == "equivalent"
    times.trials["censored"] = 1.0
    assert found(times).loc["tip", "verdict"] == "inconclusive"
    learnt = times.trials["cell"] == "tip"
    times.trials.loc[learnt, "censored"] = 0.0  # it got there, if at the very end
    assert found(times).loc["tip", "verdict"] == "equivalent"
    times.trials["final_kid"] = 1.6
    assert found(times).loc["tip", "verdict"] == "not judged"


@pytest.mark.parametrize(
    ("evaluations", "final", "verdict"),
    [(20, 0, "inconclusive"), (100, 0, "equivalent"), (100, 90, "inconclusive")],
)
def test_times_of_few_evaluations_are_too_coarse_to_be_equal(evaluations, final, verdict):
    same = cell(100.0, 8, share=0.0)  # all seen at the same evaluation
    times = study({"tip": same}, same, objective="time_to_threshold")
    times.trials["final_kid"] = 0.3
    times.configs["reference"] |= {
        "training.evaluations": evaluations,
        "training.final_evaluations": final,
    }
    row = found(times).loc["tip"]
    # the region is ± 5 kimg, the evaluations 10, 2 and, before the last fifth, 16 apart
    assert row["verdict"] == verdict
    assert row["margin"] == pytest.approx(5)


def test_two_seeds_are_never_equivalent():
    for seeds in (2, 3, 5):
        row = found(study({"tip": cell(0.3, seeds, share=0.0)}, cell(0.3, seeds))).loc["tip"]
        assert row["verdict"] == "inconclusive"


OTHERS = {"b": cell(0.29), "c": cell(0.31, share=0.5), "d": cell(0.2)}


@pytest.mark.parametrize("lost", [1, 2, 6])
@pytest.mark.parametrize(("side", "verdict"), [("followed", "worse"), ("ignored", "better")])
def test_a_divergence_does_not_weaken_what_it_speaks_for(lost, side, verdict):
    """However far its failure value lies from the other differences."""
    bad = cell(0.45, diverged=lost)
    weights = {name: {name: 1, "reference": -1} for name in OTHERS}
    weights["tip"] = (
        {"bad": 1, "reference": -1} if side == "followed" else {"bad": -1, "reference": 1}
    )
    row = found(study({**OTHERS, "bad": bad}, weights=weights)).loc["tip"]
    sides = {"followed": FOLLOWS, "ignored": IGNORES}
    assert row["verdict"] == verdict
    assert f"{sides[side]} diverged in {lost} of 6 seeds" in row["reason"]


def test_where_the_reference_always_diverges_the_others_are_better():
    table = found(study({"tip": cell(0.2), "lost": cell(0.2, diverged=6)}, cell(diverged=6)))
    assert table.loc["tip", "verdict"] == "better"
    assert table.loc["tip", "reason"] == f"{IGNORES} diverged in 6 of 6 seeds"
    assert table.loc["lost", "verdict"] == "not judged"


@pytest.mark.parametrize(("seeds", "contrasts", "verdict"), [
    (3, 1, "worse"), (2, 1, "inconclusive"), (4, 6, "worse"), (4, 7, "inconclusive"),
])  # fmt: skip
def test_all_seeds_of_one_side_alone_are_judged_by_their_count(seeds, contrasts, verdict):
    tips = {f"t{n}": cell(0.3 + 0.01 * n, seeds) for n in range(contrasts - 1)}
    lost = cell(seeds=seeds, diverged=seeds)
    for seed, row in enumerate(lost):
        row["final"] = 1.7 * 10**seed  # scattered beyond any t
    row = found(study({**tips, "lost": lost}, cell(0.3, seeds, share=-1.0))).loc["lost"]
    assert row["verdict"] == verdict


def test_failure_values_that_do_not_scatter_make_two_seeds_no_surer():
    """A paired t of them would give a p of next to nothing."""
    lost = cell(seeds=2, diverged=2)
    for seed, row in enumerate(lost):
        row["final"] = 1.7 + 1e-4 * seed
    row = found(study({"lost": lost}, cell(0.3, 2))).loc["lost"]
    assert (row["verdict"], row["p_adjusted"]) == ("inconclusive", 0.125)
    assert row["reason"] == f"{FOLLOWS} diverged in 2 of 2 seeds"


def test_what_speaks_against_a_verdict_takes_it_away():
    """Better in eleven of twelve seeds, and diverged in the last: that counts whole."""
    row = found(study({"tip": cell(0.2, 12, diverged=1)}, cell(0.3, 12, share=-1.0))).loc["tip"]
    assert (row["verdict"], row["verdict_finished"]) == ("inconclusive", "better")
    assert "better without the seeds in which a side diverged" in row["reason"]
    assert f"{FOLLOWS} diverged in 1 of 12 seeds" in row["reason"]


def test_the_finished_seeds_veto_by_the_opposite_or_by_nothing_of_enough():
    def of(finals, lost, seeds):
        tip = cell(0.3, seeds, diverged=lost)
        for row, final in zip(tip, finals, strict=False):
            row["final"] = final
        return found(study({"tip": tip}, cell(0.3, seeds, share=0.0))).loc["tip"]

    # seven that scatter about nothing, five that diverged: nothing of enough
    row = of([0.31, 0.29, 0.32, 0.3, 0.28, 0.34, 0.33], 5, 12)
    assert row["verdict_finished"] == "inconclusive"
    assert row["verdict"] == "inconclusive"
    # of four that finished nothing can be said
    row = of([0.31, 0.31, 0.32, 0.305], 8, 12)
    assert (row["verdict"], row["verdict_finished"]) == ("worse", "inconclusive")
    # six that are surely better, and as many failures
    row = of([0.2, 0.21, 0.19, 0.2, 0.22, 0.2], 6, 12)
    assert row["verdict"] == "inconclusive"


@pytest.mark.slow
def test_the_test_with_failures_stays_exact():
    """Failures of either side alike, in heavy scatter: at most alpha of studies find any effect.

    Of the p that verdicts follow from, before any veto. 500 studies find an error rate of 0.10 in
    nine of ten cases.
    """
    random = np.random.default_rng(0)
    hits, repeats = 0, 500
    for _ in range(repeats):
        lost = random.random((6, 4)) < 0.2  # the reference and three tips
        final = np.where(lost, 1.7, 0.3 + 0.05 * random.standard_t(3, lost.shape))
        table = estimates(final[:, 1:] - final[:, :1], 0.05, True, lost[:, 1:] | lost[:, :1])
        hits += bool((table["p_adjusted"] <= 0.05).any())
    assert hits / repeats <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / repeats)
