import keras
import numpy as np
import pytest
import tensorflow as tf

from harness.config.patch import resolve
from harness.config.trial import DiscriminatorConfig, GeneratorConfig, TrialConfig
from harness.gan.models import convolutional
from harness.gan.models.initial import initialise
from harness.gan.models.layers import Convolution, Dense, Dropout, TransposedConvolution
from harness.gan.models.network import GENERATION, Pass
from harness.gan.models.normalization import BatchNormalization

pytestmark = pytest.mark.tf


def _nets(changes=None):
    config = resolve([changes or {}])
    return convolutional.generator(config, 3), convolutional.discriminator(config, 3)


def test_parameter_counts_are_those_that_s0_prints():
    generator, discriminator = _nets()
    assert generator.parameters() == (930_947, 926_083)
    assert discriminator.parameters() == (796_161, 795_137)


@pytest.mark.parametrize("size", [16, 32, 128])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_shapes_and_range_at_every_size(size, precision):
    changes = {
        "data.image_size": size,
        "generator.width": 4,
        "discriminator.width": 4,
        "training.precision": precision,
    }
    generator, discriminator = _nets(changes)
    initialise(generator, GeneratorConfig(), 0)
    images = generator(tf.random.normal((2, 64)), GENERATION)
    assert images.shape == (2, size, size, 3)
    assert images.dtype == tf.float32
    assert 0 <= float(tf.reduce_min(images)) < float(tf.reduce_max(images)) <= 1
    assert discriminator(images, GENERATION).shape == (2, 1)


def test_the_network_is_s0s_written_in_keras():
    """The same weights in a plain Keras model give the same images."""
    config = TrialConfig()
    ours = convolutional.generator(config, 3)
    initialise(ours, config.generator, 1)
    layers = keras.layers
    steps = [keras.Input((64,)), layers.Dense(2048, use_bias=False)]
    steps += [layers.BatchNormalization(scale=False), layers.ReLU(), layers.Reshape((4, 4, 128))]
    for _ in range(3):
        steps.append(layers.Conv2DTranspose(128, 4, 2, padding="same", use_bias=False))
        steps += [layers.BatchNormalization(scale=False), layers.ReLU()]
    steps.append(layers.Conv2DTranspose(3, 4, 2, padding="same", activation="sigmoid"))
    theirs = keras.Sequential(steps)
    theirs.set_weights([value.numpy() for value in ours.variables.values()])
    z = tf.random.normal((4, 64))
    for training in (False, True):
        run = Pass(training, tf.constant([0, 0]))
        difference = theirs(z, training=training) - ours(z, run)
        assert float(tf.reduce_max(tf.abs(difference))) < 1e-5


def test_a_generated_image_depends_on_its_own_latent_alone():
    """Samples use the moving statistics; in training an image depends on its batch."""
    generator, _ = _nets({"generator.width": 8})
    initialise(generator, GeneratorConfig(), 0)
    z = tf.random.stateless_normal((6, 64), (0, 1))
    training = Pass(True, tf.constant([0, 0]))
    for _ in range(20):
        generator(3.0 * z + 1.0, training)  # the moving statistics are no longer the first ones
    other = tf.concat([z[:1], 5.0 - z[1:]], 0)
    alone, among, apart = (generator(x, GENERATION)[0] for x in (z[:1], z, other))
    assert np.abs(among - alone).max() < 1e-5
    assert np.abs(apart - alone).max() < 1e-5
    assert np.abs(generator(z, GENERATION)[1] - generator(other, GENERATION)[1]).max() > 1e-2
    assert np.abs(generator(z, training)[0] - generator(other, training)[0]).max() > 1e-2


