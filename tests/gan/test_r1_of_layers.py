"""R1 through pooling and enlargement, whose second derivatives TensorFlow has wrong under XLA."""

from functools import cache

import numpy as np
import pytest
import tensorflow as tf

from harness.config.catalog import PRECISIONS, UPSAMPLINGS
from harness.gan.forward_pass import ForwardPass
from harness.gan.models import layers
from harness.gan.models.network import Pass
from harness.gan.models.pooling import MaxPool
from harness.gan.penalties import r1
from harness.gan.random import Counters
from harness.gan.train.forward import discriminate, generate
from harness.gan.train.objectives import discriminator_loss
from harness.gan.train.state import build
from tests.gan.test_objectives import seen_by
from tests.gan.test_second_derivatives import drawn, either_way

pytestmark = pytest.mark.tf


@either_way
@pytest.mark.parametrize("values", ["plain", "ties", "signed_zeros"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("size", [6, 2])
def test_max_pooling_and_its_gradient_have_the_bits_of_tensorflows_own(
    size, precision, values, compiled
):
    """Of equal values the first takes the gradient."""
    x = drawn(3, size, size, 8)
    if values == "ties":
        x = np.round(x)
    if values == "signed_zeros":
        x = np.where(x > 0, 0.0, -0.0)
    x = tf.cast(tf.constant(x), precision)
    up = tf.cast(tf.constant(drawn(3, size // 2, size // 2, 8, seed=1)), precision)

    assert MaxPool().compute_output_shape(x.shape) == tuple(up.shape)
    ours, theirs = (pooled(way, precision, compiled)(x, up) for way in ("ours", "theirs"))
    for one, two in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(*(tf.cast(part, tf.float32).numpy() for part in (one, two)))


@cache
def pooled(way, precision, compiled):
    """A function that gives the pooled and the gradient; traced once for all values of a size."""
    layer = MaxPool(dtype=PRECISIONS[precision])
    pool = layer if way == "ours" else lambda x: tf.nn.max_pool2d(x, 2, 2, "SAME")

    def both(x, up):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = pool(x)
            total = tf.reduce_sum(tf.cast(y * up, tf.float32))
        return y, tape.gradient(total, x)

    return tf.function(both, jit_compile=compiled)


def penalised(precision):
    return {
        "data.image_size": 8,  # a single pooling
        "discriminator.downsampling": "max_pool",
        "discriminator.normalization": "none",
        "penalties.r1.weight": 10.0,
        "training.precision": precision,
    }


def gradients(config, compiled, contrast=1e-3):
    """Of the discriminator's loss, on images that are nearly of one grey, or of more contrast.

    XLA compiles the discriminator and its gradients alone: images are generated before.
    """
    gan, size, counters = build(config, 1), config.data.image_size, Counters(tf.constant(0), 0)
    pixels = tf.constant(0.5 + contrast * drawn(16, size, size, 1), tf.float32)
    generated = generate(gan, pixels, counters).fake

    def taught(real, fake):
        with tf.GradientTape() as tape:
            forward = discriminate(gan, ForwardPass(real, fake), counters)
            loss, values = discriminator_loss(gan, forward, counters)
        return tape.gradient(loss, gan.discriminator.trainable), values["r1"]

    way = tf.function(taught, jit_compile=True, autograph=False) if compiled else taught
    return way(pixels, generated)


def test_r1_through_max_pooling_teaches_the_same_compiled_and_not(tiny):
    config = tiny({**penalised("float32"), "augmentation.policy": "none"})
    (plain, r1_plain), (compiled, r1_compiled) = (gradients(config, way) for way in (False, True))
    assert float(r1_plain) == pytest.approx(float(r1_compiled), rel=1e-4)
    for one, two in zip(plain, compiled, strict=True):
        np.testing.assert_allclose(two, one, atol=1e-4 * float(tf.reduce_max(tf.abs(one))) + 1e-9)


def test_r1_through_max_pooling_compiles_in_bfloat16(tiny):
    config = tiny({**penalised("bfloat16"), "augmentation.policy": "none"})
    found, penalty = gradients(config, True)
    assert np.isfinite(float(penalty))
    assert all(np.isfinite(one).all() for one in found)


def test_the_gradient_of_a_bias_sums_more_than_bfloat16_counts():
    """One a place, of 4,096 places: bfloat16 counts to 256 alone."""
    layer = layers.Convolution(3, 1, 1, use_bias=True, dtype="mixed_bfloat16")
    layer.build((None, 16, 16, 2))
    with tf.GradientTape() as tape:
        y = layer(tf.zeros((16, 16, 16, 2), tf.bfloat16))
        total = tf.reduce_sum(tf.cast(y, tf.float32))
    np.testing.assert_array_equal(tape.gradient(total, layer.bias), [4096.0] * 3)


def test_r1_of_a_pooled_critic_is_known():
    """D(x) = sum of the largest of each window: its gradient has one 1 a window."""
    seen = seen_by(lambda x: tf.reduce_sum(MaxPool()(x), axis=(1, 2, 3))[:, tf.newaxis])
    assert float(r1(seen)) == pytest.approx(16 / 2)


@either_way
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_bilinear_enlargement_and_its_gradient_have_the_bits_of_tensorflows_own(
    precision, compiled
):
    x = tf.cast(tf.constant(drawn(3, 4, 4, 5)), precision)

    def both(enlarge, jit_compile=compiled):
        def of(x):
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = enlarge(x)
                total = tf.reduce_sum(tf.cast(y, tf.float32) * drawn(3, 8, 8, 5, seed=1))
            return y, tape.gradient(total, x)

        found = tf.function(of, jit_compile=jit_compile)(x)
        return [tf.cast(part, tf.float32).numpy() for part in found]

    layer = layers.Resize("bilinear", dtype=PRECISIONS[precision])
    # compiled in bfloat16 theirs is wrong: XLA takes the gradient's float32 for bfloat16
    wrong = compiled and precision == "bfloat16"
    theirs = both(
        lambda x: tf.cast(tf.image.resize(x, (8, 8), "bilinear"), x.dtype), compiled and not wrong
    )
    for one, two in zip(both(layer), theirs, strict=True):
        np.testing.assert_allclose(one, two, rtol=2e-2 if wrong else 0, atol=2e-2 if wrong else 0)


def test_r1_teaches_all_of_a_decoder_that_enlarges_bilinearly(tiny):
    """The first layer of the encoder, too, whose gradient comes back through the enlargements."""
    around = {"loss.name": "ebgan", "augmentation.policy": "none", "penalties.r1.weight": 1.0}
    smooth = {"discriminator.normalization": "none", "discriminator.leaky_slope": 0.99}
    gan = build(tiny({**around, **smooth, "generator.upsampling": "bilinear"}), 1)
    pixels = tf.constant(np.random.default_rng(0).random((4, 16, 16, 1)), tf.float32)
    first, run = gan.discriminator.trainable[0], Pass(True, tf.constant([0, 0]))
    before, step = first.numpy(), 1e-2

    def penalty():
        return r1(seen_by(lambda x: gan.discriminator(x, run))._replace(real=pixels))

    with tf.GradientTape() as tape:
        value = penalty()
    found = tape.gradient(value, first).numpy()
    moved = []
    for sign in (1, -1):
        first.assign(before + sign * step * found / np.linalg.norm(found))
        moved.append(float(penalty()))
    assert np.linalg.norm(found) == pytest.approx((moved[0] - moved[1]) / (2 * step), rel=0.02)


VARIATIONS = {
    **{
        name: {"discriminator.normalization": name}
        for name in ("batch", "layer", "instance", "virtual_batch")
    },
    "average_pool": {"discriminator.downsampling": "average_pool"},
    "residual": {"discriminator.residual": True, "discriminator.downsampling": "max_pool"},
    "attention": {"discriminator.attention": True},
    "spectral_norm": {"discriminator.spectral_norm": True, "discriminator.normalization": "none"},
    "minibatch": {"discriminator.minibatch": "discrimination"},
    "stddev": {"discriminator.minibatch": "stddev"},
    "biggan": {"discriminator.architecture": "biggan", "discriminator.downsampling": "max_pool"},
    **{
        f"autoencoder_{upsampling}": {"loss.name": "ebgan", "generator.upsampling": upsampling}
        for upsampling in UPSAMPLINGS
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", VARIATIONS)
def test_r1_through_every_kind_of_discriminator_compiles_and_teaches_the_same(
    tiny, name, precision
):
    around = {"augmentation.policy": "none", "discriminator.dropout": 0.0}
    penalty = {"penalties.r1.weight": 10.0, "training.precision": precision}
    config = tiny({**around, **penalty, **VARIATIONS[name]})
    compiled, r1_compiled = gradients(config, True, contrast=0.2)
    assert np.isfinite(float(r1_compiled))
    assert all(np.isfinite(one).all() for one in compiled)
    if precision == "bfloat16":
        return  # eight bits say little of a gradient of gradients
    plain, r1_plain = gradients(config, False, contrast=0.2)
    assert float(r1_compiled) == pytest.approx(float(r1_plain), rel=2e-3)
    norm = float(tf.linalg.global_norm(plain))
    apart = [two - one for one, two in zip(plain, compiled, strict=True)]
    assert float(tf.linalg.global_norm(apart)) < 2e-3 * norm
