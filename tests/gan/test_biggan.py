"""BigGAN's networks against NumPy, and the recipe of `studies/biggan.yaml` in training."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from harness.config.patch import resolve
from harness.config.study import read
from harness.gan import models
from harness.gan.labels.labelled import together
from harness.gan.models.network import Pass
from harness.gan.train.ensemble import Ensemble
from harness.gan.train.loop import Loop
from tests.training import batches_of, train_eagerly, weights

pytestmark = pytest.mark.tf
EPSILON = 1e-3
RECIPE = read("biggan", Path(__file__).parents[2] / "studies").study.baseline
SMALL = {
    "data.name": "digits",
    "data.image_size": 16,
    "generator.width": 8,
    "generator.noise_size": 6,
    "discriminator.width": 8,
    "labels.embedding_size": 3,
    "training.batch_size": 16,
    "training.kimg": 0.64,
    "training.evaluations": 1,
}


def small(**changes):
    return resolve([RECIPE, SMALL, {name.replace("__", "."): v for name, v in changes.items()}])


def filled(network):
    """A network with weights that leave nothing at 0 or 1, and these in float64 by short name."""
    random = np.random.default_rng(0)
    for variable in network.variables.values():
        variable.assign(0.5 * random.standard_normal(variable.shape).astype(np.float32))
    prefix = f"{network.name}/"
    return {
        name.removeprefix(prefix): np.asarray(tf.convert_to_tensor(value), np.float64)
        for name, value in network.variables.items()
    }


def relu(x):
    return np.maximum(x, 0)


def convolved(x, held, name):
    """Every place of the kernel by itself, zeros around the image, and the bias if there is one."""
    kernel = held[f"{name}/kernel"]
    size, side = x.shape[1], kernel.shape[0] // 2
    padded = np.pad(x, ((0, 0), (side, side), (side, side), (0, 0)))
    total = sum(
        padded[:, i : i + size, j : j + size] @ kernel[i, j]
        for i in range(kernel.shape[0])
        for j in range(kernel.shape[1])
    )
    return total + held.get(f"{name}/bias", 0.0)


def normalised(x, held, name):
    mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))
    return (x - mean) / np.sqrt(variance + EPSILON) + held[f"{name}/beta"]


def conditional(x, known, held, name):
    """Batch normalisation whose gain and bias are made of what is known of an image."""
    gain = known @ held[f"{name}_gain/kernel"]
    bias = known @ held[f"{name}_bias/kernel"]
    return normalised(x, held, f"{name}_norm") * (1 + gain[:, None, None]) + bias[:, None, None]


def attended(x, held):
    """Softmax over places; as in tests/gan/test_variations.py, which tests the part alone."""
    flat = x.reshape(len(x), -1, x.shape[3])
    query, key, value, output = (
        held[f"attention_{role}/kernel"][0, 0] for role in ("query", "key", "value", "output")
    )
    scores = (flat @ query) @ (flat @ key).transpose(0, 2, 1)
    shares = np.exp(scores - scores.max(axis=2, keepdims=True))
    shares /= shares.sum(axis=2, keepdims=True)
    seen = shares @ (flat @ value) @ output
    return x + held["attention_gain/gain"] * seen.reshape(x.shape)


def enlarged(x):
    return x.repeat(2, axis=1).repeat(2, axis=2)


def pooled(x):
    count, size, _, channels = x.shape
    return x.reshape(count, size // 2, 2, size // 2, 2, channels).mean(axis=(2, 4))


def test_the_generator_is_that_of_the_paper():
    config = small(generator__spectral_norm=False)
    network = models.generator(config, 1)
    held = filled(network)
    random = np.random.default_rng(1)
    latents, labels = random.standard_normal((5, 6)).astype(np.float32), np.arange(5) % 10
    found = network(tf.constant(latents), Pass(True, labels=tf.constant(labels, tf.int32)))

    embedding = held["class/kernel"][labels]
    first = np.concatenate([latents, embedding], axis=1)
    x = (first @ held["stem/kernel"] + held["stem/bias"]).reshape(5, 4, 4, 8)
    for level in ("up_1", "up_2"):
        inner = relu(conditional(x, first, held, f"{level}_1"))
        inner = convolved(enlarged(inner), held, f"{level}_1")
        inner = relu(conditional(inner, first, held, f"{level}_2"))
        inner = convolved(inner, held, f"{level}_2")
        # the paper's shortcut enlarges, then convolves with one pixel; both orders are the same
        x = inner + enlarged(convolved(x, held, f"{level}_shortcut"))
    x = attended(x, held)
    expected = np.tanh(convolved(relu(normalised(x, held, "image_norm")), held, "image"))
    assert expected.shape == (5, 16, 16, 1)
    assert held["up_2_2/kernel"].shape == (3, 3, 4, 4)  # half the filters at twice the size
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def test_the_discriminator_is_that_of_the_paper():
    config = small(discriminator__spectral_norm=False)
    network = models.discriminator(config, 1, None)
    held = filled(network)
    x = images = np.random.default_rng(1).standard_normal((5, 16, 16, 1)).astype(np.float32)
    labels = np.arange(5) % 10
    found = network(tf.constant(images), Pass(True, labels=tf.constant(labels, tf.int32)))

    for number, level in enumerate(("down_1", "down_2")):
        inner = convolved(relu(x) if number else x, held, f"{level}_1")
        inner = pooled(convolved(relu(inner), held, f"{level}_2"))
        x = inner + pooled(convolved(x, held, f"{level}_shortcut"))
        x = x if number else attended(x, held)
    x = x + convolved(relu(convolved(relu(x), held, "same_1")), held, "same_2")
    features = relu(x).sum(axis=(1, 2))
    logit = features @ held["logit/kernel"] + held["logit/bias"]
    projected = (held["class/kernel"][labels] * features).sum(axis=1, keepdims=True)
    assert not [name for name in held if "norm" in name]
    np.testing.assert_allclose(found, logit + projected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    "size", [16, *(pytest.param(size, marks=pytest.mark.slow) for size in (32, 64))]
)
def test_it_is_built_at_every_size_and_every_weight_moves(size):
    config = small(data__image_size=size, generator__noise_size=64)
    ensemble = Ensemble(config, 1)
    gan = ensemble.members[0]
    assert gan.average.output_shape == (size, size, 1)
    names = gan.discriminator.variables
    assert sum(name.endswith("_shortcut/kernel") for name in names) == config.discriminator.depth
    assert gan.generator.matrices()
    before = weights(gan)
    real = np.random.default_rng(0).integers(0, 256, (2, 16, size, size, 1), dtype=np.uint8)
    labels = np.arange(32).reshape(2, 16) % 10
    given = together(tf.constant(real), tf.constant(labels, tf.int32))
    for iteration in range(6 if size == 64 else 3):  # there one stands still in the first three
        statistics = ensemble.iterate(given, tf.constant(iteration))
    assert np.isfinite([float(value) for value in statistics.values()]).all()
    after = weights(gan)
    for network in (gan.generator, gan.discriminator):
        for name in {name for name, held in network.variables.items() if held.trainable}:
            assert np.isfinite(after[name]).all()
            assert not np.array_equal(before[name], after[name]), name


@pytest.mark.slow
def test_the_recipe_is_traced_once_and_its_steps_are_those_taken_one_by_one():
    config = small()
    loop, batches = Loop(Ensemble(config, 1), 1), batches_of(config)
    for first in (0, 1):
        assert loop.run(*batches.call(first, 1, 2), first) == 1
    assert loop.traces == 1
    assert not loop.diverged
    eager, _ = train_eagerly(config, 2)
    found = weights(loop.gan.members[0])
    for name, value in weights(eager).items():
        np.testing.assert_allclose(found[name], value, rtol=2e-3, atol=2e-4, err_msg=name)


@pytest.mark.parametrize(
    ("changes", "inputs"),
    [
        ({}, 6 + 3),
        ({"labels__shared_embedding": False}, 6 + 10),
        ({"generator__skip_z": False}, 3),
        ({"labels__conditioning": "none"}, 6),
        ({"labels__conditioning": "none", "generator__skip_z": False}, None),
    ],
    ids=["both", "tables", "class alone", "latents alone", "neither"],
)
def test_gains_are_made_of_what_the_blocks_are_told(changes, inputs):
    names = models.generator(small(**changes), 1).variables
    gains = {name: value for name, value in names.items() if name.endswith("_gain/kernel")}
    assert {value.shape[0] for value in gains.values()} == ({inputs} if inputs else set())
    assert len(gains) == (4 if inputs else 0)


def test_a_single_block_is_fed_again_and_one_of_s0_cannot_be():
    again = small(data__image_size=8)
    assert again.generator.skip_z
    assert again.labels.every_block
    plain = small(data__image_size=8, generator__architecture="dcgan")
    assert not plain.generator.skip_z
    assert not plain.labels.every_block


def test_its_blocks_are_residual_whatever_residual_says():
    for owner in ("generator", "discriminator"):
        assert small(**{f"{owner}__residual": True}) == small()
