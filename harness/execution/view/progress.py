"""Content of the live view: facts about a running study."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class TrialProgress:
    """One trial that a worker holds now."""

    key: str
    cell: str
    name: str  # of the cell, for people
    seed: int
    phase: str  # loading, compiling, training, evaluating
    kimg: float = 0.0  # images shown so far, in thousands
    kimg_total: float = 0.0
    kid: float | None = None  # of the last evaluation
    images_per_second: float | None = None
    attempt: int = 1
    node: str = ""  # of a cluster
    row: int = 0  # of the attempt in the queue: some attempts have the same number
    program: str = ""  # what it compiles, as far as the settings tell

    @property
    def seconds_left(self) -> float | None:
        """Training time that remains at the present speed."""
        if not self.images_per_second:
            return None
        return max(0.0, self.kimg_total - self.kimg) * 1000 / self.images_per_second


class Waiting(NamedTuple):
    """A trial that no worker has taken yet."""

    cell: str
    kimg: float  # images to be shown, in thousands
    program: str = ""


class Timing(NamedTuple):
    """An attempt in which a whole training was done, by its record."""

    key: str
    attempt: int
    cell: str
    program: str
    kimg: float  # images that were shown, in thousands
    working: float  # seconds of training and evaluating
    seconds: float  # of the attempt: loading, compiling and what follows the training, too


@dataclass(frozen=True)
class TrialEnd:
    """One attempt at a trial that ended while the driver ran."""

    key: str
    cell: str
    name: str  # of the cell, for people
    seed: int
    status: str  # finished, diverged, crashed, lost
    kid: float | None = None  # the last one
    seconds: float | None = None
    message: str = ""
    attempt: int = 1
    timing: Timing | None = None  # None: it was not trained, or not all of it, in this attempt


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
    waiting: tuple[Waiting, ...] = ()  # in the order of the plan
    ended: tuple[TrialEnd, ...] = ()  # oldest first
    earlier: tuple[
        Timing, ...
    ] = ()  # what the present workers had trained before they were watched
    diverged: int = 0  # of those done
    standing: str = ""  # how far the decisions of a sequential run are
