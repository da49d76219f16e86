"""A committed report says what its committed record says."""

from pathlib import Path

import pandas as pd
import pytest

from harness.analysis.frame import load
from harness.config.runtime import Runtime
from harness.report.data import analyse

REPORTS = Path(__file__).parents[2] / "reports"
NAMES = sorted(path.parent.name for path in REPORTS.glob("*/record"))
MEGABYTES = 10


@pytest.fixture(scope="module", params=NAMES)
def published(request, tmp_path_factory):
    runtime = Runtime(runs=tmp_path_factory.mktemp("none"), reports=REPORTS)
    return REPORTS / request.param, analyse(load(request.param, runtime))


def test_there_is_one():
    assert "card_tips_cifar10" in NAMES


@pytest.mark.parametrize("table", ["ranking", "claims", "cells", "failures"])
def test_tables_follow_from_the_record(published, table, tmp_path):
    folder, data = published
    getattr(data, table).to_csv(tmp_path / "now.csv", index=False)
    now, then = pd.read_csv(tmp_path / "now.csv"), pd.read_csv(folder / "tables" / f"{table}.csv")
    pd.testing.assert_frame_equal(now, then, rtol=1e-9)


def test_the_trained_reference_is_worth_a_comparison(published):
    _, data = published
    trials = data.frames.trials
    own = trials[trials["cell"] == data.plan.reference]
    assert (own["final"] < own["untrained"] / 3).all()


def test_it_is_small_and_holds_no_weights(published):
    folder, _ = published
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < MEGABYTES * 1_000_000
    assert not [path.name for path in files if path.suffix in (".npz", ".keras")]
