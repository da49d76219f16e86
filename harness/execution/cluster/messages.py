"""Messages of the workers of a cluster to the driver."""

from typing import NamedTuple

from harness.runs.status import Status
from harness.runs.transfer import Part


class About(NamedTuple):
    """The machine and device of a worker."""

    node: str  # its name in the network
    kind: str  # of hardware: processor and device


class End(NamedTuple):
    """How an attempt ended."""

    status: Status
    message: str = ""
    mistake: bool = False  # of the user's: no further attempt can mend it
    compiled: tuple[str, ...] = ()  # cells that the worker has a program for
    worn: bool = False  # the process should be renewed, for memory that TensorFlow keeps


class Report(NamedTuple):
    """News of a worker."""

    parts: list[Part]
    more: bool = False  # ask again at once
    asks: bool = False  # the search has to say whether the trial is given up
    end: End | None = None
