"""Writing the record of truth: one trial's folder (its layout is in `harness.runs.trial`)."""

import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from harness.config.patch import flatten
from harness.config.trial import Schedule, TrialConfig
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
from harness.core.lock import Busy, is_at, lock_file
from harness.core.redact import redacted
from harness.runs import layout
from harness.runs.digests import extend, forget, seal
from harness.runs.record import now
from harness.runs.rows import (
    Environment,
    Failure,
    MetricAbout,
    Nearest,
    Progress,
    Pruned,
    Result,
    ScoreRow,
    TrainingRow,
)
from harness.runs.trial import Trial


class Recorder:
    """The folder of one trial, held by a lock that dies with its process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: IO[str] | None = None

    def acquire(self) -> Self:
        """Lock the folder, or raise Busy; a context manager's exit releases it."""
        return self._acquire(shared=False)

    def read(self) -> Self:
        """Keep the folder from being trained, scored or removed; others may read it, too."""
        return self._acquire(shared=True)

    def _acquire(self, shared: bool) -> Self:
        while True:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                file = (self.folder / layout.LOCK).open("a+")
            except OSError as error:
                place = error.filename or self.folder
                raise HarnessError(f"{place}: cannot be written ({error.strerror})") from None
            try:
                lock_file(file, shared=shared, wait=False)
            except Busy:
                file.close()
                raise
            if is_at(file, self.folder / layout.LOCK):
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
        return self.folder / layout.CHECKPOINT / layout.LAST

    def checkpoints(self) -> list[Path]:
        """The states that a training may continue from, the newest first."""
        names = (layout.LAST, layout.BEFORE, layout.BEST)
        paths = (self.checkpoint.with_name(name) for name in names)
        return [path for path in paths if path.exists()]

    def keep_checkpoint(self) -> None:
        """Keep the checkpoint under another name, for the case that the next one is damaged."""
        before = self.checkpoint.with_name(layout.BEFORE)
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
        kept = set_aside(path, self.folder / layout.ASIDE, name.replace("/", "-"))
        self.log(f"{name} is damaged ({why}): kept as {kept.relative_to(self.folder)}")
        return kept

    def parts(self) -> list[Path]:
        """The folder and those in it, where leftovers of a killed process may lie."""
        inside = (layout.EVALUATIONS, layout.SAMPLES, layout.GENERATORS, layout.CHECKPOINT)
        return [self.folder, *(self.folder / name for name in inside)]

    def generator(self, iteration: int) -> Path:
        """Where the EMA generator after `iteration` lies."""
        return self.folder / layout.generator(iteration)

    def start(self, config: TrialConfig, environment: Environment) -> None:
        """Write what is trained and what it is trained with; one entry an attempt."""
        sweep(*self.parts())
        discard(self.folder / layout.DIGESTS)  # of an end that never came
        for name in (layout.CONFIG, layout.PRUNED, layout.FAILURE):
            if (self.folder / name).is_dir():
                self.set_aside(self.folder / name, "a folder where a file should be")
        write_json(self.folder / layout.CONFIG, flatten(config))
        attempts = [*self._attempts(), environment]
        write_json(self.folder / layout.ENVIRONMENT, [one.to_json() for one in attempts])
        self.recovered()

    def _attempts(self) -> list[Environment]:
        try:
            return Trial(self.folder).environment()
        except Damaged as error:
            self.set_aside(error.path, error.why)
            return []

    def images(self, facts: Mapping[str, Any]) -> None:
        """Write how many images of what the trial has, and what was left out."""
        write_json(self.folder / layout.IMAGES, facts)

    def nearest(self, nearest: Nearest) -> None:
        """Write how near generated images are to the training images."""
        write_json(self.folder / layout.NEAREST, nearest.to_json())

    def cut(self, iteration: int) -> None:
        """Drop rows beyond `iteration`, and an incomplete last line: a resume writes them again."""
        for path in self._rows():
            if iteration < 0 and path.is_dir():
                self.set_aside(path, "a folder where a file should be")
            read = _counted(path) if iteration >= 0 else []
            rows = [row for row in read if row["iteration"] <= iteration]
            lines = (json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
            write_atomically(path, "".join(lines))
        for path in (
            *self.folder.glob(f"{layout.SAMPLES}/*.png"),
            *self.folder.glob(f"{layout.GENERATORS}/*.npz"),
        ):
            if path.stem.isdigit() and int(path.stem) > iteration:
                discard(path)

    def settle(self) -> None:
        """Bring all rows to the disk: before a checkpoint or a result that follows from them."""
        for path in self._rows():
            settle(path)

    def iterations(self, identity: str) -> tuple[set[int], set[int]]:
        """After which iterations there is a row of training, and one of a metric's scores."""
        paths = (self.folder / layout.METRICS, self._made(layout.scores(identity)))
        training, scored = ({row["iteration"] for row in read_lines(path)} for path in paths)
        return training, scored

    def _rows(self) -> list[Path]:
        return [*self.folder.glob(layout.METRICS), *self.folder.glob(layout.scores("*"))]

    def training(self, row: TrainingRow) -> None:
        """Append a row of training statistics."""
        append_line(self.folder / layout.METRICS, row)

    def describe_metric(self, about: MetricAbout) -> None:
        """Describe a metric identity; requests that it is known to answer stay."""
        path = self._made(layout.about(about.identity))
        text = json_text(self._joined(about).to_json())
        extend(self.folder, {layout.about(about.identity): text.encode()})
        write_atomically(path, text)

    def _joined(self, about: MetricAbout) -> MetricAbout:
        """The description with the requests of an earlier one."""
        path = self._made(layout.about(about.identity))
        try:
            earlier = read_object(path, "requests")
            known = MetricAbout.parse(earlier, path).requests if earlier else ()
        except Damaged as error:
            self.set_aside(path, error.why)
            known = ()
        return about.replaced(requests=tuple(sorted({*about.requests, *known})))

    def evaluation(self, identity: str, row: ScoreRow) -> None:
        """Append a row of scores."""
        append_line(self._made(layout.scores(identity)), row)

    def sample_path(self, iteration: int) -> Path:
        """Where the sample grid after `iteration` goes."""
        return self.folder / layout.sample(iteration)

    def score(self, about: MetricAbout, rows: Sequence[ScoreRow]) -> None:
        """Write all scores of a further metric at once: whole or absent.

        They count by the file that describes their metric, so that one goes first and comes last.
        """
        lines = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
        name = about.identity
        description, table = self._made(layout.about(name)), self._made(layout.scores(name))
        text = json_text(self._joined(about).to_json())
        discard(description)
        write_atomically(table, lines)
        pending = {layout.about(name): text.encode(), layout.scores(name): lines.encode()}
        extend(self.folder, pending)
        write_atomically(description, text)

    def scored(self, identity: str, schedule: Schedule) -> bool:
        """Whether the trial has the scores of a metric identity; damaged ones are set aside."""
        if not self._made(layout.scores(identity)).exists():
            return False
        trial = Trial(self.folder)
        try:
            return trial.complete(identity, schedule)
        except Damaged as error:
            self.set_aside(error.path, error.why)
            return False

    def recovered(self) -> None:
        """Forget that it was given up, its last crash and its progress: the training goes on."""
        for name in (layout.PRUNED, layout.FAILURE, layout.PROGRESS):
            (self.folder / name).unlink(missing_ok=True)

    def progress(self, progress: Progress) -> None:
        """Write how far the trial is, for live views; not part of the record."""
        temporary = passing(self.folder / layout.PROGRESS)
        temporary.write_text(json.dumps(progress.replaced(at=time.time()).to_json()))
        temporary.replace(self.folder / layout.PROGRESS)

    def result(self, result: Result, keeps_checkpoint: bool = False) -> None:
        """Write how the training ended; a trial with a result is never trained again.

        What its files hold is written down before, so that every result has its digests.
        """
        self.settle()
        text = json_text(result.to_json())
        seal(self.folder, {layout.RESULT: text.encode()}, keeps_checkpoint)
        write_atomically(self.folder / layout.RESULT, text)
        settle_folder(self.folder)
        self.recovered()

    def pruned(self, pruned: Pruned) -> None:
        """Write where a search gave the trial up."""
        self.settle()
        write_json(self.folder / layout.PRUNED, pruned.to_json())
        (self.folder / layout.PROGRESS).unlink(missing_ok=True)

    def failure(self, error: str, log_tail: str) -> None:
        """Write why the last attempt crashed; attempts are counted as `env.json` lists them."""
        failure = Failure(
            error=redacted(error),
            log_tail=redacted(log_tail),
            attempt=max(1, len(self._attempts())),  # one that was killed early is not listed
            at=now(),
        )
        write_json(self.folder / layout.FAILURE, failure.to_json())
        (self.folder / layout.PROGRESS).unlink(missing_ok=True)

    def log(self, text: str) -> None:
        """Append a line to the trial's own log."""
        if (self.folder / layout.LOG).is_dir():
            set_aside(self.folder / layout.LOG, self.folder / layout.ASIDE, layout.LOG)
        with (self.folder / layout.LOG).open("a", encoding="utf-8") as file:
            file.write(f"{now()} {redacted(text)}\n")

    def _made(self, name: str) -> Path:
        """The path of a file of scores, in a folder that exists."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def _counted(path: Path) -> list[dict[str, Any]]:
    """The rows of a file, each of which says after which iteration it was written."""
    rows = read_lines(path)
    if any(not isinstance(row.get("iteration"), int) for row in rows):
        raise Damaged(path, "a row lacks its iteration")
    return rows
