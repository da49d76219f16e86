"""The live mirror: what it holds is read back with W&B's own tool; what fails stays outside."""

import math
import os
import pty
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from types import SimpleNamespace

import mirrored
import pytest

from harness.core.errors import HarnessError
from harness.mirror import places as mirror
from harness.mirror import wandb_sink
from harness.mirror.wandb_library import resolve_mode
from harness.mirror.wandb_sink import WandbSink
from harness.runs.rows import ScoreRow


@pytest.fixture(autouse=True)
def no_account(monkeypatch, tmp_path):
    for name in ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE", "WANDB_MODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


@pytest.fixture
def said():
    return []


def opened(tmp_path, said, **changes):
    return WandbSink.open(
        mirrored.identity(tmp_path), mirrored.settings(**changes), mirrored.config(), said.append
    )


def test_validation_images_are_logged_once(tmp_path, said):
    sink = opened(tmp_path, said)
    mirrored.train(sink, tmp_path / "samples")
    assert sink.finish(mirrored.ending())
    history = mirrored.history(mirrored.only_folder(tmp_path))
    assert [row["_step"] for row in history if "validation_images.sha256" in row] == [0]


def test_a_live_run_holds_all_that_was_logged(tmp_path, said):
    sink = opened(tmp_path, said)
    mirrored.train(sink, tmp_path / "samples")
    assert sink.finish(mirrored.ending())
    assert said == []
    folder = mirrored.only_folder(tmp_path)

    run = mirrored.records(folder, "run")[-1]
    assert run["run_id"] == "beta1-smoke-0123456789abcdef"
    assert run["project"] == "gan-ablation"
    assert run["run_group"] == "beta1-smoke"
    assert run["job_type"] == "adam_beta_1=ignoring"
    assert run["display_name"] == "adam_beta_1=ignoring-s3"
    assert run["tags"] == ["study:beta1", "profile:smoke", "seed:3", "status:finished"]
    assert run["notes"] == "Run it again: harness run beta1 --profile smoke"

    history = mirrored.history(folder)
    assert [row["_step"] for row in history] == mirrored.STEPS
    shared = history[-1]  # iteration 50: training, evaluation and samples
    assert shared["discriminator_loss"] == pytest.approx(0.65)
    assert shared["kid"] == pytest.approx(0.2)
    assert shared["samples.width"] == 17  # of 6 images, with gutters
    assert [row["kid"] for row in history if "kid" in row] == pytest.approx([0.4, 0.1, 0.2])
    assert [row["fid"] for row in history if "fid" in row] == pytest.approx([10.0, 20.0])
    assert not any("inception_score" in row for row in history)
    assert [row["generator_loss"] for row in history if "generator_loss" in row] == pytest.approx(
        [row["generator_loss"] for row in mirrored.TRAINING]
    )
    axes = {m["name"]: m.get("step_metric") for m in mirrored.records(folder, "metric")}
    assert axes["kimg"] is None
    assert {axes[n] for n in ("kid", "coverage", "gradient_penalty", "samples")} == {"kimg"}

    whole = mirrored.summary(folder)
    assert whole["config"] == mirrored.config()
    assert whole["exit_code"] == 0
    assert whole["summary"]["kid"] == pytest.approx({"min": 0.1, "last": 0.2})
    assert whole["summary"]["final"] == pytest.approx(0.2)
    assert whole["summary"]["kid_best"] == pytest.approx(0.1)
    assert whole["summary"]["status"] == "finished"
    assert whole["summary"]["metric"] == mirrored.METRIC
    assert mirror.entries(tmp_path / "wandb")[mirrored.KEY]["folder"] == folder.name


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf, None])
def test_a_score_that_is_not_finite_stays_out_of_the_summary(tmp_path, said, place, odd):
    """Wherever it stands: W&B would keep it as the smallest and the largest for good."""
    sink = opened(tmp_path, said)
    for number, row in enumerate(mirrored.EVALUATIONS):
        bad = dict.fromkeys(("kid", "fid", "coverage", "inception_score"), odd)
        scored = ScoreRow({**row, **(bad if number == place else {})})
        sink.evaluation(scored, mirrored.METRIC)
    assert sink.finish(mirrored.ending())
    assert said == []
    whole = mirrored.summary(mirrored.only_folder(tmp_path))["summary"]
    kids = [row["kid"] for n, row in enumerate(mirrored.EVALUATIONS) if n != place]
    assert whole["kid"] == pytest.approx({"min": min(kids), "last": kids[-1]})
    assert whole["coverage"] == pytest.approx({"max": 0.5 - min(kids), "last": 0.5 - kids[-1]})
    assert whole["fid"]["min"] == pytest.approx(20.0 if place == 1 else 10.0)
    assert "inception_score" not in whole


def test_an_attempt_that_was_cut_off_is_not_whole(tmp_path, said):
    sink = opened(tmp_path, said)
    sink.training(mirrored.TRAINING[0])
    assert not sink.finish(None)
    assert mirror.entries(tmp_path / "wandb") == {}
    assert mirrored.records(mirrored.only_folder(tmp_path), "exit") == [{"exit_code": 1}]


