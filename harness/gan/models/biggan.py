"""BigGAN's networks (Brock et al. 2019, appendix B): residual blocks that activate first.

Each block normalises and activates before each of two convolutions. Gains and biases of the
generator's normalisations are computed from the class (`labels.every_block`) and from all latents
(`skip_z`), as in BigGAN-deep, which does not split them into chunks.
"""

from collections.abc import Sequence

import keras

from harness.config.catalog import DOWNSAMPLINGS, PRECISIONS, UPSAMPLINGS
from harness.config.trial import DiscriminatorConfig, GeneratorConfig, TrialConfig
from harness.gan.models.blocks import (
    BASE,
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
    section: GeneratorConfig, config: TrialConfig, channels: int, given: Sequence[ClassInput]
) -> list[Part]:
    """Latents (N, noise_size) → (N, size, size, channels), before the last activation."""
    precision = config.training.precision
    policy, filters, depth = PRECISIONS[precision], widths(section), section.depth or 0
    stem = Dense(BASE * BASE * filters[0], name="stem", use_bias=True, **common(section, precision))
    shape = (BASE, BASE, filters[0])
    parts: list[Part] = [Plain(stem)]
    parts.append(Plain(keras.layers.Reshape(shape, name="stem_map", dtype=policy)))
    place = attended(section, [BASE * 2 ** (level + 1) for level in range(depth)])
    for level, units in enumerate(filters):
        name, before = f"up_{level + 1}", filters[max(0, level - 1)]
        if section.dropout:
            parts.append(Dropout(section.dropout, f"{name}_dropout", section.dropout_at_generation))
        latents = section.noise_size if section.skip_z else 0
        gains = [
            class_gain(section, config, f"{name}_{number}", count, given=given, latents=latents)
            for number, count in ((1, before), (2, units))
        ]
        parts.append(_up(section, name, units, precision, gains=gains))
        parts += attention(section, level == place, units, precision)
    return [*parts, *hidden(section, "image", policy), _last(section, "image", channels, precision)]


def _up(
    section: GeneratorConfig, name: str, units: int, precision: str, *, gains: Sequence[list[Part]]
) -> Part:
    """To twice the size: normalise, activate, enlarge, convolve; normalise, activate, convolve."""
    policy, (first, second) = PRECISIONS[precision], gains
    enlarge = UPSAMPLINGS.load(section.upsampling)
    block = [
        *hidden(section, f"{name}_1", policy, first),
        *enlarge(units, section.kernel_size, f"{name}_1", normalized(section, precision)),
        *hidden(section, f"{name}_2", policy, second),
        _last(section, f"{name}_2", units, precision),
    ]
    resize = Resize("nearest", name=f"{name}_enlarged", dtype=policy)
    return Residual(
        f"{name}_block", block, [Plain(resize), matched(section, name, units, precision)]
    )


def discriminator(section: DiscriminatorConfig, size: int, precision: str) -> list[Part]:
    """Images (N, size, size, channels) → features (N, F), last maps summed over places."""
    policy = PRECISIONS[precision]
    filters = widths(section)[::-1]
    parts: list[Part] = []
    place = attended(section, [size // 2 ** (number + 1) for number in range(len(filters))])
    for number, units in enumerate(filters):
        parts.append(_down(section, number, units, precision))
        parts += attention(section, number == place, units, precision)
    units = filters[-1]
    same = [
        *_first(section, "same", units, precision),
        *hidden(section, "same_2", policy),
        _last(section, "same_2", units, precision),
    ]
    pool = SumPool(name=Network.features, dtype=policy)
    return [*parts, Residual("same_block", same, []), *hidden(section, "maps", policy), Plain(pool)]


def _down(section: DiscriminatorConfig, number: int, units: int, precision: str) -> Part:
    """To half the size: activate, convolve; activate, convolve, pool.

    Images are not activated. The shortcut pools before it convolves, which comes to the same.
    """
    name, policy = f"down_{number + 1}", PRECISIONS[precision]
    biased = {**common(section, precision), "use_bias": True}
    block = [
        *_first(section, name, units, precision)[0 if number else -1 :],
        *hidden(section, f"{name}_2", policy),
        *DOWNSAMPLINGS.load(section.downsampling)(units, section.kernel_size, f"{name}_2", biased),
    ]
    pool = keras.layers.AveragePooling2D(2, name=f"{name}_reduced", dtype=policy)
    return Residual(f"{name}_block", block, [Plain(pool), matched(section, name, units, precision)])


def _first(section: Config, name: str, units: int, precision: str) -> list[Part]:
    """The first convolution of a block of the discriminator, and what comes before it."""
    layer = Convolution(
        units, section.kernel_size, 1, name=f"{name}_1", **normalized(section, precision)
    )
    return [*hidden(section, f"{name}_1", PRECISIONS[precision]), Plain(layer)]


def _last(section: Config, name: str, units: int, precision: str) -> Part:
    """A convolution that no normalisation follows."""
    keywords = {**common(section, precision), "use_bias": True}
    return Plain(Convolution(units, section.kernel_size, 1, name=name, **keywords))
