"""Verdicts by a second metric: table, first screen, files, and what is said without one."""

import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from harness import app
from harness.analysis.frame import load
from harness.analysis.further import Match, compare_verdicts
from harness.analysis.verdicts import BETTER, EQUIVALENT, INCONCLUSIVE, NOT_JUDGED, WORSE
from harness.app import running
from harness.config.runtime import Runtime
from harness.core.files import read_json, write_json
from harness.execution.options import Options
from harness.report import page, render, second, words
from harness.report.blocks import Items, Table, Tag, Text
from harness.report.data import analyse
from harness.report.record import publish_record
from harness.report.sections import ranking, verdict
from tests.latex import typeset
from tests.second_metric import IDENTITY, LABEL, add_metric
from tests.sequential_run import LARGE, Trained, folders
from tests.synthetic import TIDY, Recipe, build

RUN = Recipe.run_name
# of the four tips: better, better, equivalent, worse (by the effects of the record)
TURNED = {"spectral_norm": 0.07}  # −0.035 by the first metric, +0.035 by the second
SPECTRAL = "“Spectral normalisation in the discriminator”"


@pytest.fixture(scope="module")
def build_run(tmp_path_factory):
    """A function that makes a record, scored by two metrics, and analyses it."""

    def make(effects, recipe=TIDY):
        runtime = build(tmp_path_factory.mktemp("second"), recipe)
        add_metric(runtime, effects)
        return runtime, analyse(load(RUN, runtime))

    return make


@pytest.fixture(scope="module")
def turned(build_run):
    return build_run(TURNED)


def remark(data):
    """The paragraph below the headline."""
    return next(
        block.text
        for block in verdict.build(data)
        if isinstance(block, Text) and block.tone == "remark"
    )


@pytest.mark.parametrize(
    ("first", "other", "match"),
    [
        (BETTER, BETTER, Match.SAME),
        (BETTER, WORSE, Match.REVERSED),
        (EQUIVALENT, WORSE, Match.DIFFERENT),
        (BETTER, EQUIVALENT, Match.DIFFERENT),
        (WORSE, INCONCLUSIVE, Match.LOST),
        (WORSE, NOT_JUDGED, Match.LOST),
        (INCONCLUSIVE, BETTER, Match.GAINED),
        (INCONCLUSIVE, NOT_JUDGED, Match.OPEN),
    ],
)
def test_how_two_verdicts_stand_to_each_other(first, other, match):
    assert compare_verdicts(first, other) == match


def test_the_study_is_judged_by_its_own_metric_alone(turned):
    runtime, data = turned
    alone = analyse(load(RUN, build(runtime.runs.parent / "alone", TIDY)))
    pd.testing.assert_frame_equal(data.ranking, alone.ranking)
    assert list(data.frames.metrics["identity"]) == list(alone.frames.metrics["identity"])
    assert data.further[0].about.identity == IDENTITY


def test_a_reversed_verdict_is_in_the_headline_and_in_the_table(turned):
    _, data = turned
    (further,) = data.further
    assert further.contrasts["spectral_norm"].match == Match.REVERSED
    assert further.contrasts["adam_beta_1"].match == Match.SAME
    said = f"Another metric disagrees: by {LABEL}, {SPECTRAL} is worse, not better."
    assert said in words.headline(data)
    (lead, *_) = verdict.build(data)
    assert said in lead.text
    table = ranking.build(data)[2]
    assert table.columns[-2:] == ["Verdict", f"By {LABEL}"]
    tags = {row[1].text: row[-2:] for row in table.rows}
    first, other = tags[SPECTRAL.strip("“”")]
    assert (first.text, first.tone) == ("better", "good")
    assert other == Tag("worse", "bad", "other sign")


def test_sizes_of_two_metrics_are_never_in_one_table(turned):
    _, data = turned
    (further,) = data.further
    effect = further.ranking.set_index("contrast").loc["adam_beta_1", "effect"]
    row = data.row("adam_beta_1")
    assert effect == pytest.approx(3 * row.effect)
    assert str(round(1000 * abs(effect), 1)) not in str(ranking.build(data)[2].rows)


