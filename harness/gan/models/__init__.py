"""Generators, discriminators and their layers; here the choice between them."""

from harness.config.trial import TrialConfig
from harness.gan.models import autoencoder, convolutional
from harness.gan.models.encoder import encoder
from harness.gan.models.network import Network
from harness.gan.models.unet import unet


def generator(config: TrialConfig, channels: int) -> Network:
    """What makes images (N, size, size, channels): of latents, or of a translation's sources."""
    if config.translation.source:
        return unet(config, channels)
    return convolutional.generator(config, channels)


def discriminator(config: TrialConfig, channels: int, energy: autoencoder.Energy | None) -> Network:
    """The network that the game needs to face the generator."""
    if config.training.update == "variational":
        return encoder(config, channels)
    if energy:
        return autoencoder.discriminator(config, channels, energy)
    seen = channels + 1 if config.translation.source else channels  # beside the source
    return convolutional.discriminator(config, seen)
