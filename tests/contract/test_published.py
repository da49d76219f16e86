"""A committed report says what its committed record says."""

from pathlib import Path

import pandas as pd
import pytest

from harness.analysis.frame import load
from harness.app.analysis import compared
from harness.config.runtime import Runtime
from harness.report.data import analyse

REPORTS = Path(__file__).parents[2] / "reports"
NAMES = sorted(path.parent.name for path in REPORTS.glob("*/record"))
SIX = [f"tips_on_{images}" for images in ("cifar10", "flowers", "digits")]
MEGABYTES = 8  # of a record, and of a report


@pytest.fixture(scope="module", params=NAMES)
def published(request, tmp_path_factory):
    runtime = Runtime(runs=tmp_path_factory.mktemp("none"), reports=REPORTS)
    return REPORTS / request.param, analyse(load(request.param, runtime))


def test_they_are_there():
    assert {"card_tips_cifar10", *SIX} <= set(NAMES)


@pytest.mark.parametrize("table", ["ranking", "claims", "cells", "failures"])
def test_tables_follow_from_the_record(published, table, tmp_path):
    folder, data = published
    getattr(data, table).to_csv(tmp_path / "now.csv", index=False)
    now, then = pd.read_csv(tmp_path / "now.csv"), pd.read_csv(folder / "tables" / f"{table}.csv")
    pd.testing.assert_frame_equal(now, then, rtol=1e-9)


def test_the_trained_reference_is_worth_a_comparison(published):
    _, data = published
    trials = data.frames.trials
    own = trials[trials["cell"] == data.plan.reference].dropna(subset=["final"])
    assert own["final"].mean() < own["untrained"].mean() / 3
    assert (own["final"] < own["untrained"] / 2).all()


def test_it_is_small_and_holds_no_weights(published):
    folder, _ = published
    files = [path for path in folder.rglob("*") if path.is_file()]
    record = [path for path in files if path.is_relative_to(folder / "record")]
    for part in (record, set(files) - set(record)):
        assert sum(path.stat().st_size for path in part) < MEGABYTES * 1_000_000
    assert not [path.name for path in files if path.suffix in (".npz", ".keras")]


def test_the_pooled_comparison_follows_from_the_records(tmp_path):
    (folder,) = REPORTS.glob("compared-*")
    runs = pd.read_csv(folder / "tables" / "runs.csv")["run"].to_list()
    now, _ = compared(runs, Runtime(runs=tmp_path, reports=REPORTS), pool=True)
    now.pooled.tips.to_csv(tmp_path / "now.csv", index=False)
    then = pd.read_csv(folder / "tables" / "pooled.csv")
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "now.csv"), then, rtol=1e-9)