def test_agreement_is_told_with_the_order_of_the_effects(turned):
    _, data = turned
    (said,) = second.agreements(data)
    assert said.startswith(f"By {LABEL}: the same verdict on “")
    tau = "Kendall's τ-b of the 4 effects is 0.33 (1: the same order, −1: the reverse; p 0.750)"
    assert tau in said
    assert said in remark(data)
    assert second.alone(data) == ""


def test_a_verdict_that_is_lost_is_no_disagreement_unless_the_sign_turns(build_run):
    """An effect that is nothing by the second metric, just below zero or just above it."""
    for effect, turns in ((0.02, False), (0.03, True)):
        few = replace(TIDY, seeds=range(6))
        data = build_run({"spectral_norm": effect}, few)[1]
        each = data.further[0].contrasts["spectral_norm"]
        assert (each.match, each.turned) == (Match.LOST, turns)
        alone = f"The verdict (better) on {SPECTRAL} holds for this metric alone: by {LABEL} the"
        assert (alone in words.headline(data)) == turns
        assert f"{SPECTRAL} is inconclusive (here better)" in second.agreements(data)[0]


def test_a_verdict_of_the_second_metric_only(build_run):
    strong = {"label_smoothing": -0.08}
    data = build_run(strong, replace(TIDY, seeds=range(6)))[1]
    each = data.further[0].contrasts["label_smoothing"]
    assert each.match in (Match.GAINED, Match.DIFFERENT)
    assert "better" in second.agreements(data)[0] + words.headline(data)


def test_files_hold_the_second_metric(turned, no_figures, tmp_path: Path):
    runtime, _ = turned
    folder = render(RUN, runtime).path.parent
    table = pd.read_csv(folder / "tables" / "ranking.csv").set_index("contrast")
    assert table.loc["spectral_norm", f"verdict {IDENTITY}"] == "worse"
    rows = pd.read_csv(folder / "tables" / "agreement.csv").set_index("contrast")
    assert rows.loc["spectral_norm", "match"] == "reversed"
    assert rows.loc["spectral_norm", "effect"] > 0
    assert set(rows["identity"]) == {IDENTITY}
    tex = (folder / "ranking.tex").read_text()
    assert r"& Verdict & By $M_1$ \\" in tex
    assert rf"$M_1$, {LABEL}" in tex
    (line,) = (line for line in tex.splitlines() if "Spectral" in line)
    assert line.endswith(r"better & worse \\")
    typeset(folder / "ranking.tex", tmp_path)


def test_the_published_record_shows_both_metrics(turned, no_figures):
    runtime, data = turned
    publish_record(RUN, runtime)
    published = Runtime(runs=runtime.runs.parent / "none", reports=runtime.reports)
    again = analyse(load(RUN, published))
    assert words.headline(again) == words.headline(data)


def test_a_metric_whose_scores_give_no_objective_is_left_out(tmp_path: Path):
    """As `best` needs every evaluation, and `harness evaluate` has but the last ones."""
    runtime = build(tmp_path, TIDY)
    add_metric(runtime, {})
    for path in runtime.trials.glob(f"*/evaluations/{IDENTITY}.jsonl"):
        path.write_text(path.read_text().splitlines()[0] + "\n")
    data = analyse(load(RUN, runtime))
    assert data.further == []
    assert second.alone(data).startswith("All verdicts are by this one metric")


