"""The record that is published beside a report."""

import shutil
from dataclasses import replace
from pathlib import Path

from harness.config.runtime import Runtime
from harness.core.files import read_json
from harness.report import render, summarise_run
from harness.report.record import publish_record
from harness.runs.layout import holding
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
        "lower"
        in summarise_run(RUN, Runtime(runs=tmp_path / "none", reports=runtime.reports)).verdict
    )
    assert folder.is_dir()  # rendering carries it over


def test_the_record_holds_no_weights_and_no_machine_names(tmp_path: Path):
    runtime = build(tmp_path, replace(TIDY, seeds=range(2)))
    folder = publish_record(RUN, runtime)
    assert not list(folder.rglob("*.npz"))
    assert not [file for file in folder.rglob("*.json") if "hidden-host" in file.read_text()]
    plan = read_json(folder / "studies" / RUN / "plan.json")
    for row in plan["trials"]:
        whole = Trial(runtime.trials / row["key"]).samples()
        grids = Trial(folder / "trials" / row["key"]).samples()
        assert [path.name for path in grids] == [
            path.name for path in (whole if row["seed"] == 0 else whole[-1:])
        ]


def test_a_run_of_ones_own_comes_first(tmp_path: Path):
    runtime = build(tmp_path, replace(TIDY, seeds=range(2)))
    publish_record(RUN, runtime)
    assert holding(RUN, runtime) is runtime
    assert holding("another", runtime) is runtime
