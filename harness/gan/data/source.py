"""What a loader returns: where the images of the two splits come from, not yet decoded."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Uint8 = NDArray[np.uint8]
Labels = NDArray[np.int64]
Batch = tuple[Uint8, Labels | None]  # (B, H, W, C) and (B,)


class Split(NamedTuple):
    """One split; `identity` says by content what its decoded images are."""

    identity: str
    batches: Callable[[list[str]], Iterator[Batch]]  # appends to the list what a user should know


class Source(NamedTuple):
    """Training and validation images of a data set at one size."""

    train: Split
    validation: Split
