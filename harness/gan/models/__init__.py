"""Generators, discriminators and their layers; here the choice between them."""

from harness.config.trial import TrialConfig
from harness.gan.models import autoencoder, convolutional
from harness.gan.models.encoder import variational_encoder
from harness.gan.models.network import Network
from harness.gan.models.unet import build_unet


def generator(config: TrialConfig, channels: int) -> Network:
    """The network from latents, or from a translation's sources, to images (N, size, size, C)."""
    if config.translation.source:
        return build_unet(config, channels)
    return convolutional.generator(config, channels)


def discriminator(config: TrialConfig, channels: int, energy: autoencoder.Energy | None) -> Network:
    """The discriminator; an autoencoder or a VAE's encoder if the loss or the update needs one."""
    if config.training.update == "variational":
        return variational_encoder(config, channels)
    if energy:
        return autoencoder.discriminator(config, channels, energy)
    # of a translation, the source is one more channel
    seen = channels + 1 if config.translation.source else channels
    return convolutional.discriminator(config, seen)
