"""Every loss against its formula (definitions, section 4), computed by hand in NumPy."""

import math

import numpy as np
import pytest
import tensorflow as tf

from harness.config.catalog import (
    LOSSES,
    losses_with,
)
from harness.gan.losses import Game

pytestmark = pytest.mark.tf

R = np.array([[2.0], [-0.5], [1.0]], np.float32)
F = np.array([[0.5], [-1.5], [0.25]], np.float32)
GAME = Game(fake_weight=0.5, margin=1.0)  # what each loss reads where labels are right


def sp(x):
    return np.log1p(np.exp(np.asarray(x, np.float64)))


def relu(x):
    return np.maximum(np.asarray(x, np.float64), 0)


def d_formula(name, r, f, s):
    r, f = r.astype(np.float64), f.astype(np.float64)
    rm, fm = r.mean(), f.mean()
    return {
        "non_saturating": ((1 - s) * sp(-r) + s * sp(r)).mean() + sp(f).mean(),
        "minimax": ((1 - s) * sp(-r) + s * sp(r)).mean() + sp(f).mean(),
        "least_squares": ((r - 1 + s) ** 2).mean() + (f**2).mean(),
        "hinge": relu(1 - r).mean() + relu(1 + f).mean(),
        "wasserstein": -rm + fm,
        "relativistic": 2 * sp(-(r - f)).mean(),
        "relativistic_average": sp(-(r - fm)).mean() + sp(f - rm).mean(),
        # energies are negative logits
        "began": -rm - 0.5 * -fm,
        "ebgan": -rm + relu(1 - -f).mean(),
    }[name]


def g_formula(name, r, f):
    r, f = r.astype(np.float64), f.astype(np.float64)
    rm, fm = r.mean(), f.mean()
    return {
        "non_saturating": sp(-f).mean(),
        "minimax": -sp(f).mean(),
        "least_squares": ((f - 1) ** 2).mean(),
        "hinge": -fm,
        "wasserstein": -fm,
        "relativistic": sp(-(f - r)).mean(),
        "relativistic_average": 0.5 * (sp(-(f - rm)).mean() + sp(r - fm).mean()),
        "began": -fm,
        "ebgan": -fm,
    }[name]


@pytest.mark.parametrize("name", list(LOSSES))
class TestEveryLoss:
    def test_equals_its_formula(self, name):
        loss = LOSSES.load(name)
        smoothing = 0.1 if name in losses_with("labels") else 0.0
        given = float(loss.discriminator(R, F, GAME._replace(real_wrong=smoothing)))
        assert given == pytest.approx(d_formula(name, R, F, smoothing), rel=1e-6)
        assert float(loss.generator(R, F, GAME)) == pytest.approx(g_formula(name, R, F), rel=1e-6)

    def test_is_a_finite_scalar_at_extreme_logits(self, name):
        loss = LOSSES.load(name)
        for r, f in ((100.0, -100.0), (-100.0, 100.0)):
            real, fake = tf.fill((4, 1), r), tf.fill((4, 1), f)
            for value in (loss.discriminator(real, fake, GAME), loss.generator(real, fake, GAME)):
                assert value.shape == ()
                assert math.isfinite(float(value))

    def test_pulls_the_logits_the_right_way(self, name):
        loss = LOSSES.load(name)
        # between the targets of every loss, so that each pulls both ways
        real, fake = tf.constant([[0.7], [0.4]]), tf.constant([[0.6], [0.2]])
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([real, fake])
            d, g = loss.discriminator(real, fake, GAME), loss.generator(real, fake, GAME)
        assert float(tf.reduce_sum(tape.gradient(d, real))) < 0  # the discriminator lifts real
        assert float(tf.reduce_sum(tape.gradient(d, fake))) > 0  # and lowers generated images
        assert float(tf.reduce_sum(tape.gradient(g, fake))) < 0  # the generator lifts its own

    def test_is_a_mean_over_the_batch(self, name):
        loss = LOSSES.load(name)
        twice = [np.concatenate([x, x]) for x in (R, F)]
        assert float(loss.discriminator(*twice, GAME)) == pytest.approx(
            float(loss.discriminator(R, F, GAME)), rel=1e-6
        )
        assert float(loss.generator(*twice, GAME)) == pytest.approx(
            float(loss.generator(R, F, GAME)), rel=1e-6
        )

    def test_accuracy_follows_its_own_rule(self, name):
        """r = 2, -0.5, 1 and f = 0.5, -1.5, 0.25; means 0.8333 and -0.25."""
        expected = {
            "least_squares": (2 / 3, 2.5 / 3),  # above 1/2; one f is exactly there
            "wasserstein": (2 / 3, 1.0),  # r above the mean of f, f below the mean of r
            "relativistic": (2 / 3, 1.0),
            "relativistic_average": (2 / 3, 1.0),
        }.get(name, (2 / 3, 1 / 3))
        real, fake = LOSSES.load(name).accuracies(R, F)
        if name in losses_with("energy"):
            assert math.isnan(real)
            assert math.isnan(fake)
            return
        assert (float(real), float(fake)) == pytest.approx(expected)


