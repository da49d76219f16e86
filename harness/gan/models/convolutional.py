"""Networks of convolutional blocks, and the choice between kinds of them."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from harness.config.catalog import ARCHITECTURES, CONDITIONINGS, MINIBATCH_FEATURES
from harness.config.trial import DiscriminatorConfig, GeneratorConfig, TrialConfig
from harness.gan.models import biggan, dcgan
from harness.gan.models.blocks import POLICY, Config, common, dense, output
from harness.gan.models.classes import ClassInput, class_input
from harness.gan.models.layers import Dense, Dropout
from harness.gan.models.network import Network, Part, Plain

_REFERENCES = 64  # inputs of a reference batch, or a whole batch where that is smaller


class Architecture(NamedTuple):
    """What lies between latents and image, and between image and features."""

    generator: Callable[
        [GeneratorConfig, TrialConfig, int, Sequence[ClassInput]], list[Part]
    ]  # own section, config, channels, what gives the class
    discriminator: Callable[[DiscriminatorConfig, int, str], list[Part]]  # size, precision


DCGAN = Architecture(dcgan.generator, dcgan.discriminator)
BIGGAN = Architecture(biggan.generator, biggan.discriminator)


def generator(config: TrialConfig, channels: int) -> Network:
    """Latents (N, noise_size) → images in the range of pixels, (N, size, size, channels)."""
    own = config.generator
    parts = generator_parts(own, config, channels)
    return Network("generator", parts, (own.noise_size,), references(own, config))


def generator_parts(own: GeneratorConfig, config: TrialConfig, channels: int) -> list[Part]:
    """The generator's layers, not built yet; `own` may be another section than the trial's."""
    given = class_input(own, config)
    parts: list[Part] = [*given]
    for number in range(1, own.hidden_dense + 1):
        parts += dense(own, number, config.training.precision)
    parts += ARCHITECTURES.load(own.architecture).generator(own, config, channels, given)
    return [*parts, output(own, config.training.pixel_range)]


def discriminator(config: TrialConfig, channels: int) -> Network:
    """Images (N, size, size, channels) → logits (N, 1), high for real."""
    own, size, precision = config.discriminator, config.data.image_size, config.training.precision
    parts = discriminator_parts(own, size, precision)
    parts.append(Plain(Dense(1, name="logit", use_bias=True, **common(own, precision))))
    if config.labels.conditioning != "none":
        parts = CONDITIONINGS.load(config.labels.conditioning).discriminator(parts, config)
    return Network("discriminator", parts, (size, size, channels), references(own, config))


def discriminator_parts(own: DiscriminatorConfig, size: int, precision: str) -> list[Part]:
    """The discriminator's layers before the last one, not built yet: images → features.

    Features of the batch are made before dropout: two images that are alike would be dropped
    differently, and look apart.
    """
    parts = ARCHITECTURES.load(own.architecture).discriminator(own, size, precision)
    for number in range(1, own.hidden_dense + 1):
        parts += dense(own, number, precision)
    if own.minibatch != "none":
        layer = MINIBATCH_FEATURES.load(own.minibatch)
        parts.append(Plain(layer(name="minibatch", dtype=POLICY[precision])))
    if own.dropout:
        parts.append(Dropout(own.dropout, name="dropout"))
    return parts


def references(own: Config, config: TrialConfig) -> int:
    """How many inputs a network's reference batch holds; 0: it has none."""
    virtual = own.normalization == "virtual_batch"
    return min(_REFERENCES, config.training.batch_size) if virtual else 0
