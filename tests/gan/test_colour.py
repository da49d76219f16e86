"""Changes of colour against NumPy, behind the gate of the warp."""

import numpy as np
import pytest
import tensorflow as tf

from harness.config.trial import AugmentationConfig
from harness.gan.augment import colour
from harness.gan.augment.pipeline import augment

pytestmark = pytest.mark.tf
STILL = {"flip": False, "translation": 0.0, "rotation": 0.0, "zoom": 0.0}
COLOUR = {"brightness": 0.5, "saturation": 1.0, "contrast": 0.5}
SEED = tf.constant([3, 4])


def images(count=6):
    return np.random.default_rng(0).random((count, 8, 8, 3)).astype(np.float32)


def test_recolouring_is_its_formula():
    given = images(2)
    changes = np.array([[0.25, 0.5, 1.25], [-0.5, 2.0, 0.5]], np.float32)
    expected = []
    for image, (shift, saturation, contrast) in zip(given, changes, strict=True):
        image = image + shift
        grey = image.mean(axis=2, keepdims=True)
        image = grey + saturation * (image - grey)
        expected.append(image.mean() + contrast * (image - image.mean()))
    np.testing.assert_allclose(colour.recolour(given, changes), expected, atol=1e-6)


def test_parameters_are_uniform_and_independent():
    drawn = colour.draw(AugmentationConfig(**COLOUR), 4096, SEED).numpy()
    for column, (low, high) in zip(drawn.T, ((-0.5, 0.5), (0, 2), (0.5, 1.5)), strict=True):
        assert column.min() == pytest.approx(low, abs=0.01)
        assert column.max() == pytest.approx(high, abs=0.01)
        assert column.mean() == pytest.approx((low + high) / 2, abs=0.04)
    assert np.abs(np.corrcoef(drawn.T) - np.eye(3)).max() < 0.06


@pytest.mark.parametrize("static", [False, True])
def test_one_gate_for_all_and_both_ways_give_the_same(static):
    config = AugmentationConfig(policy="fixed", **STILL, **COLOUR)
    given = tf.constant(images(64))
    found = augment(given, config, tf.constant(0.5), SEED, static=static).numpy()
    np.testing.assert_array_equal(found, augment(given, config, tf.constant(0.5), SEED))
    changed = np.array([not np.array_equal(a, b) for a, b in zip(found, given, strict=True)])
    assert 16 < changed.sum() < 48
    # the same images that a warp would have been given to
    warped = augment(given, AugmentationConfig(policy="fixed"), tf.constant(0.5), SEED).numpy()
    same = [not np.array_equal(a, b) for a, b in zip(warped, given, strict=True)]
    np.testing.assert_array_equal(changed, same)
    hues = colour.draw(config, 64, SEED)
    np.testing.assert_allclose(
        found[changed], colour.recolour(given, hues).numpy()[changed], atol=1e-6
    )
