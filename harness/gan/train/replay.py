"""Experience replay: the discriminator is shown images that were generated before, too.

A pool, as Shrivastava et al. (2017) keep one: of each batch some places go to images drawn from
it, and the new images that they push out take theirs, to be shown later.
"""

import tensorflow as tf

from harness.gan.random import Seed, uniform


class Replay:
    """A pool of generated images as they came from the generator, before any augmentation."""

    def __init__(self, shape: tuple[int | None, ...], size: int, count: int) -> None:
        self._size = size
        self._count = count  # images of each batch that come from the pool
        self._images = tf.Variable(tf.zeros((size, *shape)), trainable=False, name="images")
        # TensorFlow puts int32 variables on the CPU, where XLA's programs on a GPU find none
        self._filled = tf.Variable(0, dtype=tf.int64, trainable=False, name="filled")

    def variables(self) -> dict[str, tf.Variable]:
        """Everything that a resumed training needs, by a stable name."""
        return {"images": self._images, "filled": self._filled}

    def reset(self) -> None:
        """As before the first image."""
        for variable in self.variables().values():
            variable.assign(tf.zeros_like(variable))

    def exchange(self, images: tf.Tensor, seed: Seed) -> tf.Tensor:
        """`images` (N, H, W, C), the last ones exchanged for past ones once the pool is full."""
        fresh = images[-self._count :]
        filled = tf.cast(self._filled, tf.int32)
        full = filled >= self._size
        in_order = (filled + tf.range(self._count)) % self._size
        # the places of the largest of `size` draws: at random, and each at most once; in order,
        # since plain and XLA code leave them in different ones, which pairs images and noise anew
        at_random = tf.math.top_k(uniform((self._size,), seed), self._count, sorted=True).indices
        places = tf.where(full, at_random, in_order)
        shown = tf.where(full, tf.gather(self._images, places), fresh)
        self._images.scatter_update(tf.IndexedSlices(fresh, places))
        self._filled.assign(tf.cast(tf.minimum(filled + self._count, self._size), tf.int64))
        return tf.stop_gradient(tf.concat([images[: -self._count], shown], axis=0))
