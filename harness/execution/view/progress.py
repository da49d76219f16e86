"""Content of the live view: facts about a running study, and estimates from them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TrialProgress:
    """One trial that a worker holds now."""

    key: str
    cell: str
    seed: int
    phase: str  # loading, compiling, training, evaluating
    kimg: float = 0.0  # images shown so far, in thousands
    kimg_total: float = 0.0
    kid: float | None = None  # of the last evaluation
    images_per_second: float | None = None
    attempt: int = 1
    node: str = ""  # of a cluster
    row: int = 0  # of the attempt in the queue: some attempts have the same number

    @property
    def seconds_left(self) -> float | None:
        """Training time that remains at the present speed."""
        if not self.images_per_second:
            return None
        return max(0.0, self.kimg_total - self.kimg) * 1000 / self.images_per_second


@dataclass(frozen=True)
class TrialEnd:
    """One attempt at a trial that ended while the driver ran."""

    key: str
    cell: str
    seed: int
    status: str  # finished, diverged, crashed, lost
    kid: float | None = None  # the last one
    seconds: float | None = None
    message: str = ""
    attempt: int = 1


@dataclass(frozen=True)
class Snapshot:
    """A run of a study at one moment."""

    run_name: str
    total: int  # trials of the plan
    done: int  # finished or diverged
    crashed: int  # in every attempt, so given up
    images: float  # shown so far, by trials done and active
    images_total: float  # of the whole plan
    active: tuple[TrialProgress, ...] = ()
    ended: tuple[TrialEnd, ...] = ()  # oldest first
    diverged: int = 0  # of those done
    standing: str = ""  # how far the decisions of a sequential run are


@dataclass
class Pace:
    """How fast a study goes, all workers and all pauses together, since this driver started."""

    started_at: float | None = None  # seconds, any clock
    started_images: float = 0.0

    def seconds_left(self, snapshot: Snapshot, now: float) -> float | None:
        """Time to the end of the study at the pace so far; None while nothing was shown yet."""
        if self.started_at is None:
            self.started_at, self.started_images = now, snapshot.images
        shown = snapshot.images - self.started_images
        elapsed = now - self.started_at
        if shown <= 0 or elapsed <= 0:
            return None
        return max(0.0, snapshot.images_total - snapshot.images) * elapsed / shown
