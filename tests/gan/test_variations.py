"""Every variation of the networks against NumPy, or a case that is known by hand."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from harness.config.catalog import DOWNSAMPLINGS, UPSAMPLINGS
from harness.config.patch import resolve
from harness.config.trial import DiscriminatorConfig, GeneratorConfig
from harness.core import rng
from harness.gan import models, pixels
from harness.gan.latents import sampled
from harness.gan.models.blocks import widths
from harness.gan.models.composite import Injection, Residual, SelfAttention
from harness.gan.models.initial import initialise
from harness.gan.models.layers import Dense
from harness.gan.models.minibatch import (
    _KERNELS,
    _SIZE,
    MinibatchDiscrimination,
    MinibatchStandardDeviation,
)
from harness.gan.models.network import GENERATION, Network, Pass, Plain
from harness.gan.models.normalization import (
    InstanceNormalization,
    LayerNormalization,
    VirtualBatchNormalization,
)
from harness.gan.train import checkpoint
from harness.gan.train.ensemble import Ensemble
from harness.gan.train.state import build
from tests.training import same, train_eagerly, weights

pytestmark = pytest.mark.tf
EPSILON = 1e-3
TRAINING = Pass(True, tf.constant([0, 0]))
KEYWORDS = {"use_bias": False, "spectral_norm": False, "dtype": "float32"}


def draw(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def fill(variables, seed=0):
    """Random values, as an untrained network has zeros in places."""
    for number, variable in enumerate(variables):
        variable.assign(draw(*variable.shape, seed=seed + number))


def network(kind, changes, channels=3, size=16):
    small = {"data.image_size": size, "generator.width": 8, "discriminator.width": 8}
    config = resolve([{**small, **changes}])
    if kind == "generator":
        made = models.generator(config, channels)
        initialise(made, config.generator, 0)
    else:
        made = models.discriminator(config, channels, None)
        initialise(made, config.discriminator, 0)
    return made


@pytest.mark.parametrize(
    ("filters", "expected"),
    [("constant", [8] * 5), ("tapering", [8, 4, 2, 1, 1]), ("rising", [1, 1, 2, 4, 8])],
)
def test_filters_by_resolution(filters, expected):
    assert widths(GeneratorConfig(width=8, depth=5, filters=filters)) == expected
    changes = {"data.image_size": 128}
    generator = network("generator", {**changes, "generator.filters": filters}, size=128)
    kernels = [generator.variables[f"generator/up_{n}/kernel"].shape[2] for n in range(1, 5)]
    assert kernels == expected[1:]
    assert generator.variables["generator/stem/kernel"].shape[1] == 16 * expected[0]
    discriminator = network("discriminator", {"discriminator.filters": filters}, size=128)
    kernels = [
        discriminator.variables[f"discriminator/down_{n}/kernel"].shape[3] for n in range(1, 6)
    ]
    assert kernels == expected[::-1]


def block(table, kind, units):
    [*parts] = table.load(kind)(units, 3, "block", KEYWORDS)
    shape = (None, 4, 4, 2)
    for part in parts:
        part.build(shape)
        shape = part.compute_output_shape(shape)
    fill([variable for part in parts for variable in part.variables])
    return parts, shape


def enlarged(images, kind):
    """Twice the size: by repetition, or at the middles of half pixels, edges held."""
    if kind == "nearest":
        return np.repeat(np.repeat(images, 2, axis=1), 2, axis=2)
    size = images.shape[1]
    places = np.clip((np.arange(2 * size) + 0.5) / 2 - 0.5, 0, size - 1)
    weights = np.maximum(0, 1 - np.abs(places[:, np.newaxis] - np.arange(size)))
    return np.einsum("yi,xj,nijc->nyxc", weights, weights, images)


@pytest.mark.parametrize("kind", list(UPSAMPLINGS))
def test_upsampling_doubles_the_size(kind):
    parts, shape = block(UPSAMPLINGS, kind, 3)
    x = given = tf.constant(draw(2, 4, 4, 2))
    for part in parts:
        x = part(x, TRAINING)
    assert tuple(x.shape) == (2, *shape[1:]) == (2, 8, 8, 3)
    names = [part.name for part in parts]
    if kind in ("nearest", "bilinear"):
        assert names == ["block_resize", "block"]
        np.testing.assert_allclose(parts[0](given, TRAINING), enlarged(given, kind), atol=1e-6)
    if kind == "pixel_shuffle":
        wide = parts[0](given, TRAINING).numpy()
        assert wide.shape == (2, 4, 4, 12)
        for i in range(2):
            for j in range(2):
                part = wide[..., 3 * (2 * i + j) : 3 * (2 * i + j) + 3]
                np.testing.assert_array_equal(x[:, i::2, j::2], part)


@pytest.mark.parametrize("kind", list(DOWNSAMPLINGS))
def test_downsampling_halves_the_size(kind):
    parts, shape = block(DOWNSAMPLINGS, kind, 3)
    x = given = tf.constant(draw(2, 4, 4, 2))
    for part in parts:
        x = part(x, TRAINING)
    assert tuple(x.shape) == (2, *shape[1:]) == (2, 2, 2, 3)
    if kind != "strided":
        full = parts[0](given, TRAINING).numpy().reshape(2, 2, 2, 2, 2, 3)
        reduce = np.mean if kind == "average_pool" else np.max
        np.testing.assert_allclose(x, reduce(full, axis=(2, 4)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize(
    ("layer", "axes"), [(LayerNormalization, (1, 2, 3)), (InstanceNormalization, (1, 2))]
)
def test_normalisation_of_each_image(layer, axes, scale):
    x = draw(3, 4, 4, 2)
    norm = layer(scale=scale)
    norm.build((None, 4, 4, 2))
    fill(norm.variables)
    gamma, beta = (draw(2, seed=0), draw(2, seed=1)) if scale else (1.0, draw(2, seed=0))
    mean, variance = x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)
    expected = (x - mean) / np.sqrt(variance + EPSILON) * gamma + beta
    np.testing.assert_allclose(norm(x), expected, rtol=1e-4, atol=1e-5)


def test_virtual_batch_normalisation_is_by_the_references_and_the_image_itself():
    x, references = draw(3, 4, 4, 2), draw(5, 4, 4, 2, seed=1)
    norm = VirtualBatchNormalization(scale=False)
    norm.build((None, 4, 4, 2))
    found = norm(tf.concat([x, references], axis=0), references=5).numpy()
    for image, given in zip(found[:3], x, strict=True):
        # the references' and the image's means are means of six
        union = np.concatenate([references, given[np.newaxis]])
        mean, variance = union.mean(axis=(0, 1, 2)), union.var(axis=(0, 1, 2))
        expected = (given - mean) / np.sqrt(variance + EPSILON)
        np.testing.assert_allclose(image, expected, rtol=1e-3, atol=1e-4)
    mean, variance = references.mean(axis=(0, 1, 2)), references.var(axis=(0, 1, 2))
    np.testing.assert_allclose(
        found[3:], (references - mean) / np.sqrt(variance + EPSILON), rtol=1e-3, atol=1e-4
    )


@pytest.mark.parametrize("kind", ["generator", "discriminator"])
def test_with_virtual_batch_normalisation_images_do_not_depend_on_each_other(kind):
    net = network(kind, {f"{kind}.normalization": "virtual_batch", "discriminator.dropout": 0.0})
    assert net.reference.shape[0] == 64
    x = tf.constant(draw(6, *net.input_shape))
    together, alone = net(x, TRAINING), net(x[:1], TRAINING)
    np.testing.assert_allclose(together[:1], alone, rtol=1e-3, atol=1e-4)
    batch = network(kind, {"discriminator.dropout": 0.0})
    assert not np.allclose(batch(x, TRAINING)[:1], batch(x[:1], TRAINING), atol=1e-3)


def test_reference_latents_follow_the_law_of_latents():
    changes = {"generator.normalization": "virtual_batch"}
    normal = network("generator", changes).reference.numpy()
    changes |= {"generator.latent": "uniform", "generator.truncation": 0.5}
    uniform = network("generator", changes).reference.numpy()
    assert stats.kstest(normal.ravel(), "norm").pvalue > 0.01
    # training knows no truncation
    assert stats.kstest(uniform.ravel(), stats.uniform(-1, 2).cdf).pvalue > 0.01
    np.testing.assert_array_equal(np.argsort(normal[:, 0]), np.argsort(uniform[:, 0]))


def test_a_resumed_training_keeps_its_references(tiny, tmp_path):
    changes = {f"{kind}.normalization": "virtual_batch" for kind in ("generator", "discriminator")}
    whole, _ = train_eagerly(tiny(changes), 3)
    part, _ = train_eagerly(tiny(changes), 2)
    checkpoint.save(tmp_path / "state.npz", part.variables())
    resumed = build(tiny(changes), 1)
    checkpoint.load(tmp_path / "state.npz", resumed.variables())
    train_eagerly(tiny(changes), 1, first=2, gan=resumed)
    assert same(weights(whole), weights(resumed))
    resumed.reset(tiny(changes))
    assert not resumed.discriminator.reference.numpy().any()


def test_the_first_real_images_are_the_references(tiny):
    ensemble = Ensemble(tiny({"discriminator.normalization": "virtual_batch"}), 1)
    reference = ensemble.members[0].discriminator.reference
    batches = [
        np.random.default_rng(n).integers(0, 256, (1, 16, 16, 16, 1), np.uint8) for n in (0, 1)
    ]
    for iteration, batch in enumerate(batches):
        ensemble.iterate(tf.constant(batch), tf.constant(iteration))
        np.testing.assert_allclose(reference, batches[0][0] / 255.0, atol=1e-6)
    assert "discriminator/reference" in ensemble.variables()


def test_a_residual_block_adds_its_input():
    block, shortcut = [Plain(Dense(3, name="block"))], [Plain(Dense(3, name="shortcut"))]
    part = Residual("both", block, shortcut)
    net = Network("net", [part], (4,))
    assert set(net.variables) == {"net/block/kernel", "net/shortcut/kernel"}
    fill(net.variables.values())
    x = draw(2, 4)
    kernels = [value.numpy() for value in net.variables.values()]
    np.testing.assert_allclose(net(x, TRAINING), x @ kernels[0] + x @ kernels[1], rtol=1e-5)
    assert len(net.matrices()) == 2


def test_self_attention_is_a_softmax_over_places_and_begins_as_nothing():
    part = SelfAttention(8, "attention", KEYWORDS)
    net = Network("net", [part], (3, 3, 8))
    fill(net.variables.values())
    values = {name.removeprefix("net/attention_"): v for name, v in net.variables.items()}
    x = draw(2, 3, 3, 8)
    values["gain/gain"].assign(0.0)
    np.testing.assert_array_equal(net(x, TRAINING), x)
    values["gain/gain"].assign(0.5)
    flat = x.reshape(2, 9, 8).astype(np.float64)
    kernels = {
        k: np.asarray(values[f"{k}/kernel"])[0, 0] for k in ("query", "key", "value", "output")
    }
    assert [kernels[k].shape[1] for k in kernels] == [1, 1, 4, 8]
    scores = (flat @ kernels["query"]) @ (flat @ kernels["key"]).transpose(0, 2, 1)
    weights = np.exp(scores - scores.max(axis=2, keepdims=True))
    weights /= weights.sum(axis=2, keepdims=True)
    seen = (weights @ (flat @ kernels["value"])) @ kernels["output"]
    np.testing.assert_allclose(
        net(x, TRAINING), (flat + 0.5 * seen).reshape(x.shape), rtol=1e-3, atol=1e-3
    )


@pytest.mark.parametrize("kind", ["generator", "discriminator"])
def test_attention_is_at_16_pixels(kind):
    net = network(kind, {f"{kind}.attention": True}, size=64)
    names = [part.name for part in net.parts]
    before = "up_2_activation" if kind == "generator" else "down_2_activation"
    assert names[names.index("attention") - 1] == before


def test_injection_adds_what_a_layer_makes_of_the_networks_inputs():
    part = Injection(5, 3, "again", KEYWORDS)
    part.build((None, 2, 2, 3))
    fill(part.inner[0].variables)
    x, z = draw(4, 2, 2, 3), draw(4, 5, seed=1)
    kernel = part.inner[0].variables[0].numpy()
    expected = x + (z @ kernel)[:, np.newaxis, np.newaxis]
    np.testing.assert_allclose(part(x, Pass(True, None, z)), expected, rtol=1e-4, atol=1e-5)
    net = network("generator", {"generator.skip_z": True})
    assert {n for n in net.variables if "latents" in n} == {"generator/up_2_latents/kernel"}


def test_minibatch_discrimination_is_a_sum_over_the_others():
    layer = MinibatchDiscrimination()
    layer.build((None, 6))
    fill([layer.kernel])
    x = 0.1 * draw(4, 6)
    places = (x @ layer.kernel.numpy()).reshape(4, _KERNELS, _SIZE).astype(np.float64)
    expected = np.zeros((4, _KERNELS))
    for i in range(4):
        for j in range(4):
            if i != j:
                expected[i] += np.exp(-np.abs(places[i] - places[j]).sum(axis=1))
    found = layer(x).numpy()
    np.testing.assert_array_equal(found[:, :6], x)
    np.testing.assert_allclose(found[:, 6:], expected, rtol=1e-3, atol=1e-4)


def test_minibatch_standard_deviation():
    x = draw(5, 6)
    found = MinibatchStandardDeviation()(x).numpy()
    np.testing.assert_array_equal(found[:, :6], x)
    np.testing.assert_allclose(found[:, 6], x.std(axis=0).mean(), rtol=1e-4)


@pytest.mark.parametrize("minibatch", ["discrimination", "stddev"])
def test_a_batch_that_repeats_itself_is_seen(minibatch):
    changes = {
        "discriminator.minibatch": minibatch,
        "discriminator.normalization": "none",
        "discriminator.dropout": 0.0,
    }
    net = network("discriminator", changes)
    assert [part.name for part in net.parts][-2:] == ["minibatch", "logit"]
    x = tf.constant(draw(8, 16, 16, 3))
    repeated = tf.repeat(x[:1], 8, axis=0)
    assert not np.allclose(net(x, TRAINING)[0], net(repeated, TRAINING)[0], atol=1e-5)


@pytest.mark.parametrize(("minibatch", "apart"), [("discrimination", 1.0), ("stddev", 0.05)])
def test_dropout_does_not_hide_a_batch_that_repeats_itself(minibatch, apart):
    """What the layer makes of a collapsed batch is far from what it makes of a varied one."""
    net = network("discriminator", {"discriminator.minibatch": minibatch})  # dropout of 0.4
    assert [part.name for part in net.parts][-3:] == ["minibatch", "dropout", "logit"]
    varied = tf.constant(np.random.default_rng(0).random((8, 16, 16, 3)), tf.float32)
    found = []
    for images in (varied, tf.repeat(varied[:1], 8, axis=0)):
        x, features = images, 0
        for part in net.parts:
            features = x.shape[-1] if part.name == "minibatch" else features
            x = part(x, TRAINING)
            if part.name == "minibatch":
                found.append(x[:, features:].numpy())
                break
    seen, collapsed = (float(part.mean()) for part in found)
    if minibatch == "discrimination":
        np.testing.assert_allclose(found[1], 7.0, rtol=1e-4)  # each of the seven others is here
    else:
        np.testing.assert_allclose(found[1], 1e-4, rtol=1e-3)  # the root of its guard
    assert abs(seen - collapsed) > apart


@pytest.mark.parametrize("kind", ["normal", "truncated_normal", "glorot_uniform", "orthogonal"])
def test_first_weights(kind):
    net = network("discriminator", {"discriminator.initializer": kind, "discriminator.width": 64})
    kernel = net.variables["discriminator/down_2/kernel"].numpy()
    if kind in ("normal", "truncated_normal"):
        # what is cut off at two deviations is not made up for, as in TensorFlow and S3's code
        kept = stats.truncnorm(-2, 2).std() if kind == "truncated_normal" else 1.0
        assert kernel.std() == pytest.approx(0.02 * kept, rel=0.02)
        assert (np.abs(kernel).max() < 0.046) == (kind == "truncated_normal")
    if kind == "glorot_uniform":
        assert np.abs(kernel).max() == pytest.approx(np.sqrt(6 / (16 * 128)), rel=0.01)
    if kind == "orthogonal":
        matrix = kernel.reshape(-1, 64)
        np.testing.assert_allclose(matrix.T @ matrix, np.eye(64), atol=1e-4)


@pytest.mark.parametrize("range_", ["zero_one", "minus_one_one"])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_images_fill_the_range_of_pixels(activation, range_):
    around = {"generator.output_activation": activation, "training.pixel_range": range_}
    net, plain = network("generator", around), network("generator", {})
    z = 3 * draw(64, 64)
    images, logits = net(z, GENERATION).numpy(), plain(z, GENERATION).numpy()
    unit = pixels.to_unit(images, range_)
    if activation == "sigmoid":
        np.testing.assert_allclose(unit, logits, atol=1e-6)
    else:
        logits = np.log(logits / (1 - logits))
        np.testing.assert_allclose(unit, (np.tanh(logits) + 1) / 2, atol=1e-5)
    assert images.min() < (0 if range_ == "minus_one_one" else 0.5)


@pytest.mark.parametrize(("range_", "lowest"), [("zero_one", 0), ("minus_one_one", -1)])
def test_bytes_survive_both_ranges(range_, lowest):
    values = np.arange(256, dtype=np.uint8)
    floats = pixels.from_bytes(values, range_).numpy()
    assert (floats[0], floats[-1]) == (lowest, 1)
    np.testing.assert_array_equal(pixels.to_bytes(floats, range_), values)
    assert pixels.span(range_) == 1 - lowest


def test_latents_of_all_kinds_are_monotone_in_the_same_draws():
    normal = sampled(GeneratorConfig(), 4096, 0, "a")
    np.testing.assert_array_equal(normal, rng.latents(4096, 64, 0, "a"))
    uniform = sampled(GeneratorConfig(latent="uniform"), 4096, 0, "a")
    truncated = sampled(GeneratorConfig(truncation=0.7), 4096, 0, "a")
    assert stats.kstest(uniform.ravel(), stats.uniform(-1, 2).cdf).statistic < 0.005
    assert stats.kstest(truncated.ravel(), stats.truncnorm(-0.7, 0.7).cdf).statistic < 0.005
    assert np.abs(truncated).max() <= 0.7
    order = np.argsort(normal[:, 0])
    for other in (uniform, truncated):
        assert other.dtype == np.float32
        assert (np.diff(other[order, 0]) >= 0).all()
    half = sampled(GeneratorConfig(latent="uniform", truncation=0.5), 4096, 0, "a")
    np.testing.assert_allclose(half, 0.5 * uniform, atol=1e-7)


def test_dropout_at_generation_is_noise_that_follows_from_the_latents():
    z = tf.constant(draw(4, 64))
    changes = {"generator.dropout": 0.5}
    plain, noisy = (
        network("generator", {**changes, "generator.dropout_at_generation": on})
        for on in (False, True)
    )
    np.testing.assert_array_equal(noisy(z, GENERATION), noisy(z, GENERATION))
    assert not np.allclose(noisy(z, GENERATION), plain(z, GENERATION))
    both = network("generator", {})(z, GENERATION)
    np.testing.assert_array_equal(plain(z, GENERATION), both)


def test_placement_bias_and_dense_layers():
    names = [
        part.name
        for part in network(
            "discriminator",
            {
                "discriminator.norm_placement": "after",
                "discriminator.bias_before_norm": True,
                "discriminator.hidden_dense": 1,
            },
        ).parts
    ]
    assert names == [
        "down_1", "down_1_activation", "down_1_norm", "down_2", "down_2_activation", "down_2_norm",
        "flatten", "dense_1", "dense_1_activation", "dense_1_norm", "dropout", "logit",
    ]  # fmt: skip
    net = network("generator", {"generator.bias_before_norm": True, "generator.hidden_dense": 2})
    assert {name for name in net.variables if name.endswith("bias")} == {
        f"generator/{part}/bias" for part in ("dense_1", "dense_2", "stem", "up_1", "up_2")
    }
    assert DiscriminatorConfig().hidden_dense == 0
