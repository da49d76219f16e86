"""A clean clone plans and reports what is recorded, though the encoder's file is not there."""

import json
import shutil
from pathlib import Path

import pytest

from harness import app
from harness.config.runtime import Runtime
from harness.core.errors import HarnessError
from harness.execution.driver import Options
from tests.encoder_files import described

ROOT = Path(__file__).parents[2]
NAME = "card_tips_cifar10"
ENCODER = "runs/encoders/imagenet.keras"


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """Studies and committed records, and nothing else."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "studies", tmp_path / "studies")
    record = Path("reports") / NAME / "record" / "studies" / NAME
    record.mkdir(parents=True)
    shutil.copy(ROOT / record / "plan.json", record)
    return Runtime(Path("runs"), Path("reports"), Path("studies"))


@pytest.fixture
def committed():
    file = ROOT / "reports" / NAME / "record" / "studies" / NAME / "plan.json"
    return json.loads(file.read_text())


def requests(plan):
    return {cell["label"]: cell["request"] for cell in plan["cells"]}


def test_the_committed_study_is_planned_under_its_own_keys(clone, committed, capsys):
    plan, _ = app.plan(NAME, clone)
    document = plan.to_json()
    assert document["trials"] == committed["trials"]
    assert requests(document) == requests(committed)
    assert plan.lacking == {ENCODER: "c14c05f227e2cb24"}
    lines = app.cost(plan, clone, 1).to_json()["lacking"]
    [line] = lines
    assert line.startswith(
        f"evaluation.encoder: {ENCODER} (relative to {Path.cwd()}): missing. Put "
    )
    assert "SHA-256 begins with c14c05f227e2cb24" in line
    from harness.cli.printing import show_forecast

    show_forecast(app.cost(plan, clone, 1), "why")
    assert f"{line}\n" in capsys.readouterr().out


def test_a_run_asks_for_the_file_before_anything_is_trained(clone):
    plan, _ = app.plan(NAME, clone)
    with pytest.raises(HarnessError, match=r"SHA-256 begins with c14c05f227e2cb24: this study"):
        app.run(plan, clone, Options(1))
    assert not clone.trials.exists()


def test_without_a_record_the_message_says_where_the_file_was_looked_for(clone):
    shutil.rmtree("reports")
    with pytest.raises(HarnessError, match=rf"no file {ENCODER} \(relative to .*\)"):
        app.plan(NAME, clone)


def test_a_file_that_is_there_counts_and_not_the_record(clone, committed):
    described(Path(ENCODER))
    plan, _ = app.plan(NAME, clone)
    assert plan.lacking == {}
    assert requests(plan.to_json()) != requests(committed)
    assert plan.to_json()["trials"] == committed["trials"]


def test_runs_here_count_before_what_was_published_and_two_contents_for_none(clone, committed):
    def started(run, content):
        for cell in committed["cells"]:
            cell["config"]["evaluation.encoder_content"] = content
        clone.study(run).mkdir(parents=True)
        (clone.study(run) / "plan.json").write_text(json.dumps(committed))

    started(NAME, "0" * 16)
    assert app.plan(NAME, clone)[0].lacking == {ENCODER: "0" * 16}
    started("other", "1" * 16)
    with pytest.raises(HarnessError, match="there is no file"):
        app.plan(NAME, clone)
