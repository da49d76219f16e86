"""S0's DCGAN (Radford et al. 2015, simplified: constant width, sigmoid output)."""

from typing import Any

import keras

from harness.config.trial import DiscriminatorConfig, GeneratorConfig
from harness.gan.models.layers import Convolution, Dense, Dropout, TransposedConvolution
from harness.gan.models.network import Network, Plain
from harness.gan.models.normalization import BatchNormalization

_BASE = 4  # pixels of the smallest feature map
POLICY = {"float32": "float32", "bfloat16": "mixed_bfloat16"}


def hidden(
    config: GeneratorConfig | DiscriminatorConfig, name: str, policy: str
) -> list[Plain | Dropout]:
    """Normalisation and activation after a hidden layer."""
    parts: list[Plain | Dropout] = []
    if config.batch_norm:
        layer = BatchNormalization(
            momentum=config.batch_norm_momentum,
            scale=config.batch_norm_scale,
            name=f"{name}_norm",
            dtype=policy,
        )
        parts.append(Plain(layer, statistics=True))
    slope = 0.0 if config.activation == "relu" else config.leaky_slope
    activation = keras.layers.ReLU(negative_slope=slope, name=f"{name}_activation", dtype=policy)
    return [*parts, Plain(activation)]


def common(config: GeneratorConfig | DiscriminatorConfig, precision: str) -> dict[str, Any]:
    """What all layers with a kernel are given."""
    return {"spectral_norm": config.spectral_norm, "dtype": POLICY[precision]}


def generator(config: GeneratorConfig, channels: int, precision: str) -> Network:
    """Latents (N, noise_size) → images in [0, 1], (N, size, size, channels)."""
    parts = generator_parts(config, channels, precision)
    return Network("generator", parts, (config.noise_size,))


def generator_parts(
    config: GeneratorConfig, channels: int, precision: str
) -> list[Plain | Dropout]:
    """The generator's layers, not built yet."""
    policy = POLICY[precision]
    # a bias before batch normalisation is redundant (S0)
    shared = common(config, precision)
    kept = {**shared, "use_bias": not config.batch_norm}
    parts: list[Plain | Dropout] = [
        Plain(Dense(_BASE * _BASE * config.width, name="stem", **kept)),
        *hidden(config, "stem", policy),
        Plain(keras.layers.Reshape((_BASE, _BASE, config.width), name="stem_map", dtype=policy)),
    ]
    for number in range(1, (config.depth or 0) + 1):
        name = f"up_{number}"
        last = number == config.depth
        units, keywords = (channels, {**shared, "use_bias": True}) if last else (config.width, kept)
        if config.dropout:
            parts.append(Dropout(config.dropout, name=f"{name}_dropout"))
        layer = TransposedConvolution(units, config.kernel_size, 2, name=name, **keywords)
        parts.append(Plain(layer))
        if not last:
            parts.extend(hidden(config, name, policy))
    # the output in float32: 8 bits of mantissa would be visible in an image
    parts.append(Plain(keras.layers.Activation("sigmoid", name="output", dtype="float32")))
    return parts


def discriminator(
    config: DiscriminatorConfig, image_size: int, channels: int, precision: str
) -> Network:
    """Images (N, size, size, channels) → logits (N, 1), high for real."""
    head = Dense(1, name="logit", use_bias=True, **common(config, precision))
    parts = [*discriminator_parts(config, precision), Plain(head)]
    return Network("discriminator", parts, (image_size, image_size, channels))


def discriminator_parts(config: DiscriminatorConfig, precision: str) -> list[Plain | Dropout]:
    """The discriminator's layers before the last one, not built yet: images → features."""
    policy = POLICY[precision]
    kept = {**common(config, precision), "use_bias": not config.batch_norm}
    parts: list[Plain | Dropout] = []
    for number in range(1, (config.depth or 0) + 1):
        name = f"down_{number}"
        layer = Convolution(config.width, config.kernel_size, 2, name=name, **kept)
        parts.extend((Plain(layer), *hidden(config, name, policy)))
    parts.append(Plain(keras.layers.Flatten(name="flatten", dtype=policy)))
    if config.dropout:
        parts.append(Dropout(config.dropout, name="dropout"))
    return parts
