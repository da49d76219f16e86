"""The compiled loop: several iterations a call, statistics summed on the device."""

import math

import numpy as np
import tensorflow as tf

from harness.gan.graph_cache import Keep, direct
from harness.gan.labels.labelled import MaybeLabelled, gathered, together
from harness.gan.train.batches import CALL
from harness.gan.train.ensemble import Ensemble

STATISTICS = (
    "discriminator_loss",
    "generator_loss",
    "real_accuracy",
    "fake_accuracy",
    "augmentation_probability",
)


class Loop:
    """Runs iterations of one trial without coming back to Python between them.

    The loop ends at the very iteration at which a loss or a weight is no longer finite.
    """

    def __init__(
        self, gan: Ensemble, channels: int, xla: bool = False, keep: Keep = direct
    ) -> None:
        self.gan = gan
        self.names = (*STATISTICS, *gan.statistics)
        self.sums = tf.Variable(tf.zeros(len(self.names)), trainable=False, name="sums")
        self.count = tf.Variable(0.0, trainable=False, name="count")
        self.finite = tf.Variable(True, trainable=False, name="finite")
        config = gan.config
        size = config.data.image_size
        # of one size, since XLA compiles anew for each
        batches = (CALL, config.training.discriminator_steps, config.training.batch_size)
        self._indices = np.zeros(batches, np.int32)
        self.traces = 0
        compiled = tf.function(
            self._iterations,
            input_signature=(
                together(
                    tf.TensorSpec((None, size, size, channels), tf.uint8),
                    tf.TensorSpec((None,), tf.int32) if config.labels.of_images else None,
                ),
                tf.TensorSpec(batches, tf.int32),
                tf.TensorSpec((), tf.int32),
                tf.TensorSpec((), tf.int32),
            ),
            jit_compile=xla,
            autograph=False,  # nothing here needs it, and converting takes seconds
        )
        self._run = keep("loop", compiled)

    def reset(self) -> None:
        """As before the first iteration."""
        self.sums.assign(tf.zeros_like(self.sums))
        self.count.assign(0.0)
        self.finite.assign(True)

    def run(self, images: MaybeLabelled, indices: np.ndarray, first: int) -> int:
        """Run iterations first, first + 1, …; how many ran.

        `images` (M, H, W, C) uint8; `indices` (k, n, N) say which of them each update sees.
        """
        count = len(indices)
        self._indices[:count] = indices
        done = self._run(
            tf.nest.map_structure(tf.convert_to_tensor, images),
            tf.constant(self._indices),
            tf.constant(count, tf.int32),
            tf.constant(first, tf.int32),
        )
        return int(done)

    @property
    def diverged(self) -> bool:
        """Whether the last iteration that ran left a loss or a weight not finite."""
        return not bool(self.finite)

    def read(self) -> dict[str, float]:
        """Means since the last reading, NaN where there was none; starts new sums."""
        count = float(self.count)
        sums = self.sums.numpy()
        self.sums.assign(tf.zeros_like(self.sums))
        self.count.assign(0.0)
        means = sums / count if count else [math.nan] * len(self.names)
        return dict(zip(self.names, map(float, means), strict=True))

    def variables(self) -> dict[str, tf.Variable]:
        """The loop's part of a checkpoint."""
        return {"loop/sums": self.sums, "loop/count": self.count, "loop/finite": self.finite}

    def _iterations(
        self, images: MaybeLabelled, indices: tf.Tensor, count: tf.Tensor, first: tf.Tensor
    ) -> tf.Tensor:
        self.traces += 1  # counts tracing, not running

        def body(number: tf.Tensor) -> tuple[tf.Tensor]:
            statistics = self.gan.iterate(gathered(images, indices[number]), first + number)
            self._account(statistics)
            return (number + 1,)

        def going(number: tf.Tensor) -> tf.Tensor:
            return (number < count) & self.finite

        (done,) = tf.while_loop(going, body, (tf.constant(0),), parallel_iterations=1)
        return done

    def _account(self, statistics: dict[str, tf.Tensor]) -> None:
        values = tf.stack([statistics[name] for name in self.names])
        self.sums.assign_add(values)
        self.count.assign_add(1.0)
        totals = tf.stack([tf.reduce_sum(variable) for variable in self.gan.trainable])
        losses = values[:2]
        self.finite.assign(
            tf.reduce_all(tf.math.is_finite(losses)) & tf.reduce_all(tf.math.is_finite(totals))
        )
