"""A network: parts in order, with named variables and explicit randomness."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

import keras
import tensorflow as tf

Shape: TypeAlias = tuple[int | None, ...]


class Pass(NamedTuple):
    """The conditions of one run of a network: in training or not, seed of its noise, labels."""

    training: bool
    seed: tf.Tensor | None = None  # (2,) int32; needed where noise is drawn
    inputs: tf.Tensor | None = None  # of the network; parts may read them again
    references: int = 0  # how many of a batch, its last ones, are the reference batch
    labels: tf.Tensor | None = None  # (N,) int32, the class of each image, where parts read it


GENERATION = Pass(training=False)


class Part(Protocol):
    """A part of a network: a layer, or several layers, with their variables."""

    name: str

    def build(self, shape: Shape) -> None:
        """Create the variables for inputs of `shape`."""

    def compute_output_shape(self, shape: Shape) -> Shape:
        """The shape of the output."""

    def __call__(self, x: tf.Tensor, run: Pass) -> tf.Tensor:
        """Apply the part."""


class Plain:
    """A Keras layer as a part; `reads` says what of a pass the layer is called with."""

    def __init__(
        self, layer: keras.layers.Layer, reads: Callable[[Pass], Mapping[str, Any]] | None = None
    ) -> None:
        self.layer = layer
        self.name: str = layer.name
        self._reads = reads

    @property
    def variables(self) -> list[keras.Variable]:
        """All variables of the layer."""
        return list(self.layer.variables)

    @property
    def trainable_variables(self) -> list[keras.Variable]:
        """The variables that an optimiser updates."""
        return list(self.layer.trainable_variables)

    def build(self, shape: Shape) -> None:
        """Create the variables for inputs of `shape`."""
        self.layer.build(shape)

    def compute_output_shape(self, shape: Shape) -> Shape:
        """The shape of the output."""
        return tuple(self.layer.compute_output_shape(shape))

    def __call__(self, x: tf.Tensor, run: Pass) -> tf.Tensor:
        """Apply the layer."""
        return self.layer(x, **self._reads(run)) if self._reads else self.layer(x)


class Network:
    """Parts in order. Variables are named `<network>/<part>/<variable>`, which never changes."""

    features = "flatten"  # the part whose output (N, F) are a discriminator's features

    def __init__(
        self,
        name: str,
        parts: Sequence[Part],
        input_shape: tuple[int, ...],
        references: int = 0,
    ) -> None:
        self.name = name
        self.parts = list(parts)
        shape: Shape = (None, *input_shape)
        for part in self.parts:
            part.build(shape)
            shape = part.compute_output_shape(shape)
        self.input_shape = input_shape
        self.output_shape = tuple(shape[1:])
        # inputs that go through with every batch; virtual batch normalisation compares with them
        self.reference = (
            keras.Variable(tf.zeros((references, *input_shape)), trainable=False, name="reference")
            if references
            else None
        )

    def __call__(self, x: tf.Tensor, run: Pass) -> tf.Tensor:
        """Run all parts; the result is float32 whatever precision is computed in."""
        return self._through(x, run)[0]

    def with_features(self, x: tf.Tensor, run: Pass) -> tuple[tf.Tensor, tf.Tensor]:
        """The same, and what came out of the part `features` on the way, float32 too."""
        return self._through(x, run)

    def _through(self, x: tf.Tensor, run: Pass) -> tuple[tf.Tensor, tf.Tensor]:
        count = None
        if self.reference is not None:
            count = tf.shape(x)[0]
            x = tf.concat([x, tf.convert_to_tensor(self.reference)], axis=0)
            run = run._replace(references=self.reference.shape[0])
        run, features = run._replace(inputs=x), x
        for part in self.parts:
            x = part(x, run)
            features = x if part.name == self.features else features
        return tf.cast(x[:count], tf.float32), tf.cast(features[:count], tf.float32)

    @property
    def variables(self) -> dict[str, keras.Variable]:
        """Every variable by its stable name."""
        named = {
            f"{self.name}/{part.name}/{variable.name}": variable
            for part in leaves(self.parts)
            for variable in part.variables
        }
        if self.reference is not None:
            named[f"{self.name}/reference"] = self.reference
        return named

    @property
    def trainable(self) -> list[keras.Variable]:
        """The variables that an optimiser updates, in the order of the parts."""
        return [variable for part in leaves(self.parts) for variable in part.trainable_variables]

    @property
    def statistics(self) -> list[keras.Variable]:
        """The variables that every pass in training moves: batch normalisation's averages."""
        layers: list[Any] = [getattr(part, "layer", None) for part in leaves(self.parts)]
        return [value for layer in layers for value in getattr(layer, "statistics", ())]

    def matrices(self) -> list[tf.Tensor]:
        """Every kernel as a matrix (everything else, outputs), float32."""
        layers: list[Any] = [getattr(part, "layer", None) for part in leaves(self.parts)]
        return [layer.matrix() for layer in layers if hasattr(layer, "matrix")]

    def parameters(self) -> tuple[int, int]:
        """The number of parameters, and of the trainable ones among them."""
        held = [variable for variable in self.variables.values() if variable is not self.reference]
        sizes = [int(tf.size(variable.value)) for variable in held]
        return sum(sizes), sum(int(tf.size(variable.value)) for variable in self.trainable)

    def advance(self) -> None:
        """Do what is done once an update, not with every pass: spectral norm's power iteration."""
        for part in leaves(self.parts):
            if isinstance(getattr(part, "layer", None), Advancing):
                part.layer.advance()


def leaves(parts: Iterable[Any]) -> Iterator[Any]:
    """The parts that hold variables: those given, and those that they are made of."""
    for part in parts:
        if hasattr(part, "inner"):
            yield from leaves(part.inner)
        else:
            yield part


class Advancing:
    """Marks layers that have something to do once before each update of their network."""

    def advance(self) -> None:
        """Do it."""
