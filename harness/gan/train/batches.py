"""Real batches: a permutation a pass over the data, from the `data` stream."""

from functools import lru_cache

import numpy as np

from harness import rng
from harness.errors import HarnessError


class Batches:
    """Which real images each discriminator update sees: a function of (seed, update)."""

    def __init__(self, images: np.ndarray, batch_size: int, seed: int) -> None:
        if len(images) < batch_size:
            raise HarnessError(
                f"training.batch_size: {batch_size} is more than the {len(images)} training images"
            )
        self.images = images  # (n, H, W, C) uint8, possibly memory-mapped
        self.batch_size = batch_size
        self.per_epoch = len(images) // batch_size  # the last part of a batch is dropped (S0)
        self._permutation = lru_cache(maxsize=2)(
            lambda epoch: rng.generator(seed, "data", epoch).permutation(len(images))
        )

    def indices(self, update: int) -> np.ndarray:
        """Indices of the images of one update, (batch_size,)."""
        epoch, position = divmod(update, self.per_epoch)
        start = position * self.batch_size
        chosen: np.ndarray = self._permutation(epoch)[start : start + self.batch_size]
        return chosen

    def block(self, first: int, iterations: int, updates: int) -> np.ndarray:
        """Images of `iterations` iterations of `updates` updates: (k, n, N, H, W, C) uint8."""
        chosen = [self.indices(first * updates + i) for i in range(iterations * updates)]
        flat = self.images[np.concatenate(chosen)]
        shape = (iterations, updates, self.batch_size, *self.images.shape[1:])
        return np.ascontiguousarray(flat).reshape(shape)
