"""Penalties of gradients need second derivatives: of every layer, compiled by XLA and not.

What is differentiated is p(x) = sum of squares of the gradient of sum(u * layer(x)^2), and how p
changes along a direction, held against central differences of p in float64, where only first
derivatives of elementary operations are taken.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

from harness.config.catalog import DOWNSAMPLINGS, UPSAMPLINGS
from harness.gan.models import layers
from harness.gan.models.composite import SelfAttention
from harness.gan.models.minibatch import MinibatchDiscrimination, MinibatchStandardDeviation
from harness.gan.models.network import GENERATION
from harness.gan.models.normalization import (
    BatchNormalization,
    InstanceNormalization,
    LayerNormalization,
    VirtualBatchNormalization,
)
from harness.gan.models.pooling import MaxPool, SumPool

pytestmark = pytest.mark.tf
SHAPE = (4, 6, 6, 8)
STEP = 1e-6
either_way = pytest.mark.parametrize("compiled", [False, True], ids=["plain", "compiled"])


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def near_ties():
    """Values that bfloat16 does not tell apart, ten steps and more of a difference apart."""
    order = np.random.default_rng(0).permutation(np.prod(SHAPE))
    return 1 + 1e-5 * order.reshape(SHAPE)


def normalised(x, axes):
    mean = tf.reduce_mean(x, axes, keepdims=True)
    variance = tf.reduce_mean(tf.square(x - mean), axes, keepdims=True)
    return (x - mean) / tf.sqrt(variance + 1e-3)


def largest(x):
    n, height, width, channels = x.shape
    windows = tf.reshape(x, (n, height // 2, 2, width // 2, 2, channels))
    return tf.reduce_max(windows, axis=(2, 4))


def mean_pool(x):
    n, height, width, channels = x.shape
    return tf.reduce_mean(tf.reshape(x, (n, height // 2, 2, width // 2, 2, channels)), axis=(2, 4))


def spread(x):
    flat = tf.reshape(x, (x.shape[0], -1))
    deviation = tf.math.sqrt(tf.math.reduce_variance(flat, axis=0) + 1e-8)
    row = tf.fill((x.shape[0], 1), tf.reduce_mean(deviation))
    return tf.concat([flat, row], axis=1)


def virtual(x):
    own = [tf.reduce_mean(part, (1, 2), keepdims=True) for part in (x, tf.square(x))]
    common = [tf.reduce_mean(part[-2:], axis=0, keepdims=True) for part in own]
    mixed = [
        tf.concat([mine[:-2] / 3 + theirs * 2 / 3, tf.repeat(theirs, 2, axis=0)], axis=0)
        for mine, theirs in zip(own, common, strict=True)
    ]
    return (x - mixed[0]) / tf.sqrt(mixed[1] - tf.square(mixed[0]) + 1e-3)


def bilinear(x):
    """Rows and columns by quarters, as an enlargement to twice the size reads them."""
    matrix = np.zeros((12, 6))
    for to in range(12):
        at = np.clip((to + 0.5) / 2 - 0.5, 0, 5)
        low = int(np.floor(at))
        matrix[to, low] += 1 - (at - low)
        matrix[to, min(low + 1, 5)] += at - low
    return tf.einsum("ih,jw,nhwc->nijc", matrix, matrix, x)


def repeated(x):
    return tf.repeat(tf.repeat(x, 2, axis=1), 2, axis=2)


def shuffled(x):
    n, height, width, channels = x.shape
    blocks = tf.reshape(x, (n, height, width, 2, 2, channels // 4))
    moved = tf.transpose(blocks, (0, 1, 3, 2, 4, 5))
    return tf.reshape(moved, (n, 2 * height, 2 * width, channels // 4))


def batch_norm():
    layer = BatchNormalization(momentum=0.9, scale=True)
    return lambda x: layer(x, training=True)


# layer → what makes it, the same in elementary operations, and where it is looked at
LAYERS = {
    "max_pool": (MaxPool, largest, drawn(*SHAPE)),
    "max_pool_near_ties": (MaxPool, largest, near_ties()),
    "average_pool": (
        lambda: keras.layers.AveragePooling2D(2, padding="same"), mean_pool, drawn(*SHAPE)
    ),
    "sum_pool": (SumPool, lambda x: tf.reduce_sum(x, (1, 2)), drawn(*SHAPE)),
    "nearest": (lambda: layers.Resize("nearest"), repeated, drawn(*SHAPE)),
    "bilinear": (lambda: layers.Resize("bilinear"), bilinear, drawn(*SHAPE)),
    "pixel_shuffle": (layers.PixelShuffle, shuffled, drawn(*SHAPE)),
    "leaky_relu": (
        lambda: keras.layers.ReLU(negative_slope=0.2),
        lambda x: tf.where(x > 0, x, 0.2 * x), drawn(*SHAPE),
    ),
    "batch_norm": (batch_norm, lambda x: normalised(x, (0, 1, 2)), drawn(*SHAPE)),
    "layer_norm": (
        lambda: LayerNormalization(scale=True), lambda x: normalised(x, (1, 2, 3)), drawn(*SHAPE)
    ),
    "instance_norm": (
        lambda: InstanceNormalization(scale=True), lambda x: normalised(x, (1, 2)), drawn(*SHAPE)
    ),
    "virtual_batch_norm": (
        lambda: (lambda layer: lambda x: layer(x, references=2))(
            VirtualBatchNormalization(scale=True)
        ),
        virtual, drawn(*SHAPE),
    ),
    "minibatch_stddev": (
        lambda: (lambda layer: lambda x: layer(tf.reshape(x, (4, -1))))(
            MinibatchStandardDeviation()
        ),
        spread, drawn(*SHAPE),
    ),
}  # fmt: skip


def gradient_square(function, x):
    """p(x), float64 or float32, and a function of x for its derivative."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
        u = tf.constant(drawn(*y.shape, seed=1), x.dtype)
        total = tf.reduce_sum(u * tf.square(y))
    return tf.reduce_sum(tf.square(tape.gradient(total, x)))


