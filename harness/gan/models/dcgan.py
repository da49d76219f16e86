"""S0's DCGAN (Radford et al. 2015, simplified: constant width, sigmoid output), and its variations.

Every variation is off by default, and then the networks are S0's, name by name.
"""

from collections.abc import Sequence

import keras

from harness.config.catalog import DOWNSAMPLINGS, UPSAMPLINGS
from harness.config.trial import DiscriminatorConfig, GeneratorConfig, TrialConfig
from harness.gan.models.blocks import (
    BASE,
    POLICY,
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
    own: GeneratorConfig, config: TrialConfig, channels: int, given: Sequence[ClassInput]
) -> list[Part]:
    """Latents (N, noise_size) → (N, size, size, channels), before the last activation."""
    precision = config.training.precision
    policy, filters, depth = POLICY[precision], widths(own), own.depth or 0
    stem = Dense(BASE * BASE * filters[0], name="stem", **normalized(own, precision))
    shape = (BASE, BASE, filters[0])
    parts: list[Part] = [Plain(stem), *hidden(own, "stem", policy)]
    parts.append(Plain(keras.layers.Reshape(shape, name="stem_map", dtype=policy)))
    place = attended(own, [BASE * 2**level for level in range(depth)])
    for level in range(depth):
        parts += attention(own, level == place, filters[level], precision)
        units = channels if level == depth - 1 else filters[level + 1]
        gain = class_gain(own, config, f"up_{level + 1}", units, given)
        parts += _up(own, level, (filters[level], units), precision, gain)
    return parts


def _up(
    own: GeneratorConfig,
    level: int,
    filters: tuple[int, int],
    precision: str,
    gain: list[Part],
) -> list[Part]:
    """One block of the generator: from one level's filters to the next one's, twice the size.

    `gain` follows its normalisation; the last block has none.
    """
    name, last, (before, units) = f"up_{level + 1}", level + 1 == own.depth, filters
    keywords = {**common(own, precision), "use_bias": True} if last else normalized(own, precision)
    parts: list[Part] = []
    if own.skip_z and level:
        parts.append(Injection(own.noise_size, before, f"{name}_latents", common(own, precision)))
    if own.dropout:
        parts.append(Dropout(own.dropout, f"{name}_dropout", own.dropout_at_generation))
    block = UPSAMPLINGS.load(own.upsampling)(units, own.kernel_size, name, keywords)
    if last:
        return [*parts, *block]
    block += hidden(own, name, POLICY[precision], gain)
    if not own.residual:
        return [*parts, *block]
    resize = Resize("nearest", name=f"{name}_enlarged", dtype=POLICY[precision])
    return [
        *parts,
        Residual(f"{name}_block", block, [Plain(resize), matched(own, name, units, precision)]),
    ]


def discriminator(own: DiscriminatorConfig, size: int, precision: str) -> list[Part]:
    """Images (N, size, size, channels) → features (N, F), all last maps as one vector."""
    policy, depth = POLICY[precision], own.depth or 0
    filters = widths(own)[::-1]
    parts: list[Part] = []
    place = attended(own, [size // 2 ** (number + 1) for number in range(depth)])
    for number, units in enumerate(filters):
        name = f"down_{number + 1}"
        block = DOWNSAMPLINGS.load(own.downsampling)(
            units, own.kernel_size, name, normalized(own, precision)
        )
        block += hidden(own, name, policy)
        if own.residual:
            pool = keras.layers.AveragePooling2D(
                2, padding="same", name=f"{name}_reduced", dtype=policy
            )
            shortcut = [Plain(pool), matched(own, name, units, precision)]
            block = [Residual(f"{name}_block", block, shortcut)]
        parts += block
        parts += attention(own, number == place, units, precision)
    parts.append(Plain(keras.layers.Flatten(name=Network.features, dtype=policy)))
    return parts
