"""The record that is published beside a report."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

from typer.testing import CliRunner

from harness.analysis.frame import load
from harness.cli import app
from harness.config.runtime import Runtime
from harness.core.files import read_json
from harness.report import render, summarise_run
from harness.report.data import analyse
from harness.report.record import publish_record
from harness.report.sections import samples
from harness.runs.layout import INTERPOLATION, holding
from harness.runs.trial import Trial
from tests.synthetic import TIDY, Recipe, build

RUN = Recipe.run_name


def test_a_report_can_be_written_again_from_its_published_record(tmp_path: Path, no_figures):
    runtime = build(tmp_path, replace(TIDY, seeds=range(6)))
    render(RUN, runtime)
    first = (runtime.reports / RUN / "tables" / "ranking.csv").read_text()
    weights = next(runtime.trials.iterdir()) / "generators" / "00000001.npz"
    weights.parent.mkdir()
    weights.write_bytes(b"weights")
    folder = publish_record(RUN, runtime)
    shutil.rmtree(runtime.runs)
    shutil.rmtree(runtime.reports / RUN / "tables")
    page = render(RUN, Runtime(runs=tmp_path / "none", reports=runtime.reports)).path
    assert (page.parent / "tables" / "ranking.csv").read_text() == first
    assert (
        "closer to real ones"
        in summarise_run(RUN, Runtime(runs=tmp_path / "none", reports=runtime.reports)).verdict
    )
    assert folder.is_dir()  # rendering carries it over


def test_the_record_holds_no_weights_and_no_machine_names(tmp_path: Path):
    runtime = build(tmp_path, replace(TIDY, seeds=range(4)))
    folder = publish_record(RUN, runtime)
    assert not list(folder.rglob("*.npz"))
    assert not [file for file in folder.rglob("*.json") if "hidden-host" in file.read_text()]
    plan = read_json(folder / "studies" / RUN / "plan.json")
    trials = load(RUN, runtime).trials
    ends = trials.groupby("cell")["final"].agg(["min", "max"])
    for row in plan["trials"]:
        whole = [path.name for path in Trial(runtime.trials / row["key"]).samples()]
        published = Trial(folder / "trials" / row["key"])
        own = trials.loc[(trials["cell"] == row["cell"]) & (trials["seed"] == row["seed"]), "final"]
        last = whole[-1:] if own.iloc[0] in set(ends.loc[row["cell"]]) else []
        first = row["seed"] == 0
        assert [path.name for path in published.samples()] == (whole if first else last)
        assert (published.folder / INTERPOLATION).exists() == first


def test_the_page_of_a_published_record_shows_the_same_pictures(tmp_path: Path):
    runtime = build(tmp_path, replace(TIDY, seeds=range(4), real=True))
    publish_record(RUN, runtime)
    elsewhere = Runtime(runs=tmp_path / "none", reports=runtime.reports)
    shown = [
        [vars(part) for block in samples.build(analyse(load(RUN, place)))[2:]
         for part in getattr(block, "strips", [block])]
        for place in (runtime, elsewhere)
    ]  # fmt: skip
    assert shown[0]
    assert shown[0] == shown[1]


def test_with_changes_it_is_another_run_that_is_reported(tmp_path: Path, monkeypatch):
    """Of the study with these changes, not of the published run that has the study's name."""
    runtime = build(tmp_path, replace(TIDY, seeds=range(2), run_name="quickstart"))
    publish_record("quickstart", runtime)
    shutil.rmtree(runtime.runs)
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["report", "quickstart"]).exit_code == 0
    changed = ["report", "quickstart", "--set", "optimizer.generator.beta_2=0.9"]
    said = str(CliRunner().invoke(app, changed).exception)
    assert re.search(r"quickstart-\w{6}", said)


def test_a_run_of_ones_own_comes_first(tmp_path: Path):
    runtime = build(tmp_path, replace(TIDY, seeds=range(2)))
    publish_record(RUN, runtime)
    assert holding(RUN, runtime) is runtime
    assert holding("another", runtime) is runtime
