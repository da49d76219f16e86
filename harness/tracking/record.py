"""Writing the record of truth: one trial's folder (its layout is in `harness.records`)."""

import fcntl
import json
import os
import platform
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from harness.config.patch import flatten
from harness.config.trial import TrialConfig
from harness.errors import HarnessError
from harness.files import (
    append_line,
    read_json,
    read_lines,
    settle,
    write_atomically,
    write_json,
)
from harness.records import INTERPOLATION
from harness.redact import redacted

PACKAGES = ("tensorflow", "keras", "numpy", "gan-ablation-harness")


class Busy(Exception):
    """Another process trains this trial."""


class Recorder:
    """The folder of one trial, held by a lock that dies with its process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: IO[str] | None = None

    def acquire(self) -> Self:
        """Lock the folder, or raise Busy; a context manager's exit releases it."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = (self.folder / "lock").open("w")
        except OSError as error:
            raise HarnessError(f"{self.folder}: cannot be written ({error.strerror})") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise Busy(str(self.folder)) from None
        return self

    def __enter__(self) -> Self:
        return self if self._lock is not None else self.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._lock is not None:
            self._lock.close()

    @property
    def checkpoint(self) -> Path:
        """Where the state to continue from lies."""
        return self.folder / "checkpoint" / "last.npz"

    def generator(self, iteration: int) -> Path:
        """Where the EMA generator after `iteration` lies."""
        return self.folder / "generators" / f"{iteration:08d}.npz"

    def start(self, config: TrialConfig, environment: Mapping[str, Any]) -> None:
        """Write what is trained and what it is trained with; one entry an attempt."""
        write_json(self.folder / "config.json", flatten(config))
        attempts = read_json(self.folder / "env.json") or []
        write_json(self.folder / "env.json", [*attempts, environment])
        (self.folder / "pruned.json").unlink(missing_ok=True)
        self.recovered()

    def cut(self, iteration: int) -> None:
        """Drop all rows beyond `iteration`, a torn last line too: a resume writes them again."""
        for path in self._rows():
            rows = [row for row in read_lines(path) if row["iteration"] <= iteration]
            lines = (json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
            write_atomically(path, "".join(lines))
        for path in (*self.folder.glob("samples/*.png"), *self.folder.glob("generators/*.npz")):
            if int(path.stem) > iteration:
                path.unlink()

    def settle(self) -> None:
        """Bring all rows to the disk: before a checkpoint or a result that follows from them."""
        for path in self._rows():
            settle(path)

    def _rows(self) -> list[Path]:
        return [*self.folder.glob("metrics.jsonl"), *self.folder.glob("evaluations/*.jsonl")]

    def training(self, row: Mapping[str, Any]) -> None:
        """Append a row of training statistics."""
        append_line(self.folder / "metrics.jsonl", row)

    def describe_metric(self, spec: Mapping[str, Any]) -> None:
        """Say what one metric identity is, and that it answers `spec["request"]` (among others)."""
        path = self._evaluations(f"{spec['identity']}.json")
        asked = {spec["request"], *(read_json(path) or {"requests": []})["requests"]}
        about = {name: value for name, value in spec.items() if name != "request"}
        write_json(path, {"requests": sorted(asked), **about})

    def evaluation(self, identity: str, row: Mapping[str, Any]) -> None:
        """Append a row of scores."""
        append_line(self._evaluations(f"{identity}.jsonl"), row)

    def sample_path(self, iteration: int) -> Path:
        """Where the sample grid after `iteration` goes."""
        return self.folder / "samples" / f"{iteration:08d}.png"

    @property
    def interpolation(self) -> Path:
        """Where the pictures of an interpolation go, when training has ended."""
        return self.folder / INTERPOLATION

    def score(self, spec: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> None:
        """Write all scores of a further metric at once: whole or absent."""
        lines = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
        write_atomically(self._evaluations(f"{spec['identity']}.jsonl"), lines)
        self.describe_metric(spec)

    def scored(self, identity: str) -> bool:
        """Whether the trial has the scores of a metric identity."""
        return self._evaluations(f"{identity}.jsonl").exists()

    def recovered(self) -> None:
        """Forget the last crash: what it was about has succeeded."""
        (self.folder / "failure.json").unlink(missing_ok=True)

    def progress(self, **values: Any) -> None:
        """Say how far the trial is, for live views and as a heartbeat; not part of the record."""
        temporary = self.folder / ".progress.tmp"
        temporary.write_text(json.dumps({**values, "at": time.time()}))
        temporary.replace(self.folder / "progress.json")

    def result(self, values: Mapping[str, Any]) -> None:
        """Write how the training ended; a trial with a result is never trained again."""
        self.settle()
        write_json(self.folder / "result.json", values)
        self.recovered()
        (self.folder / "progress.json").unlink(missing_ok=True)

    def pruned(self, values: Mapping[str, Any]) -> None:
        """Write where a search gave the trial up."""
        self.settle()
        write_json(self.folder / "pruned.json", values)
        (self.folder / "progress.json").unlink(missing_ok=True)

    def failure(self, error: str, log_tail: str, attempt: int) -> None:
        """Write why an attempt crashed."""
        said = {"error": redacted(error), "log_tail": redacted(log_tail)}
        values = {**said, "attempt": attempt, "at": now()}
        write_json(self.folder / "failure.json", values)
        (self.folder / "progress.json").unlink(missing_ok=True)

    def log(self, text: str) -> None:
        """Append a line to the trial's own log."""
        with (self.folder / "log.txt").open("a", encoding="utf-8") as file:
            file.write(f"{now()} {redacted(text)}\n")

    def _evaluations(self, name: str) -> Path:
        path = self.folder / "evaluations" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def free(folder: Path, whole: bool) -> int:
    """Remove a trial's weights, or all of it, unless it is being trained; how many bytes."""
    try:
        with Recorder(folder):
            paths = [folder] if whole else [folder / "generators", folder / "checkpoint"]
            files = [file for path in paths for file in path.rglob("*") if file.is_file()]
            freed = sum(file.stat().st_size for file in files)
            for path in paths:
                shutil.rmtree(path, ignore_errors=True)
    except Busy:
        return 0
    return freed


def now() -> str:
    """The time, as ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def environment(arithmetic: Mapping[str, Any]) -> dict[str, Any]:
    """What an attempt runs on. Nothing here can change a result but the arithmetic, by rounding."""
    return {
        "at": now(),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": _processor(),
        "versions": {package: version(package) for package in PACKAGES},
        "device": arithmetic["device"],
        "arithmetic": dict(arithmetic),
        "git": _git(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _git() -> dict[str, Any]:
    """The commit of this code, and whether the checkout was dirty; empty outside a checkout."""
    here = Path(__file__).parent
    try:
        commit, status = (
            subprocess.run(
                ["git", "-C", str(here), *arguments],
                capture_output=True,
                text=True,
                check=True,
                timeout=10,
            ).stdout.strip()
            for arguments in (("rev-parse", "HEAD"), ("status", "--porcelain"))
        )
    except (OSError, subprocess.SubprocessError):
        return {"commit": "", "dirty": False}
    return {"commit": commit, "dirty": bool(status)}
