"""Real batches: a permutation a pass over the data, from the `data` stream."""

import math
from functools import lru_cache

import numpy as np
import tensorflow as tf

from harness.config.inputs.images import check_batch
from harness.core import rng
from harness.gan.labels.labelled import MaybeLabelled, together

CALL = 1024  # iterations of the longest call of the compiled loop
CALL_BYTES = 64 * 2**20  # images that one call may be given
RESIDENT_BYTES = 4 * 2**30  # a data set up to this size stays on the GPU as a whole


class Batches:
    """Which real images each discriminator update sees: a function of (seed, update).

    Where `resident` is asked for and they fit, all images lie on the device from the start, and a
    call is given indices alone.
    """

    def __init__(
        self,
        images: np.ndarray,
        batch_size: int,
        seed: int,
        *,
        resident: bool = False,
        labels: np.ndarray | None = None,
    ) -> None:
        check_batch(batch_size, len(images))
        self.images = images  # (n, H, W, C) uint8, possibly memory-mapped
        self._labels = None if labels is None else labels.astype(np.int32)  # (n,)
        self.batch_size = batch_size
        self.per_epoch = len(images) // batch_size  # the last part of a batch is dropped (S0)
        self._resident = (
            self._constant(slice(None)) if resident and images.nbytes <= RESIDENT_BYTES else None
        )
        self._permutation = lru_cache(maxsize=2)(
            lambda epoch: rng.generator(seed, "data", epoch).permutation(len(images))
        )

    def indices(self, update: int) -> np.ndarray:
        """Indices of the images of one update, (batch_size,)."""
        epoch, position = divmod(update, self.per_epoch)
        start = position * self.batch_size
        chosen: np.ndarray = self._permutation(epoch)[start : start + self.batch_size]
        return chosen

    def call(self, first: int, iterations: int, updates: int) -> tuple[MaybeLabelled, np.ndarray]:
        """Images (M, H, W, C) uint8 and indices into them (iterations, updates, batch_size).

        For `iterations` iterations of `updates` updates from iteration `first` on; with the labels
        of the images where there are any.
        """
        chosen = [self.indices(first * updates + i) for i in range(iterations * updates)]
        shape = (iterations, updates, self.batch_size)
        if self._resident is not None:
            return self._resident, np.reshape(chosen, shape)
        flat = np.concatenate(chosen)
        return self._constant(flat), np.arange(len(flat)).reshape(shape)

    def _constant(self, chosen: np.ndarray | slice) -> MaybeLabelled:
        labels = None if self._labels is None else tf.constant(self._labels[chosen])
        return together(tf.constant(self.images[chosen]), labels)

    def most(self, updates: int) -> int:
        """How many iterations of `updates` updates may be given to one call."""
        if self._resident is not None:
            return CALL
        iteration = updates * self.batch_size * math.prod(self.images.shape[1:])
        return min(CALL, max(1, CALL_BYTES // iteration))
