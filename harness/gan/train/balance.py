"""Dynamic balance: the network that is winning waits."""

from collections.abc import Callable, Mapping

import tensorflow as tf

from harness.gan.numbers import Numbers

_OTHER = {"discriminator": "generator", "generator": "discriminator"}


class Balance:
    """Skips the updates of a network whose loss is lower than the other's by more than a factor.

    Both losses are those last computed, which they are at every update, done or skipped. No source
    says which rule balances best; this is the simplest, and its one number is a hyper-parameter.
    """

    def __init__(self, numbers: Numbers) -> None:
        self._ratio = numbers["training.balance_ratio"]
        self._losses = {
            network: tf.Variable(0.0, trainable=False, name=f"{network}_loss") for network in _OTHER
        }

    def variables(self) -> dict[str, tf.Variable]:
        """Everything that a resumed training needs, by a stable name."""
        return dict(self._losses)

    def reset(self) -> None:
        """As before the first update: no loss is known, and no network waits."""
        for loss in self._losses.values():
            loss.assign(0.0)

    def apply(
        self, losses: Mapping[str, tf.Tensor], steps: Mapping[str, Callable[[], None]]
    ) -> dict[str, tf.Tensor]:
        """Take the step of each network that is not winning; `<network>_updated`, 1 or 0, of each.

        `losses` are those that the steps lower. All are noted first, so that networks that learn
        from one forward pass are judged by it.
        """
        for network, loss in losses.items():
            self._losses[network].assign(loss)
        return {f"{network}_updated": self._apply(network, step) for network, step in steps.items()}

    def _apply(self, network: str, step: Callable[[], None]) -> tf.Tensor:
        def applied() -> tf.Tensor:
            step()
            return tf.constant(1.0)

        loss, other = self._losses[network], self._losses[_OTHER[network]]
        wins = self._ratio * loss < other
        return tf.cond(wins, lambda: tf.constant(0.0), applied)
