"""A trained generator as a Keras model."""

from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from harness.config.trial import TrialConfig
from harness.core.errors import HarnessError
from harness.gan.labels.condition import sampled_inputs
from harness.gan.labels.labelled import apart, together
from harness.gan.pixels import to_unit
from harness.gan.sampling import load_generator
from harness.gan.train.program import compiled_generator


class Generator(keras.Model):
    """Latents (n, noise size), of classes with labels (n,), → images (n, H, W, C) in [0, 1].

    `np.rint(images * 255)` are the bytes that the harness scores and shows.
    """

    def __init__(self, config: TrialConfig, generators: Path) -> None:
        """`generators`: the folder of a trial's kept generators; the last one is taken."""
        if config.translation.source:
            raise HarnessError(
                "a translation makes images of images, and has no latents: `harness samples` "
                "translates validation images"
            )
        super().__init__(name="generator")
        self.jit_compile = False  # XLA rounds otherwise
        self._trial = config
        mixture, self._condition = load_generator(config, generators)
        self._make = compiled_generator(mixture, self._condition is not None)
        self._held = list(mixture.variables.values())  # so that Keras counts them
        self.built = True

    @property
    def noise_size(self) -> int:
        """Numbers of a latent."""
        return self._trial.generator.noise_size

    @property
    def classes(self) -> int | None:
        """Of its labels; None where it takes none."""
        return self._trial.labels.values or None

    def latents(self, count: int, seed: int = 0) -> Any:
        """Inputs drawn like those of sample grids: latents, or [latents, labels].

        36 at seed 0 are the latents of the record's sample grids.
        """
        inputs = sampled_inputs(self._trial.generator, self._condition, count, seed, "samples")
        latents, labels = apart(inputs)
        return latents if labels is None else [latents, labels]

    def call(self, inputs: Any, training: bool = False) -> tf.Tensor:
        """Make images; `training` changes nothing, since the weights are averages."""
        images = self._make(together(*self._split(inputs)))
        return to_unit(images, self._trial.training.pixel_range)

    def _split(self, inputs: Any) -> tuple[tf.Tensor, tf.Tensor | None]:
        given = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
        if len(given) != (2 if self.classes else 1):
            needed = f"[latents, labels of {self.classes} classes]" if self.classes else "latents"
            raise HarnessError(f"this generator takes {needed}")
        latents = tf.cast(given[0], tf.float32)
        if latents.shape.rank != 2 or latents.shape[1] != self.noise_size:
            raise HarnessError(
                f"latents have the shape (n, {self.noise_size}), not {tuple(latents.shape)}"
            )
        return latents, tf.cast(given[1], tf.int32) if self.classes else None
