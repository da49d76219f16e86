"""S0's DCGAN (Radford et al. 2015, simplified: constant width, sigmoid output), and its variations.

Every variation is off by default, and then the networks are S0's, name by name.
"""

from collections.abc import Sequence

import keras

from harness.config.catalog import DOWNSAMPLINGS, PRECISIONS, UPSAMPLINGS
from harness.config.trial import DiscriminatorConfig, GeneratorConfig, TrialConfig
from harness.gan.models.blocks import (
    BASE,
    attended,
    attention,
    common,
    hidden,
    matched,
    normalized,
    widths,
)
from harness.gan.models.classes import ClassInput, class_gain
from harness.gan.models.composite import Injection, Residual
from harness.gan.models.layers import Dense, Dropout, Resize
from harness.gan.models.network import Network, Part, Plain


def generator(
    section: GeneratorConfig, config: TrialConfig, channels: int, given: Sequence[ClassInput]
) -> list[Part]:
    """Latents (N, noise_size) → (N, size, size, channels), before the last activation."""
    precision = config.training.precision
    policy, filters, depth = PRECISIONS[precision], widths(section), section.depth or 0
    stem = Dense(BASE * BASE * filters[0], name="stem", **normalized(section, precision))
    shape = (BASE, BASE, filters[0])
    parts: list[Part] = [Plain(stem), *hidden(section, "stem", policy)]
    parts.append(Plain(keras.layers.Reshape(shape, name="stem_map", dtype=policy)))
    place = attended(section, [BASE * 2**level for level in range(depth)])
    for level in range(depth):
        parts += attention(section, level == place, filters[level], precision)
        units = channels if level == depth - 1 else filters[level + 1]
        gain = class_gain(section, config, f"up_{level + 1}", units, given=given)
        parts += _up(section, level, (filters[level], units), precision, gain=gain)
    return parts


def _up(
    section: GeneratorConfig,
    level: int,
    filters: tuple[int, int],
    precision: str,
    *,
    gain: list[Part],
) -> list[Part]:
    """One block of the generator, from one level to the next, of twice the size.

    `gain` follows its normalisation; the last block has none.
    """
    name, last, (before, units) = f"up_{level + 1}", level + 1 == section.depth, filters
    keywords = (
        {**common(section, precision), "use_bias": True} if last else normalized(section, precision)
    )
    parts: list[Part] = []
    if section.skip_z and level:
        parts.append(
            Injection(section.noise_size, before, f"{name}_latents", common(section, precision))
        )
    if section.dropout:
        parts.append(Dropout(section.dropout, f"{name}_dropout", section.dropout_at_generation))
    block = UPSAMPLINGS.load(section.upsampling)(units, section.kernel_size, name, keywords)
    if last:
        return [*parts, *block]
    block += hidden(section, name, PRECISIONS[precision], gain)
    if not section.residual:
        return [*parts, *block]
    resize = Resize("nearest", name=f"{name}_enlarged", dtype=PRECISIONS[precision])
    return [
        *parts,
        Residual(f"{name}_block", block, [Plain(resize), matched(section, name, units, precision)]),
    ]


def discriminator(section: DiscriminatorConfig, size: int, precision: str) -> list[Part]:
    """Images (N, size, size, channels) → features (N, F), all last maps as one vector."""
    policy, depth = PRECISIONS[precision], section.depth or 0
    filters = widths(section)[::-1]
    parts: list[Part] = []
    place = attended(section, [size // 2 ** (number + 1) for number in range(depth)])
    for number, units in enumerate(filters):
        name = f"down_{number + 1}"
        block = DOWNSAMPLINGS.load(section.downsampling)(
            units, section.kernel_size, name, normalized(section, precision)
        )
        block += hidden(section, name, policy)
        if section.residual:
            pool = keras.layers.AveragePooling2D(
                2, padding="same", name=f"{name}_reduced", dtype=policy
            )
            shortcut = [Plain(pool), matched(section, name, units, precision)]
            block = [Residual(f"{name}_block", block, shortcut)]
        parts += block
        parts += attention(section, number == place, units, precision)
    parts.append(Plain(keras.layers.Flatten(name=Network.features, dtype=policy)))
    return parts
