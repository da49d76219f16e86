"""A driver that runs on the cluster, as a job of Ray, and outlives the command that started it."""

import os
import secrets
import shlex
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from harness.config.runtime import Runtime
from harness.core.errors import HarnessError
from harness.core.files import read_object, write_json
from harness.core.interpreter import python
from harness.execution.cluster.join import Joined, joined, line_of, use_token
from harness.execution.cluster.ports import answers
from harness.execution.driver import places
from harness.execution.local import GRACE
from harness.runs import layout

HEAD = "node:__internal_head__"  # Ray's name for a resource that its head alone has
UNKNOWN = "unknown"
LONGEST = 120  # letters of a reason
STARTS = 120.0  # seconds for a job to say its first words
# what a driver reads of its environment; keys of accounts are left out, since Ray shows jobs
PASSED_ON = ("HARNESS_STUDIES", "WANDB_MODE", "WANDB_ENTITY", "WANDB_BASE_URL")


class Job(NamedTuple):
    """A job of Ray that drives a run."""

    id: str
    server: str  # URL of Ray's job server

    def command(self, verb: str) -> str:
        """Ray's command for it: `logs --follow` or `stop`."""
        return f"ray job {verb} --address {self.server} {self.id}"


class State(NamedTuple):
    """How a job stands, in Ray's words or as `unknown`, and then why."""

    word: str
    why: str = ""

    @property
    def over(self) -> bool:
        """Whether it has ended, well or not."""
        return self.word in ("SUCCEEDED", "STOPPED", "FAILED")


def start_driver(run_name: str, arguments: Sequence[str], address: str, runtime: Runtime) -> Job:
    """Start `harness ARGUMENTS` as a job on the head of the cluster, in the current folder.

    Raises HarnessError where the head does not see that folder, or the job ends at once.
    """
    folder = runtime.study(run_name)
    with joined(address, new=False) as cluster:
        if (job := detached(folder)) and state(job).word in ("PENDING", "RUNNING"):
            raise HarnessError(
                f"{run_name} is driven by the job {job.id} already; stop it with: "
                f"{job.command('stop')}"
            )
        if not cluster.jobs:
            raise HarnessError(
                f"--detach: the cluster at {address} has no job server; its head needs "
                "ray[default], and no --include-dashboard=false"
            )
        job = Job(f"{run_name}-{secrets.token_hex(3)}", cluster.jobs)
        write_json(folder / layout.JOB, job._asdict())
        try:
            interpreter = _interpreter(cluster, (folder / layout.JOB).absolute(), job.id)
            # the folder of this code comes first on the path only where it does here, too
            command = [interpreter, *python()[1:], "-m", "harness", *arguments]
            _submit(job, command, runtime)
        except BaseException:
            (folder / layout.JOB).unlink(missing_ok=True)
            raise
    return job


def detached(folder: Path) -> Job | None:
    """The job that was last started for a run, by the run's folder."""
    note = read_object(folder / layout.JOB, "id", "server")
    return Job(note["id"], note["server"]) if note else None


def forget_ended(folder: Path) -> None:
    """Remove the note of a job that has ended, now that another command drives the run."""
    if (job := detached(folder)) and state(job).over:
        (folder / layout.JOB).unlink(missing_ok=True)


def state(job: Job) -> State:
    """How the job stands; of a cluster that does not tell, no error is raised."""
    if not answers(job.server):
        return State(UNKNOWN, f"nothing answers at {job.server}")
    use_token()
    try:
        from ray.exceptions import RayError
    except ImportError:
        return State(UNKNOWN, "Ray is not installed here")
    try:
        return State(str(_client(job).get_job_status(job.id).value))
    except (ImportError, OSError, RuntimeError, ValueError, RayError) as error:
        return State(UNKNOWN, line_of(error)[:LONGEST])


def _client(job: Job) -> Any:
    from ray.job_submission import JobSubmissionClient

    os.environ["RAY_API_SERVER_ADDRESS"] = job.server  # else RAY_ADDRESS takes its place
    return JobSubmissionClient(job.server)


def _interpreter(cluster: Joined, note: Path, job: str) -> str:
    """Python of the head; raises HarnessError unless the head sees the run's folder."""
    ray = cluster.ray
    look = ray.remote(_look).options(num_cpus=0, resources={HEAD: 0.001}, max_retries=0)
    try:
        interpreter, seen = ray.get(look.remote(note, job, Path.cwd()))
    except ray.exceptions.RayError as error:
        raise HarnessError(
            f"--detach: the head cannot run this package: {line_of(error)}"
        ) from None
    if not seen:
        raise HarnessError(
            f"--detach: the head of the cluster does not see {Path.cwd()}, where the driver would "
            "run and write its record; give the command on the head, or in a folder that it shares"
        )
    return str(interpreter)


def _look(note: Path, job: str, folder: Path) -> tuple[str, bool]:
    """On the head: its Python, and whether it sees a note of this job and the folder."""
    seen = read_object(note, "id")
    return sys.executable, bool(seen and seen["id"] == job and folder.is_dir())


def _submit(job: Job, command: Sequence[str], runtime: Runtime) -> None:
    """Start the job, and wait for its first words."""
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    # Ray gives a job that is stopped three seconds, too few to bring checkpoints home
    patience = {"RAY_JOB_STOP_WAIT_TIME_S": str(int(GRACE) + 60)}
    client = _client(job)
    client.submit_job(
        # exec: the signal that stops a job is for the driver, not for a shell
        entrypoint=f"cd {shlex.quote(str(Path.cwd()))} && exec {shlex.join(command)}",
        submission_id=job.id,
        runtime_env={"env_vars": {**places(runtime), **passed, **patience}},
    )
    end = time.monotonic() + STARTS
    while time.monotonic() < end:
        status, words = client.get_job_status(job.id), ""
        with suppress(RuntimeError):  # it has no log yet
            words = client.get_job_logs(job.id)
        if status.is_terminal() and status.value != "SUCCEEDED":
            raise HarnessError(f"--detach: {_last(words) or client.get_job_info(job.id).message}")
        if status.is_terminal() or words.strip():
            return
        time.sleep(0.5)


def _last(words: str) -> str:
    lines = [line for line in words.splitlines() if line.strip()]
    return lines[-1].removeprefix("harness: ") if lines else ""
