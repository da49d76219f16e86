"""Adam (Kingma & Ba 2015), epsilon outside the bias correction as in Keras."""

import tensorflow as tf

from harness.gan.train.optimizers.base import Optimizer, Update


class Adam(Optimizer):
    """v -= rate sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(s) + epsilon), m and s the moving moments."""

    slots = ("mean", "square")

    def _update(self, step: tf.Tensor, learning_rate: tf.Tensor) -> Update:
        betas = self._number("beta_1"), self._number("beta_2")
        powers = [tf.pow(tf.convert_to_tensor(beta), step) for beta in betas]

        def update(variable: tf.Tensor, gradient: tf.Tensor, kept: dict[str, tf.Tensor]) -> None:
            tf.raw_ops.ResourceApplyAdam(
                var=variable,
                m=kept["mean"],
                v=kept["square"],
                beta1_power=powers[0],
                beta2_power=powers[1],
                lr=learning_rate,
                beta1=betas[0],
                beta2=betas[1],
                epsilon=self._number("epsilon"),
                grad=gradient,
            )

        return update
