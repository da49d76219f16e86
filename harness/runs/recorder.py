"""Writing the record of truth: one trial's folder (its layout is in `harness.runs.trial`)."""

import fcntl
import json
import os
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from harness.config.patch import flatten
from harness.config.trial import TrialConfig
from harness.core.errors import Damaged, HarnessError
from harness.core.files import (
    append_line,
    json_text,
    read_lines,
    read_object,
    settle,
    write_atomically,
    write_json,
)
from harness.core.leftovers import discard, passing, set_aside, settle_folder, sweep
from harness.core.redact import redacted
from harness.runs.digests import DIGESTS, extend, forget, seal
from harness.runs.trial import ASIDE, Trial


class Busy(Exception):
    """Another process trains this trial."""


class Recorder:
    """The folder of one trial, held by a lock that dies with its process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: IO[str] | None = None

    def acquire(self) -> Self:
        """Lock the folder, or raise Busy; a context manager's exit releases it."""
        return self._acquire(fcntl.LOCK_EX)

    def read(self) -> Self:
        """Keep the folder from being trained, scored or removed; others may read it, too."""
        return self._acquire(fcntl.LOCK_SH)

    def _acquire(self, kind: int) -> Self:
        while True:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                file = (self.folder / "lock").open("a+")
            except OSError as error:
                place = error.filename or self.folder
                raise HarnessError(f"{place}: cannot be written ({error.strerror})") from None
            try:
                fcntl.flock(file, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                raise Busy(str(self.folder)) from None
            if _is_at(file, self.folder / "lock"):
                self._lock = file
                return self
            file.close()  # the folder was removed between opening and locking: into a new one

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
            self._lock = None

    @property
    def checkpoint(self) -> Path:
        """Where the state to continue from lies."""
        return self.folder / "checkpoint" / "last.npz"

    def checkpoints(self) -> list[Path]:
        """The states that a training may continue from, the newest first."""
        names = ("last.npz", "before.npz", "best.npz")
        paths = (self.checkpoint.with_name(name) for name in names)
        return [path for path in paths if path.exists()]

    def keep_checkpoint(self) -> None:
        """Keep the checkpoint under another name, for the case that the next one is damaged."""
        before = self.checkpoint.with_name("before.npz")
        other = passing(before)
        try:
            os.link(self.checkpoint, other)  # a second name costs nothing, and the first stays
            other.replace(before)
        except OSError:  # the first checkpoint, or a file system without second names
            other.unlink(missing_ok=True)

    def set_aside(self, path: Path, why: str) -> Path:
        """Keep a damaged file of the folder under another name, and say so in the log."""
        name = path.relative_to(self.folder).as_posix()
        forget(self.folder, {name})
        kept = set_aside(path, self.folder / ASIDE, name.replace("/", "-"))
        self.log(f"{name} is damaged ({why}): kept as {kept.relative_to(self.folder)}")
        return kept

    def parts(self) -> list[Path]:
        """The folder and those in it, where leftovers of a killed process may lie."""
        inside = ("evaluations", "samples", "generators", "checkpoint")
        return [self.folder, *(self.folder / name for name in inside)]

    def generator(self, iteration: int) -> Path:
        """Where the EMA generator after `iteration` lies."""
        return self.folder / "generators" / f"{iteration:08d}.npz"

    def start(self, config: TrialConfig, environment: Mapping[str, Any]) -> None:
        """Write what is trained and what it is trained with; one entry an attempt."""
        sweep(*self.parts())
        discard(self.folder / DIGESTS)  # of an end that never came
        for name in ("config.json", "pruned.json", "failure.json"):
            if (self.folder / name).is_dir():
                self.set_aside(self.folder / name, "a folder where a file should be")
        write_json(self.folder / "config.json", flatten(config))
        write_json(self.folder / "env.json", [*self._attempts(), environment])
        self.recovered()

    def _attempts(self) -> list[Any]:
        try:
            return Trial(self.folder).environment()
        except Damaged as error:
            self.set_aside(error.path, error.why)
            return []

    def images(self, facts: Mapping[str, Any]) -> None:
        """Write how many images of what the trial has, and what was left out."""
        write_json(self.folder / "images.json", facts)

    def cut(self, iteration: int) -> None:
        """Drop all rows beyond `iteration`, a torn last line too: a resume writes them again."""
        for path in self._rows():
            if iteration < 0 and path.is_dir():
                self.set_aside(path, "a folder where a file should be")
            read = _counted(path) if iteration >= 0 else []
            rows = [row for row in read if row["iteration"] <= iteration]
            lines = (json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
            write_atomically(path, "".join(lines))
        for path in (*self.folder.glob("samples/*.png"), *self.folder.glob("generators/*.npz")):
            if path.stem.isdigit() and int(path.stem) > iteration:
                discard(path)

    def settle(self) -> None:
        """Bring all rows to the disk: before a checkpoint or a result that follows from them."""
        for path in self._rows():
            settle(path)

    def iterations(self, identity: str) -> tuple[set[int], set[int]]:
        """After which iterations there is a row of training, and one of a metric's scores."""
        paths = (self.folder / "metrics.jsonl", self._evaluations(f"{identity}.jsonl"))
        training, scores = ({row["iteration"] for row in read_lines(path)} for path in paths)
        return training, scores

    def _rows(self) -> list[Path]:
        return [*self.folder.glob("metrics.jsonl"), *self.folder.glob("evaluations/*.jsonl")]

    def training(self, row: Mapping[str, Any]) -> None:
        """Append a row of training statistics."""
        append_line(self.folder / "metrics.jsonl", row)

    def describe_metric(self, spec: Mapping[str, Any]) -> None:
        """Say what one metric identity is, and that it answers `spec["request"]` (among others)."""
        path = self._evaluations(f"{spec['identity']}.json")
        asked = {spec["request"], *self._requests(spec["identity"])}
        said = json_text({"requests": sorted(asked), **_about(spec)})
        extend(self.folder, {f"evaluations/{path.name}": said.encode()})
        write_atomically(path, said)

    def _requests(self, identity: str) -> list[str]:
        """What a metric identity is known to answer."""
        path = self._evaluations(f"{identity}.json")
        try:
            return list((read_object(path, "requests") or {"requests": []})["requests"])
        except Damaged as error:
            self.set_aside(path, error.why)
            return []

    def evaluation(self, identity: str, row: Mapping[str, Any]) -> None:
        """Append a row of scores."""
        append_line(self._evaluations(f"{identity}.jsonl"), row)

    def sample_path(self, iteration: int) -> Path:
        """Where the sample grid after `iteration` goes."""
        return self.folder / "samples" / f"{iteration:08d}.png"

    def score(self, spec: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> None:
        """Write all scores of a further metric at once: whole or absent.

        They count by the file that describes their metric, so that one goes first and comes last.
        """
        lines = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
        name = spec["identity"]
        about, scores = self._evaluations(f"{name}.json"), self._evaluations(f"{name}.jsonl")
        asked = sorted({spec["request"], *self._requests(name)})
        discard(about)
        write_atomically(scores, lines)
        said = json_text({"requests": asked, **_about(spec)})
        pending = {about: said.encode(), scores: lines.encode()}
        names = {path.relative_to(self.folder).as_posix(): text for path, text in pending.items()}
        extend(self.folder, names)
        write_atomically(about, said)

    def scored(self, identity: str, evaluations: int) -> bool:
        """Whether the trial has the scores of a metric identity; damaged ones are set aside."""
        if not self._evaluations(f"{identity}.jsonl").exists():
            return False
        trial = Trial(self.folder)
        try:
            return trial.complete(identity, evaluations)
        except Damaged as error:
            self.set_aside(error.path, error.why)
            return False

    def recovered(self) -> None:
        """Forget that it was given up, its last crash and its progress: the training goes on."""
        for name in ("pruned.json", "failure.json", "progress.json"):
            (self.folder / name).unlink(missing_ok=True)

    def progress(self, **values: Any) -> None:
        """Say how far the trial is, for live views and as a heartbeat; not part of the record."""
        temporary = passing(self.folder / "progress.json")
        temporary.write_text(json.dumps({**values, "at": time.time()}))
        temporary.replace(self.folder / "progress.json")

    def result(self, values: Mapping[str, Any], keeps_checkpoint: bool = False) -> None:
        """Write how the training ended; a trial with a result is never trained again.

        What its files hold is written down before, so that every result has its digests.
        """
        self.settle()
        said = json_text(values)
        seal(self.folder, {"result.json": said.encode()}, keeps_checkpoint)
        write_atomically(self.folder / "result.json", said)
        settle_folder(self.folder)
        self.recovered()

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
        if (self.folder / "log.txt").is_dir():
            set_aside(self.folder / "log.txt", self.folder / ASIDE, "log.txt")
        with (self.folder / "log.txt").open("a", encoding="utf-8") as file:
            file.write(f"{now()} {redacted(text)}\n")

    def _evaluations(self, name: str) -> Path:
        path = self.folder / "evaluations" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def _is_at(file: IO[str], path: Path) -> bool:
    """Whether an open file is the one that `path` leads to now."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False


def _about(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in spec.items() if name != "request"}


def _counted(path: Path) -> list[dict[str, Any]]:
    """The rows of a file, each of which says after which iteration it was written."""
    rows = read_lines(path)
    if any(not isinstance(row.get("iteration"), int) for row in rows):
        raise Damaged(path, "a row lacks its iteration")
    return rows


def now() -> str:
    """The time, as ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")
