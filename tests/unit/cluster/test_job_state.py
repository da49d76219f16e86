"""How the job of a detached driver stands, and where `harness status` says so."""

import http.server
import json
import os
import subprocess
import sys
import threading

import pytest

from harness import app
from harness.config.runtime import Runtime
from harness.core.files import write_json
from harness.execution.cluster import detach
from harness.execution.cluster.detach import Job, State
from harness.execution.local import Outcome
from harness.execution.options import Options
from harness.runs.stages import Search, Stages, TuningRecord

STUDY = """title: A study
question: Q?
baseline: {data.name: digits, data.image_size: 16, training.kimg: 6.4, training.evaluations: 5}
heuristics: [generator_ema]
seeds: 1
"""


@pytest.fixture
def runtime(tmp_path):
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies/one.yaml").write_text(STUDY)
    made = Runtime(runs=tmp_path / "runs", studies=tmp_path / "studies")
    plan, _ = app.plan("one", made)
    write_json(made.study("one") / "plan.json", plan.to_json())
    write_json(made.study("one") / "job.json", {"id": "one-1", "server": "http://head:8265"})
    return made


@pytest.mark.parametrize(
    ("state", "standing", "driver", "job"),
    [
        (State("RUNNING"), "job running", "driven by the job one-1 (running)", "one-1"),
        (State("unknown", "no token"), "job unknown",
         "driven by the job one-1 (unknown: no token)", "one-1"),
        (State("FAILED"), "job failed",
         "its driver failed: ray job logs --address http://head:8265 one-1", "one-1"),
        (State("SUCCEEDED"), "", "", None),
    ],
)  # fmt: skip
def test_status_of_a_detached_run(runtime, monkeypatch, state, standing, driver, job):
    monkeypatch.setattr(detach, "state", lambda job: state)
    (row,) = app.status(runtime)
    assert (row["standing"], row["driver"], row["job"]) == (standing, driver, job)


def test_a_run_with_nothing_left_to_train_names_no_job(runtime, monkeypatch):
    monkeypatch.setattr(detach, "state", lambda job: State("unknown", "gone"))
    plan, _ = app.plan("one", runtime)
    for trial, status in zip(plan.trials, ("finished", "diverged"), strict=True):
        assert app.status(runtime)[0]["job"] == "one-1"
        write_json(runtime.trials / trial.key / "result.json", {"status": status, "flags": []})
    (row,) = app.status(runtime)
    assert (row["not_ended"], row["standing"], row["driver"], row["job"]) == (0, "", "", None)


@pytest.mark.parametrize(
    ("word", "kept"), [("FAILED", False), ("STOPPED", False), ("RUNNING", True), ("unknown", True)]
)
def test_a_command_that_drives_on_takes_the_place_of_a_job_that_has_ended(
    runtime, monkeypatch, word, kept
):
    """Else `harness status` would call the driver failed while trials are trained."""
    monkeypatch.setattr(detach, "state", lambda job: State(word))
    monkeypatch.setattr("harness.execution.driver.run_local", lambda *_: Outcome.DONE)
    plan, _ = app.plan("one", runtime)
    app.run(plan, runtime, Options())
    assert (runtime.study("one") / "job.json").exists() is kept


def test_more_is_to_come_until_the_last_decision():
    tuning = TuningRecord(seeds=(1,), points={}, chosen={}, untuned={})
    search = Search(layers=(), space={}, factors={}, trials=1, sampler="tpe", pruner="none",
                    seed=0, suggestions=())  # fmt: skip
    assert Stages().ended
    assert not tuning.ended
    assert tuning.replaced(chosen={"a": "b"}).ended
    assert not search.ended
    assert search.replaced(trials=0).ended


class Guarded(http.server.BaseHTTPRequestHandler):
    """A job server that wants a token, as Ray's does by default."""

    def do_GET(self):
        token = self.headers.get("Authorization", "")
        known = token == "Bearer secret"
        job = {"type": "SUBMISSION", "status": "RUNNING", "entrypoint": "harness"}
        version = {"version": "4", "ray_version": "2.60.0", "ray_commit": "x"}
        words = json.dumps(job if self.path.endswith("/one-1") else version).encode()
        self.send_response(200 if known else 403 if token else 401)
        self.end_headers()
        self.wfile.write(words if known else b"Unauthorized: Missing authentication token")

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    pytest.importorskip("ray", reason="the extra `cluster` is not installed")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Guarded)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def asked(server, home):
    """The state as a new process finds it: Ray reads its mode once."""
    code = (
        f"from harness.execution.cluster.detach import *; print(*state(Job('one-1', '{server}')))"
    )
    around = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    done = subprocess.run([sys.executable, "-c", code], env={**around, "HOME": str(home)},
                          capture_output=True, text=True, check=False)  # fmt: skip
    return done.stdout.strip() or done.stderr


def test_the_token_of_this_machine_is_sent(server, tmp_path):
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray/auth_token").write_text("secret")
    assert asked(server, tmp_path) == "RUNNING"


def test_a_server_that_wants_a_token_is_no_error(server, tmp_path):
    said = "unknown Authentication required: Unauthorized: Missing authentication token"
    assert asked(server, tmp_path) == said


def test_a_server_that_is_gone():
    job = Job("one-1", "http://127.0.0.1:1")
    assert detach.state(job) == State("unknown", "nothing answers at http://127.0.0.1:1")
