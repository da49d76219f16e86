"""What is done at every n-th update only: done there as ever, and not at all between."""

import numpy as np
import pytest
import tensorflow as tf

from harness.gan.random import Counters
from harness.gan.train.forward import discriminate, forward_pass, generate, replay
from harness.gan.train.objectives import _wrong_labels
from harness.gan.train.schedule import at_every
from harness.gan.train.state import build
from tests.training import same, train, train_eagerly, weights

pytestmark = pytest.mark.tf
UPDATES = range(7)


def first_of(iteration):
    return Counters(tf.constant(iteration), 0)


def real(count=16):
    return tf.random.stateless_uniform((count, 16, 16, 1), [3, 4])


def replayed(gan, counters):
    """The forward pass that the discriminator learns from."""
    return discriminate(gan, replay(gan, generate(gan, real(), counters), counters), counters)


@pytest.mark.parametrize("every", [1, 3])
def test_it_is_due_at_the_first_update_and_every_nth_after(every):
    found = [
        bool(at_every(every, tf.constant(n), lambda: tf.constant(True), lambda: tf.constant(False)))
        for n in UPDATES
    ]
    assert found == [n % every == 0 for n in UPDATES]


@pytest.mark.parametrize(
    ("noise", "side"), [({"loss.label_noise": 0.4}, 1), ({"loss.smoothing_noise": 0.4}, 0)]
)
def test_labels_are_noisy_at_every_nth_update_of_the_discriminator(tiny, noise, side):
    steps = {"training.discriminator_steps": 2}
    (name,) = noise
    always, lazy = (build(tiny({**noise, **steps, f"{name}_every": n}), 1) for n in (1, 3))
    plain = np.broadcast_to(_wrong_labels(build(tiny(steps), 1), 32, first_of(0))[side], (32, 1))
    for number in UPDATES:
        when = Counters(tf.constant(number // 2), number % 2)
        drawn = np.asarray(_wrong_labels(always, 32, when)[side])
        found = np.asarray(_wrong_labels(lazy, 32, when)[side])
        assert not np.array_equal(drawn, plain)
        np.testing.assert_array_equal(found, plain if number % 3 else drawn)


def test_images_are_noisy_at_every_nth_pass(tiny):
    around = {"augmentation.policy": "none", "training.generator_steps": 2}
    noise = {**around, "discriminator.instance_noise": 0.2}
    plain = build(tiny(around), 1)
    always, lazy = (
        build(tiny({**noise, "discriminator.instance_noise_every": every}), 1) for every in (1, 3)
    )
    for number in UPDATES:
        when = Counters(tf.constant(number // 2), number % 2)  # two passes an iteration
        expected = forward_pass(plain if number % 3 else always, real(), when)
        found = forward_pass(lazy, real(), when)
        np.testing.assert_array_equal(found.real, expected.real)
        np.testing.assert_array_equal(found.fake, expected.fake)


def test_images_are_replayed_and_kept_at_every_nth_update(tiny):
    around = {"augmentation.policy": "none", "training.replay": 0.25, "training.replay_size": 8}
    gan = build(tiny({**around, "training.replay_every": 3}), 1)
    kept = []
    for number in UPDATES:
        replayed(gan, first_of(number))
        kept.append(int(gan.replay.variables()["filled"]))
    assert kept == [4, 4, 4, 8, 8, 8, 8]
    new = forward_pass(gan, real(), first_of(8)).fake.numpy()
    np.testing.assert_array_equal(replayed(gan, first_of(8)).fake, new)
    new = forward_pass(gan, real(), first_of(9)).fake.numpy()
    assert not np.array_equal(replayed(gan, first_of(9)).fake, new)


def test_weights_are_clipped_after_every_nth_update(tiny):
    config = tiny(
        {
            "loss.name": "wasserstein",
            "penalties.clipping.limit": 0.01,
            "penalties.clipping.every": 3,
            "optimizer.discriminator.learning_rate": 0.01,
        }
    )
    gan = None
    for number in UPDATES:
        gan, _ = train_eagerly(config, 1, first=number, gan=gan)
        largest = max(float(tf.reduce_max(tf.abs(v))) for v in gan.discriminator.trainable)
        assert (largest <= np.float32(0.01)) == (number % 3 == 0), number


LAZY = {
    "penalties.clipping": {"loss.name": "wasserstein", "penalties.clipping.limit": 0.01},
    "loss.label_noise": {"loss.label_noise": 0.3},
    "loss.smoothing_noise": {"loss.smoothing_noise": 0.3},
    "discriminator.instance_noise": {"discriminator.instance_noise": 0.3},
    "training.replay": {"training.replay": 0.5, "training.replay_size": 8},
}


@pytest.mark.parametrize("name", LAZY)
def test_it_is_nothing_where_there_is_nothing_to_do(tiny, name):
    every = f"{name}.every" if name.startswith("penalties") else f"{name}_every"
    assert tiny({every: 4}) == tiny()
    assert tiny({**LAZY[name], every: 4}) != tiny(LAZY[name])


@pytest.mark.slow
def test_compiled_it_is_what_it_is_step_by_step(tiny):
    """All that can be done at every second update, at once, and in parts of a batch."""
    changes = {"training.accumulation": 2, "discriminator.dropout": 0.0}
    for name, around in LAZY.items():
        if name.startswith("penalties"):
            continue  # of another loss
        changes |= {**around, f"{name}_every": 2}
    config = tiny(changes)
    eager, _ = train_eagerly(config, 3)
    gan, loop = train(config, 3)
    compiled = weights(gan)
    for name, value in weights(eager).items():
        np.testing.assert_allclose(compiled[name], value, rtol=2e-3, atol=2e-4, err_msg=name)
    assert same(compiled, weights(train(config, calls=[1, 2])[0]))
    assert loop.traces == 1
