"""Reports of studies that are young, broken or unusual, and of two metrics."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.frame import load
from harness.core.files import read_json, write_json
from harness.report import render, summarise_run, words
from harness.report.data import analyse
from harness.report.sections import failures, ranking, verdict
from harness.report.summary import summarise
from tests.pages import read_page
from tests.synthetic import TIPS, Recipe, all_trials, build

RUN = Recipe.run_name
CAPTION = "<caption>Objective by cell, and the 95 % t-interval of each difference alone; metric"
SAID = {
    "smoke": "its numbers are no evidence",
    "one seed": "No contrast has more than one seed, and from one seed nothing can be told",
    "empty": "Interim analysis: 0 of 6 trials have ended. No trial has finished",
    "all diverged": "No trial has finished (6 diverged)",
    "all crashed": "No trial has finished (6 crashed)",
    "reference crashed": "No seed has both sides of a contrast, so there is nothing to rank.",
    "reference missing": "No seed has both sides of a contrast yet, so there is nothing to rank.",
    "no contrast": "This study declares no contrast, so there is nothing to rank",
}


def _recipe(small, name):
    every = all_trials(small)
    references = [(cell, seed) for cell, seed in every if cell == "reference"]
    return {
        "reference crashed": replace(small, crashed=references),
        "reference missing": replace(small, missing=references),
        "smoke": replace(small, evidence=False),
        "one seed": replace(small, seeds=[0]),
        "empty": replace(small, missing=every),
        "all diverged": replace(small, diverged=every),
        "all crashed": replace(small, crashed=every),
        "no contrast": replace(small, tips=()),
    }[name]


@pytest.mark.parametrize("name", SAID)
def test_no_sentence_states_what_this_study_has_not(tmp_path: Path, small, name):
    """Intervals, failure values, seeds and advice are named where there are some, and counted."""
    runtime = build(tmp_path, _recipe(small, name))
    data = analyse(load(RUN, runtime))
    assert SAID[name] in summarise(data, runtime).verdict
    blocks = [*verdict.build(data), *ranking.build(data), *failures.build(data)]
    page = " ".join(str(block) for block in blocks)
    intervals = int(data.ranking["low"].notna().sum())
    assert words.intervals(data).endswith("for all 2 contrasts at once (Šidák)") == (intervals == 2)
    assert ("for all 2 contrasts at once" in page) == (intervals == 2)
    assert "all 0 contrasts" not in page
    assert ("A diverged trial is a result" in page) == (name == "all diverged")
    assert ("2 of 2 diverged, and count with their failure value" in page) == (
        name == "all diverged"
    )
    assert ("A crashed trial takes its seed" in page) == ("crashed" in name)
    assert "would help" not in page  # of two seeds nothing is advised


@pytest.mark.drawn
@pytest.mark.parametrize("name", ["empty", "all diverged", "no contrast"])
def test_reports_of_every_state_are_written(tmp_path: Path, draft, small, parse, name):
    runtime = build(tmp_path, _recipe(small, name))
    path = render(RUN, runtime).path
    parsed = parse(path.read_text())
    assert "h1" in parsed.tags
    assert parsed.tags.count("h2") == 10
    inside = [link for link in parsed.links if not link.startswith("https://")]
    assert all(link.startswith("#") or (path.parent / link).is_file() for link in inside)
    assert {entry.name for entry in runtime.reports.iterdir()} == {RUN, "index.html"}
    # nothing is known of learning where no trial of the reference has finished
    learnt = read_json(path.parent / "summary.json")["learnt"]
    assert learnt is (True if name == "no contrast" else None)


def test_a_profile_without_evidence_shows_no_verdict(tmp_path: Path, no_figures, small):
    runtime = build(tmp_path, _recipe(small, "smoke"))
    page_text = render(RUN, runtime).path.read_text()
    assert not re.search(r">(better|worse|inconclusive|supported|contradicted)<", page_text)
    (table,) = summarise_run(RUN, runtime).tables
    assert {row[-1] for row in table.rows} == {"–"}


def test_two_metric_identities_stand_in_tables_of_their_own(tmp_path: Path, small, parse):
    runtime = build(tmp_path, small)
    plan = read_json(runtime.study(RUN) / "plan.json")
    for row in plan["trials"]:
        if row["cell"] == small.label(TIPS[0]):
            scores = runtime.trials / row["key"] / "evaluations"
            (spec,) = scores.glob("*.json")
            write_json(spec, read_json(spec) | {"identity": "another.metric"})
            for path in list(scores.iterdir()):
                path.rename(scores / f"another.metric{path.suffix}")
    for path in runtime.trials.glob("*/config.json"):
        write_json(path, read_json(path) | {"data.path": "/home/me/private/photos"})
    page = render(RUN, runtime).path
    text = read_page(page)
    ids = parse(text).ids
    assert len(ids) == len(set(ids))
    assert "scored in 2 ways" in text
    assert text.count(CAPTION) == 2
    curves = page.parent / "figures" / "curves-2.svg"
    assert small.label(TIPS[1]) not in curves.read_text()
    for path in page.parent.rglob("*.*"):  # where images lie on a machine is not told
        assert b"/home/me" not in path.read_bytes(), path


def test_times_that_are_budgets_are_said_before_the_numbers(tmp_path: Path, small):
    runtime = build(tmp_path, small)
    plan = read_json(runtime.study(RUN) / "plan.json")
    late = {"objective": "time_to_threshold", "threshold": 0.0}
    write_json(runtime.study(RUN) / "plan.json", plan | late)
    said = [line for line in analyse(load(RUN, runtime)).checks if line.startswith("Not at the th")]
    assert said[0].startswith("Not at the threshold within the budget: 6 of 6 trials (reference")
