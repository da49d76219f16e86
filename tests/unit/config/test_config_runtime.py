"""Runtime settings come from the environment when they are asked for."""

from pathlib import Path

import pytest

from harness.config.runtime import Runtime

NAMES = (
    "HARNESS_RUNS",
    "HARNESS_REPORTS",
    "HARNESS_STUDIES",
    "HARNESS_STORAGE",
    "WANDB_PROJECT",
    "WANDB_MODE",
)
FIELDS = ("runs", "reports", "studies", "storage", "project", "tracking")


def test_defaults(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    runtime = Runtime()
    assert (runtime.runs, runtime.reports, runtime.studies) == tuple(
        map(Path, ("runs", "reports", "studies"))
    )
    assert (runtime.project, runtime.tracking, runtime.storage) == ("gan-ablation", "", "")


@pytest.mark.parametrize(
    ("name", "field"),
    list(zip(NAMES, FIELDS, strict=True)),
)
def test_each_is_read(monkeypatch, name, field):
    monkeypatch.setenv(name, "other")
    assert str(getattr(Runtime(), field)) == "other"


def test_what_lies_below_the_runs_folder():
    runtime = Runtime(runs=Path("r"))
    assert runtime.trials == Path("r/trials")
    assert runtime.cache == Path("r/cache")
    assert runtime.study("bn-cpu") == Path("r/studies/bn-cpu")
