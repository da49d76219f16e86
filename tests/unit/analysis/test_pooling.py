"""Effects pooled over data sets: shares, what is refused and why, and the table of tips."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from harness.analysis.effects import differences
from harness.analysis.frame import load
from harness.analysis.looks import look_at
from harness.analysis.poolable import name_set
from harness.analysis.pooling import pool_runs, share
from harness.analysis.random_effects import combine
from harness.analysis.ranking import rank_contrasts
from harness.analysis.repeated import nominal_levels
from harness.core.errors import HarnessError
from harness.report.plots.pooled import pooled_info
from harness.report.pooled import intervals_by_set
from harness.runs.stages import LooksRecord
from tests.synthetic import BASELINE, TIDY, build

QUICK = BASELINE | {"training.evaluations": 5, "training.kimg": 32.0}
NAMES = ("one", "two", "three")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Two tips, six seeds, at 8 px."""
    recipe = replace(TIDY, run_name="one", tips=TIDY.tips[:2], seeds=range(6), grids=1)
    recipe = replace(recipe, baseline={**QUICK, "data.image_size": 8})
    return load("one", build(tmp_path_factory.mktemp("sets"), recipe))


def test_a_folder_of_images_goes_by_its_own_name(built):
    assert name_set(built) == "cifar10, 8 px"
    folder = {"data.name": "folder", "data.path": "runs/data/flowers"}
    configs = {label: knobs | folder for label, knobs in built.configs.items()}
    assert name_set(replace(built, configs=configs)) == "flowers, 8 px"


def _at(run, name, size, factor):
    """The run at another image size, where effects are that many times as large."""
    trials = run.trials.copy()
    level = trials["seed"].map(trials[trials["cell"] == "reference"].set_index("seed")["final"])
    noise = np.random.default_rng(size).normal(0, 0.003, len(trials))
    moved = level + factor * (trials["final"] - level) + noise
    trials["final"] = trials["final"].where(trials["cell"] == "reference", moved)
    configs = {label: {**knobs, "data.image_size": size} for label, knobs in run.configs.items()}
    return replace(run, plan=run.plan.replaced(run_name=name), trials=trials, configs=configs)


@pytest.fixture(scope="module")
def frames(built):
    runs = {"one": built, "two": _at(built, "two", 16, 0.9), "three": _at(built, "three", 32, 1.1)}
    few = _at(built, "few", 64, 1.0)
    return runs | {
        "four": _at(built, "four", 64, 1.2),
        "again": _at(built, "again", 16, 1.0),
        "few": replace(few, trials=few.trials[few.trials["seed"] == 0]),
        "noted": replace(few, plan=few.plan.replaced(evidence=False)),
    }


@pytest.fixture(scope="module")
def pool(frames):
    """A function that pools runs; what a test leaves as it is is ranked once."""
    made = {}

    def ranked(run):
        for name, whole in frames.items():
            if run is whole:
                return made.setdefault(name, rank_contrasts(run))
        return rank_contrasts(run)

    return lambda runs: pool_runs(runs, {name: ranked(run) for name, run in runs.items()})


@pytest.fixture
def refused(pool):
    """A function that gives the message of runs that cannot be pooled."""

    def message(runs):
        with pytest.raises(HarnessError) as caught:
            pool(runs)
        return str(caught.value)

    return message


def _named(frames, *names):
    return {name: frames[name] for name in names}


def test_a_tip_has_one_estimate_over_all_sets(frames, pool):
    found = pool(_named(frames, *NAMES))
    assert sorted(found.tips["contrast"]) == ["adam_beta_1", "spectral_norm"]
    assert (found.left_out.empty, found.cautions, found.alpha) == (True, [], 0.05)
    for tip in found.tips.itertuples():
        own = found.sets[found.sets["contrast"] == tip.contrast]
        assert list(own["run"]) == list(NAMES)
        expected = combine(own["effect"].to_numpy(), own["error"].to_numpy() ** 2)
        assert (tip.effect, tip.error, tip.p) == pytest.approx(
            (expected.effect, expected.error, expected.p)
        )
        assert own["weight"].to_list() == pytest.approx(list(expected.weights))
        assert (tip.t_low, tip.t_high) == pytest.approx(expected.interval(0.05))
        assert (tip.low, tip.high) == pytest.approx(expected.interval(1 - 0.95**0.5))
        assert (tip.predicted_low, tip.predicted_high) == pytest.approx(expected.prediction(0.05))
    first, second = sorted(found.tips["p"])
    assert sorted(found.tips["p_adjusted"]) == pytest.approx(
        sorted([min(1, 2 * first), max(second, min(1, 2 * first))])
    )
    assert list(found.tips["effect"]) == sorted(found.tips["effect"])
    assert found.tips["verdict"].to_list() == [
        "better" if p <= 0.05 else "inconclusive" for p in found.tips["p_adjusted"]
    ]