# how a trial ended → the exit code of its run, and W&B's word for that
OUTCOMES = {
    "finished": (0, "finished"),
    "diverged": (0, "finished"),
    "pruned": (0, "finished"),
    "crashed": (1, "failed"),
}


@pytest.mark.parametrize("status", OUTCOMES)
def test_a_run_is_marked_as_what_it_is(tmp_path, said, status):
    sink = opened(tmp_path, said)
    sink.training(mirrored.TRAINING[0])
    assert sink.finish(mirrored.ending(status=status))
    whole = mirrored.summary(mirrored.only_folder(tmp_path))
    assert (whole["exit_code"], whole["state"]) == OUTCOMES[status]
    assert whole["summary"]["status"] == status
    assert whole["tags"] == ["study:beta1", "profile:smoke", "seed:3", f"status:{status}"]


@pytest.mark.parametrize("machine", [True, False])
def test_the_load_of_the_machine_is_sampled_where_it_trains(tmp_path, said, machine):
    sink = opened(tmp_path, said, machine=machine)
    sink.training(mirrored.TRAINING[0])
    time.sleep(2)  # W&B's first sample comes as the run starts
    assert sink.finish(mirrored.ending())
    sampled = mirrored.records(mirrored.only_folder(tmp_path), "stats")
    assert bool(sampled) is machine
    assert not machine or sampled[0]["item"]["proc.memory.rssMB"] > 0


def test_a_step_back_is_not_whole(tmp_path, said):
    sink = opened(tmp_path, said)
    sink.training(mirrored.TRAINING[1])
    sink.training(mirrored.TRAINING[0])
    assert not sink.finish(mirrored.ending())
    assert mirror.entries(tmp_path / "wandb") == {}


def test_disabled_leaves_nothing(tmp_path, said):
    sink = opened(tmp_path, said, mode="disabled")
    mirrored.train(sink, tmp_path / "samples")
    assert not sink.finish(mirrored.ending())
    assert not (tmp_path / "wandb").exists()


@pytest.mark.timeout(20)
def test_two_runs_at_once_stay_apart(tmp_path, said):
    keys = ["aa", "bb"]
    sinks = []
    for seed, key in enumerate(keys):
        run = mirrored.identity(tmp_path, key)
        sinks.append(WandbSink.open(run, mirrored.settings(), {"seed": seed}, said.append))
        sinks[-1].samples(0, 0.0, mirrored.picture(tmp_path / "grid.png"))
        while not list(tmp_path.glob(f"wandb/*-{key}/files/media/images/*")):
            time.sleep(0.01)
    for seed, sink in enumerate(sinks):
        for row in mirrored.TRAINING[: seed + 1]:
            sink.training(row)
    whole = [sink.finish(mirrored.ending(key)) for sink, key in zip(sinks, keys, strict=True)]
    assert whole == [True, True]
    folders = [mirrored.only_folder(tmp_path, key) for key in keys]
    assert [len(mirrored.history(folder)) for folder in folders] == [2, 3]
    assert [mirrored.summary(folder)["config"]["seed"] for folder in folders] == [0, 1]


def test_one_writer_a_run(tmp_path, said):
    first, second = opened(tmp_path, []), opened(tmp_path, said)
    second.training(mirrored.TRAINING[0])
    assert not second.finish(mirrored.ending())
    assert len(said) == 1
    assert "another process" in said[0]
    assert first.finish(mirrored.ending())


def test_a_folder_that_cannot_be_made(tmp_path, said):
    (tmp_path / "file").write_text("")
    sink = WandbSink.open(
        mirrored.identity(tmp_path / "file"), mirrored.settings(), mirrored.config(), said.append
    )
    mirrored.train(sink, tmp_path / "samples")
    assert not sink.finish(mirrored.ending())
    assert len(said) == 1
    assert "not mirrored" in said[0]


def double(tmp_path, **methods):
    """A library whose one run does nothing but what `methods` say."""
    run = SimpleNamespace(
        dir=str(tmp_path / "wandb" / "run-0" / "files"),
        summary={},
        define_metric=lambda *_, **__: None,
        log=methods.get("log", lambda *_, **__: None),
        finish=methods.get("finish", lambda **_: None),
    )
    return SimpleNamespace(
        init=methods.get("init", lambda **_: run),
        Settings=lambda **_: None,
        Image=lambda path: path,
        setup=lambda: SimpleNamespace(_connection=None),
    )


def raise_(*_, **__):
    raise RuntimeError("no space for key local-secret")


@pytest.mark.parametrize("call", ["init", "log", "finish"])
def test_what_raises_is_said_once(tmp_path, said, monkeypatch, call):
    monkeypatch.setenv("WANDB_API_KEY", "local-secret")
    monkeypatch.setattr(wandb_sink, "library", lambda: double(tmp_path, **{call: raise_}))
    sink = opened(tmp_path, said)
    mirrored.train(sink, tmp_path / "samples")
    assert not sink.finish(mirrored.ending())
    assert len(said) == 1
    assert "RuntimeError: no space for key ***" in said[0]
    assert mirror.entries(tmp_path / "wandb") == {}