def derivative(function, x, compiled):
    def found(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            p = gradient_square(function, x)
        return tape.gradient(p, x)

    # an argument, or TensorFlow works the whole out before XLA sees it
    return tf.function(found, jit_compile=compiled)(tf.constant(x, tf.float32)).numpy()


def by_differences(reference, x, direction):
    above, below = (
        float(gradient_square(reference, tf.constant(x + sign * STEP * direction)))
        for sign in (1, -1)
    )
    return (above - below) / (2 * STEP)


def agrees(function, reference, x, compiled):
    found = derivative(function, x, compiled).astype(np.float64)
    for seed in range(2, 5):
        direction = drawn(*x.shape, seed=seed)
        expected = by_differences(reference, x, direction)
        scale = np.linalg.norm(found) * np.linalg.norm(direction) / np.sqrt(found.size)
        assert abs((found * direction).sum() - expected) < 2e-4 * max(scale, abs(expected))


@either_way
@pytest.mark.parametrize("name", LAYERS)
def test_second_derivatives_of_a_layer_are_right(name, compiled):
    make, reference, x = LAYERS[name]
    agrees(make(), reference, x, compiled)


def with_kernel(make):
    """A layer with a kernel of its own, given the values of `drawn`, in a dtype."""

    def of(dtype):
        layer = make(dtype)
        layer.build((None, *SHAPE[1:]))
        layer.kernel.assign(drawn(*layer.kernel.shape, seed=7))
        if layer.spectral_norm:
            vector = drawn(layer.units, seed=8)
            layer.singular_vector.assign(vector / np.linalg.norm(vector))
        return layer

    return of


KERNELS = {
    "convolution": lambda dtype: layers.Convolution(5, 4, 2, use_bias=True, dtype=dtype),
    "spectral_norm": lambda dtype: layers.Convolution(5, 4, 2, spectral_norm=True, dtype=dtype),
    "transposed_convolution": lambda dtype: layers.TransposedConvolution(5, 4, 2, dtype=dtype),
}


@either_way
@pytest.mark.parametrize("name", KERNELS)
def test_second_derivatives_of_a_layer_with_a_kernel_are_right(name, compiled):
    make = with_kernel(KERNELS[name])
    agrees(make("float32"), make("float64"), drawn(*SHAPE), compiled)


@either_way
def test_second_derivatives_of_self_attention_and_of_closenesses_are_right(compiled):
    """Against the same layers in float64, which hold no fused operation."""

    def attention(dtype):
        part = SelfAttention(8, "attention", {"spectral_norm": False, "dtype": dtype})
        part.build((None, *SHAPE[1:]))
        for number, leaf in enumerate(part.inner):
            for variable in leaf.variables:
                variable.assign(0.3 * drawn(*variable.shape, seed=number))
        return lambda x: part(x, GENERATION)

    agrees(attention("float32"), attention("float64"), drawn(*SHAPE), compiled)
    layer = MinibatchDiscrimination()
    layer.build((None, 6))
    layer.kernel.assign(0.1 * drawn(*layer.kernel.shape))
    kernel = layer.kernel.numpy().astype(np.float64)

    def closenesses(x):
        places = tf.reshape(x @ kernel, (4, -1, 5))
        distances = tf.reduce_sum(tf.abs(places[:, tf.newaxis] - places[tf.newaxis]), axis=3)
        return tf.concat([x, tf.reduce_sum(tf.exp(-distances), axis=1) - 1], axis=1)

    agrees(layer, closenesses, drawn(4, 6), compiled)


def test_every_way_to_change_the_size_is_looked_at():
    assert set(DOWNSAMPLINGS) == {"strided", "average_pool", "max_pool"}
    assert set(UPSAMPLINGS) == {"transposed", "nearest", "bilinear", "pixel_shuffle"}
