"""The training iteration: what it computes, and that changing one thing moves nothing else."""

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from harness.config.catalog import LOSSES
from harness.gan.labels.labelled import Labelled
from harness.gan.models.network import Pass
from harness.gan.random import Counters
from harness.gan.train import step as steps
from harness.gan.train.batches import Batches
from harness.gan.train.forward import forward_pass
from harness.gan.train.state import build
from harness.metrics.health import ZERO_LOSS
from tests.training import images, same, train, train_eagerly, weights

pytestmark = pytest.mark.tf
GOLDEN = Path(__file__).parent.parent / "golden" / "three_steps.json"


@pytest.fixture(scope="module", autouse=True)
def grappler():
    """As users have it, which the other tests of this folder leave off."""


def test_three_steps_are_as_they_were(tiny):
    """A golden of S0's step, so that a change of its meaning is noticed (raise SEMANTICS)."""
    gan, loop = train(tiny({"augmentation.policy": "fixed", "augmentation.probability": 0.5}))
    found = loop.read()
    found |= {
        name: float(np.abs(np.asarray(value)).mean())
        for name, value in gan.generator.variables.items()
    }
    if os.environ.get("HARNESS_GOLDEN"):
        GOLDEN.write_text(json.dumps(found, indent=1) + "\n")
    golden = json.loads(GOLDEN.read_text())
    assert found.keys() == golden.keys()
    for name, value in golden.items():
        assert found[name] == pytest.approx(value, rel=1e-4, abs=1e-6), name


def test_a_step_is_s0s_written_out(tiny):
    """One simultaneous iteration against Adam, EMA and the loss computed by hand."""
    config = tiny({"augmentation.policy": "none", "discriminator.dropout": 0.0})
    gan = build(config, 1)
    before = weights(gan)
    real = tf.constant(images(16))[tf.newaxis]
    with tf.GradientTape(persistent=True) as tape:
        forward = forward_pass(gan, tf.cast(real[0], tf.float32) / 255, Counters(0, 0))
        d = 0.5 * tf.reduce_mean(tf.math.softplus(-forward.real_logits))
        d += 0.5 * tf.reduce_mean(tf.math.softplus(forward.fake_logits))
        g = tf.reduce_mean(tf.math.softplus(-forward.fake_logits))
    gradients = {
        "discriminator/logit/kernel": tape.gradient(d, gan.discriminator.trainable[-2]),
        "generator/stem/kernel": tape.gradient(g, gan.generator.trainable[0]),
    }
    fresh = build(config, 1)
    found = steps.iterate(fresh, real, tf.constant(0))
    assert float(found["discriminator_loss"]) == pytest.approx(float(d), rel=1e-6)
    assert float(found["generator_loss"]) == pytest.approx(float(g), rel=1e-6)
    after = weights(fresh)
    for name, gradient in gradients.items():
        # Adam's first step: m = (1-b1) g and v = (1-b2) g^2, corrected to g and g^2
        rate = 2e-4 * math.sqrt(1 - 0.999) / (1 - 0.5)
        moment = (1 - 0.5) * gradient / (tf.sqrt((1 - 0.999) * gradient**2) + 1e-7)
        np.testing.assert_allclose(after[name], before[name] - rate * moment, atol=1e-7)
    beta = 0.99 ** (16 / 128)
    name = "generator/stem/kernel"
    expected = beta * before[name] + (1 - beta) * after[name]
    np.testing.assert_allclose(after[f"average/{name}"], expected, rtol=1e-5, atol=1e-7)


def test_every_trainable_variable_has_one_owner(tiny):
    gan = build(tiny(), 1)
    generator = {id(v) for v in gan.generator.trainable}
    discriminator = {id(v) for v in gan.discriminator.trainable}
    assert generator
    assert discriminator
    assert not generator & discriminator
    everything = gan.variables()
    assert len({id(v) for v in everything.values()}) == len(everything)


def test_each_update_changes_its_own_network_only(tiny):
    config = tiny({"training.update": "alternating"})
    real = tf.cast(images(16), tf.float32) / 255
    for kind, mine, other in (
        (steps.DISCRIMINATOR, "discriminator/", "generator/"),
        (steps.GENERATOR, "generator/", "discriminator/"),
    ):
        gan = build(config, 1)
        before = weights(gan)
        steps.update_networks(gan, kind, real, Counters(tf.constant(0), 0))
        changed = {name for name, v in weights(gan).items() if not np.array_equal(v, before[name])}
        assert any(name.startswith(mine) for name in changed)
        assert not any(name.startswith(other) and "moving" not in name for name in changed)


def test_the_length_of_calls_changes_no_bit(tiny):
    """3 + 3 + 1 iterations equal 7, so that logging and stopping anywhere is free."""
    config = tiny({"augmentation.policy": "adaptive", "augmentation.probability": 0.5})
    gan, loop = train(config, calls=[7])
    whole = weights(gan)
    train(config, calls=[3, 3, 1])
    assert loop.traces == 1
    assert same(whole, weights(gan))


def test_a_second_trial_in_the_same_process_has_the_same_bits(tiny):
    config = tiny({"discriminator.spectral_norm": True, "generator.dropout": 0.1})
    first, _ = train_eagerly(config)
    train_eagerly(tiny({"loss.name": "hinge", "seed": 5}))
    again, _ = train_eagerly(config)
    assert same(weights(first), weights(again))


