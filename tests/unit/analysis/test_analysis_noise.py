"""Where a contrast's variance comes from: two-way analysis of variance of its blocks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from harness.analysis import noise as module
from harness.analysis import remedies
from harness.analysis.blocks import collect_blocks
from harness.analysis.frame import load
from harness.analysis.noise import split_variance, two_way
from harness.analysis.objectives import objective
from harness.config.trial import Schedule
from harness.core.files import read_json, write_json
from harness.metrics.kid import HALVES, SHARED_HALVES
from harness.report.data import analyse
from harness.report.sections import noise as section
from harness.report.sections import verdict
from harness.runs.rows import ScoreRow
from tests.synthetic import BASELINE, TIDY, TIPS, Recipe, build

RUN = Recipe.run_name
SEEDS, EVALUATIONS, PARTS = 400, 3, 8
COUNT, TRAINING, SCORING, SAMPLES = 12, 60.0, 2.0, 2048  # evaluations, seconds, images
EVALUATION, SHORT, CELL, IMAGES = 0.008, 0.003, 0.010, 0.004  # standard deviations, of one cell


def test_it_is_the_two_way_table_of_statsmodels():
    random = np.random.default_rng(0)
    D = random.normal(size=(6, 16)) + random.normal(size=16) + random.normal(size=(6, 1))
    long = pd.DataFrame(D).melt(ignore_index=False, var_name="block", value_name="y")
    long = long.rename_axis("seed").reset_index()
    table = anova_lm(ols("y ~ C(seed) + C(block)", long).fit())["mean_sq"]
    evaluation, images = two_way(D)
    assert evaluation == pytest.approx(table["Residual"] / 16)
    assert images == pytest.approx((table["C(block)"] - table["Residual"]) / 6 / 16)
    # what is left of the variance of the seeds' means is theirs
    assert D.mean(1).var(ddof=1) == pytest.approx(table["C(seed)"] / 16)


def _frames(tmp_path: Path, wild=1.0):
    """Two contrasts with known parts of variance; of the second all is `wild` times as large."""
    random = np.random.default_rng(0)
    baseline = BASELINE | {"training.evaluations": COUNT}
    recipe = replace(TIDY, tips=TIPS[1:3], seeds=range(8), baseline=baseline)
    frames = load(RUN, build(tmp_path, recipe))
    cells = {label: wild if label == recipe.label(TIPS[2]) else 1.0 for label in recipe.cells()}
    fixed = {cell: random.normal(0, IMAGES * np.sqrt(PARTS), PARTS) * cells[cell] for cell in cells}
    rows, made = [], {}
    weights = np.full(EVALUATIONS, 1 / EVALUATIONS)
    for seed in range(SEEDS):
        shared = random.normal(0, 1.0, (EVALUATIONS, PARTS))  # of all cells: cancels in pairs
        for cell, size in cells.items():
            own = random.normal(0, EVALUATION * np.sqrt(PARTS), (EVALUATIONS, PARTS))
            ups = random.normal(0, SHORT * np.sqrt(EVALUATIONS), (EVALUATIONS, 1))
            values = size * (own + ups + random.normal(0, CELL)) + fixed[cell] + shared
            known = frames.blocks["reference", 0]
            made[cell, seed] = known._replace(weights=weights, kids=values.mean(1), parts=values)
            rows.append({"cell": cell, "seed": seed, "final": values.mean()})
    trials = pd.DataFrame(rows).assign(
        status="finished", identity="kid", flags="", seconds=TRAINING,
        evaluation_seconds=SCORING * (COUNT + 1),
    )  # fmt: skip
    plan = frames.plan.replaced(seeds=tuple(range(SEEDS)))
    curves = trials[["cell", "seed"]].loc[trials.index.repeat(COUNT + 1)]
    metrics = pd.DataFrame([{"identity": "kid", "n": SAMPLES}])
    return replace(
        frames, plan=plan, trials=trials, blocks=made, curves=curves, metrics=metrics, images={}
    )


def test_the_parts_of_a_contrast_are_found(tmp_path: Path):
    table = split_variance(_frames(tmp_path)).set_index("contrast")
    row = table.loc[TIPS[1].name]
    assert row["by"] == module.BLOCKS
    # of a difference of two cells, and of the mean of its evaluations
    assert row["evaluation"] == pytest.approx(2 * EVALUATION**2 / EVALUATIONS, rel=0.1)
    assert row["short_term"] == pytest.approx(2 * SHORT**2, rel=0.3)
    assert row["rest"] == pytest.approx(2 * CELL**2, rel=0.2)
    parts = row["evaluation"] + row["short_term"] + row["rest"]
    assert row["variance"] == pytest.approx(parts)
    assert row["images"] < 20 * IMAGES**2  # eight draws
    assert row["images"] > 0.3 * IMAGES**2
    assert row["removed"] > 0.9  # what cells share is a hundred times as large
    variance = 2 * (EVALUATION**2 / EVALUATIONS + SHORT**2 + CELL**2)
    halved = 1 - EVALUATION**2 / EVALUATIONS / variance  # of both cells
    hours = (TRAINING + 26 * SCORING * np.array([2, 16 / 13]) / 2) / (TRAINING + 13 * SCORING)
    assert row["more_samples"] == pytest.approx(halved * hours[0], rel=0.02)
    assert row["more_evaluations"] == pytest.approx(halved * hours[1], rel=0.02)


def test_a_wild_contrast_leaves_the_others_as_they_are(tmp_path: Path):
    calm = split_variance(_frames(tmp_path / "a")).set_index("contrast").loc[TIPS[1].name]
    table = split_variance(_frames(tmp_path / "b", 50.0)).set_index("contrast")
    assert table.loc[TIPS[1].name].equals(calm)
    assert table.loc[TIPS[2].name, "variance"] > 1000 * calm["variance"]


def test_what_cannot_be_told_gives_no_advice(tmp_path: Path):
    frames = _frames(tmp_path)
    again = frames.curves.iloc[:-1]  # a trial was scored again, by other seconds
    unmeasured = frames.trials.assign(evaluation_seconds=np.nan)
    for changed in (
        {"curves": again},
        {"trials": unmeasured},
        {"metrics": frames.metrics.iloc[:0]},
    ):
        last = split_variance(replace(frames, **changed)).iloc[-1]
        assert last["advice"] == ""
        assert np.isnan([last["more_samples"], last["more_evaluations"], last["factor"]]).all()


def test_of_other_objectives_only_samples_are_known(tmp_path: Path):
    frames = _frames(tmp_path)
    other = replace(frames, plan=frames.plan.replaced(objective="area"))
    table, now = split_variance(other), split_variance(frames)
    assert table["more_evaluations"].isna().all()
    assert table["more_samples"].equals(now["more_samples"])
    assert set(table["advice"]) == {remedies.SEEDS} != set(now["advice"])


def test_below_the_seeds_of_the_exact_test_seeds_are_advised(tmp_path: Path):
    frames = _frames(tmp_path)
    few = frames.trials[frames.trials["seed"] < 5]
    curves = frames.curves[frames.curves["seed"] < 5]
    table = split_variance(replace(frames, trials=few, curves=curves))
    assert list(table["advice"]) == [remedies.SEEDS] * 2
    assert list(table["factor"]) == [1.0] * 2


def _row(number, kid, **more):
    return ScoreRow(evaluation=number, kid=kid, kimg=10.0 * number, kid_blocks=[kid, kid], **more)


@pytest.mark.parametrize("name", ["final", "area"])
@pytest.mark.parametrize("count", [1, 2, 10])
def test_weights_are_those_of_the_objective(name, count):
    rows = [_row(number, 1 / (1 + number**2)) for number in range(count + 1)]
    found = collect_blocks(rows, False, name, {"training.evaluations": count})
    value = objective(name).score(rows, Schedule(count), np.nan).value
    assert found.weights @ found.kids == pytest.approx(value)
    assert found.weights.sum() == pytest.approx(1)
    assert collect_blocks(rows[:-1], False, name, {"training.evaluations": count}) is None
    assert collect_blocks(rows, False, "best", {"training.evaluations": count}) is None


def test_overlapping_subsets_are_told_from_halves_and_those_of_old_records_from_errors():
    """Old halves share their generated images, so they are no replicates."""
    config = {"training.evaluations": 1}
    new, old = (
        [_row(1, 0.3, **dict(zip(names, (0.2, 0.4), strict=True)))]
        for names in (HALVES, SHARED_HALVES)
    )
    assert collect_blocks(new, True, "final", config).parts.tolist() == [[0.2, 0.4]]
    found = collect_blocks(old, True, "final", config)
    assert found.parts is None
    assert found.errors.tolist() == [pytest.approx(0.1)]


def test_what_old_records_tell_is_marked(tmp_path: Path):
    frames = _frames(tmp_path)
    errors = np.full(EVALUATIONS, EVALUATION)
    old = {at: one._replace(parts=None, errors=errors) for at, one in frames.blocks.items()}
    table = split_variance(replace(frames, blocks=old))
    assert set(table["by"]) == {module.ERRORS}
    assert list(table["evaluation"]) == pytest.approx([2 * EVALUATION**2 / EVALUATIONS] * 2)
    assert table["images"].isna().all()
    lost = {at: one for at, one in frames.blocks.items() if at != ("reference", 3)}
    unknown = split_variance(replace(frames, blocks=lost))
    assert unknown["evaluation"].isna().all()
    assert set(unknown["advice"]) == {""}


def test_what_is_not_known_of_a_variance_is_a_dash(tmp_path: Path):
    data = analyse(load(RUN, build(tmp_path, replace(TIDY, seeds=range(3)))))
    unknown = data.noise.assign(evaluation=np.nan, short_term=np.nan, rest=np.nan)
    blocks = section.build(replace(data, noise=unknown))
    (table,) = [block for block in blocks if block.kind == "table"]
    assert {cell for row in table.rows for cell in row[3:6]} == {"–"}


def test_the_page_says_it_by_contrast(tmp_path: Path):
    runtime = build(tmp_path, replace(TIDY, seeds=range(3)))
    data = analyse(load(RUN, runtime))
    (table,) = [block for block in section.build(data) if block.kind == "table"]
    assert [row[0] for row in table.rows] == [tip.title for tip in TIPS]
    # the record's blocks move together, so that scoring is no noise
    texts = [block.text for block in verdict.build(data) if block.kind == "text"]
    assert [text for text in texts if "scoring makes up 0 %; " in text]
    settings = "evaluation.samples 1024"
    factors = [0.75, 0.8, 1.0, 1.0]
    mixed = data.noise.assign(advice=[settings] * 2 + [remedies.SEEDS] * 2, factor=factors)
    said = (
        f"{settings} would give the same interval of “{TIPS[0].title}”, “{TIPS[1].title}” in 20 to "
        "25 % fewer trial hours; the others need more seeds."
    )
    assert [text for text in _said(replace(data, noise=mixed)) if said in text]
    others = mixed.assign(advice=[settings] * 3 + ["evaluation.samples 512"])
    said = f"“{TIPS[2].title}” in 0 to 25 % fewer trial hours; advice on the others is in the table"
    assert [text for text in _said(replace(data, noise=others)) if said in text]
    alike = data.noise.assign(advice=settings, factor=0.75)
    said = f"{settings} would give the same intervals in 25 % fewer trial hours."
    assert [text for text in _said(replace(data, noise=alike)) if said in text]
    seeds = {"advice": remedies.SEEDS, "more_evaluations": 1.02}
    one = data.noise.assign(**seeds, more_samples=[1.03, 0.91, 1.0, 0.54])
    said = (
        "more seeds would narrow the intervals, other settings of the evaluations only that of "
        f"“{TIPS[3].title}” (“Samples × 2” and"
    )
    assert [text for text in _said(replace(data, noise=one)) if said in text]
    said = "more seeds would narrow the intervals, and so would other settings of the evaluations ("
    assert [
        text for text in _said(replace(data, noise=one.assign(more_samples=0.5))) if said in text
    ]
    said = "other settings of the evaluations hardly."
    assert [
        text for text in _said(replace(data, noise=one.assign(more_samples=1.0))) if said in text
    ]
    (table,) = [b for b in section.build(replace(data, noise=mixed)) if b.kind == "table"]
    hours = "fewer trial hours for the same interval"
    assert [row[-1] for row in table.rows] == [
        f"{settings}: 25 % {hours}", f"{settings}: 20 % {hours}", *[remedies.SEEDS] * 2
    ]  # fmt: skip


def _said(data):
    return [block.text for block in verdict.build(data) if block.kind == "text"]


def test_an_objective_that_is_no_mean_has_no_parts(tmp_path: Path):
    runtime = build(tmp_path, replace(TIDY, seeds=range(3)))
    path = runtime.study(RUN) / "plan.json"
    write_json(path, read_json(path) | {"objective": "time_to_threshold", "threshold": 0.3})
    data = analyse(load(RUN, runtime))
    assert data.noise["evaluation"].isna().all()
    assert data.noise["variance"].notna().all()
    assert section.build(data)
    assert not [
        block for block in verdict.build(data) if "scoring makes up" in getattr(block, "text", "")
    ]
