"""How hard penalties pull: the ratio by hand, and that measuring it changes nothing."""

import numpy as np
import pytest
import tensorflow as tf

from harness.config.patch import flatten, unflatten
from harness.gan.data import load_images
from harness.gan.numbers import structure
from harness.gan.random import Counters
from harness.gan.train.events import Row, Scores
from harness.gan.train.forward import forward_pass
from harness.gan.train.objectives import discriminator_loss, generator_loss
from harness.gan.train.program import Program
from harness.gan.train.pulls import measure_pulls
from harness.gan.train.session import Session
from harness.gan.train.state import build
from tests.gan.test_listener import Judge
from tests.training import images, same, train_eagerly, weights

pytestmark = pytest.mark.tf
BOTH = {"penalties.historical.weight": 0.5, "penalties.historical.generator_weight": 0.25}


def norm(tape, value, network):
    return float(tf.linalg.global_norm(tape.gradient(value, network.trainable)))


@pytest.mark.parametrize(
    "around", [{}, {"training.discriminator_steps": 2}, {"penalties.historical.every": 3}], ids=str
)
def test_a_pull_is_the_penaltys_gradient_over_the_losss(tiny, around):
    config = tiny({**BOTH, **around})
    gan, _ = train_eagerly(config, 3)
    found = {
        name: float(value)
        for name, value in measure_pulls(gan, images()[:16], tf.constant(2)).items()
    }
    real = tf.cast(images()[:16], tf.float32) / 255
    counters = Counters(tf.constant(2), config.training.discriminator_steps - 1)
    networks = {"historical": gan.discriminator, "generator_historical": gan.generator}
    for name, network in networks.items():
        weight = gan.numbers["penalties.historical." + ("generator_" * ("_" in name)) + "weight"]
        means = gan.means(network.name)
        distances = [v.numpy() - m.numpy() for v, m in zip(network.trainable, means, strict=True)]
        pull = 2 * float(weight) * np.sqrt(sum((part**2).sum() for part in distances))
        weight.assign(0.0)  # what is left of the loss is the game
        with tf.GradientTape() as tape:
            forward = forward_pass(gan, real, counters)
            if network is gan.generator:
                loss, _ = generator_loss(gan, forward, counters)
            else:
                loss = (
                    2 * discriminator_loss(gan, forward, counters)[0]
                )  # of S0's half both are halved
        assert found[f"{name}_pull"] == pytest.approx(pull / norm(tape, loss, network), rel=1e-4)
        assert pull > 0


@pytest.mark.parametrize(
    "change",
    [
        {**BOTH},
        {"penalties.gradient.weight": 1.0, "penalties.r1.weight": 1.0},
        {**BOTH, "training.accumulation": 2},
        {"penalties.orthogonal.weight": 1.0, "training.replay": 0.5, "training.replay_size": 8},
        {"penalties.r1.weight": 1.0, "discriminator.spectral_norm": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_measuring_changes_nothing(tiny, change):
    gan, _ = train_eagerly(tiny(change), 2)
    before = weights(gan)
    count = gan.config.pass_images
    found = measure_pulls(gan, images()[:count], tf.constant(1))
    assert found
    assert all(float(value) > 0 for value in found.values())
    assert same(before, weights(gan))


def test_every_penalty_has_a_pull_and_is_proportional_to_its_weight(tiny):
    paths = [path for path in flatten(tiny()) if path.startswith("penalties.")]
    on = {path: 0.1 for path in paths if path.endswith("weight")}
    config = tiny(on)
    twice = unflatten({**flatten(config), **dict.fromkeys(on, 0.2)})
    assert structure(flatten(twice)) == structure(flatten(config))
    gan = build(config, 1)
    first = measure_pulls(gan, images()[:16], tf.constant(0))
    assert len(first) == len(on)
    gan.reset(twice)
    second = measure_pulls(gan, images()[:16], tf.constant(0))
    for name, value in first.items():
        if "historical" in name:
            assert value == 0  # before the first update nothing is away from its mean
        else:
            assert float(second[name]) == pytest.approx(2 * float(value), rel=1e-3), name


def test_nothing_is_measured_where_there_is_no_penalty(tiny):
    program = Program(tiny(), 1)
    assert program.pulls(None, 0) == {}


def test_rows_at_evaluations_tell_and_those_between_do_not(tiny, cache):
    config = tiny(
        {"penalties.r1.weight": 1.0, "training.kimg": 1.28, "augmentation.policy": "none"}
    )
    session = Session(config, load_images(config.data, cache), Judge(None), Program(config, 1))
    told, rows = [], []
    for event in session.events(lambda: False):
        if isinstance(event, Row):
            rows.append(event.values["iteration"])
            assert event.values["r1_penalty"] > 0
            told += [event.values["iteration"]] if "r1_pull" in event.values else []
        assert not isinstance(event, Scores) or event.values["evaluation"] == len(told)
    assert told == config.evaluation_iterations[1:]
    assert len(rows) > len(told)
