"""S0's DCGAN (Radford et al. 2015, simplified: constant width, sigmoid output), and its variations.

Every variation is off by default, and then the networks are S0's, name by name.
"""

import keras

from harness.catalog import CONDITIONINGS
from harness.config.trial import DiscriminatorConfig, GeneratorConfig, TrialConfig
from harness.config.trial.network_rules import ATTENDED
from harness.gan.models.blocks import (
    BASE,
    DOWNSAMPLING,
    POLICY,
    UPSAMPLING,
    Config,
    common,
    dense,
    hidden,
    normalized,
    output,
    widths,
)
from harness.gan.models.classes import class_gain, class_input
from harness.gan.models.composite import Injection, Residual, SelfAttention
from harness.gan.models.layers import Convolution, Dense, Dropout, Resize
from harness.gan.models.minibatch import MINIBATCH
from harness.gan.models.network import Network, Part, Plain

_REFERENCES = 64  # inputs of a reference batch, or a whole batch where that is smaller


def generator(config: TrialConfig, channels: int) -> Network:
    """Latents (N, noise_size) → images in the range of pixels, (N, size, size, channels)."""
    own = config.generator
    parts = generator_parts(own, config, channels)
    return Network("generator", parts, (own.noise_size,), references(own, config))


def generator_parts(own: GeneratorConfig, config: TrialConfig, channels: int) -> list[Part]:
    """The generator's layers, not built yet; `own` may be another section than the trial's."""
    precision = config.training.precision
    policy, filters, depth = POLICY[precision], widths(own), own.depth or 0
    given = class_input(own, config)
    parts: list[Part] = [*given]
    for number in range(1, own.hidden_dense + 1):
        parts += dense(own, number, precision)
    stem = Dense(BASE * BASE * filters[0], name="stem", **normalized(own, precision))
    shape = (BASE, BASE, filters[0])
    parts += [Plain(stem), *hidden(own, "stem", policy)]
    parts.append(Plain(keras.layers.Reshape(shape, name="stem_map", dtype=policy)))
    attended = _attended(own, [BASE * 2**level for level in range(depth)])
    for level in range(depth):
        parts += _attention(own, level == attended, filters[level], precision)
        units = channels if level == depth - 1 else filters[level + 1]
        gain = class_gain(own, config, f"up_{level + 1}", units, given)
        parts += _up(own, level, (filters[level], units), precision, gain)
    return [*parts, output(own, config.training.pixel_range)]


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
    block = UPSAMPLING[own.upsampling](units, own.kernel_size, name, keywords)
    if last:
        return [*parts, *block]
    block += hidden(own, name, POLICY[precision], gain)
    if not own.residual:
        return [*parts, *block]
    resize = Resize("nearest", name=f"{name}_enlarged", dtype=POLICY[precision])
    return [
        *parts,
        Residual(f"{name}_block", block, [Plain(resize), _matched(own, name, units, precision)]),
    ]


def discriminator(config: TrialConfig, channels: int) -> Network:
    """Images (N, size, size, channels) → logits (N, 1), high for real."""
    own, size, precision = config.discriminator, config.data.image_size, config.training.precision
    parts = discriminator_parts(own, size, precision)
    if own.minibatch != "none":
        layer = MINIBATCH[own.minibatch](name="minibatch", dtype=POLICY[precision])
        parts.append(Plain(layer))
    parts.append(Plain(Dense(1, name="logit", use_bias=True, **common(own, precision))))
    if config.labels.conditioning != "none":
        parts = CONDITIONINGS.load(config.labels.conditioning).discriminator(parts, config)
    return Network("discriminator", parts, (size, size, channels), references(own, config))


def discriminator_parts(own: DiscriminatorConfig, size: int, precision: str) -> list[Part]:
    """The discriminator's layers before the last one, not built yet: images → features."""
    policy, depth = POLICY[precision], own.depth or 0
    filters = widths(own)[::-1]
    parts: list[Part] = []
    attended = _attended(own, [size // 2 ** (number + 1) for number in range(depth)])
    for number, units in enumerate(filters):
        name = f"down_{number + 1}"
        block = DOWNSAMPLING[own.downsampling](
            units, own.kernel_size, name, normalized(own, precision)
        )
        block += hidden(own, name, policy)
        if own.residual:
            pool = keras.layers.AveragePooling2D(
                2, padding="same", name=f"{name}_reduced", dtype=policy
            )
            shortcut = [Plain(pool), _matched(own, name, units, precision)]
            block = [Residual(f"{name}_block", block, shortcut)]
        parts += block
        parts += _attention(own, number == attended, units, precision)
    parts.append(Plain(keras.layers.Flatten(name="flatten", dtype=policy)))
    for number in range(1, own.hidden_dense + 1):
        parts += dense(own, number, precision)
    if own.dropout:
        parts.append(Dropout(own.dropout, name="dropout"))
    return parts


def references(own: Config, config: TrialConfig) -> int:
    """How many inputs a network's reference batch holds; 0: it has none."""
    virtual = own.normalization == "virtual_batch"
    return min(_REFERENCES, config.training.batch_size) if virtual else 0


def _matched(own: Config, name: str, units: int, precision: str) -> Part:
    """A shortcut's own way to another number of filters."""
    return Plain(Convolution(units, 1, 1, name=f"{name}_shortcut", **common(own, precision)))


def _attended(own: Config, sizes: list[int]) -> int | None:
    """Which of the feature maps self-attention follows: 16 px, or the largest below."""
    fitting = [number for number, size in enumerate(sizes) if size <= ATTENDED]
    return max(fitting, key=lambda number: sizes[number]) if own.attention else None


def _attention(own: Config, here: bool, filters: int, precision: str) -> list[Part]:
    return [SelfAttention(filters, "attention", common(own, precision))] if here else []
