"""Runtime settings come from the environment when they are asked for."""

from pathlib import Path

import pytest

from harness.config.runtime import SHIPPED, Runtime

NAMES = ("HARNESS_RUNS", "HARNESS_REPORTS", "WANDB_PROJECT", "WANDB_MODE")
FIELDS = ("runs", "reports", "project", "tracking")


def test_defaults(monkeypatch):
    for name in (*NAMES, "HARNESS_STUDIES"):
        monkeypatch.delenv(name, raising=False)
    runtime = Runtime()
    assert (runtime.runs, runtime.reports) == (Path("runs"), Path("reports"))
    assert runtime.study_folders == (Path("studies"), SHIPPED)
    assert (runtime.project, runtime.tracking) == ("gan-ablation", "")


@pytest.mark.parametrize(
    ("name", "field"),
    list(zip(NAMES, FIELDS, strict=True)),
)
def test_each_is_read(monkeypatch, name, field):
    monkeypatch.setenv(name, "other")
    assert str(getattr(Runtime(), field)) == "other"


def test_further_folders_of_studies_come_between_those_here_and_the_shipped(monkeypatch):
    monkeypatch.setenv("HARNESS_STUDIES", "one::two")
    assert Runtime().study_folders == (Path("studies"), Path("one"), Path("two"), SHIPPED)


def test_what_lies_below_the_runs_folder():
    runtime = Runtime(runs=Path("r"))
    assert runtime.trials == Path("r/trials")
    assert runtime.cache == Path("r/cache")
    assert runtime.study("bn-cpu") == Path("r/studies/bn-cpu")
