"""What losses and penalties make of classes, by hand."""

import math

import numpy as np
import pytest
import tensorflow as tf

from harness.config.catalog import CONDITIONINGS
from harness.gan.labels.conditioning import head_of
from harness.gan.losses import Game
from harness.gan.train.forward import forward_pass
from harness.gan.train.objectives import discriminator_loss, generator_loss
from harness.gan.train.state import build
from harness.gan.train.step import DISCRIMINATOR, GENERATOR, update_networks
from tests.gan.labels.labelling import COUNTERS, LABELS, RUN, conditioned, real

pytestmark = pytest.mark.tf


def log_softmax(scores):
    scores = np.asarray(scores, np.float64)
    shifted = scores - scores.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def test_the_auxiliary_classifiers_cross_entropy_is_its_formula(tiny):
    gan = build(tiny(conditioned("acgan", classifier_weight=3.0)), 1)
    forward = forward_pass(gan, real(), COUNTERS)
    np.testing.assert_array_equal(forward.real_labels, LABELS)
    kernel, bias = (
        gan.discriminator.variables[f"discriminator/class/{v}"] for v in ("kernel", "bias")
    )
    bias.assign(np.linspace(-1, 1, 10))

    def entropy(features, labels):
        scores = features.numpy() @ np.asarray(kernel) + np.asarray(bias)
        return -log_softmax(scores)[np.arange(16), labels].mean()

    of_real = entropy(forward.real_features, LABELS)
    of_fake = entropy(forward.fake_features, forward.fake_labels.numpy())
    assert of_real != of_fake
    loss, terms = discriminator_loss(gan, forward, COUNTERS)
    plain = float(gan.loss.discriminator(forward.real_logits, forward.fake_logits, Game()))
    assert float(terms["classifier"]) == pytest.approx(of_real + of_fake, rel=1e-5)
    assert float(loss) == pytest.approx(0.5 * (plain + 3 * (of_real + of_fake)), rel=1e-5)
    loss, terms = generator_loss(gan, forward, COUNTERS)
    plain = float(gan.loss.generator(forward.real_logits, forward.fake_logits, Game()))
    assert float(terms["generator_classifier"]) == pytest.approx(of_fake, rel=1e-5)
    assert float(loss) == pytest.approx(plain + 3 * of_fake, rel=1e-5)


def test_infogan_rewards_the_bound_of_mutual_information(tiny):
    gan = build(tiny(conditioned("infogan", codes=4, information_weight=2.0)), 1)
    forward = forward_pass(gan, real().values, COUNTERS)
    assert forward.real_labels is None
    head = head_of(gan.discriminator)
    kernel = gan.discriminator.variables["discriminator/class/kernel"]
    scores = forward.fake_features.numpy() @ np.asarray(kernel)
    codes = forward.fake_labels.numpy()
    bound = log_softmax(scores)[np.arange(16), codes].mean() + math.log(4)
    for loss, plain, half, name in (
        (discriminator_loss(gan, forward, COUNTERS), gan.loss.discriminator, 0.5, "information"),
        (generator_loss(gan, forward, COUNTERS), gan.loss.generator, 1.0, "generator_information"),
    ):
        played = float(plain(forward.real_logits, forward.fake_logits, Game()))
        assert float(loss[1][name]) == pytest.approx(-bound, rel=1e-4, abs=1e-6)
        assert float(loss[0]) == pytest.approx(half * (played - 2 * bound), rel=1e-5)
    # a head that knows nothing has no information, one that knows all has log(codes)
    kernel.assign(tf.zeros_like(kernel))
    assert float(discriminator_loss(gan, forward, COUNTERS)[1]["information"]) == pytest.approx(
        0, abs=1e-6
    )
    head.scores = lambda features: 50 * tf.one_hot(codes, 4)
    found = discriminator_loss(gan, forward, COUNTERS)[1]["information"]
    assert float(found) == pytest.approx(-math.log(4), rel=1e-5)


@pytest.mark.parametrize("name", ["acgan", "infogan"])
def test_a_head_is_trained_by_the_discriminators_optimiser_alone(tiny, name):
    config = tiny({**conditioned(name), "training.update": "alternating"})
    given = real() if name == "acgan" else real().values
    for kind, trained in ((DISCRIMINATOR, True), (GENERATOR, False)):
        gan = build(config, 1)
        kernel = gan.discriminator.variables["discriminator/class/kernel"]
        before = np.asarray(kernel)
        update_networks(gan, kind, given, COUNTERS)
        assert np.array_equal(before, np.asarray(kernel)) != trained
    owners = [id(v) for net in (gan.generator, gan.discriminator) for v in net.trainable]
    assert len(owners) == len(set(owners))
    assert id(kernel) in owners
    assert any(kernel is variable for variable in gan.variables().values())


def test_a_penalty_looks_under_the_classes_of_the_real_images(tiny):
    """R1 of a discriminator whose gradient depends on the class, against one pass by hand."""
    changes = {
        **conditioned("projection"),
        "penalties.r1.weight": 1.0,
        "discriminator.dropout": 0.0,
        "augmentation.policy": "none",
        "discriminator.normalization": "none",
    }
    gan = build(tiny(changes), 1)
    given = real()
    forward = forward_pass(gan, given, COUNTERS)
    _, penalties = discriminator_loss(gan, forward, COUNTERS)

    def r1(labels):
        with tf.GradientTape() as tape:
            tape.watch(given.values)
            logits = gan.discriminator(given.values, RUN._replace(labels=labels))
        gradient = tape.gradient(logits, given.values).numpy()
        return 0.5 * (gradient**2).sum(axis=(1, 2, 3)).mean()

    assert float(penalties["r1"]) == pytest.approx(r1(given.labels), rel=1e-4)
    assert float(penalties["r1"]) != pytest.approx(r1(forward.fake_labels), rel=1e-4)


@pytest.mark.parametrize("name", list(CONDITIONINGS))
def test_joint_batches_keep_each_images_class(tiny, name):
    """Without what couples the images of a batch, real and generated ones are judged as apart."""
    quiet = {
        "discriminator.normalization": "none",
        "discriminator.dropout": 0.0,
        "augmentation.policy": "none",
    }
    given = real() if name != "infogan" else real().values
    apart, joint = (
        forward_pass(
            build(tiny({**conditioned(name), **quiet, "training.batches": kind}), 1),
            given,
            COUNTERS,
        )
        for kind in ("separate", "joint")
    )
    for name in ("real_logits", "fake_logits", "real_features", "fake_features"):
        np.testing.assert_allclose(getattr(apart, name), getattr(joint, name), atol=1e-5)
