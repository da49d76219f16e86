"""The doctor: names what is wrong, writes nothing unless asked, and is done after one repair."""

import json
import sys

import pytest
from test_app import begin, runtime
from test_digests import ABOUT

from harness import app, cli
from harness.app.doctor import doctor, machine
from harness.config.patch import flatten
from harness.config.runtime import Runtime
from harness.core.errors import HarnessError
from harness.core.leftovers import _here
from harness.mirror import places as mirror
from harness.queue.base import Job
from harness.queue.lease import Lease
from harness.queue.optuna_ledger import OptunaLedger
from harness.runs.plan import write_plan
from harness.runs.recorder import Recorder
from harness.runs.rows import Environment, Result
from harness.runs.status import Status
from harness.runs.trial import Trial

__all__ = ["runtime"]


@pytest.fixture(autouse=True)
def _without_tensorflow(monkeypatch):
    monkeypatch.setattr(machine, "check_devices", lambda: [])
    monkeypatch.setenv("WANDB_MODE", "offline")


def ended(runtime, trial, request=None):
    """A trial that was trained to its end."""
    config = trial.cell.trial(trial.seed)
    with Recorder(runtime.trials / trial.key) as recorder:
        recorder.start(config, Environment(host="a"))
        recorder.training({"iteration": 100})
        recorder.describe_metric(ABOUT.replaced(requests=(request or _request(trial),)))
        for number, iteration in enumerate(config.evaluation_iterations):
            row = {"evaluation": number, "iteration": iteration, "kid": 0.5, "kimg": 1.0}
            recorder.evaluation("kid-a", row)
        recorder.result(Result(status=Status.FINISHED, iteration=100, kimg=6.4))
    return recorder.folder


def _request(trial):
    from harness.config.identity import metric_request

    return metric_request(trial.cell.config)


@pytest.fixture
def plan(runtime):
    plan = begin(runtime, "one")
    for trial in plan.trials:
        ended(runtime, trial)
    return plan


def wrong(runtime, **how):
    """What is wrong: place and what, without the folder."""
    found = doctor(runtime, **how)
    return {finding.place.removeprefix(f"{runtime.runs}/"): finding.what
            for finding in found.findings if finding.wrong}  # fmt: skip


def noted(runtime, area):
    found = doctor(runtime).findings
    return [f"{one.place}: {one.what}" for one in found if one.area == area and not one.wrong]


def test_a_whole_record_is_healthy_and_untouched(runtime, plan):
    before = {path: path.stat().st_mtime_ns for path in runtime.runs.rglob("*")}
    found = doctor(runtime)
    assert found.healthy
    assert found.trials == 4
    assert [finding for finding in found.findings if finding.wrong] == []
    assert {path: path.stat().st_mtime_ns for path in runtime.runs.rglob("*")} == before


def test_a_record_of_an_earlier_version_is_unverified_and_healthy(runtime, plan):
    for trial in plan.trials:
        (runtime.trials / trial.key / "digests.json").unlink()
    assert wrong(runtime) == {}
    assert sum("not verified" in line for line in noted(runtime, "record")) == 4


def test_damage_is_named_set_aside_once_and_requeued(runtime, plan):
    result, rows, picture = (runtime.trials / trial.key for trial in plan.trials[:3])
    (result / "result.json").write_text("{")
    (rows / "metrics.jsonl").write_text('{"iteration": 1}\n')
    (picture / "interpolation.png").write_bytes(b"no picture")
    assert set(wrong(runtime)) == {
        f"trials/{result.name}/result.json",
        f"trials/{rows.name}/metrics.jsonl",
        f"trials/{picture.name}/interpolation.png",
    }
    assert doctor(runtime, fix=True).healthy
    assert wrong(runtime) == {}
    assert not (result / "result.json").exists()
    assert any(runtime.runs.glob(f"damaged/*{result.name}/result.json"))
    assert Trial(picture).result() is not None
    lacking = [item.trial.key for item in app.running.missing(plan, runtime)]
    assert sorted(lacking) == sorted([result.name, rows.name])