def test_an_effect_is_a_share_of_what_its_reference_learnt(frames, pool):
    found = pool(_named(frames, *NAMES))
    row = found.sets[(found.sets["run"] == "two") & (found.sets["contrast"] == "spectral_norm")]
    trials = frames["two"].trials
    reference = trials[trials["cell"] == "reference"].set_index("seed")
    learnt = (reference["untrained"] - reference["final"]).mean()
    effect = rank_contrasts(frames["two"]).set_index("contrast")["effect"]["spectral_norm"]
    assert row["learnt"].item() == pytest.approx(learnt)
    assert row["effect"].item() == pytest.approx(effect / learnt)
    assert row["set"].item() == "cifar10, 16 px"


def test_the_error_of_a_share_is_that_of_its_linear_part(frames):
    weights = frames["one"].plan.contrast("adam_beta_1").weights
    by_seed = differences(frames["one"].trials, weights).set_index("seed")["difference"]
    learnt = pd.Series(np.linspace(0.7, 0.8, 6), index=range(6))
    found = share(by_seed, learnt)
    linear = (by_seed - found.effect * learnt) / learnt.mean()
    assert found.error == pytest.approx(linear.std(ddof=1) / 6**0.5)
    constant = share(by_seed, pd.Series(0.5, index=range(6)))
    assert constant.error == pytest.approx(by_seed.std(ddof=1) / 6**0.5 / 0.5)


def test_the_error_of_a_share_is_right_by_simulation():
    """Of unequal seeds, with a numerator and denominator that are correlated."""
    random, shares, errors = np.random.default_rng(0), [], []
    for _ in range(300):
        final = random.normal(0.2, 0.03, 12)
        by_seed = pd.Series(0.5 * final + random.normal(-0.3, 0.03, 12)).iloc[:10]
        found = share(by_seed, pd.Series(0.9 - final))
        shares.append(found.effect)
        errors.append(found.error)
    assert np.mean(errors) == pytest.approx(np.std(shares), rel=0.12)


def test_all_reasons_are_one_message_that_names_the_runs(frames, refused):
    said = refused(_named(frames, "two", "again"))
    assert said.startswith("these runs cannot be pooled: 2 runs are named, and it takes 3 or more")
    assert "two and again have the same images (cifar10, 16 px): name one of them" in said
    assert "noted: its profile declares that its numbers are no evidence" in refused(
        _named(frames, "one", "two", "noted")
    )
    few = refused(_named(frames, "one", "two", "few"))
    titles = (
        "Adam with beta_1 = 0.5 instead of 0.9",
        "Spectral normalisation in the discriminator",
    )
    assert "; ".join(f"{title}: few has n = 1" for title in titles) in few


def _with(frames, **changes):
    """The three runs, the last with other fields."""
    runs = _named(frames, *NAMES)
    return runs | {"three": replace(runs["three"], **changes)}


def test_other_objectives_and_metrics_are_refused(frames, refused):
    plan = frames["three"].plan
    said = refused(_with(frames, plan=plan.replaced(objective="best")))
    assert "objectives differ: final (one and two); best (three)" in said
    metrics = frames["three"].metrics.assign(encoder="classifier", encoder_digest="12")
    said = refused(_with(frames, metrics=metrics))
    assert "metrics differ: inception_v3 0a1b2c3d by keras75 (one and two); " in said
    assert "classifier 12 by keras75 (three)" in said
    time = plan.replaced(objective="time_to_threshold", threshold=0.3)
    runs = {name: replace(frames[name], plan=time) for name in NAMES}
    assert refused(runs).count("a time to a threshold has no untrained value") == 3


