"""What the networks minimise, term by term, against formulas in NumPy and cases with known ends."""

import numpy as np
import pytest
import tensorflow as tf

from harness.gan.forward_pass import ForwardPass
from harness.gan.losses import Game
from harness.gan.numbers import NOISE_FALL
from harness.gan.penalties import (
    dragan,
    gradient_penalty,
    orthogonal,
    orthonormal,
    pulling_away,
    r1,
)
from harness.gan.random import Counters
from harness.gan.train.forward import forward_pass, training_pass
from harness.gan.train.objectives import discriminator_loss, generator_loss
from harness.gan.train.state import build
from harness.gan.train.step import iterate

pytestmark = pytest.mark.tf
COUNTERS = Counters(tf.constant(0), 0)


def images(count=16, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (count, 16, 16, 1), dtype=np.uint8)
    return tf.cast(pixels, tf.float32) / 255


def seen_by(critic, size=8, network=None):
    real, fake = (tf.random.stateless_uniform((5, size, size, 1), [n, 0]) for n in (1, 2))
    features = tf.random.stateless_normal((5, 7), [5, 6])
    seed = tf.constant([0, 1])
    return ForwardPass(
        real, fake, fake_features=features, seed=seed, logits=critic, network=network
    )


@pytest.fixture
def linear():
    """D(x) = <w, x>, whose gradient has the norm ||w|| everywhere; and that norm."""
    w = tf.random.stateless_normal((1, 8, 8, 1), [3, 4])
    critic = lambda x: tf.reduce_sum(w * x, axis=(1, 2, 3))[:, tf.newaxis]  # noqa: E731
    return critic, float(tf.norm(w))


@pytest.mark.parametrize("penalty", [gradient_penalty, dragan])
def test_one_centred_penalties_of_a_linear_critic(linear, penalty):
    critic, norm = linear
    assert float(penalty(seen_by(critic))) == pytest.approx((norm - 1) ** 2, rel=1e-4)


def test_r1_of_a_linear_critic(linear):
    critic, norm = linear
    assert float(r1(seen_by(critic))) == pytest.approx(norm**2 / 2, rel=1e-5)


def test_where_each_penalty_looks():
    """Of D(x) = ||x||^2 / 2 the gradient is x itself, so it tells where it was taken."""
    square = seen_by(lambda x: 0.5 * tf.reduce_sum(x**2, axis=(1, 2, 3))[:, tf.newaxis])
    real = square.real.numpy()
    squared = (real**2).sum(axis=(1, 2, 3))
    assert float(r1(square)) == pytest.approx(squared.mean() / 2, rel=1e-5)
    # DRAGAN's noise is positive, at most half a deviation of the batch
    low = ((np.sqrt(squared) - 1) ** 2).mean()
    high = ((np.sqrt(((real + real.std() / 2) ** 2).sum(axis=(1, 2, 3))) - 1) ** 2).mean()
    middle = ((np.sqrt(((real + real.std() / 4) ** 2).sum(axis=(1, 2, 3))) - 1) ** 2).mean()
    found = float(dragan(square))
    assert low < found < high
    assert found == pytest.approx(middle, rel=0.1)


def test_orthogonal_regularisation_is_its_formula(tiny):
    network = build(tiny({"discriminator.width": 3}), 1).discriminator
    expected, strict = 0.0, 0.0
    for name, variable in network.variables.items():
        if name.endswith("kernel"):
            kernel = np.asarray(variable, np.float64)
            gram = np.tensordot(kernel, kernel, axes=[range(kernel.ndim - 1)] * 2)
            expected += ((gram - np.diag(np.diag(gram))) ** 2).sum()
            strict += ((gram - np.eye(len(gram))) ** 2).sum()
    seen = seen_by(None, network=network)
    assert float(orthogonal(seen)) == pytest.approx(expected, rel=1e-5)
    assert float(orthonormal(seen)) == pytest.approx(strict, rel=1e-5)


def test_a_transposed_kernel_has_its_outputs_in_another_place(tiny):
    network = build(tiny({"generator.width": 3}), 1).generator
    kernel = np.asarray(network.variables["generator/up_1/kernel"])  # (h, w, outputs, inputs)
    gram = np.einsum("hwoi,hwpi->op", kernel, kernel)
    matrix = network.matrices()[1].numpy()
    np.testing.assert_allclose(matrix.T @ matrix, gram, rtol=1e-5)


