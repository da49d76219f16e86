"""Parts of networks that read the classes of a pass."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from harness.config.trial import TrialConfig
from harness.gan.models.blocks import Config, common
from harness.gan.models.composite import Composite
from harness.gan.models.layers import Dense
from harness.gan.models.network import Part, Pass, Plain, Shape


class Table:
    """A row of numbers for each class: (N,) int32 → (N, units). A dense layer on one-hot vectors.

    So it is spectrally normalised where other layers are.
    """

    def __init__(self, values: int, units: int, name: str, keywords: dict[str, Any]) -> None:
        self._values = values
        self.units = units
        self.part = Plain(Dense(units, name=name, **{**keywords, "use_bias": False}))

    def build(self) -> None:
        """Create the table."""
        self.part.build((None, self._values))

    def __call__(self, run: Pass) -> tf.Tensor:
        """The rows of the classes of a pass."""
        return self.part(one_hot(run, self._values), run)


class ClassInput(Composite):
    """(N, size) → the same, followed by an embedding of the class, or by the class as a one-hot
    vector where `table` is None.
    """

    def __init__(self, values: int, table: Table | None) -> None:
        super().__init__("class_input", [table.part] if table else [])
        self.table = table
        self._values = values
        self._units = table.units if table else values

    def build(self, shape: Shape) -> None:
        """Create the embedding."""
        del shape
        if self.table:
            self.table.build()

    def compute_output_shape(self, shape: Shape) -> Shape:
        """Wider than the input."""
        return shape[0], (shape[1] or 0) + self._units

    def __call__(self, x: tf.Tensor, run: Pass) -> tf.Tensor:
        """Concatenate."""
        classes = self.table(run) if self.table else one_hot(run, self._values)
        return tf.concat([x, tf.cast(classes, x.dtype)], axis=1)


class Known(NamedTuple):
    """The input of class-conditional gains and biases: a vector of `size` for each image."""

    size: int
    read: Callable[[Pass], tf.Tensor]


class ClassGain(Composite):
    """x * (1 + gain) + bias, one of each per channel, computed from `known`, a vector per image.

    After a normalisation this is conditional normalisation (Dumoulin et al. 2017). Of a one-hot
    class, gains and biases are rows of tables; they can also be computed from a shared embedding
    and the latents (Brock et al. 2019).
    """

    def __init__(
        self, known: Sequence[Known], units: int, name: str, keywords: dict[str, Any]
    ) -> None:
        keys = {**keywords, "use_bias": False}
        self._dense = [Plain(Dense(units, name=f"{name}_{role}", **keys)) for role in _ROLES]
        super().__init__(f"{name}_class", self._dense)
        self._known = known

    def build(self, shape: Shape) -> None:
        """Create what makes gains and biases."""
        del shape
        for part in self._dense:
            part.build((None, sum(known.size for known in self._known)))

    def compute_output_shape(self, shape: Shape) -> Shape:
        """The input's shape."""
        return shape

    def __call__(self, x: tf.Tensor, run: Pass) -> tf.Tensor:
        """(N, H, W, C), each channel scaled and moved."""
        vectors = [tf.cast(known.read(run), x.dtype) for known in self._known]
        vector = tf.concat(vectors, axis=1)
        gain, bias = (part(vector, run)[:, tf.newaxis, tf.newaxis, :] for part in self._dense)
        return x * (1 + gain) + bias


class Head(Composite):
    """Leaves what goes through alone, and can be asked what class it is of.

    Its variables are the discriminator's, whose optimiser trains them.
    """

    def __init__(self, values: int, keywords: dict[str, Any]) -> None:
        self._scores = Plain(Dense(values, name="class", use_bias=True, **keywords))
        super().__init__("head", [self._scores])

    def build(self, shape: Shape) -> None:
        """Create the layer, for features (N, F)."""
        self._scores.build(shape)

    def compute_output_shape(self, shape: Shape) -> Shape:
        """The input's shape."""
        return shape

    def __call__(self, x: tf.Tensor, run: Pass) -> tf.Tensor:
        """The input."""
        return x

    def scores(self, features: tf.Tensor) -> tf.Tensor:
        """Features (N, F) → a logit a class (N, classes), float32."""
        return tf.cast(self._scores(features, Pass(training=True)), tf.float32)


_ROLES = ("gain", "bias")


def one_hot(run: Pass, values: int) -> tf.Tensor:
    """The classes of a pass, (N, classes) float32."""
    return tf.one_hot(run.labels, values)


def class_input(section: Config, config: TrialConfig) -> list[ClassInput]:
    """The generator's first part where it is given a class; else nothing."""
    labels = config.labels
    if not labels.values:
        return []
    keywords = common(section, config.training.precision)
    embedded = labels.of_images  # codes are given as they are (Chen et al. 2016)
    table = Table(labels.values, labels.embedding_size, "class", keywords) if embedded else None
    return [ClassInput(labels.values, table)]


def class_gain(
    section: Config,
    config: TrialConfig,
    name: str,
    units: int,
    *,
    given: Sequence[ClassInput],
    latents: int = 0,
) -> list[Part]:
    """Gains and biases of a block of the generator, of `units` channels; nothing if not asked.

    They depend on the class where every block is to know it, and on latents of size `latents`.
    """
    labels = config.labels
    known = [Known(latents, lambda run: run.inputs)] if latents else []
    if labels.every_block:
        table = given[0].table if labels.shared_embedding else None
        known.append(
            Known(table.units, table)
            if table
            else Known(labels.values, lambda run: one_hot(run, labels.values))
        )
    keywords = common(section, config.training.precision)
    return [ClassGain(known, units, name, keywords)] if known else []
