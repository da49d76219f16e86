"""The discriminator's layers as the encoder of a variational autoencoder."""

from harness.config.trial import TrialConfig
from harness.gan.models import convolutional
from harness.gan.models.blocks import common
from harness.gan.models.layers import Dense
from harness.gan.models.network import Network, Plain


def variational_encoder(config: TrialConfig, channels: int) -> Network:
    """Images (N, size, size, channels) → mean and log variance of latents, (N, 2 noise_size)."""
    section, precision = config.discriminator, config.training.precision
    posterior = Dense(
        2 * config.generator.noise_size,
        name="posterior",
        use_bias=True,
        **common(section, precision),
    )
    size = config.data.image_size
    parts = [*convolutional.discriminator_parts(section, size, precision), Plain(posterior)]
    return Network(
        "discriminator", parts, (size, size, channels), convolutional.references(section, config)
    )
