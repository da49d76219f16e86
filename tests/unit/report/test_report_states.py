"""Reports of studies that are young, broken or unusual, and of two metrics."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from harness.files import read_json, write_json
from harness.report import render, summary
from tests.synthetic import TIPS, Recipe, all_trials, build

RUN = Recipe.run_name
SAID = {
    "smoke": "its numbers are no evidence",
    "one seed": "None of the 2 contrasts can be told from zero",
    "empty": "Interim look: 0 of 6 trials have ended. No trial has finished",
    "all diverged": "No trial has finished (6 diverged)",
    "all crashed": "No trial has finished (6 crashed)",
    "no contrast": "nothing to rank",
}


def _recipe(small, name):
    every = all_trials(small)
    return {
        "smoke": replace(small, evidence=False),
        "one seed": replace(small, seeds=[0]),
        "empty": replace(small, missing=every),
        "all diverged": replace(small, diverged=every),
        "all crashed": replace(small, crashed=every),
        "no contrast": replace(small, tips=()),
    }[name]


@pytest.mark.parametrize("name", SAID)
def test_every_state_has_a_verdict_in_a_sentence(tmp_path: Path, small, name):
    assert SAID[name] in summary(RUN, build(tmp_path, _recipe(small, name))).verdict


@pytest.mark.parametrize("name", ["empty", "all diverged", "no contrast"])
def test_reports_of_every_state_are_written(tmp_path: Path, draft, small, parse, name):
    runtime = build(tmp_path, _recipe(small, name))
    path = render(RUN, runtime)
    parsed = parse(path.read_text())
    assert "h1" in parsed.tags
    assert parsed.tags.count("h2") == 9
    assert all(link.startswith("#") or (path.parent / link).is_file() for link in parsed.links)
    assert {entry.name for entry in runtime.reports.iterdir()} == {RUN, "index.html"}


def test_a_profile_without_evidence_shows_no_verdict(tmp_path: Path, no_figures, small):
    runtime = build(tmp_path, _recipe(small, "smoke"))
    page_text = render(RUN, runtime).read_text()
    assert not re.search(r">(better|worse|inconclusive|supported|contradicted)<", page_text)
    (table,) = summary(RUN, runtime).tables
    assert {row[-1] for row in table.rows} == {"–"}


def test_two_metric_identities_stand_in_tables_of_their_own(tmp_path: Path, draft, small, parse):
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
    page = render(RUN, runtime)
    text = page.read_text()
    ids = parse(text).ids
    assert len(ids) == len(set(ids))
    assert "scored in 2 ways" in text
    assert text.count("<caption>Objective by cell; metric identity") == 2
    curves = page.parent / "figures" / "curves-2.svg"
    assert small.label(TIPS[1]) not in curves.read_text()
    for path in page.parent.rglob("*.*"):  # where images lie on a machine is not told
        assert b"/home/me" not in path.read_bytes(), path
