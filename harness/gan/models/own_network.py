"""Networks that plug-ins give: a Keras model as a part, its weights under names that never change.

First weights are the harness's (`initial.py`), so that they follow from the seed: kernels as the
knob `initializer` says, scales at one, the rest at zero.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from harness.config import plugged
from harness.config.catalog import PRECISIONS
from harness.config.trial import DiscriminatorConfig, GeneratorConfig, TrialConfig
from harness.core.errors import HarnessError
from harness.core.plugins import Plugin, first_line
from harness.gan.models.convolutional import Architecture
from harness.gan.models.network import Network, Part, Pass, Plain, Shape

_WEIGHTS = ("kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance")


def architecture(plugin: Plugin) -> Architecture:
    """The networks of a plug-in as the catalogue's architectures are."""
    spec = plugged.typed(plugin, plugged.Network)

    def generator(
        section: GeneratorConfig, config: TrialConfig, channels: int, given: Sequence[Any]
    ) -> list[Part]:
        del given  # a class comes with the latents
        size = config.data.image_size

        def make(shape: Shape) -> Any:
            assert spec.generator is not None
            return spec.generator(shape[-1], size, channels, section)

        return [KerasPart(plugin, "generator", make, (size, size, channels))]

    def discriminator(section: DiscriminatorConfig, size: int, precision: str) -> list[Part]:
        def make(shape: Shape) -> Any:
            assert spec.discriminator is not None
            return spec.discriminator(size, shape[-1], section)

        flat = keras.layers.Flatten(name=Network.features, dtype=PRECISIONS[precision])
        return [KerasPart(plugin, "discriminator", make, None), Plain(flat)]

    return Architecture(generator, discriminator)


class _Weight:
    """One variable of a model as a leaf of the network, under a unique name."""

    def __init__(self, name: str, variable: keras.Variable) -> None:
        self.name = name
        self.variables = [variable]
        self.trainable_variables = [variable] if variable.trainable else []


class KerasPart:
    """The Keras model that a plug-in makes for inputs of some shape; `wanted` is its output's."""

    def __init__(
        self,
        plugin: Plugin,
        network: str,
        make: Callable[[Shape], Any],
        wanted: tuple[int, ...] | None,
    ) -> None:
        self.name, self.inner = plugin.name, list[_Weight]()
        self._plugin, self._network, self._make, self._wanted = plugin, network, make, wanted
        self._where = f"{plugin.place}: the {network}"

    def build(self, shape: Shape) -> None:
        """Make the model and check its shapes and its weights."""
        self._model = self._guarded(partial(self._make, shape))
        if not isinstance(self._model, keras.Layer):
            raise HarnessError(
                f"{self._where} must be a Keras model (given: {type(self._model).__name__})"
            )
        probe = self._guarded(lambda: self._model(tf.zeros((2, *shape[1:])), training=False))
        self._shape = tuple(getattr(probe, "shape", ()))
        if self._wanted and self._shape != (2, *self._wanted):
            raise HarnessError(
                f"{self._where} must make {(2, *shape[1:])} into {(2, *self._wanted)}; it makes "
                f"{self._shape or type(probe).__name__}"
            )
        if len(self._shape) < 2 or self._shape[0] != 2 or None in self._shape:
            raise HarnessError(
                f"{self._where} must make {(2, *shape[1:])} into features (2, …); it makes "
                f"{self._shape or type(probe).__name__}"
            )
        for number, variable in enumerate(self._model.variables):
            if variable.name not in _WEIGHTS:
                raise HarnessError(
                    f"{self._where} holds {variable.name!r}, which no seed could give its first "
                    f"value: weights are named {', '.join(_WEIGHTS)}, and layers that draw noise, "
                    "such as dropout, are the knobs'"
                )
            self.inner.append(_Weight(f"{self.name}_{number}", variable))

    def _guarded(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Exception as error:
            raise HarnessError(f"{self._where} fails: {first_line(error)}") from error

    def compute_output_shape(self, shape: Shape) -> Shape:
        """The shape of the output."""
        return (shape[0], *self._shape[1:])

    def __call__(self, x: tf.Tensor, run: Pass) -> tf.Tensor:
        """Apply the model."""
        return self._model(x, training=run.training)
