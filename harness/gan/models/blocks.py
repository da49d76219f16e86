"""Building blocks of networks: normalisation, activation, up- and downsampling, attention.

A normalisation `*_norm` is a function of config, name and policy. An upsampling `*_up` and a
downsampling `*_down` take filters, kernel size, name and keywords: a convolution to twice or to
half the size.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras

from harness.config.catalog import FILTERS, NORMALIZATIONS, PRECISIONS
from harness.config.trial import DiscriminatorConfig, GeneratorConfig
from harness.config.trial.network_rules import ATTENDED
from harness.gan.models.composite import SelfAttention
from harness.gan.models.layers import (
    Convolution,
    Dense,
    Output,
    PixelShuffle,
    Resize,
    TransposedConvolution,
)
from harness.gan.models.network import Part, Plain
from harness.gan.models.normalization import (
    BatchNormalization,
    InstanceNormalization,
    LayerNormalization,
    VirtualBatchNormalization,
)
from harness.gan.models.pooling import MaxPool

BASE = 4  # pixels of the smallest feature map
Config = GeneratorConfig | DiscriminatorConfig
Keywords = dict[str, Any]


def common(config: Config, precision: str) -> Keywords:
    """Keywords that all layers with a kernel are given."""
    return {"spectral_norm": config.spectral_norm, "dtype": PRECISIONS[precision]}


def normalized(config: Config, precision: str) -> Keywords:
    """The same, for layers that a normalisation may follow: it makes a bias redundant (S0)."""
    bias = config.normalization == "none" or config.bias_before_norm
    return {**common(config, precision), "use_bias": bias}


def widths(config: Config) -> list[int]:
    """Filters of hidden layers by resolution, from 4 px up, each level twice the size before."""
    halvings = FILTERS.load(config.filters)(range(config.depth or 0))
    return [max(1, config.width >> number) for number in halvings]


def constant(levels: range) -> list[int]:
    """How often the widest layer's filters are halved, at each level: never."""
    return [0 for _ in levels]


def tapering(levels: range) -> list[int]:
    """Halved once more at each level up."""
    return list(levels)


def rising(levels: range) -> list[int]:
    """Doubled at each level up, to the widest."""
    return list(reversed(levels))


def hidden(config: Config, name: str, policy: str, gain: Sequence[Part] = ()) -> list[Part]:
    """Normalisation and activation of a hidden layer, in the order asked for.

    `gain` follows the normalisation, or stands where it would.
    """
    slope = 0.0 if config.activation == "relu" else config.leaky_slope
    activation = keras.layers.ReLU(negative_slope=slope, name=f"{name}_activation", dtype=policy)
    if config.normalization == "none":
        return [*gain, Plain(activation)]
    norm = NORMALIZATIONS.load(config.normalization)(config, f"{name}_norm", policy)
    if config.norm_placement == "before":
        return [norm, *gain, Plain(activation)]
    return [Plain(activation), norm, *gain]


def output(config: GeneratorConfig, pixels: str) -> Part:
    """The generator's last activation, in float32: 8 bits of mantissa would be visible."""
    return Plain(Output(config.output_activation, pixels, name="output", dtype="float32"))


def dense(config: Config, number: int, precision: str) -> list[Part]:
    """A hidden fully connected layer."""
    name = f"dense_{number}"
    layer = Dense(4 * config.width, name=name, **normalized(config, precision))
    return [Plain(layer), *hidden(config, name, PRECISIONS[precision])]


def matched(config: Config, name: str, units: int, precision: str) -> Part:
    """A shortcut's own way to another number of filters."""
    return Plain(Convolution(units, 1, 1, name=f"{name}_shortcut", **common(config, precision)))


def attended(config: Config, sizes: Sequence[int]) -> int | None:
    """The index of the feature maps that self-attention follows: 16 px, or the largest below."""
    fitting = [number for number, size in enumerate(sizes) if size <= ATTENDED]
    return max(fitting, key=lambda number: sizes[number]) if config.attention else None


def attention(config: Config, here: bool, filters: int, precision: str) -> list[Part]:
    """Self-attention, if it is to be here."""
    return [SelfAttention(filters, "attention", common(config, precision))] if here else []


def batch_norm(config: Config, name: str, policy: str) -> Part:
    """Ioffe & Szegedy 2015."""
    layer = BatchNormalization(
        momentum=config.batch_norm_momentum,
        scale=config.batch_norm_scale,
        name=name,
        dtype=policy,
    )
    return Plain(layer, lambda run: {"training": run.training})


def layer_norm(config: Config, name: str, policy: str) -> Part:
    """Ba et al. 2016."""
    return Plain(LayerNormalization(scale=config.batch_norm_scale, name=name, dtype=policy))


def instance_norm(config: Config, name: str, policy: str) -> Part:
    """Ulyanov et al. 2016."""
    return Plain(InstanceNormalization(scale=config.batch_norm_scale, name=name, dtype=policy))


def virtual_batch_norm(config: Config, name: str, policy: str) -> Part:
    """Salimans et al. 2016."""
    layer = VirtualBatchNormalization(scale=config.batch_norm_scale, name=name, dtype=policy)
    return Plain(layer, lambda run: {"references": run.references})


def transposed_up(units: int, kernel: int, name: str, keywords: Keywords) -> list[Part]:
    """A transposed convolution of stride two."""
    return [Plain(TransposedConvolution(units, kernel, 2, name=name, **keywords))]


def _resized(kind: str) -> Callable[[int, int, str, Keywords], list[Part]]:
    def parts(units: int, kernel: int, name: str, keywords: Keywords) -> list[Part]:
        resize = Resize(kind, name=f"{name}_resize", dtype=keywords["dtype"])
        return [Plain(resize), Plain(Convolution(units, kernel, 1, name=name, **keywords))]

    return parts


nearest_up = _resized("nearest")
bilinear_up = _resized("bilinear")


def pixel_shuffle_up(units: int, kernel: int, name: str, keywords: Keywords) -> list[Part]:
    """Four times the filters, each four channels a square of pixels (Shi et al. 2016)."""
    shuffle = PixelShuffle(name=f"{name}_shuffle", dtype=keywords["dtype"])
    return [Plain(Convolution(4 * units, kernel, 1, name=name, **keywords)), Plain(shuffle)]


def strided_down(units: int, kernel: int, name: str, keywords: Keywords) -> list[Part]:
    """A convolution of stride two."""
    return [Plain(Convolution(units, kernel, 2, name=name, **keywords))]


def _averages(**keywords: Any) -> keras.layers.Layer:
    return keras.layers.AveragePooling2D(2, padding="same", **keywords)


def _pooled(
    pool: Callable[..., keras.layers.Layer],
) -> Callable[[int, int, str, Keywords], list[Part]]:
    def parts(units: int, kernel: int, name: str, keywords: Keywords) -> list[Part]:
        layer = pool(name=f"{name}_pool", dtype=keywords["dtype"])
        return [Plain(Convolution(units, kernel, 1, name=name, **keywords)), Plain(layer)]

    return parts


average_pool_down = _pooled(_averages)
max_pool_down = _pooled(MaxPool)