@pytest.mark.parametrize("call", ["init", "log", "finish"])
def test_what_hangs_holds_nothing_up(tmp_path, said, monkeypatch, call):
    def hang(*_, **__):
        time.sleep(30)

    monkeypatch.setattr(wandb_sink, "library", lambda: double(tmp_path, **{call: hang}))
    monkeypatch.setattr(wandb_sink, "GRACE", 0.1)
    sink = opened(tmp_path, said, timeout=0.2)
    began = time.monotonic()
    for row in mirrored.TRAINING:
        sink.training(row)
    assert time.monotonic() - began < 0.1
    assert not sink.finish(mirrored.ending())
    assert time.monotonic() - began < 1.0
    assert len(said) == 1
    assert "no answer within" in said[0]


def test_a_full_queue_drops_and_says_so(tmp_path, said, monkeypatch):
    def slow(*_, **__):
        time.sleep(0.3)

    monkeypatch.setattr(wandb_sink, "library", lambda: double(tmp_path, log=slow))
    sink = opened(tmp_path, said, capacity=2)
    began = time.monotonic()
    for _ in range(100):
        sink.training(mirrored.TRAINING[0])
    assert time.monotonic() - began < 0.2
    assert not sink.finish(mirrored.ending())
    assert len(said) == 1
    assert "2 calls wait" in said[0]


def test_modes(tmp_path, said, monkeypatch):
    assert resolve_mode("", said.append) == "offline"
    assert said == []
    assert resolve_mode("online", said.append) == "offline"
    assert "no account" in said[0]
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    assert resolve_mode("", said.append) == "online"
    assert resolve_mode("offline", said.append) == "offline"
    assert resolve_mode("disabled", said.append) == "disabled"
    with pytest.raises(HarnessError, match="did you mean 'offline'"):
        resolve_mode("ofline", said.append)


def test_an_account_in_netrc_is_found(tmp_path, said):
    wandb = pytest.importorskip("wandb")
    host = wandb.setup().settings.base_url.removeprefix("https://")
    (tmp_path / "netrc").write_text(f"machine {host}\n  login user\n  password {'a' * 40}\n")
    assert resolve_mode("", said.append) == "online"


@pytest.mark.parametrize("mode", ["", "online"])
def test_no_account_and_no_terminal(tmp_path, mode):
    process = mirrored.start(tmp_path, mode, env={"WANDB_MODE": mode})
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert said.splitlines()[-1] == "whole"
    assert mirrored.summary(mirrored.only_folder(tmp_path))["step"] == 50


def test_no_prompt_on_a_terminal(tmp_path):
    ours, theirs = pty.openpty()
    process = mirrored.start(tmp_path, "", stdin=theirs, stdout=theirs, stderr=theirs)
    assert process.wait(timeout=30) == 0
    os.close(theirs)
    assert os.read(ours, 10_000).decode().split() == ["whole"]
    os.close(ours)


def test_the_key_is_nowhere(tmp_path):
    secret = "5ec2e7" * 7
    env = {"WANDB_API_KEY": secret, "WANDB_MODE": "offline"}
    process = mirrored.start(tmp_path, "offline", env=env)
    said, _ = process.communicate(timeout=30)
    assert said.split() == ["whole"]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".wandb" for path in files)
    assert [path for path in files if secret.encode() in path.read_bytes()] == []


STUCK = """
    import os, signal, subprocess, sys, time
    from pathlib import Path
    import mirrored
    from harness.mirror import wandb_sink
    wandb_sink.GRACE = 1.0
    directory = Path(sys.argv[1])
    def opened(key):
        settings = mirrored.settings(timeout=1.5, machine=True)
        run = mirrored.identity(directory, key)
        return wandb_sink.WandbSink.open(run, settings, {}, print)
    first = opened("aa")
    mirrored.train(first, directory / "samples")
    while not list(directory.glob("wandb/*/files/media/images/samples_50_*")):
        time.sleep(0.02)
    core = subprocess.run(["pgrep", "-P", str(os.getpid()), "-f", "wandb-core"],
                          capture_output=True, text=True, check=True).stdout.split()
    for pid in core:
        os.kill(int(pid), int(sys.argv[2]))
    began = time.monotonic()
    print(first.finish(mirrored.ending("aa")), time.monotonic() - began < 4)
    second = opened("bb")
    second.training(mirrored.TRAINING[0])
    print(second.finish(mirrored.ending("bb")))
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGSTOP, signal.SIGKILL])
def test_a_helper_process_that_stops_or_dies(tmp_path, how):
    env = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    here = Path(__file__).parent
    env |= {"PYTHONPATH": f"{here}:{here.parents[1]}", "HOME": str(tmp_path)}
    command = [sys.executable, "-c", textwrap.dedent(STUCK), str(tmp_path), str(int(how))]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=30, check=True)
    said = done.stdout.splitlines()
    assert "beta1-smoke-aa is not mirrored" in said[0]
    assert said[1:] == ["False True", "True"]  # the next run of the process is whole
    assert "Traceback" not in done.stderr
