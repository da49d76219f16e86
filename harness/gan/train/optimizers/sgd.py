"""Stochastic gradient descent with momentum."""

import tensorflow as tf

from harness.gan.train.optimizers.base import Optimizer, Update


class SGD(Optimizer):
    """v += m, m = momentum m - rate g: the rate inside, as in Keras, which a decay makes differ."""

    slots = ("momentum",)

    def _update(self, step: tf.Tensor, learning_rate: tf.Tensor) -> Update:
        del step

        def update(variable: tf.Tensor, gradient: tf.Tensor, kept: dict[str, tf.Tensor]) -> None:
            tf.raw_ops.ResourceApplyKerasMomentum(
                var=variable,
                accum=kept["momentum"],
                lr=learning_rate,
                momentum=self._number("momentum"),
                grad=gradient,
            )

        return update
