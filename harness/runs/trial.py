"""Reading a trial's folder (`runs.layout` says what lies there). Written by `runs.recorder`."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from harness.core.errors import Damaged
from harness.core.files import (
    parse_json,
    parse_lines,
    parse_object,
    read_bytes,
)
from harness.core.lock import Busy, lock_file
from harness.runs import layout
from harness.runs.digests import DIFFERS, Seal, digest_of, read_seal
from harness.runs.pictures import whole_png
from harness.runs.record import Record
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
from harness.runs.status import Status

if TYPE_CHECKING:
    from harness.config.trial import Schedule, TrialConfig

R = TypeVar("R", bound=Record)
RECENT = 64  # documents that are not parsed again: a reader asks several times for each of a trial


@lru_cache(RECENT)
def _parsed(kind: type[Record], content: bytes) -> Record:
    """The record in a file, by its content: many trials have the same description of a metric."""
    nowhere = Path()  # for messages; who asks knows the file
    return kind.parse(parse_object(nowhere, content), nowhere)


@dataclass(frozen=True)
class Trial:
    """One trial's folder, read when asked."""

    folder: Path

    @property
    def key(self) -> str:
        """The trial's identity, which names its folder."""
        return self.folder.name

    @property
    def held(self) -> bool:
        """Whether a process has locked the folder, to train, score or remove the trial."""
        try:
            with (self.folder / layout.LOCK).open() as file:
                lock_file(file, shared=True, wait=False)
        except Busy:
            return True
        except OSError:  # nobody has begun it
            return False
        return False

    def _content(self, name: str) -> bytes | None:
        """Content of a file, checked against its recorded digest; None if there is no file."""
        path = self.folder / name
        # twice, since another process may be scoring the trial by a further metric
        for again in (False, True):
            content, seal = read_bytes(path), self._seal(again)
            known = seal.files.get(name) if seal else None
            if content is None or known is None or digest_of(name, content) == known:
                return content
        raise Damaged(path, DIFFERS)

    def _seal(self, again: bool) -> Seal | None:
        """The seal of the folder; `again`: since a file does not fit the one before."""
        del again
        return read_seal(self.folder)

    def _object(self, name: str, *needed: str) -> dict[str, Any] | None:
        content = self._content(name)
        return None if content is None else parse_object(self.folder / name, content, *needed)

    def _record(self, name: str, kind: type[R]) -> R | None:
        content = self._content(name)
        try:
            return None if content is None else _parsed(kind, content)  # type: ignore[return-value]
        except Damaged as error:
            raise Damaged(self.folder / name, error.why) from None

    def knobs(self) -> dict[str, Any]:
        """Every knob by its dotted name as it was recorded; none of a trial that never began."""
        return self._object(layout.CONFIG) or {}

    def config(self) -> "TrialConfig":
        """The resolved configuration."""
        from harness.config.patch import unflatten  # all hyper-parameters: few readers need them

        return unflatten(self.knobs())

    def result(self) -> Result | None:
        """How the training ended; None while it has not."""
        result = self._record(layout.RESULT, Result)
        if result and not result.status.ended:
            raise Damaged(self.folder / layout.RESULT, f"'status' is {str(result.status)!r}")
        return result

    def failure(self) -> Failure | None:
        """The last crash, of training or of scoring, if neither has succeeded since."""
        return self._record(layout.FAILURE, Failure)

    def pruned(self) -> Pruned | None:
        """Where a search gave it up, if nobody has trained it since."""
        return self._record(layout.PRUNED, Pruned)

    def status(self, queued: Status | None = None) -> Status:
        """How the trial stands, by its folder and, where that is given, by its place in a queue.

        A result counts whatever a queue says; a crash or a pruning only where no attempt waits.
        """
        try:
            if result := self.result():
                return result.status
            failure, pruned = self.failure(), self.pruned()
        except Damaged:
            return Status.DAMAGED
        if queued in (Status.RUNNING, Status.WAITING):
            return queued
        if failure or queued in (Status.CRASHED, Status.LOST):
            return Status.CRASHED
        if pruned:
            return Status.PRUNED
        begun = (self.folder / layout.CONFIG).exists()
        return Status.BEGUN if begun else Status.MISSING

    def environment(self) -> list[Environment]:
        """Versions, device and arithmetic of each attempt."""
        path = self.folder / layout.ENVIRONMENT
        content = self._content(layout.ENVIRONMENT)
        attempts = [] if content is None else parse_json(path, content)
        if not isinstance(attempts, list):
            raise Damaged(path, "no list of attempts")
        return [Environment.parse(attempt, path) for attempt in attempts]

    def progress(self) -> Progress:
        """How far it is; of a trial that is not being trained, nothing."""
        try:
            return self._record(layout.PROGRESS, Progress) or Progress()
        except Damaged:  # it is being written
            return Progress()

    def reached(self) -> int:
        """The iteration of the newest checkpoint; 0 where there is none that can be read."""
        from harness.core.archive import NUMBER, read_archive  # NumPy: most readers need none

        name = f"{NUMBER}iteration"
        try:
            stored = read_archive(self.folder / layout.CHECKPOINT / layout.LAST, name)
        except (OSError, Damaged):
            return 0
        return int(stored[name])

    def images(self) -> dict[str, Any] | None:
        """Facts of its images (`config.facts`); None in a record of an older version."""
        return self._object(layout.IMAGES)

    def nearest(self) -> Nearest | None:
        """How near generated images are to training images; None before the end, and if older."""
        return self._record(layout.NEAREST, Nearest)

    def training_rows(self) -> list[TrainingRow]:
        """The rows of `metrics.jsonl`."""
        return [TrainingRow(row) for row in self._lines(layout.METRICS)]

    def _lines(self, name: str) -> list[dict[str, Any]]:
        return parse_lines(self.folder / name, self._content(name) or b"")

    def metrics(self) -> dict[str, MetricAbout]:
        """Metric identity → what it is (`requests` that it answers, protocol, encoder, ...)."""
        names = self.identities()
        known = {name: self._record(layout.about(name), MetricAbout) for name in names}
        return {name: about for name, about in known.items() if about is not None}

    def identities(self) -> list[str]:
        """The metric identities that it was scored by, in the order of their names."""
        try:
            files = [path.name for path in (self.folder / layout.EVALUATIONS).iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            return []
        ending = layout.about("")[len(layout.EVALUATIONS) + 1 :]
        return [name.removesuffix(ending) for name in sorted(files) if name.endswith(ending)]

    def metric(self, request: str) -> str | None:
        """The metric identity that answers `request`; None where it was never scored so."""
        names = [name for name, about in self.metrics().items() if request in about.requests]
        return names[-1] if names else None

    def evaluation_rows(self, identity: str) -> list[ScoreRow]:
        """The rows of one metric identity, in the order of training."""
        return [ScoreRow(row) for row in self._lines(layout.scores(identity))]

    def scored(self, request: str, schedule: "Schedule") -> bool:
        """Whether an ended trial has the scores that `request` asks for, as far as it was trained.

        `schedule` is that of the whole training; its objective is made of the last evaluations.
        """
        identity = self.metric(request)
        return identity is not None and self.complete(identity, schedule)

    def complete(self, identity: str, schedule: "Schedule") -> bool:
        """Whether no row of a metric that the objective needs has been lost."""
        rows = self.evaluation_rows(identity)
        have = {row.get("evaluation") for row in rows}
        result = self.result()
        if result and result.status is Status.DIVERGED:
            return 0 in have
        return {0, *schedule.window} <= have

    def samples(self) -> list[Path]:
        """Sample grids in the order of training; those that are damaged are left out."""
        return [path for path in sorted(self._grids()) if whole_png(path)]

    def _grids(self) -> list[Path]:
        # what a killed training or an editor left beside them bears no number
        return [
            path for path in (self.folder / layout.SAMPLES).glob("*.png") if path.stem.isdigit()
        ]

    def picture(self, name: str) -> Path | None:
        """One of `layout.PICTURES`; None before it is due, and in a record of an older version."""
        path = self.folder / name
        return path if whole_png(path) else None

    def damaged_pictures(self) -> list[Path]:
        """Pictures that cannot be shown."""
        single = (self.folder / name for name in layout.PICTURES)
        paths = [*sorted(self._grids()), *(path for path in single if path.exists())]
        return [path for path in paths if not whole_png(path)]

    def aside(self) -> list[str]:
        """Names of damaged files that were set aside."""
        return sorted(path.name for path in (self.folder / layout.ASIDE).glob("*"))


class Snapshot(Trial):
    """A trial's folder as it was when a file was first asked for: none is read twice.

    For who asks much at once of many trials, and for no longer.
    """

    @cached_property
    def _files(self) -> dict[str, bytes | None]:
        return {}

    @cached_property
    def _seals(self) -> list[Seal | None]:
        return []

    def _content(self, name: str) -> bytes | None:
        if name not in self._files:
            self._files[name] = super()._content(name)
        return self._files[name]

    def _seal(self, again: bool) -> Seal | None:
        if again or not self._seals:
            self._seals[:] = [super()._seal(again)]
        return self._seals[0]