def test_the_pulling_away_term_is_a_double_sum():
    seen = seen_by(None)
    features = seen.fake_features.numpy().astype(np.float64)
    expected = 0.0
    for i, one in enumerate(features):
        for j, two in enumerate(features):
            if i != j:
                expected += (one @ two / np.linalg.norm(one) / np.linalg.norm(two)) ** 2
    assert float(pulling_away(seen)) == pytest.approx(expected / (5 * 4), rel=1e-5)


@pytest.mark.parametrize("every", [1, 3])
def test_a_lazy_penalty_is_due_at_every_nth_update_and_n_times_as_strong(tiny, every):
    config = tiny({"penalties.gradient.weight": 10.0, "penalties.gradient.every": every})
    gan = build(config, 1)
    found = []
    for iteration in range(6):
        counters = Counters(tf.constant(iteration), 0)
        forward = forward_pass(gan, images(), counters)
        loss, penalties = discriminator_loss(gan, forward, counters)
        plain = gan.loss.discriminator(forward.real_logits, forward.fake_logits, Game())
        found.append(float(penalties["gradient"]))
        assert float(loss) == pytest.approx(0.5 * float(plain) + 5 * found[-1], rel=1e-5)
    assert [value > 0 for value in found] == [iteration % every == 0 for iteration in range(6)]


def test_a_penalty_of_the_generator_is_counted_by_its_own_updates(tiny):
    config = tiny(
        {
            "penalties.orthogonal.generator_weight": 0.5,
            "penalties.orthogonal.every": 2,
            "training.generator_steps": 3,
        }
    )
    gan = build(config, 1)
    forward = forward_pass(gan, images(), COUNTERS)
    full = float(orthogonal(seen_by(None, network=gan.generator)))
    plain = float(gan.loss.generator(forward.real_logits, forward.fake_logits, Game()))
    for iteration, number, due in ((0, 0, True), (0, 1, False), (0, 2, True), (1, 0, False)):
        counters = Counters(tf.constant(iteration), number)
        loss, penalties = generator_loss(gan, forward, counters)
        expected = 2 * full if due else 0.0
        assert float(penalties["generator_orthogonal"]) == pytest.approx(expected, rel=1e-5)
        assert float(loss) == pytest.approx(plain + 0.5 * expected, rel=1e-5)


def test_feature_matching_is_its_formula(tiny):
    gan = build(tiny({"loss.generator": "feature_matching"}), 1)
    forward = forward_pass(gan, images(), COUNTERS)
    real, fake = (
        np.asarray(part, np.float64) for part in (forward.real_features, forward.fake_features)
    )
    assert real.shape == (16, 4 * 4 * 8)
    expected = ((real.mean(axis=0) - fake.mean(axis=0)) ** 2).sum()
    loss, _ = generator_loss(gan, forward, COUNTERS)
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def targets(gan, count=4096):
    """The wrong shares of real and generated labels that an update uses."""
    from harness.gan.train.objectives import _wrong_labels

    return [np.broadcast_to(part, (count, 1)) for part in _wrong_labels(gan, count, COUNTERS)]


def test_flipped_labels_are_those_of_the_other_side(tiny):
    gan = build(tiny({"loss.label_noise": 0.2, "loss.label_smoothing": 0.1}), 1)
    real, fake = targets(gan)
    # a real image taken for a generated one aims at 0, and a generated one at 1 - s
    np.testing.assert_allclose(np.unique(real), [0.1, 1.0])
    np.testing.assert_allclose(np.unique(fake), [0.0, 0.9])
    for flipped in (real == 1, fake > 0):
        assert flipped.mean() == pytest.approx(0.2, abs=4 * 0.4 / 64)
    assert np.corrcoef(real[:, 0] == 1, fake[:, 0] > 0)[0, 1] == pytest.approx(0, abs=4 / 64)


def test_noisy_smoothing_moves_the_real_target_evenly_around_one_minus_s(tiny):
    gan = build(tiny({"loss.smoothing_noise": 0.25, "loss.label_smoothing": 0.05}), 1)
    real, fake = targets(gan)
    aims = 1 - real
    assert (fake == 0).all()
    assert aims.min() == pytest.approx(0.7, abs=1e-3)
    assert aims.max() == pytest.approx(1.2, abs=1e-3)
    assert aims.mean() == pytest.approx(0.95, abs=4 * 0.25 / np.sqrt(3) / 64)
    assert aims.std() == pytest.approx(0.25 / np.sqrt(3), rel=0.05)