def test_looks_are_taken_by_one_metric(tmp_path: Path, monkeypatch):
    """The number of seeds follows from the results by it, so no test holds by a second one."""
    places = folders(tmp_path)
    plan, _ = app.plan("one", places)
    workers = Trained(places)
    workers.plan = plan
    monkeypatch.setattr("harness.execution.driver.drive", workers)
    running.run(plan, places, Options())
    for path in places.trials.glob("*/evaluations/m.json"):
        about = {**read_json(path), "identity": "other", "requests": ["x"], "resolution": 32}
        write_json(path.with_name("other.json"), about)
        shutil.copy(path.with_suffix(".jsonl"), path.with_name("other.jsonl"))
    data = analyse(load("one", places))
    assert data.row(LARGE).verdict == BETTER
    (further,) = data.further
    assert set(further.ranking["verdict"]) == {NOT_JUDGED}
    table = next(block for block in ranking.build(data) if isinstance(block, Table))
    assert {row[-1] for row in table.rows} == {Tag("not judged", "neutral", "same sign")}
    (said,) = second.agreements(data)
    assert "not judged, since the looks of the study's metric decided on the seeds" in said
    assert second.disagreement(data) == ""


def test_one_metric_alone_is_named_with_a_command_for_a_second(tmp_path: Path):
    runtime = build(tmp_path, TIDY)
    data = analyse(load(RUN, runtime))
    sentence = second.alone(data)
    assert sentence == (
        "All verdicts are by this one metric. To have those by another encoder next to them: "
        "`harness evaluate card_tips --profile cpu --metric "
        "fidelity299 --encoder inception_2015`"
    )
    (weakened,) = (block for block in verdict.build(data) if isinstance(block, Items))
    assert weakened.items[-1] == sentence
    path = runtime.study(RUN) / "plan.json"
    write_json(path, {**read_json(path), "changes": {"data.path": "/home/someone/images"}})
    assert second.alone(analyse(load(RUN, runtime))).endswith("2015  # with the same --set`")
    write_json(path, {**read_json(path), "evidence": False})
    assert second.alone(analyse(load(RUN, runtime))) == ""  # nothing holds


def test_another_metric_of_the_same_encoder_is_no_second_opinion(turned):
    _, data = turned
    (further,) = data.further
    first = data.frames.metrics.iloc[0]
    same = further.about.replaced(encoder=first["encoder"], protocol="blocks", resolution=299)
    said = second.alone(replace(data, further=[further._replace(about=same)]))
    assert said.startswith("All verdicts are by one encoder. To have those by another encoder next")
    both = [further._replace(about=same), further]
    assert second.alone(replace(data, further=both)) == ""


def test_a_second_metric_that_saw_less_says_so_on_the_first_screen(turned):
    _, data = turned
    assert second.few(data) == []
    (further,) = data.further
    table = further.ranking.assign(n=further.ranking["n"] - 3)
    less = further._replace(about=further.about.replaced(n=128), ranking=table)
    small = replace(data, further=[less])
    (said,) = second.few(small)
    assert said.startswith(
        f"The second opinion by {LABEL} rests on less: 128 generated images (the"
    )
    assert "and fewer seeds of 4 contrasts (at least 5, by the study's metric up to 8)" in said
    (weakened,) = (block for block in verdict.build(small) if isinstance(block, Items))
    assert said in weakened.items


def test_metrics_that_share_an_encoder_are_named_by_what_differs(turned):
    _, data = turned
    (further,) = data.further
    one = further.about.replaced(encoder="inception_v3", resolution=75, protocol="subsets")
    other = data.frames.metrics.iloc[0]
    assert other["encoder"] == "inception_v3"
    assert second.labels(replace(data, further=[further._replace(about=one)])) == [
        "inception_v3 at 75 px, subsets"
    ]
    same = one.replaced(protocol=other["protocol"], resizer="bicubic")
    assert second.labels(replace(data, further=[further._replace(about=same)])) == [
        "inception_v3 at 75 px, keras75, bicubic"
    ]
    old = further.about.replaced(file="")
    assert second.labels(replace(data, further=[further._replace(about=old)])) == [
        "encoder 9e8d7c6b at 64 px"
    ]


def test_the_page_has_the_column(turned, no_figures):
    runtime, _ = turned
    there = LABEL.replace(" px", "\u00a0px")
    assert page.render(RUN, runtime).path.read_text().count(f'data-label="By {there}"') == 4
