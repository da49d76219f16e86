"""A discriminator that is an autoencoder: its energy is how badly it reconstructs an image."""

from collections.abc import Callable

import tensorflow as tf

from harness.config.catalog import PRECISIONS
from harness.config.trial import TrialConfig
from harness.config.trial.networks import NetworkConfig
from harness.gan.models import convolutional
from harness.gan.models.layers import Dense
from harness.gan.models.network import Network, Part, Pass, Plain

Energy = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]  # images, reconstructions → (N, 1)


class Autoencoder(Network):
    """Images (N, size, size, channels) → logits (N, 1), the negative energies: high for real."""

    features = "code"

    def __init__(
        self, parts: list[Part], input_shape: tuple[int, ...], references: int, energy: Energy
    ) -> None:
        super().__init__("discriminator", parts, input_shape, references)
        if self.output_shape != input_shape:
            raise ValueError(f"{input_shape} is reconstructed as {self.output_shape}")
        self._energy = energy

    def __call__(self, x: tf.Tensor, run: Pass) -> tf.Tensor:
        """Reconstruct and compare."""
        return self.with_features(x, run)[0]

    def with_features(self, x: tf.Tensor, run: Pass) -> tuple[tf.Tensor, tf.Tensor]:
        """The same, and the codes (N, code)."""
        reconstructed, codes = super().with_features(x, run)
        return -self._energy(x, reconstructed), codes


def discriminator(config: TrialConfig, channels: int, energy: Energy) -> Autoencoder:
    """The discriminator's layers as encoder, the generator's as decoder.

    Between them a linear code of the size of the latent vector, as BEGAN has it. The decoder has
    the generator's shape, and width, normalisation and activation of the discriminator.
    """
    section, precision = config.discriminator, config.training.precision
    size, latents = config.data.image_size, config.generator.noise_size
    shared = NetworkConfig.model_fields.keys() - {"depth", "kernel_size"}
    changes = {name: getattr(section, name) for name in shared}
    changes |= {"activation": section.activation, "dropout": 0.0, "skip_z": False}
    # as encoder these are built already, under the same names
    changes |= {"hidden_dense": 0, "attention": False}
    decoder = config.generator.model_copy(update=changes)
    code = Dense(latents, name="code", use_bias=True, dtype=PRECISIONS[precision])
    parts = [
        *convolutional.discriminator_parts(section, size, precision),
        Plain(code),
        *convolutional.generator_parts(decoder, config, channels),
    ]
    return Autoencoder(
        parts, (size, size, channels), convolutional.references(section, config), energy
    )