def test_instance_noise_is_on_real_and_generated_images_and_falls_linearly(tiny):
    noise = {"discriminator.instance_noise": 0.2, "discriminator.instance_noise_end": 0.5}
    plain, noisy = (
        build(tiny({"augmentation.policy": "none"}), 1),
        build(tiny({"augmentation.policy": "none", **noise}), 1),
    )
    half = noisy.config.iterations // 2
    assert float(noisy.numbers[NOISE_FALL]) == pytest.approx(1 / half)
    for iteration, share in (
        (0, 1.0),
        (half // 2, 1 - (half // 2) / half),
        (half, 0.0),
        (half + 9, 0),
    ):
        counters = Counters(tf.constant(iteration), 0)
        before, after = (
            forward_pass(plain, images(), counters),
            forward_pass(noisy, images(), counters),
        )
        added = [after.real - before.real, after.fake - before.fake]
        for part in added:
            assert np.std(part) == pytest.approx(0.2 * share, rel=0.05, abs=1e-7)
            assert np.mean(part) == pytest.approx(0, abs=0.02)
        if share:
            assert abs(np.corrcoef(np.ravel(added[0]), np.ravel(added[1]))[0, 1]) < 0.1


ENERGY = {"augmentation.policy": "none", "discriminator.dropout": 0.0}


@pytest.mark.parametrize("name", ["began", "ebgan"])
def test_an_autoencoder_judges_by_its_reconstruction(tiny, name):
    """Its logits are what the energy says of the image and what comes out of its own parts."""
    gan = build(tiny({**ENERGY, "loss.name": name}), 1)
    forward = forward_pass(gan, images(), COUNTERS)
    run = training_pass(gan, COUNTERS, "real")
    x = forward.real
    for part in gan.discriminator.parts:
        x = part(x, run)
        if part.name == "code":
            np.testing.assert_allclose(forward.real_features, x, atol=1e-5)
    assert x.shape == forward.real.shape
    np.testing.assert_allclose(forward.real_logits, -gan.loss.energy(forward.real, x), rtol=1e-4)
    assert (forward.real_logits.numpy() < 0).all()


def test_an_autoencoder_learns_to_reconstruct_real_images(tiny):
    """Of one batch of flat images, seen ten times, the energy falls."""
    changes = {
        "discriminator.normalization": "none",
        "optimizer.discriminator.learning_rate": 0.004,
    }
    gan = build(tiny({**ENERGY, "loss.name": "began", **changes}), 1)
    grey = np.random.default_rng(0).integers(0, 256, (16, 1, 1, 1), dtype=np.uint8)
    flat = tf.constant(np.tile(grey, (1, 16, 16, 1)))
    seen = tf.cast(flat, tf.float32) / 255

    def energy():
        return float(-tf.reduce_mean(forward_pass(gan, seen, COUNTERS).real_logits))

    first = energy()
    for iteration in range(10):
        iterate(gan, flat[tf.newaxis], tf.constant(iteration))
    assert energy() < 0.75 * first


def test_began_holds_its_equilibrium_by_integral_control(tiny):
    config = tiny({**ENERGY, "loss.name": "began", "loss.equilibrium_gain": 0.1})
    gan = build(config, 1)
    k = 0.0
    for real, fake in ((0.5, 0.1), (0.5, 0.1), (0.4, 0.3), (0.2, 4.0)):  # energies
        gan.equilibrium.update(tf.fill((4, 1), -real), tf.fill((4, 1), -fake))
        k = min(1.0, max(0.0, k + 0.1 * (0.5 * real - fake)))
        assert float(gan.equilibrium.weight) == pytest.approx(k, abs=1e-6)
    assert k == 0.0  # the last one went below
    gan.equilibrium.weight.assign(0.25)
    forward = forward_pass(gan, images(), COUNTERS)
    loss, _ = discriminator_loss(gan, forward, COUNTERS)
    expected = -np.mean(forward.real_logits) + 0.25 * np.mean(forward.fake_logits)
    assert float(loss) == pytest.approx(0.5 * expected, rel=1e-5)