def test_lost_rows_are_scored_again_or_the_trial_is_trained_again(runtime, plan):
    kept, gone = (runtime.trials / trial.key for trial in plan.trials[:2])
    import numpy as np

    for at in plan.trials[0].cell.trial(0).final_iterations:
        (kept / "generators").mkdir(exist_ok=True)
        np.savez(kept / "generators" / f"{at:08d}.npz", a=np.zeros(3))
    for folder in (kept, gone):
        path = folder / "evaluations/kid-a.jsonl"
        path.write_text("".join(path.read_text().splitlines(keepends=True)[:2]))
    assert len(wrong(runtime)) == 2
    doctor(runtime, fix=True)
    assert wrong(runtime) == {}
    assert Trial(kept).result() is not None
    assert Trial(kept).metric(_request(plan.trials[0])) is None
    assert not gone.exists()


def test_a_lost_config_is_written_again_from_the_plan(runtime, plan):
    trial = plan.trials[0]
    path = runtime.trials / trial.key / "config.json"
    path.unlink()
    doctor(runtime, fix=True)
    assert json.loads(path.read_text()) == flatten(trial.cell.trial(trial.seed))
    assert wrong(runtime) == {}


def test_orphans_leftovers_and_what_was_set_aside_are_named(runtime, plan):
    (runtime.trials / "0123456789abcdef").mkdir()
    left = runtime.trials / f".x.{_here()}-4194300-00000000.trash"
    left.mkdir()
    said = noted(runtime, "record")
    assert any("0123456789abcdef: not in the plan of any study" in line for line in said)
    assert any(left.name in line for line in said)
    doctor(runtime, fix=True)
    assert not left.exists()
    assert (runtime.trials / "0123456789abcdef").exists()


def test_one_run_is_looked_at_alone(runtime, plan):
    begin(runtime, "two")
    (runtime.study("two") / "plan.json").write_text("{")
    assert wrong(runtime, run_name="one") == {}
    assert set(wrong(runtime)) == {"studies/two/plan.json"}
    doctor(runtime, fix=True)
    assert wrong(runtime) == {}


def test_a_plan_that_was_removed_is_named(runtime, plan):
    path = runtime.study("one") / "plan.json"
    path.unlink()
    assert f"{path}: it is not there" in noted(runtime, "record")
    with pytest.raises(HarnessError, match=f"{path}: missing; harness run of its study, with"):
        app.report("one", runtime)


def test_advice_for_a_run_with_changes_is_a_command_that_runs_it(runtime):
    """A run name with a hash is no argument of `harness run`."""
    plan, _ = app.plan("one", runtime, None, {"training.kimg": 3.2})
    write_plan(runtime.study(plan.run_name) / "plan.json", plan.record())
    lost, damaged, *_ = (ended(runtime, trial) for trial in plan.trials)
    (lost / "result.json").unlink()
    (damaged / "metrics.jsonl").write_text("{")
    findings = doctor(runtime).findings
    remedies = [finding.remedy for finding in findings if "harness run" in finding.remedy]
    command = "harness run one --set training.kimg=3.2"
    assert len(remedies) > 2
    assert [remedy for remedy in remedies if command not in remedy] == []
    changes = app.one_off([command.rpartition(" ")[2]])
    assert app.plan("one", runtime, None, changes)[0].run_name == plan.run_name


def test_a_run_in_place_of_a_study_is_told_how_to_be_named(runtime):
    plan, _ = app.plan("one", runtime, None, {"training.kimg": 3.2})
    write_plan(runtime.study(plan.run_name) / "plan.json", plan.record())
    said = f"{plan.run_name} is a run, where a study is needed: give one --set training.kimg=3.2"
    with pytest.raises(HarnessError) as error:
        app.plan(plan.run_name, runtime)
    assert str(error.value) == said
    with pytest.raises(HarnessError, match=f"unknown study or run .* mean '{plan.run_name}'"):
        app.name(f"{plan.run_name}0", runtime, None, None)
    with pytest.raises(HarnessError, match="leave out --profile and --set"):
        app.name(plan.run_name, runtime, None, {"training.kimg": 3.2})


def test_advice_for_a_damaged_plan_names_no_run_as_a_study(runtime, plan):
    (runtime.study("one") / "plan.json").write_text("{")
    (finding,) = (one for one in doctor(runtime).findings if one.wrong)
    assert finding.remedy.startswith("harness run of its study, with the same")


