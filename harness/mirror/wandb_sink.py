"""One run in W&B: a mirror of a trial's record, written while the trial trains or from its record.

The record comes first; a failure here is logged once, switches the mirror off for this
run, and is repaired by `harness sync` (`mirror.sync`). Calls are queued for a daemon thread, so
that a call that hangs never holds up a training.
"""

import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Full, Queue
from threading import Event, Thread
from time import monotonic
from typing import IO, TYPE_CHECKING, Any, Self

from PIL import Image

from harness.core.errors import HarnessError
from harness.core.files import file_digest
from harness.core.format import duration
from harness.core.grids import GRID, spaced
from harness.core.redact import redacted
from harness.metrics.neighbours import SCORES
from harness.mirror import places as mirror
from harness.mirror.places import (
    Ending,
    Log,
    Mode,
    Row,
    RunIdentity,
    StudyReport,
    TrackingSettings,
    check_mode,
)
from harness.mirror.wandb_library import library, resolve_mode, run_settings, staging
from harness.runs.rows import Row as Line
from harness.runs.rows import ScoreRow, TrainingRow
from harness.runs.status import Status

if TYPE_CHECKING:
    import wandb

SUMMARIES = dict.fromkeys(("kid", "fid"), "min,last")  # of a curve whose last is not enough
SUMMARIES |= dict.fromkeys((*SCORES, "inception_score"), "max,last")
GRACE = 5.0  # seconds beyond W&B's own time limit after which it counts as stuck


