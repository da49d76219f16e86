"""The optimisers against Keras' own, and their learning rates over a training."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from harness.config.catalog import OPTIMIZERS
from harness.gan.numbers import Numbers
from harness.gan.train.schedule import learning_rate
from harness.gan.train.state import build
from tests.training import same, train, train_eagerly, weights

pytestmark = pytest.mark.tf
START = [np.ones((3, 2), np.float32), np.zeros(4, np.float32)]
RATES = [1e-2, 1e-2, 4e-3, 1e-3]  # falling, so that where the rate stands in a formula matters
KERAS = {
    "adam": (keras.optimizers.Adam, {"beta_1": 0.5, "beta_2": 0.99, "epsilon": 1e-3}),
    "rmsprop": (keras.optimizers.RMSprop, {"rho": 0.8, "momentum": 0.7, "epsilon": 1e-3}),
    "sgd": (keras.optimizers.SGD, {"momentum": 0.7}),
}


def test_every_optimizer_has_a_counterpart():
    assert set(KERAS) == set(OPTIMIZERS)


@pytest.mark.parametrize("name", KERAS)
@pytest.mark.parametrize("default", [False, True])
def test_an_optimizer_is_keras(tiny, name, default):
    """Updates of the same variables by the same gradients."""
    theirs, knobs = KERAS[name]
    knobs = {} if default else knobs
    section = {"name": name, **knobs} if not default else {"name": name, "beta_1": 0.9}
    config = tiny({f"optimizer.generator.{knob}": value for knob, value in section.items()})
    mine, other = ([keras.Variable(value) for value in START] for _ in range(2))
    ours = OPTIMIZERS.load(name)("generator", Numbers(config), mine)
    reference = theirs(RATES[0], **knobs)
    for number, rate in enumerate(RATES):
        gradients = [tf.random.stateless_normal(v.shape, [number, 1]) for v in START]
        ours.apply(gradients, tf.constant(rate))
        reference.learning_rate = rate
        reference.apply(gradients, other)
    for one, two, start in zip(mine, other, START, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-7)
        assert not np.allclose(one, start)


def test_an_optimizer_starts_anew_after_a_reset(tiny):
    config = tiny({"optimizer.generator.name": "rmsprop", "optimizer.discriminator.name": "sgd"})
    gan, _ = train_eagerly(config)
    assert any(np.any(value) for name, value in weights(gan).items() if "optimizer/" in name)
    gan.reset(config)
    assert same(weights(gan), weights(build(config, 1)))


@pytest.mark.parametrize(
    ("decay", "shares"),
    [
        ("none", [1, 1, 1, 1]),
        ("linear", [1, 0.75, 0.5, 0.25]),
        ("cosine", [1, 0.5 + 0.5**1.5, 0.5, 0.5 - 0.5**1.5]),  # half of 1 + cos
    ],
)
def test_both_learning_rates_fall_over_the_whole_training(tiny, decay, shares):
    config = tiny(
        {
            "training.learning_rate_decay": decay,
            "training.kimg": 8 * 0.016,
            "optimizer.generator.learning_rate": 1e-3,
            "optimizer.discriminator.learning_rate": 4e-3,
        }
    )
    gan = build(config, 1)
    for owner, rate in (("generator", 1e-3), ("discriminator", 4e-3)):
        found = [float(learning_rate(gan, owner, tf.constant(n))) for n in (0, 2, 4, 6)]
        np.testing.assert_allclose(found, np.multiply(shares, rate), rtol=1e-5)


@pytest.mark.parametrize("update", ["simultaneous", "alternating"])
def test_an_update_takes_the_rate_of_its_iteration(tiny, update):
    """Gradient descent: what an iteration moves is proportional to the rate."""
    around = {
        "training.kimg": 4 * 0.016,
        "training.update": update,
        **{f"optimizer.{owner}.name": "sgd" for owner in ("generator", "discriminator")},
    }
    # twice the rate, halved at the middle of the training
    plain = tiny(around)
    double = {f"optimizer.{owner}.learning_rate": 4e-4 for owner in ("generator", "discriminator")}
    falling = tiny({**around, **double, "training.learning_rate_decay": "linear"})
    moved = []
    for config in (plain, falling):
        gan = build(config, 1)
        before = weights(gan)
        train_eagerly(config, 1, first=2, gan=gan)
        after = weights(gan)
        moved.append({name: after[name] - before[name] for name in after})
    for name in ("generator/stem/kernel", "discriminator/logit/kernel"):
        assert np.abs(moved[0][name]).max() > 1e-7
        np.testing.assert_allclose(moved[0][name], moved[1][name], atol=1e-8)


def test_a_constant_rate_is_the_number_itself(tiny):
    gan = build(tiny(), 1)
    rate = learning_rate(gan, "generator", tf.constant(3))
    assert rate is gan.numbers["optimizer.generator.learning_rate"]


def test_trained_by_every_optimizer(tiny):
    """Two of them in a program; by Adam all other tests train."""
    others = [name for name in OPTIMIZERS if name != "adam"]
    for pair in zip(others[::2], [*others[1::2], "adam"], strict=False):
        owners = ("generator", "discriminator")
        knobs = {f"optimizer.{owner}.name": name for owner, name in zip(owners, pair, strict=True)}
        gan, loop = train(tiny(knobs))
        assert not loop.diverged
        assert [int(gan.optimizers[owner].iterations) for owner in owners] == [3, 3]