@pytest.mark.parametrize("name", losses_with("labels"))
def test_smoothing_moves_the_real_target_only(name):
    """The best logit for a real image is that of a target of 1 - s; fakes and G do not notice."""
    loss, s = LOSSES.load(name), 0.1
    best = 1 - s if name == "least_squares" else math.log((1 - s) / s)
    grid = np.linspace(best - 0.5, best + 0.5, 101, dtype=np.float32)
    values = [float(loss.discriminator(np.full((1, 1), r), F, Game(s))) for r in grid]
    assert grid[int(np.argmin(values))] == pytest.approx(best, abs=0.011)
    with_s, without = (
        float(loss.discriminator(R, F + 1, Game(x))) - float(loss.discriminator(R, F, Game(x)))
        for x in (s, 0.0)
    )
    assert with_s == pytest.approx(without, rel=1e-5)


@pytest.mark.parametrize("name", losses_with("labels"))
def test_wrong_labels_are_image_by_image(name):
    """A label that is wrong as a whole is the label of the other side."""
    loss = LOSSES.load(name)
    right = np.zeros((3, 1), np.float32)
    wrong = np.array([[0.0], [1.0], [0.0]], np.float32)
    squares = name == "least_squares"
    as_real = (R - 1) ** 2 if squares else sp(-R)
    as_fake = R**2 if squares else sp(R)
    expected = (as_real[0] + as_fake[1] + as_real[2]) / 3 + ((F**2) if squares else sp(F)).mean()
    assert float(loss.discriminator(R, F, Game(wrong, right))) == pytest.approx(
        expected.item(), rel=1e-6
    )
    as_real, as_fake = ((F - 1) ** 2, F**2) if squares else (sp(-F), sp(F))
    expected = (as_fake[0] + as_real[1] + as_fake[2]) / 3
    expected = expected + (((R - 1) ** 2) if squares else sp(-R)).mean()
    assert float(loss.discriminator(R, F, Game(right, wrong))) == pytest.approx(
        expected.item(), rel=1e-6
    )


@pytest.mark.parametrize("name", list(LOSSES))
def test_only_games_of_energy_have_an_energy(name):
    assert (LOSSES.load(name).energy is not None) == (name in losses_with("energy"))


def test_energies_are_the_papers():
    images, reconstructions = (
        np.random.default_rng(n).random((3, 4, 4, 2)).astype(np.float32) for n in (1, 2)
    )
    difference = (images - reconstructions).reshape(3, -1).astype(np.float64)
    for name, expected in (
        ("began", np.abs(difference).mean(axis=1)),
        ("ebgan", np.sqrt((difference**2).sum(axis=1))),
    ):
        found = LOSSES.load(name).energy(images, reconstructions)
        np.testing.assert_allclose(found, expected[:, np.newaxis], rtol=1e-5)


@pytest.mark.parametrize("name", losses_with("probability"))
def test_a_sigmoid_with_a_guard_is_the_same_game_within_its_range(name):
    loss, guarded = LOSSES.load(name), GAME._replace(epsilon=1e-12)
    for one, two in (
        (loss.discriminator(R, F, guarded), loss.discriminator(R, F, GAME)),
        (loss.generator(R, F, guarded), loss.generator(R, F, GAME)),
    ):
        assert float(one) == pytest.approx(float(two), rel=1e-5)
    # where a sigmoid in float32 is 0, and where it rounds to 1, long before
    for real, fake in ((-200.0, -200.0), (20.0, 20.0)):
        real, fake = tf.fill((2, 1), real), tf.fill((2, 1), fake)
        assert math.isinf(float(loss.discriminator(real, fake, GAME._replace(epsilon=0.0))))
        found = float(loss.discriminator(real, fake, guarded))
        assert found == pytest.approx(-math.log(1e-12), rel=1e-4)