class WandbSink:
    """One run, opened with `open` and ended with `finish`; no method raises or waits for W&B."""

    def __init__(
        self, identity: RunIdentity, settings: TrackingSettings, config: Row, log: Log
    ) -> None:
        self._identity, self._settings, self._log = identity, settings, log
        self._config = dict(config)
        self._logged: dict[str, list[Any]] = {"training": [], "evaluations": [], "samples": []}
        self._ending: Ending | None = None
        self._off = settings.mode == "disabled"
        self._whole = True
        self._lock: IO[str] | None = None
        self._jobs: Queue[Callable[[], None] | None] = Queue(settings.capacity)
        self._ended = Event()
        # What follows is touched by the thread alone.
        self._mode: Mode = "disabled"
        self._run: wandb.Run | None = None
        self._step = -1
        self._defined: set[str] = set()

    @classmethod
    def open(cls, identity: RunIdentity, settings: TrackingSettings, config: Row, log: Log) -> Self:
        """Start mirroring a run; `log` gets a line or two if it fails, maybe from a thread."""
        check_mode(settings.mode)
        sink = cls(identity, settings, config, log)
        if not sink._off:
            with sink._guard():
                sink._lock = mirror.acquire(identity.folder, identity.id)
                if settings.rewrite:
                    mirror.mark(identity.folder, identity.key, None)
                    mirror.remove_offline(identity.folder, identity.id)
                Thread(target=sink._work, name=f"wandb-{identity.key}", daemon=True).start()
        return sink

    def training(self, row: TrainingRow) -> None:
        """Mirror a row of `metrics.jsonl`."""
        self._logged["training"].append(row)
        self._offer(lambda: self._log_row(row))

    def evaluation(self, row: ScoreRow, metric: str) -> None:
        """Mirror an evaluation; `metric` is the identity that its KID is a value of."""
        self._logged["evaluations"].append([metric, row])
        self._offer(lambda: self._log_row(row))

    def samples(self, iteration: int, kimg: float, png_path: Path) -> None:
        """Mirror a grid of samples."""
        self._logged["samples"].append(iteration)
        row = Line({"iteration": iteration, "kimg": kimg})
        self._offer(lambda: self._log_row(row, samples=_image(png_path)))

    def validation_images(self, png_path: Path) -> None:
        """Mirror a grid of validation images, once and before anything else."""
        with self._guard():
            self._logged["validation_images"] = [file_digest(png_path)]
        row = Line({"iteration": 0, "kimg": 0.0})
        self._offer(lambda: self._log_row(row, validation_images=_image(png_path)))

    def report(self, report: StudyReport) -> None:
        """Show a finished study: its ranking as a table, its figures (PNG), and all as files."""
        with self._guard():
            self._logged = report.logged()
        self._offer(lambda: self._log_report(report))

    def finish(self, ending: Ending | None) -> bool:
        """End the run with its summary, marked as what it is.

        None: the attempt was cut off, and may go on later. True if the run is whole.
        """
        self._ending = ending
        if self._lock is None:
            return False
        if not self._wait():
            self._fail(f"no answer within {duration(self._settings.timeout)} at the end of the run")
        if self._off:
            ender = Thread(target=self._end_core, daemon=True)
            ender.start()
            ender.join(GRACE)
        self._lock.close()
        self._lock = None
        return self._whole and ending is not None

    def _wait(self) -> bool:
        until = monotonic() + self._settings.timeout + GRACE
        try:
            self._jobs.put(None, timeout=self._settings.timeout)
        except Full:
            return False
        return self._ended.wait(until - monotonic())

    @contextmanager
    def _guard(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001  swallowed, as a mirror never fails a trial;
            # recorded in the trial's log, and the missing mark makes sync write the run again.
            self._fail(f"{type(error).__name__}: {error}")

    def _fail(self, reason: str) -> None:
        self._whole = False
        if self._off:
            return
        self._off = True
        self._log(
            f"W&B: {self._identity.id} is not mirrored ({redacted(reason)}); the record is not "
            "touched, and `harness sync` writes the run from it"
        )

    def _offer(self, job: Callable[[], None]) -> None:
        if self._off:
            return
        try:
            self._jobs.put(job, self._settings.patience > 0, self._settings.patience)
        except Full:
            self._fail(f"{self._settings.capacity} calls wait for W&B")

    def _work(self) -> None:
        with self._guard():
            self._start()
        while (job := self._jobs.get()) is not None:
            if not self._off:
                with self._guard():
                    job()
        with self._guard():
            self._close()
        self._ended.set()

    def _start(self) -> None:
        wandb, identity = library(), self._identity
        os.environ.setdefault("WANDB_CACHE_DIR", str(identity.folder / "cache"))  # its own log
        self._mode = resolve_mode(self._settings.mode, self._log)
        self._run = wandb.init(
            project=identity.project,
            group=identity.run_name,
            job_type=identity.cell,
            id=identity.id,
            name=identity.name,
            tags=identity.tags,
            notes=identity.notes,
            config=self._config,
            dir=str(identity.folder.parent),
            mode=self._mode,
            resume="allow",
            reinit="create_new",
            settings=run_settings(wandb, self._settings.timeout, self._settings.machine),
        )
        if Path(self._run.dir).parents[1] != identity.folder:  # W&B falls back to a folder of /tmp
            raise HarnessError(f"{identity.folder} cannot be written")
        self._define("kimg")

    def _define(self, name: str) -> None:
        assert self._run is not None
        axis = None if name == "kimg" else "kimg"
        self._run.define_metric(name, step_metric=axis, summary=SUMMARIES.get(name))
        self._defined.add(name)

    def _log_row(self, row: Line, **media: Any) -> None:
        """Rows and grids of one iteration become one row of history; W&B takes no step back."""
        assert self._run is not None
        if row.iteration < self._step:
            self._whole = False
            return
        self._step = row.iteration
        # one that is not finite would stay W&B's smallest and largest for good
        numbers = {
            name: value
            for name, value in row.items()
            if isinstance(value, int | float) and math.isfinite(value)
        }
        for name in numbers | media:
            if name not in self._defined:
                self._define(name)
        self._run.log(numbers | media, step=self._step)

    def _log_report(self, report: StudyReport) -> None:
        assert self._run is not None
        wandb = library()
        images = {f"figures/{path.stem}": wandb.Image(str(path)) for path in report.figures}
        table = wandb.Table(columns=report.columns, data=report.rows)
        with staging(Path(self._run.dir).parent):
            self._run.log({"ranking": table, **images}, step=0)
            artifact = wandb.Artifact(self._identity.id, type="report")
            for path in report.files:
                artifact.add_file(str(path), name=path.relative_to(report.folder).as_posix())
            self._run.log_artifact(artifact)

    def _close(self) -> None:
        run, ending = self._run, self._ending
        if run is None:
            return
        if ending is None or self._off:
            run.finish(exit_code=1)
            return
        run.summary.update(ending.summary)
        run.tags = (*self._identity.tags, f"status:{ending.status}")
        # to W&B a run is finished or failed; one that diverged or was pruned has an outcome
        run.finish(exit_code=int(ending.status is Status.CRASHED))
        if self._whole:
            shown = mirror.content_digest(
                self._identity, self._config, self._logged, ending.summary
            )
            name = Path(run.dir).parent.name
            entry = mirror.Entry(digest=shown, folder=name, mode=self._mode)
            mirror.mark(self._identity.folder, self._identity.key, entry)

    def _end_core(self) -> None:
        """End W&B's helper process, which may be dead, or stuck (Python would wait for it at exit).

        There is no public way to; `teardown` then lets the next run of this process start another.
        """
        with self._guard():
            wandb = library()
            connection = wandb.setup()._connection
            if connection is not None and connection._proc is not None:
                connection._proc._process.kill()
                wandb.teardown()


def _image(grid: Path) -> "wandb.Image":
    with Image.open(grid) as image:
        picture: wandb.Image = library().Image(spaced(image, GRID).convert("RGB"))
    return picture
