"""Networks of convolutional blocks, and the choice between kinds of them."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from harness.config.catalog import ARCHITECTURES, CONDITIONINGS, MINIBATCH_FEATURES, PRECISIONS
from harness.config.trial import DiscriminatorConfig, GeneratorConfig, TrialConfig
from harness.gan.models import biggan, dcgan
from harness.gan.models.blocks import Config, common, dense, output
from harness.gan.models.classes import ClassInput, class_input
from harness.gan.models.layers import Dense, Dropout
from harness.gan.models.network import Network, Part, Plain

_REFERENCES = 64  # inputs of a reference batch, or a whole batch where that is smaller


class Architecture(NamedTuple):
    """The layers between latents and image, and those between image and features."""

    generator: Callable[
        [GeneratorConfig, TrialConfig, int, Sequence[ClassInput]], list[Part]
    ]  # section, config, channels, class inputs
    discriminator: Callable[[DiscriminatorConfig, int, str], list[Part]]  # size, precision


DCGAN = Architecture(dcgan.generator, dcgan.discriminator)
BIGGAN = Architecture(biggan.generator, biggan.discriminator)


def generator(config: TrialConfig, channels: int) -> Network:
    """Latents (N, noise_size) → images in the range of pixels, (N, size, size, channels)."""
    section = config.generator
    parts = generator_parts(section, config, channels)
    return Network("generator", parts, (section.noise_size,), references(section, config))


def generator_parts(section: GeneratorConfig, config: TrialConfig, channels: int) -> list[Part]:
    """The generator's layers, not built yet; `section` may differ from the trial's own."""
    given = class_input(section, config)
    parts: list[Part] = [*given]
    for number in range(1, section.hidden_dense + 1):
        parts += dense(section, number, config.training.precision)
    parts += ARCHITECTURES.load(section.architecture).generator(section, config, channels, given)
    return [*parts, output(section, config.training.pixel_range)]


def discriminator(config: TrialConfig, channels: int) -> Network:
    """Images (N, size, size, channels) → logits (N, 1), high for real."""
    section, size, precision = (
        config.discriminator,
        config.data.image_size,
        config.training.precision,
    )
    parts = discriminator_parts(section, size, precision)
    parts.append(Plain(Dense(1, name="logit", use_bias=True, **common(section, precision))))
    if config.labels.conditioning != "none":
        parts = CONDITIONINGS.load(config.labels.conditioning).discriminator(parts, config)
    return Network("discriminator", parts, (size, size, channels), references(section, config))


def discriminator_parts(section: DiscriminatorConfig, size: int, precision: str) -> list[Part]:
    """The discriminator's layers before the last one, not built yet: images → features.

    Features of the batch are made before dropout: two images that are alike would be dropped
    differently, and look apart.
    """
    parts = ARCHITECTURES.load(section.architecture).discriminator(section, size, precision)
    for number in range(1, section.hidden_dense + 1):
        parts += dense(section, number, precision)
    if section.minibatch != "none":
        layer = MINIBATCH_FEATURES.load(section.minibatch)
        parts.append(Plain(layer(name="minibatch", dtype=PRECISIONS[precision])))
    if section.dropout:
        parts.append(Dropout(section.dropout, name="dropout"))
    return parts


def references(section: Config, config: TrialConfig) -> int:
    """The number of inputs in a network's reference batch; 0: it has none."""
    virtual = section.normalization == "virtual_batch"
    return min(_REFERENCES, config.training.batch_size) if virtual else 0
