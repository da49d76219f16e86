"""The result of a loader: the images of the two splits, not yet decoded."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.config.inputs.folder import Folder

Uint8 = NDArray[np.uint8]
Labels = NDArray[np.int64]
Batch = tuple[Uint8, Labels | None]  # (B, H, W, C) and (B,)


@dataclass
class Told:
    """Notes for the user about a split, made while it is decoded."""

    notes: list[str] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)  # files, by reason
    enlarged: int = 0  # images that are smaller than asked for


class Split(NamedTuple):
    """One split; `identity` says by content what its decoded images are."""

    identity: str
    batches: Callable[[Told], Iterator[Batch]]


class Source(NamedTuple):
    """Training and validation images of a data set at one size."""

    train: Split
    validation: Split
    folder: Folder | None = None  # what lies at data.path
