"""RMSProp (Tieleman & Hinton 2012), epsilon inside the root as in Keras."""

import tensorflow as tf

from harness.gan.train.optimizers.base import Optimizer, Update


class RMSProp(Optimizer):
    """v -= m, m = momentum m + rate g / sqrt(s + epsilon), s the moving mean square of g."""

    slots = ("square", "momentum")

    def _update(self, step: tf.Tensor, learning_rate: tf.Tensor) -> Update:
        del step

        def update(variable: tf.Tensor, gradient: tf.Tensor, kept: dict[str, tf.Tensor]) -> None:
            tf.raw_ops.ResourceApplyRMSProp(
                var=variable,
                ms=kept["square"],
                mom=kept["momentum"],
                lr=learning_rate,
                rho=self._number("rho"),
                momentum=self._number("momentum"),
                epsilon=self._number("epsilon"),
                grad=gradient,
            )

        return update