def test_a_reference_that_has_not_learnt_is_refused(frames, refused):
    trials = frames["three"].trials.assign(final_kid=0.8)
    assert "three: the reference has not learnt: its final KID is" in refused(
        _with(frames, trials=trials)
    )
    unknown = frames["three"].trials.assign(untrained=np.nan)
    assert "three: how much its reference has learnt is not known" in refused(
        _with(frames, trials=unknown)
    )


def _configs(frames, knob, value, label="spectral_norm=following"):
    configs = dict(frames["three"].configs)
    return configs | {label: {**configs[label], knob: value}}


def test_a_tip_with_other_sides_is_left_out(frames, pool):
    other = _configs(frames, "loss.label_smoothing", 0.1)
    found = pool(_with(frames, configs=other))
    assert found.tips["contrast"].to_list() == ["adam_beta_1"]
    (left,) = found.left_out.itertuples()
    assert left.contrast == "spectral_norm"
    assert left.reason == (
        "its sides differ: loss.label_smoothing the same on both sides (one), 0.1 against 0 (three)"
    )


def test_sides_that_are_the_same_multiple_are_alike(frames, pool):
    """As of a tip that asks for more of something, at another baseline."""
    label = "adam_beta_1=ignoring"
    path = "optimizer.generator.beta_1"
    configs = _configs(frames, path, 0.45, label)
    configs["reference"] = {**configs["reference"], path: 0.25}
    configs["spectral_norm=following"] = {**configs["spectral_norm=following"], path: 0.25}
    assert len(pool(_with(frames, configs=configs)).tips) == 2
    configs[label] = {**configs[label], path: 0.5}
    found = pool(_with(frames, configs=configs))
    assert found.tips["contrast"].to_list() == ["spectral_norm"]
    assert f"{path} 0.5 against 0.9 (one), 0.25 against 0.5 (three)" in (
        found.left_out["reason"].item()
    )


def test_a_tip_in_two_runs_or_of_two_designs_is_left_out(frames, pool):
    plan = frames["three"].plan
    one, two = plan.contrasts
    found = pool(_with(frames, plan=plan.replaced(contrasts=(one,))))
    assert found.left_out["reason"].item() == "only one and two have it"
    renamed = one.replaced(design="leave_one_out", name=f"{one.name} (leave one out)")
    runs = _with(frames, plan=plan.replaced(contrasts=(renamed, two)))
    assert pool(runs).left_out["reason"].to_list() == [
        "designs differ: one_at_a_time (one and two); leave_one_out (three)"
    ]
    turned = two.replaced(design="leave_one_out")
    runs = _with(frames, plan=plan.replaced(contrasts=(one, turned)))
    assert pool(runs).left_out["reason"].item() == (
        "designs differ: one_at_a_time (one and two); leave_one_out (three)"
    )


def test_a_side_that_has_not_learnt_leaves_its_tip_out(frames, pool):
    trials = frames["three"].trials
    lost = trials["cell"] == "spectral_norm=following"
    trials = trials.assign(flags=np.where(lost, "collapsed", trials["flags"]))
    found = pool(_with(frames, trials=trials))
    reason = found.left_out["reason"].item()
    assert reason.startswith("three does not judge it: ")
    assert "the side that follows it has not learnt (6 of 6 trials collapsed)" in reason


def test_seeds_that_all_agree_have_no_weight(frames, refused):
    trials = frames["three"].trials
    trials = trials.assign(final=trials.groupby("cell")["final"].transform("mean"))
    trials = trials.assign(untrained=0.9)
    said = refused(_with(frames, trials=trials))
    assert "instead of 0.9: all seeds of three agree, so its weight is not known" in said


def test_few_seeds_and_missing_trials_are_cautions(frames, pool):
    trials = frames["three"].trials
    trials = trials.assign(
        status=trials["status"].where(trials["seed"] < 3, "missing"),
        final=trials["final"].where(trials["seed"] < 3),
    )
    few, interim = pool(_with(frames, trials=trials)).cautions
    assert few.startswith("three has 3 seeds in a contrast")
    assert interim == "Interim: trials of three are missing."


