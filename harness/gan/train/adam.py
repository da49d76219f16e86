"""Adam (Kingma & Ba 2015) by TensorFlow's fused kernel.

One kernel a variable in place of Keras' twenty operations, with the same formula (epsilon outside
the bias correction); its numbers are tensors, so that changing them needs no new trace.
"""

from collections.abc import Sequence

import keras
import tensorflow as tf

from harness.gan.numbers import Numbers


class Adam:
    """The optimiser of one network. All numbers come from variables, `optimizer.<owner>.*`."""

    def __init__(self, owner: str, numbers: Numbers, trainable: Sequence[keras.Variable]) -> None:
        self._learning_rate, self._beta_1, self._beta_2, self._epsilon = (
            numbers[f"optimizer.{owner}.{name}"]
            for name in ("learning_rate", "beta_1", "beta_2", "epsilon")
        )
        self.iterations = tf.Variable(0, trainable=False, dtype=tf.int64, name="iterations")
        self._means, self._squares = (
            [tf.Variable(tf.zeros(variable.shape), trainable=False) for variable in trainable]
            for _ in range(2)
        )
        self._trainable = list(trainable)

    def variables(self) -> dict[str, tf.Variable]:
        """Everything that a resumed training needs, by a stable name."""
        named = {"iterations": self.iterations}
        for number, (mean, square) in enumerate(zip(self._means, self._squares, strict=True)):
            named |= {f"mean/{number}": mean, f"square/{number}": square}
        return named

    def reset(self) -> None:
        """As before the first update."""
        for variable in self.variables().values():
            variable.assign(tf.zeros_like(variable))

    def apply(self, gradients: Sequence[tf.Tensor]) -> None:
        """Update every variable by its gradient."""
        step = tf.cast(self.iterations.assign_add(1), tf.float32)
        powers = [tf.pow(tf.convert_to_tensor(beta), step) for beta in (self._beta_1, self._beta_2)]
        updated = zip(self._trainable, self._means, self._squares, gradients, strict=True)
        for variable, mean, square, gradient in updated:
            tf.raw_ops.ResourceApplyAdam(
                var=variable.value.handle,
                m=mean.handle,
                v=square.handle,
                beta1_power=powers[0],
                beta2_power=powers[1],
                lr=self._learning_rate,
                beta1=self._beta_1,
                beta2=self._beta_2,
                epsilon=self._epsilon,
                grad=gradient,
            )
