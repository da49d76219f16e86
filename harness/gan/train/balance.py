"""Dynamic balance: the network that is winning waits."""

from collections.abc import Callable

import tensorflow as tf

from harness.gan.numbers import Numbers

_OTHER = {"discriminator": "generator", "generator": "discriminator"}


class Balance:
    """Skips the updates of a network whose loss is lower than the other's by more than a factor.

    Both losses are those last measured, which they are at every update, done or skipped. Which
    rule balances best no source says; this is the simplest, and its one number is a knob.
    """

    def __init__(self, numbers: Numbers) -> None:
        self._ratio = numbers["training.balance_ratio"]
        self._losses = {
            owner: tf.Variable(0.0, trainable=False, name=f"{owner}_loss") for owner in _OTHER
        }

    def variables(self) -> dict[str, tf.Variable]:
        """Everything that a resumed training needs, by a stable name."""
        return dict(self._losses)

    def reset(self) -> None:
        """As before the first update: nothing is measured, and nobody waits."""
        for loss in self._losses.values():
            loss.assign(0.0)

    def note(self, owner: str, loss: tf.Tensor) -> None:
        """Take in a loss, before the update that it leads to."""
        self._losses[owner].assign(loss)

    def update(self, owner: str, apply: Callable[[], None]) -> tf.Tensor:
        """Apply an update of `owner`, unless it is winning; 1 where applied, else 0."""

        def applied() -> tf.Tensor:
            apply()
            return tf.constant(1.0)

        mine, other = self._losses[owner], self._losses[_OTHER[owner]]
        waits = self._ratio * mine < other
        return tf.cond(waits, lambda: tf.constant(0.0), applied)
