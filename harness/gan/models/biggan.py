"""BigGAN's networks (Brock et al. 2019, appendix B): residual blocks that activate first.

Each block normalises and activates before each of two convolutions. Gains and biases of the
generator's normalisations are made of the class (`labels.every_block`), and of all latents beside
it (`skip_z`), as in BigGAN-deep, which does not cut them in chunks.
"""

from collections.abc import Sequence

import keras

from harness.config.catalog import DOWNSAMPLINGS, UPSAMPLINGS
from harness.config.trial import DiscriminatorConfig, GeneratorConfig, TrialConfig
from harness.gan.models.blocks import (
    BASE,
    POLICY,
    Config,
    attended,
    attention,
    common,
    hidden,
    matched,
    normalized,
    widths,
)
from harness.gan.models.classes import ClassInput, class_gain
from harness.gan.models.composite import Residual
from harness.gan.models.layers import Convolution, Dense, Dropout, Resize
from harness.gan.models.network import Network, Part, Plain
from harness.gan.models.pooling import SumPool


def generator(
    own: GeneratorConfig, config: TrialConfig, channels: int, given: Sequence[ClassInput]
) -> list[Part]:
    """Latents (N, noise_size) → (N, size, size, channels), before the last activation."""
    precision = config.training.precision
    policy, filters, depth = POLICY[precision], widths(own), own.depth or 0
    stem = Dense(BASE * BASE * filters[0], name="stem", use_bias=True, **common(own, precision))
    shape = (BASE, BASE, filters[0])
    parts: list[Part] = [Plain(stem)]
    parts.append(Plain(keras.layers.Reshape(shape, name="stem_map", dtype=policy)))
    place = attended(own, [BASE * 2 ** (level + 1) for level in range(depth)])
    for level, units in enumerate(filters):
        name, before = f"up_{level + 1}", filters[max(0, level - 1)]
        if own.dropout:
            parts.append(Dropout(own.dropout, f"{name}_dropout", own.dropout_at_generation))
        latents = own.noise_size if own.skip_z else 0
        gains = [
            class_gain(own, config, f"{name}_{number}", count, given, latents)
            for number, count in ((1, before), (2, units))
        ]
        parts.append(_up(own, name, units, precision, gains))
        parts += attention(own, level == place, units, precision)
    return [*parts, *hidden(own, "image", policy), _last(own, "image", channels, precision)]


def _up(
    own: GeneratorConfig, name: str, units: int, precision: str, gains: Sequence[list[Part]]
) -> Part:
    """To twice the size: normalise, activate, enlarge, convolve; normalise, activate, convolve."""
    policy, (first, second) = POLICY[precision], gains
    enlarge = UPSAMPLINGS.load(own.upsampling)
    block = [
        *hidden(own, f"{name}_1", policy, first),
        *enlarge(units, own.kernel_size, f"{name}_1", normalized(own, precision)),
        *hidden(own, f"{name}_2", policy, second),
        _last(own, f"{name}_2", units, precision),
    ]
    resize = Resize("nearest", name=f"{name}_enlarged", dtype=policy)
    return Residual(f"{name}_block", block, [Plain(resize), matched(own, name, units, precision)])


def discriminator(own: DiscriminatorConfig, size: int, precision: str) -> list[Part]:
    """Images (N, size, size, channels) → features (N, F), last maps summed over places."""
    policy = POLICY[precision]
    filters = widths(own)[::-1]
    parts: list[Part] = []
    place = attended(own, [size // 2 ** (number + 1) for number in range(len(filters))])
    for number, units in enumerate(filters):
        parts.append(_down(own, number, units, precision))
        parts += attention(own, number == place, units, precision)
    units = filters[-1]
    same = [
        *_first(own, "same", units, precision),
        *hidden(own, "same_2", policy),
        _last(own, "same_2", units, precision),
    ]
    pool = SumPool(name=Network.features, dtype=policy)
    return [*parts, Residual("same_block", same, []), *hidden(own, "maps", policy), Plain(pool)]


def _down(own: DiscriminatorConfig, number: int, units: int, precision: str) -> Part:
    """To half the size: activate, convolve; activate, convolve, pool.

    Images are not activated. The shortcut pools before it convolves, which comes to the same.
    """
    name, policy = f"down_{number + 1}", POLICY[precision]
    biased = {**common(own, precision), "use_bias": True}
    block = [
        *_first(own, name, units, precision)[0 if number else -1 :],
        *hidden(own, f"{name}_2", policy),
        *DOWNSAMPLINGS.load(own.downsampling)(units, own.kernel_size, f"{name}_2", biased),
    ]
    pool = keras.layers.AveragePooling2D(2, name=f"{name}_reduced", dtype=policy)
    return Residual(f"{name}_block", block, [Plain(pool), matched(own, name, units, precision)])


def _first(own: Config, name: str, units: int, precision: str) -> list[Part]:
    """The first convolution of a block of the discriminator, and what comes before it."""
    layer = Convolution(units, own.kernel_size, 1, name=f"{name}_1", **normalized(own, precision))
    return [*hidden(own, f"{name}_1", POLICY[precision]), Plain(layer)]


def _last(own: Config, name: str, units: int, precision: str) -> Part:
    """A convolution that no normalisation follows."""
    keywords = {**common(own, precision), "use_bias": True}
    return Plain(Convolution(units, own.kernel_size, 1, name=name, **keywords))
