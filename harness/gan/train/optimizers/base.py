"""The base class of all optimisers."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

import keras
import tensorflow as tf

from harness.gan.numbers import Numbers

Update = Callable[[tf.Tensor, tf.Tensor, dict[str, tf.Tensor]], None]


class Optimizer(ABC):
    """The optimiser of one network. Its numbers come from variables, `optimizer.<owner>.*`."""

    slots: ClassVar[tuple[str, ...]]  # what is kept for each trainable variable, zero at first

    def __init__(self, owner: str, numbers: Numbers, trainable: Sequence[keras.Variable]) -> None:
        self._owner = owner
        self._numbers = numbers
        self._trainable = list(trainable)
        self.iterations = tf.Variable(0, trainable=False, dtype=tf.int64, name="iterations")
        self._kept = [
            {slot: tf.Variable(tf.zeros(variable.shape), trainable=False) for slot in self.slots}
            for variable in trainable
        ]

    def variables(self) -> dict[str, tf.Variable]:
        """Everything that a resumed training needs, by a stable name."""
        named = {"iterations": self.iterations}
        for number, kept in enumerate(self._kept):
            named |= {f"{slot}/{number}": variable for slot, variable in kept.items()}
        return named

    def reset(self) -> None:
        """As before the first update."""
        for variable in self.variables().values():
            variable.assign(tf.zeros_like(variable))

    def apply(self, gradients: Sequence[tf.Tensor], learning_rate: tf.Tensor) -> None:
        """Update every variable by its gradient."""
        update = self._update(tf.cast(self.iterations.assign_add(1), tf.float32), learning_rate)
        for variable, kept, gradient in zip(self._trainable, self._kept, gradients, strict=True):
            handles = {slot: slot_variable.handle for slot, slot_variable in kept.items()}
            update(variable.value.handle, gradient, handles)

    def _number(self, name: str) -> tf.Variable:
        return self._numbers[f"optimizer.{self._owner}.{name}"]

    @abstractmethod
    def _update(self, step: tf.Tensor, learning_rate: tf.Tensor) -> Update:
        """The update of one variable, by handle, gradient and handles of its slots."""