def test_the_queue_is_reconciled_with_the_record(runtime, plan):
    folder, key = runtime.study("one"), plan.trials[0].key
    ledger = OptunaLedger.open("one", folder, runtime.trials)
    ledger.enqueue([Job(trial.key, trial.cell.label, trial.seed, 0) for trial in plan.trials[:2]])
    first, second = ledger.claim("w"), ledger.claim("w")
    ledger.finish(first, "finished")
    dead = Lease.mine("w")._replace(started=1)._asdict()
    ledger._storage.set_trial_user_attr(second.id, "lease", dead)
    ledger.enqueue([Job("feedfeedfeedfeed", "none", 0, 0)])
    before = (folder / "ledger.log").read_bytes()
    (runtime.trials / key / "result.json").unlink()
    said = noted(runtime, "ledger")
    assert any(f"{key}: finished in the queue of one, but has no result" in line for line in said)
    assert any("feedfeedfeedfeed: queued in one, but not in its plan" in line for line in said)
    assert any(f"one: {plan.trials[1].key}: held by a worker that has ended" in x for x in said)
    assert (folder / "ledger.log").read_bytes() == before
    doctor(runtime, fix=True)
    assert not any("held by" in line for line in noted(runtime, "ledger"))


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (lambda text: text + b'{"op_code', "its last line is incomplete"),
        (lambda text: b"\0" * 20 + b"\n" + text, "damaged: it contains an invalid line"),
    ],
)
def test_a_torn_queue_is_cut_and_a_damaged_one_set_aside(runtime, plan, damage, what):
    path = runtime.study("one") / "ledger.log"
    OptunaLedger.open("one", runtime.study("one"), runtime.trials).enqueue([Job("a", "b", 0, 0)])
    path.write_bytes(damage(path.read_bytes()))
    [found] = wrong(runtime).values()
    assert found.startswith(what)
    doctor(runtime, fix=True)
    assert wrong(runtime) == {}


def test_the_mirror_is_reconciled_with_its_marks(runtime, plan):
    folder, key = runtime.study("one") / "wandb", plan.trials[0].key
    there = {"digest": "d", "folder": "offline-run-20260101_000000-one-a", "mode": "offline"}
    (folder / there["folder"]).mkdir(parents=True)
    (folder / there["folder"] / "run.wandb").write_bytes(b"rows")
    (folder / "offline-run-20260101_000001-one-b").mkdir()
    gone = {**there, "folder": "offline-run-20260101_000002-one-c"}
    for name, entry in ((plan.trials[1].key, there), (key, gone), ("0" * 16, there)):
        mirror.mark(folder, name, entry)
    assert wrong(runtime) == {
        f"studies/one/wandb/{gone['folder']}": "marked as complete, but missing"
    }
    said = " ".join(noted(runtime, "W&B"))
    assert "not in the plan" in said
    assert "incomplete runs of earlier attempts: offline-run-20260101_000001-one-b" in said
    assert "2 finished trials are not in W&B" in said
    doctor(runtime, fix=True)
    assert wrong(runtime) == {}
    assert set(mirror.entries(folder)) == {plan.trials[1].key}
    (folder / "whole.json").write_text('{"a": {}}')
    assert list(wrong(runtime)) == ["studies/one/wandb/whole.json"]
    doctor(runtime, fix=True)
    assert wrong(runtime) == {}


def test_what_is_in_use_is_left_alone(runtime, plan):
    folder = runtime.trials / plan.trials[0].key
    (folder / "metrics.jsonl").write_text("x\n")
    with Recorder(folder):
        assert not doctor(runtime, fix=True).healthy
    assert doctor(runtime, fix=True).healthy