def test_initial_weights_follow_the_name_not_the_order():
    """A further layer elsewhere does not change the kernel of a layer that both nets have."""
    plain, deeper = _nets({"data.image_size": 32})[1], _nets({"data.image_size": 64})[1]
    initialise(plain, DiscriminatorConfig(), 3)
    initialise(deeper, DiscriminatorConfig(), 3)
    name = "discriminator/down_2/kernel"
    assert np.array_equal(plain.variables[name], deeper.variables[name])
    initialise(deeper, DiscriminatorConfig(), 4)
    assert not np.array_equal(plain.variables[name], deeper.variables[name])


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (Dense(7, spectral_norm=True, name="dense"), (5,)),
        (Convolution(7, 3, 2, spectral_norm=True, name="conv"), (8, 8, 5)),
        (TransposedConvolution(7, 4, 2, spectral_norm=True, name="up"), (4, 4, 5)),
    ],
    ids=["dense", "convolution", "transposed"],
)
def test_spectral_norm_has_the_right_sigma_and_gradient(layer, shape):
    layer.build((None, *shape))
    kernel = np.random.default_rng(0).normal(size=layer.kernel.shape).astype(np.float32)
    layer.kernel.assign(kernel)
    layer.singular_vector.assign(np.ones(7, np.float32))
    for _ in range(200):
        layer.advance()
    # outputs are the last axis, but for a transposed convolution's the third
    axis = 2 if isinstance(layer, TransposedConvolution) else kernel.ndim - 1
    matrix = np.moveaxis(kernel, axis, -1).reshape(-1, 7)
    left, singular, right = np.linalg.svd(matrix, full_matrices=False)
    np.testing.assert_allclose(layer.weight(), kernel / singular[0], rtol=1e-4)
    np.testing.assert_array_equal(layer.kernel, kernel)  # the stored kernel stays W

    # d/dW sum(A * W / sigma) = A / sigma - sum(A * W) / sigma^2 * u v^T, with sigma's own gradient
    weights = np.random.default_rng(1).normal(size=kernel.shape).astype(np.float32)
    with tf.GradientTape() as tape:
        tape.watch(layer.kernel.value)
        total = tf.reduce_sum(weights * layer.weight())
    gradient = np.asarray(tape.gradient(total, layer.kernel.value))
    outer = np.outer(left[:, 0], right[0])
    moved = np.moveaxis(weights, axis, -1).reshape(-1, 7)
    expected = moved / singular[0] - (moved * matrix).sum() / singular[0] ** 2 * outer
    np.testing.assert_allclose(
        np.moveaxis(gradient, axis, -1).reshape(-1, 7), expected, rtol=1e-3, atol=1e-5
    )


def test_a_further_pass_changes_nothing():
    """Spectral norm's vector and dropout's noise move once an update, not with each pass."""
    config = resolve([{"discriminator.spectral_norm": True, "discriminator.width": 8}])
    network = convolutional.discriminator(config, 3)
    initialise(network, config.discriminator, 0)
    images = tf.random.uniform((4, 64, 64, 3))
    run = Pass(True, tf.constant([1, 2]))
    before = {
        name: value.numpy() for name, value in network.variables.items() if "moving" not in name
    }
    first, second = network(images, run), network(images, run)
    np.testing.assert_array_equal(first, second)
    for name, value in before.items():
        np.testing.assert_array_equal(value, network.variables[name])


def test_dropout_is_a_function_of_seed_and_name():
    x = tf.ones((64, 100))
    run = Pass(True, tf.constant([5, 6]))
    a, again, other = (
        Dropout(0.3, "a")(x, run),
        Dropout(0.3, "a")(x, run),
        Dropout(0.3, "b")(x, run),
    )
    np.testing.assert_array_equal(a, again)
    assert not np.array_equal(a, other)
    assert float(tf.reduce_mean(tf.cast(a == 0, tf.float32))) == pytest.approx(0.3, abs=0.03)
    assert float(tf.reduce_mean(a)) == pytest.approx(1.0, abs=0.05)
    np.testing.assert_array_equal(Dropout(0.3, "a")(x, Pass(False)), x)


@pytest.mark.parametrize("shape", [(16, 6, 6, 5), (16, 5)], ids=["images", "vectors"])
@pytest.mark.parametrize("scale", [False, True])
def test_batch_normalisation_is_keras_layer(shape, scale):
    """Outputs, gradients and moving statistics, in training and not."""
    ours = BatchNormalization(momentum=0.9, scale=scale, name="ours")
    theirs = keras.layers.BatchNormalization(momentum=0.9, scale=scale)
    x = 3 * tf.random.normal(shape, seed=1) + 1
    weights = tf.random.normal(shape, seed=2)
    for training in (True, True, False):
        found = []
        for layer in (ours, theirs):
            if not layer.built:
                layer.build((None, *shape[1:]))
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = layer(x, training=training)
                total = tf.reduce_sum(weights * y)
            watched = [x, *layer.trainable_variables]
            found.append([y, *tape.gradient(total, watched), *layer.non_trainable_variables])
        for one, other in zip(*found, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
