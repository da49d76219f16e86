"""The variational autoencoder against its formulas, and that it learns."""

import numpy as np
import pytest
import tensorflow as tf

from harness.core.errors import HarnessError
from harness.gan.train.state import build
from harness.gan.train.step import iterate
from harness.gan.train.variational import negative_bound

pytestmark = pytest.mark.tf
VAE = {"training.update": "variational", "augmentation.policy": "none"}


def test_the_bound_is_cross_entropy_plus_divergence():
    random = np.random.default_rng(0)
    real, decoded = random.random((3, 2, 2, 1)), random.uniform(0.1, 0.9, (3, 2, 2, 1))
    mean, log_variance = random.normal(size=(3, 5)), random.normal(size=(3, 5))
    entropy = -(real * np.log(decoded) + (1 - real) * np.log(1 - decoded)).reshape(3, -1)
    # KL(N(m, v) || N(0, 1)) by the definition, with the expectation by quadrature
    z, weight = np.polynomial.hermite_e.hermegauss(40)
    weight = weight / weight.sum()
    deviation = np.exp(log_variance / 2)[..., np.newaxis]
    x = mean[..., np.newaxis] + deviation * z
    divergence = (weight * (-0.5 * z**2 - np.log(deviation) + 0.5 * x**2)).sum(axis=-1)
    expected = (entropy.sum(axis=1) + divergence.sum(axis=1)).mean()
    given = [tf.constant(part, tf.float32) for part in (real, decoded, mean, log_variance)]
    assert float(negative_bound(*given)) == pytest.approx(expected, rel=1e-4)


def test_it_learns_flat_images(tiny):
    rates = {f"optimizer.{name}.learning_rate": 0.003 for name in ("generator", "discriminator")}
    gan = build(tiny({**VAE, **rates, "discriminator.dropout": 0.0}), 1)
    assert gan.discriminator.output_shape == (2 * 16,)
    grey = np.random.default_rng(0).integers(0, 256, (16, 1, 1, 1), dtype=np.uint8)
    flat = tf.constant(np.tile(grey, (1, 16, 16, 1)))[tf.newaxis]
    losses = [
        float(iterate(gan, flat, tf.constant(iteration))["generator_loss"])
        for iteration in range(25)
    ]
    assert losses[-1] < 0.95 * losses[0]


def test_a_game_is_refused(tiny):
    for knob, value in (
        ("loss.name", "hinge"),
        ("penalties.r1.weight", 1.0),
        ("penalties.pulling_away.generator_weight", 1.0),
        ("training.generator_steps", 2),
        ("augmentation.policy", "adaptive"),
    ):
        with pytest.raises(HarnessError, match=f"{knob} clashes with training.update"):
            tiny({**VAE, knob: value})
