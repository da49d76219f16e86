"""A network: layers in order, with named variables and explicit randomness."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import keras
import tensorflow as tf


class Pass(NamedTuple):
    """How a network is run: in training or not, and the seed of its noise in this very pass."""

    training: bool
    seed: tf.Tensor | None = None  # (2,) int32; needed where noise is drawn


GENERATION = Pass(training=False)


class Part(Protocol):
    """What a network is made of."""

    name: str
    variables: list[keras.Variable]
    trainable_variables: list[keras.Variable]

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Create the variables for inputs of `shape`."""

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape of the output."""

    def __call__(self, x: tf.Tensor, run: Pass) -> tf.Tensor:
        """Apply the part."""


class Plain:
    """A Keras layer as a part; `statistics` marks one that behaves otherwise in training."""

    def __init__(self, layer: keras.layers.Layer, statistics: bool = False) -> None:
        self.layer = layer
        self.name: str = layer.name
        self._statistics = statistics

    @property
    def variables(self) -> list[keras.Variable]:
        """All variables of the layer."""
        return list(self.layer.variables)

    @property
    def trainable_variables(self) -> list[keras.Variable]:
        """Those that an optimiser updates."""
        return list(self.layer.trainable_variables)

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Create the variables for inputs of `shape`."""
        self.layer.build(shape)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape of the output."""
        return tuple(self.layer.compute_output_shape(shape))

    def __call__(self, x: tf.Tensor, run: Pass) -> tf.Tensor:
        """Apply the layer."""
        return self.layer(x, training=run.training) if self._statistics else self.layer(x)


class Network:
    """Parts in order. Variables are named `<network>/<part>/<variable>`, which never changes."""

    features = "flatten"  # the part whose output (N, F) is what a discriminator sees in an image

    def __init__(self, name: str, parts: Sequence[Any], input_shape: tuple[int, ...]) -> None:
        self.name = name
        self.parts = list(parts)
        shape: tuple[int | None, ...] = (None, *input_shape)
        for part in self.parts:
            part.build(shape)
            shape = part.compute_output_shape(shape)
        self.input_shape = input_shape
        self.output_shape = tuple(shape[1:])

    def __call__(self, x: tf.Tensor, run: Pass) -> tf.Tensor:
        """Run all parts; the result is float32 whatever precision is computed in."""
        for part in self.parts:
            x = part(x, run)
        return tf.cast(x, tf.float32)

    def with_features(self, x: tf.Tensor, run: Pass) -> tuple[tf.Tensor, tf.Tensor]:
        """The same, and what came out of the part `features` on the way, float32 too."""
        features = None
        for part in self.parts:
            x = part(x, run)
            features = x if part.name == self.features else features
        return tf.cast(x, tf.float32), tf.cast(features, tf.float32)

    @property
    def variables(self) -> dict[str, keras.Variable]:
        """Every variable by its stable name."""
        return {
            f"{self.name}/{part.name}/{variable.name}": variable
            for part in self.parts
            for variable in part.variables
        }

    @property
    def trainable(self) -> list[keras.Variable]:
        """The variables that an optimiser updates, in the order of the parts."""
        return [variable for part in self.parts for variable in part.trainable_variables]

    def matrices(self) -> list[tf.Tensor]:
        """Every kernel as a matrix (everything else, outputs), float32."""
        layers: list[Any] = [getattr(part, "layer", None) for part in self.parts]
        return [layer.matrix() for layer in layers if hasattr(layer, "matrix")]

    def parameters(self) -> tuple[int, int]:
        """How many parameters there are, and how many of them are trainable."""
        sizes = [int(tf.size(variable.value)) for variable in self.variables.values()]
        return sum(sizes), sum(int(tf.size(variable.value)) for variable in self.trainable)

    def advance(self) -> None:
        """What moves once an update and not with every pass: spectral norm's power iteration."""
        for part in self.parts:
            if isinstance(getattr(part, "layer", None), Advancing):
                part.layer.advance()


class Advancing:
    """Marks layers that have something to do once before each update of their network."""

    def advance(self) -> None:
        """Do it."""