def _looked_at(run, **changes):
    """The run as a sequential one that has taken its only look."""
    plan = run.plan
    looks = LooksRecord(
        alpha=0.08,
        contrasts=tuple(one.name for one in plan.contrasts),
        seeds=tuple(range(6)),
        planned=(6,),
        futility=0.1,
    )
    looks = looks.added(look_at(run, looks)).replaced(**changes)
    return replace(run, plan=plan.replaced(looks=looks))


def test_a_sequential_run_has_repeated_intervals_and_a_caution(frames, pool):
    runs = _named(frames, *NAMES)
    plain = pool(runs)
    found = pool(runs | {"two": _looked_at(frames["two"])})
    for before, after in zip(plain.sets.itertuples(), found.sets.itertuples(), strict=True):
        assert (after.contrast, after.run, after.effect) == (
            before.contrast, before.run, pytest.approx(before.effect)
        )  # fmt: skip
        if after.run != "two":
            assert (after.interval, after.low) == ("alone", before.low)
            continue
        looks = _looked_at(frames["two"]).plan.looks
        seen = looks.last[after.contrast].decision
        level = nominal_levels(0.08 / 2, (1.0,))[0]
        half = stats.t.ppf(1 - level / 2, 5) * after.error
        assert after.interval == "repeated"
        assert (after.low, after.high) == pytest.approx((after.effect - half, after.effect + half))
        assert after.high - after.low > before.high - before.low
        share = (seen["high"] - seen["low"]) / after.learnt
        assert after.high - after.low == pytest.approx(share, rel=0.15)  # the scatter of both
    (caution,) = found.cautions
    assert caution.startswith("two is a sequential run: contrasts stop where their data look clear")
    guide = (Path(__file__).parents[3] / "docs" / "statistics.md").read_text()
    _, _, table = guide.partition("its 95 % interval covers |\n")
    rows = [line.split("|") for line in table.partition("\n\n")[0].splitlines()[1:]]
    least = min(float(row[-2]) for row in rows)
    simulated = f"covered the true effect in at least {100 * least:.1f} % of cases."
    assert "In simulations" in caution
    assert caution.endswith(simulated)


def test_seeds_of_the_looks_of_another_run_give_no_interval(frames, pool):
    scored = _looked_at(frames["two"], taken=(), seeds_of="other")
    found = pool(_named(frames, *NAMES) | {"two": scored})
    rows = found.sets[found.sets["run"] == "two"]
    assert rows[["low", "high"]].isna().all(axis=None)
    assert set(rows["interval"]) == {"none"}
    assert rows["weight"].gt(0).all()
    assert intervals_by_set(found) == (
        "intervals of one and three are each for its row alone; none of two, as no look was "
        "taken by its metric"
    )
    forest = pooled_info(found.tips, found.sets)
    assert forest.low < min(found.sets["effect"]) * 100 < forest.high


def test_only_what_a_look_saw_is_pooled(frames, pool):
    """As of crossed factors, whose cells go on until all contrasts are closed."""
    seen = _looked_at(frames["two"])
    moved = seen.trials["final"].where(seen.trials["cell"] == "reference", 0.5)
    before, after = (
        pool(_named(frames, *NAMES) | {"two": run}).sets["effect"].to_list()
        for run in (seen, replace(seen, trials=seen.trials.assign(final=moved)))
    )
    assert after == before


def test_a_metric_of_an_old_record_has_no_digest_of_its_encoder(tmp_path):
    recipe = replace(TIDY, run_name="old", tips=TIDY.tips[:1], seeds=range(2), grids=1)
    runtime = build(tmp_path, replace(recipe, baseline=QUICK))
    for path in runtime.trials.glob("*/evaluations/*.json"):
        about = json.loads(path.read_text())
        del about["encoder_digest"]
        path.write_text(json.dumps(about))
    old = load("old", runtime)
    assert set(old.metrics["encoder_digest"]) == {""}
    with pytest.raises(HarnessError, match="2 runs are named"):
        pool_runs({"old": old, "again": old}, {})


def test_more_sets_are_pooled_from_those_that_have_a_tip(frames, pool):
    found = pool(_named(frames, *NAMES, "four"))
    assert set(found.tips["sets"]) == {4}
    json.dumps(found.tips.to_dict("records"))
