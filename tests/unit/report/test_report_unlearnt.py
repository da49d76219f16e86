"""A study whose reference has not learnt, or whose best side collapsed, wherever it is told."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from harness.analysis.frame import load
from harness.cli import printing as terminal
from harness.core.files import read_json, write_json
from harness.report import overview, render, summarise_run, words
from harness.report.blocks import Figure
from harness.report.data import analyse
from harness.report.sections import ranking, verdict
from tests.pages import read_page
from tests.synthetic import TIPS, Recipe, build

RUN = Recipe.run_name
SAID = "The reference has not learnt (its final KID is 99 % of its untrained KID), so nothing here"


def _scored(runtime, cell, **scores):
    """Give all evaluations of a cell's trials these scores, the untrained generator's KID apart."""
    for row in read_json(runtime.study(RUN) / "plan.json")["trials"]:
        if row["cell"] == cell:
            (path,) = (runtime.trials / row["key"] / "evaluations").glob("*.jsonl")
            rows = [json.loads(line) for line in path.read_text().splitlines()]
            rows = [each | scores if each["evaluation"] else each for each in rows]
            path.write_text("".join(json.dumps(each) + "\n" for each in rows))


@pytest.fixture
def grey(tmp_path: Path, small):
    runtime = build(tmp_path, replace(small, seeds=range(6)))
    _scored(runtime, "reference", kid=0.891)
    return runtime


def test_it_is_said_first_on_the_page_and_in_the_list(grey, parse):
    page = render(RUN, grey).path
    text = read_page(page)
    body = text[text.index("<main") :]
    assert SAID in body[: body.index("Trials finished")]
    assert ">not learnt</span>" in text
    assert "Nothing is judged, since the reference has not learnt." in text
    assert "there is nothing to judge it by" in text
    for word in (">better<", ">worse<", ">equivalent<", ">supported<", ">contradicted<"):
        assert word not in text
    said = read_json(page.parent / overview.SUMMARY)
    assert said["verdict"].startswith(SAID)
    assert said["learnt"] is False
    listed = read_page(grey.reports / "index.html")
    assert SAID in listed
    assert '<span class="flag">not learnt</span>' in listed
    assert SAID in (page.parent / "report.md").read_text()
    table = pd.read_csv(page.parent / "tables/ranking.csv")
    assert set(table["verdict"]) == {"not judged"}  # W&B's table and counts are made of it
    assert table["place"].isna().all()


def test_where_nothing_is_judged_no_margin_is_told_or_drawn(grey):
    data = analyse(load(RUN, grey))
    figure = next(block for block in verdict.build(data) if isinstance(block, Figure))
    forest = figure.draw._info[0]
    assert len(forest.rows) == len(data.ranking)
    assert not forest.bounded
    assert not forest.tested
    assert not forest.judged
    assert words.region(data).endswith("(its untrained KID less its objective)")


def test_what_was_not_tested_has_no_p():
    why = "its condition does not hold here"
    row = SimpleNamespace(of="stability", judgement="not judged", reason=why, p_adjusted=0.6)
    assert ranking._by(row) == why
    row.judgement = "inconclusive"
    assert ranking._by(row) == "by failures, p 0.600"


def test_it_is_the_first_thing_in_a_terminal(grey, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "200")
    found = summarise_run(RUN, grey)
    assert found.verdict.startswith(SAID)  # goes into W&B's summary as well
    assert found.notes == []
    terminal.show_summary(found)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert lines[0].startswith(SAID)


def test_a_profile_without_evidence_says_it_too(tmp_path: Path, small):
    runtime = build(tmp_path, replace(small, evidence=False))
    _scored(runtime, "reference", kid=0.891)
    sentence = words.verdict(analyse(load(RUN, runtime)))
    assert sentence.startswith(SAID)
    assert sentence.endswith("its numbers are no evidence.")


def test_a_side_that_collapsed_is_named_and_has_no_place(tmp_path: Path, small):
    tips = [TIPS[1], TIPS[2]]
    runtime = build(tmp_path, replace(small, tips=tips, seeds=range(6)))
    _scored(runtime, Recipe.label(TIPS[1]), kid=0.02, coverage=0.0)
    data = analyse(load(RUN, runtime))
    title = TIPS[1].title
    why = "the side that follows it has not learnt (its coverage is 0)"
    assert f"“{title}” is not judged: {why}." in words.verdict(data)
    page = render(RUN, runtime).path
    assert data.ranking["contrast"].tolist() == [TIPS[2].name, TIPS[1].name]
    row = next(line for line in (page.parent / "report.md").read_text().splitlines()
               if line.startswith("|") and title in line)  # fmt: skip
    assert row.startswith("| – |")
    assert "not judged" in row
    # alone, in a sentence of its own
    plan = read_json(runtime.study(RUN) / "plan.json")
    write_json(runtime.study(RUN) / "plan.json", plan | {"contrasts": plan["contrasts"][:1]})
    assert words.verdict(analyse(load(RUN, runtime))) == f"{title}: not judged: {why}."


def test_a_side_that_is_worse_and_has_not_learnt_keeps_its_place(tmp_path: Path, small):
    runtime = build(tmp_path, replace(small, tips=[TIPS[1], TIPS[2]], seeds=range(6)))
    _scored(runtime, Recipe.label(TIPS[1]), kid=0.85, coverage=0.0)
    data = analyse(load(RUN, runtime))
    (row,) = [row for row in data.ranked if row.contrast == TIPS[1].name]
    assert (row.verdict, bool(row.unlearnt_following)) == ("worse", True)
    assert row.place_text.startswith("2")
    how = ranking.build(data)[1].text
    assert "a tip takes no place where that side has the lower values" in how
    assert "where it has the higher ones, the place stands" in how


def test_the_margin_is_told_in_numbers(tmp_path: Path, small):
    runtime = build(tmp_path, replace(small, seeds=range(6)))
    data = analyse(load(RUN, runtime))
    trials = data.frames.trials[data.frames.trials["cell"] == "reference"]
    half = 0.05 * (trials["untrained"] - trials["final"]).mean()
    share = "± 5 % of the reference's improvement (its untrained KID less its objective"
    assert words.region(data).startswith(f"{share}: ± {1000 * half:.1f} × 10⁻³, or ")
    assert words.region(data) in (render(RUN, runtime).path.parent / "report.md").read_text()