class TestInstallation:
    def test_versions_are_held_against_the_declared_ranges(self, monkeypatch):
        assert list(machine.check_versions()) == []
        monkeypatch.setattr(machine, "requires", lambda name: [
            "numpy>=99.1", "no-such-package>=1", "pandas>=2.2", 'x>=1; extra == "dev"',
        ])  # fmt: skip
        found = {finding.place.split()[0]: finding.what for finding in machine.check_versions()}
        assert found == {"numpy": "is not >=99.1", "no-such-package": "not installed"}

    def test_python_itself(self, monkeypatch):
        monkeypatch.setattr(machine.platform, "python_version", lambda: "3.10.1")
        assert [finding.place for finding in machine.check_versions()] == ["Python 3.10.1"]

    def test_a_checkout_that_is_not_installed_has_no_ranges(self, monkeypatch):
        monkeypatch.setattr(machine, "PACKAGE", "no-such-package")
        [found] = machine.check_versions()
        assert (found.what, found.wrong) == ("not installed, so versions are not checked", False)

    def test_a_folder_of_studies_that_is_not_there(self, tmp_path):
        runtime = Runtime(runs=tmp_path, reports=tmp_path, more_studies=(tmp_path / "none",))
        assert [one.place for one in machine.check_places(runtime) if "STUDIES" in one.what] == [
            str(tmp_path / "none")
        ]

    def test_little_room_and_a_folder_that_cannot_be_written(self, tmp_path, monkeypatch):
        (tmp_path / "file").write_text("")
        found = list(machine.check_places(Runtime(runs=tmp_path / "file", reports=tmp_path / "b")))
        assert [one.wrong for one in found] == [True, False]
        usage = machine.shutil.disk_usage(tmp_path)
        monkeypatch.setattr(machine.shutil, "disk_usage", lambda path: usage._replace(free=10**8))
        assert next(one.wrong for one in machine.check_places(Runtime(runs=tmp_path)))

    def test_the_account_is_told_and_never_its_key(self, monkeypatch):
        monkeypatch.setenv("WANDB_API_KEY", "s3cr3t" * 7)
        found = list(machine.check_tracking(Runtime(tracking="")))
        assert "online, account configured" in found[0].what
        assert "s3cr3t" not in str([one.to_json() for one in found])
        [bad] = machine.check_tracking(Runtime(tracking="ofline"))
        assert bad.wrong
        assert "offline" in bad.what

    def test_data_and_weights(self, tmp_path, monkeypatch):
        monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
        monkeypatch.setenv("KERAS_HOME", str(tmp_path))
        (tmp_path / "mnist").mkdir()

        def config(name, path=None, encoder="classifier"):
            return {"data.name": name, "data.path": path, "evaluation.encoder": encoder}

        configs = [config("mnist"), config("cifar10"), config("digits"),
                   config("folder", str(tmp_path / "none")),
                   config("digits", encoder="inception_v3"),
                   config("digits", encoder=str(tmp_path / "mine.keras"))]  # fmt: skip
        found = {one.place: (one.what, one.wrong) for one in machine.check_inputs(configs)}
        assert found["data set mnist"][0].startswith("there")
        assert found["data set cifar10"][0].startswith("missing: downloaded")
        assert found["weights of inception_v3"][0].startswith("missing: downloaded")
        missing = [place for place, (_, wrong) in found.items() if wrong]
        assert missing == [
            f"data.path {tmp_path}/none",
            f"evaluation.encoder {tmp_path}/mine.keras",
        ]


class TestCommandLine:
    @pytest.fixture
    def harness(self, runtime, monkeypatch, capsys):
        for name in ("runs", "reports", "studies"):
            monkeypatch.setenv(f"HARNESS_{name.upper()}", str(getattr(runtime, name)))

        def go(*words):
            monkeypatch.setattr(sys, "argv", ["harness", "doctor", *words])
            try:
                cli.main()
                code = 0
            except SystemExit as end:
                code = end.code or 0
            return code, *capsys.readouterr()

        return go

    def test_exit_codes_and_words(self, runtime, plan, harness):
        assert harness()[0] == 0
        (runtime.trials / plan.trials[0].key / "result.json").write_text("{")
        code, said, _ = harness("one")
        assert code == 1
        assert "result.json: damaged" in said
        assert "harness doctor --fix repairs what is safe to repair" in said
        code, said, _ = harness("--fix")
        assert code == 0
        assert "done: the trial is kept as" in said
        assert "nothing is wrong" in harness()[1]

    def test_for_programs(self, runtime, plan, harness):
        (runtime.trials / plan.trials[0].key / "env.json").write_text("[")
        code, said, _ = harness("--json")
        document = json.loads(said)
        assert code == 1
        assert not document["healthy"]
        [found] = [one for one in document["findings"] if one["wrong"]]
        assert found["place"].endswith("env.json")
        assert found["mendable"]

    def test_a_study_that_there_is_not(self, harness):
        code, _, said = harness("onee")
        assert code == 2
        assert "did you mean 'one'" in said