def test_a_penalty_of_weight_zero_is_absent_and_a_positive_one_shifts_no_noise(tiny):
    plain, _ = train_eagerly(tiny())
    zero, _ = train_eagerly(tiny({"penalties.gradient.weight": 0.0, "penalties.gradient.every": 4}))
    assert same(weights(plain), weights(zero))
    # with a penalty too small to matter everything else must be as before, noise and all
    tiny_weight, _ = train_eagerly(tiny({"penalties.gradient.weight": 1e-30}))
    other = weights(tiny_weight)
    for name, value in weights(plain).items():
        # the penalty's own pass counts in the discriminator's moving statistics, which nobody reads
        if not (name.startswith("discriminator/") and "moving" in name):
            np.testing.assert_allclose(value, other[name], atol=1e-6, err_msg=name)


def test_weight_clipping_holds_after_every_update(tiny):
    config = tiny({"loss.name": "wasserstein", "penalties.clipping.limit": 0.01})
    gan, _ = train_eagerly(config)
    largest = max(float(tf.reduce_max(tf.abs(v))) for v in gan.discriminator.trainable)
    assert largest <= 0.01


def test_joint_batches_normalise_real_and_generated_images_together(tiny):
    for batches in ("separate", "joint"):
        gan = build(tiny({"training.batches": batches, "discriminator.dropout": 0.0}), 1)
        real = tf.cast(images(16), tf.float32) / 255
        forward = forward_pass(gan, real, Counters(tf.constant(0), 0))
        alone = gan.discriminator(forward.real, Pass(True, tf.constant([0, 0])))
        assert np.allclose(alone, forward.real_logits, atol=1e-6) == (batches == "separate")


@pytest.mark.parametrize("name", list(LOSSES))
def test_every_loss_trains(tiny, name):
    """By turns; in one step they do as sides of their tips (test_every_tip)."""
    energy = LOSSES[name].energy
    around = {"augmentation.policy": "none"} if energy else {}
    gan, found = train_eagerly(
        tiny({"loss.name": name, "training.update": "alternating", **around})
    )
    for row in found:
        accuracies = [row.pop("real_accuracy"), row.pop("fake_accuracy")]
        assert all(math.isnan(value) if energy else 0 <= value <= 1 for value in accuracies)
        assert all(math.isfinite(value) for value in row.values())
    assert found[-1]["discriminator_loss"] > ZERO_LOSS or name == "wasserstein"
    assert int(gan.optimizers["generator"].iterations) == 3


def test_the_generator_is_updated_as_often_as_asked(tiny):
    config = tiny(
        {
            "training.discriminator_steps": 3,
            "training.generator_steps": 2,
            "training.update": "alternating",
        }
    )
    gan, _ = train_eagerly(config, 2)
    assert int(gan.optimizers["discriminator"].iterations) == 6
    assert int(gan.optimizers["generator"].iterations) == 4


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        ("alternating", "discriminator 0 0, discriminator 1 1, generator 1 1, generator 1 2"),
        ("simultaneous", "discriminator 0 0, discriminator+generator 1 1, generator 1 2"),
    ],
    ids=["alternating", "simultaneous"],
)
def test_each_update_has_images_labels_and_noise_of_its_own(tiny, monkeypatch, update, expected):
    """What each is given: its networks, which batch of the two, and the number of its draws."""
    steps_of = {f"training.{owner}_steps": 2 for owner in ("generator", "discriminator")}
    gan = build(tiny({"training.update": update, **steps_of}), 1)
    told = []

    def note(_, kind, batch, counters):
        (number,) = {int(batch.labels[0]), round(255 * float(batch.values[0, 0, 0, 0]))}
        assert int(counters.iteration) == 5
        told.append(f"{'+'.join(kind.networks)} {number} {counters.update}")
        return {}

    monkeypatch.setattr(steps, "update_networks", note)
    numbers = np.arange(2)
    pixels = np.broadcast_to(numbers[:, None, None, None, None], (2, 16, 16, 16, 1))
    labels = np.broadcast_to(numbers[:, None], (2, 16))
    steps.iterate(gan, Labelled(tf.constant(pixels, tf.uint8), tf.constant(labels)), tf.constant(5))
    assert ", ".join(told) == expected


def test_divergence_ends_the_training_at_that_very_iteration(tiny):
    gan, loop = train(tiny({"augmentation.policy": "fixed"}), 2)
    batches = Batches(images(), 16, 0)
    assert not loop.diverged
    gan.generator.trainable[0].assign(tf.fill(gan.generator.trainable[0].shape, math.nan))
    assert loop.run(*batches.call(2, 5, 1), 2) == 1
    assert loop.diverged


def test_batches_are_permutations_and_a_function_of_the_seed():
    data = images(50)
    batches = Batches(data, 16, seed=1)
    epoch = np.concatenate([batches.indices(update) for update in range(3)])
    assert len(set(epoch)) == 48  # the rest of 2 is dropped
    np.testing.assert_array_equal(epoch[:16], Batches(data, 16, seed=1).indices(0))
    assert not np.array_equal(batches.indices(0), batches.indices(3))
    assert not np.array_equal(batches.indices(0), Batches(data, 16, seed=2).indices(0))
    for resident in (False, True):
        given, chosen = Batches(data, 16, 1, resident=resident).call(1, 2, 3)
        assert chosen.shape == (2, 3, 16)
        np.testing.assert_array_equal(tf.gather(given, chosen)[1, 2], data[batches.indices(8)])
