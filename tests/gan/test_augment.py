"""Augmentation reads the same places as S0's Keras layers; ADA replays S0's log."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from harness.config.patch import resolve
from harness.config.trial import AugmentationConfig
from harness.gan.augment import warp
from harness.gan.augment.ada import Controller
from harness.gan.augment.pipeline import augment
from harness.gan.augment.warp import Warp, coordinates, draw, reflect, sample
from harness.gan.numbers import Numbers

pytestmark = pytest.mark.tf

SIZE = 32
# S0's log: real accuracy and augmentation probability, means of each epoch of 46 steps
REAL_ACCURACY = [0.9387, 0.9704, 0.9530, 0.9686, 0.9655, 0.9791, 0.9570, 0.9421, 0.9383, 0.9314]
AUG_P = [0.0020, 0.0077, 0.0131, 0.0179, 0.0234, 0.0291, 0.0345, 0.0392, 0.0433, 0.0473]


def _none(count=1):
    return {
        "flip": tf.zeros(count, tf.bool),
        "shift": tf.zeros((count, 2)),
        "angle": tf.zeros(count),
        "zoom": tf.ones((count, 2)),
    }


def _apply_keras(layer, transformation, images):
    return layer.transform_images(images, transformation, training=True)


def _ramp():
    """An image whose two channels are its own coordinates: what is read shows where."""
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    return tf.constant(np.stack([y, x], -1)[None])


def _stages(warp):
    """S0's layers with given parameters, each a function of an image (1, S, S, 2)."""
    layers = keras.layers
    flip = lambda image: image[:, :, ::-1] if bool(warp.flip[0]) else image  # noqa: E731
    move = layers.RandomTranslation(0.5, 0.5, fill_mode="reflect", interpolation="nearest")
    turn = layers.RandomRotation(0.5, fill_mode="reflect")
    zoom = layers.RandomZoom((-0.5, 0), (-0.5, 0), fill_mode="reflect")
    shift = {"translations": tf.reverse(warp.shift, [1]), "input_shape": (1, SIZE, SIZE, 2)}
    angle = turn._compute_affine_matrix(
        center_x=0.5,
        center_y=0.5,
        angle=warp.angle * 180 / math.pi,
        translate_x=tf.zeros(1),
        translate_y=tf.zeros(1),
        scale=tf.ones(1),
        shear_x=tf.zeros(1),
        shear_y=tf.zeros(1),
        height=SIZE,
        width=SIZE,
    )
    rotation = {"rotation_matrix": angle, "angle": warp.angle}
    zooms = {"height_zoom": warp.zoom[:, :1], "width_zoom": warp.zoom[:, 1:]}
    return [
        flip,
        lambda image: _apply_keras(move, shift, image),
        lambda image: _apply_keras(turn, rotation, image),
        lambda image: _apply_keras(zoom, zooms, image),
    ]


@pytest.mark.parametrize("stage", range(4), ids=["flip", "translate", "rotate", "zoom"])
def test_each_stage_reads_where_the_keras_layer_reads(stage):
    """One stage at a time there is one interpolation, so coordinates must agree everywhere."""
    rng = np.random.default_rng(stage)
    for _ in range(20):
        parameters = _none()
        if stage == 0:
            parameters["flip"] = tf.constant([True])
        elif stage == 1:
            parameters["shift"] = tf.constant(rng.integers(-4, 5, (1, 2)), tf.float32)
        elif stage == 2:
            parameters["angle"] = tf.constant(rng.uniform(-0.25, 0.25, 1) * math.pi, tf.float32)
        else:
            parameters["zoom"] = tf.constant(rng.uniform(0.75, 1, (1, 2)), tf.float32)
        warp = Warp(**parameters)
        image = _ramp()
        for apply in _stages(warp):
            image = apply(image)
        y, x = coordinates(warp, SIZE)
        ours = sample(_ramp(), y, x)
        np.testing.assert_allclose(ours, image, atol=1e-4)


def test_all_stages_together_read_the_composed_places():
    """The maps composed by hand, a reflection after each; and in the inside, S0's own layers."""
    rng = np.random.default_rng(0)
    middle = (SIZE - 1) / 2

    def fold(v):
        v = np.mod(v + 0.5, 2 * SIZE)
        return np.clip(np.minimum(v, 2 * SIZE - v) - 0.5, 0, SIZE - 1)

    for _ in range(20):
        flip, angle = bool(rng.integers(2)), rng.uniform(-0.25, 0.25) * math.pi
        shift, zoom = rng.integers(-4, 5, 2), rng.uniform(0.75, 1, 2)
        warp = Warp(
            tf.constant([flip]),
            tf.constant(shift[None], tf.float32),
            tf.constant([angle], tf.float32),
            tf.constant(zoom[None], tf.float32),
        )
        y, x = np.mgrid[:SIZE, :SIZE].astype(np.float64)
        y, x = fold((y - middle) * zoom[0] + middle), fold((x - middle) * zoom[1] + middle)
        y, x = y - middle, x - middle
        y, x = (
            fold(np.sin(angle) * x + np.cos(angle) * y + middle),
            fold(np.cos(angle) * x - np.sin(angle) * y + middle),
        )
        y, x = fold(y - shift[0]), fold(x - shift[1])
        x = SIZE - 1 - x if flip else x
        ours = coordinates(warp, SIZE)
        np.testing.assert_allclose(ours[0][0], y, atol=1e-4)
        np.testing.assert_allclose(ours[1][0], x, atol=1e-4)
        image = _ramp()
        for apply in _stages(warp):
            image = apply(image)
        inside = (slice(10, 22), slice(10, 22))  # reached without a reflection
        np.testing.assert_allclose(image[0][inside][..., 0], y[inside], atol=1e-3)
        np.testing.assert_allclose(image[0][inside][..., 1], x[inside], atol=1e-3)


def test_reflection_is_that_of_the_keras_layers():
    positions = np.arange(-4, 8)  # as far as any knob lets a position go
    expected = [[*range(4), *range(3, -1, -1)][p % 8] for p in positions]
    np.testing.assert_allclose(reflect(tf.constant(positions, tf.float32), 4), expected)


def test_parameters_are_distributed_as_s0s():
    """Kolmogorov-Smirnov against what the Keras layers draw, at the same bounds."""
    config, count, size = AugmentationConfig(), 4000, 64
    warp, gate = draw(config, count, size, tf.constant([1, 2]))
    layers = keras.layers
    images = tf.zeros((count, size, size, 3))
    zoom = layers.RandomZoom((-0.25, 0.0), (-0.25, 0.0), seed=1)
    zooms = zoom.get_random_transformation(images)
    turn = layers.RandomRotation(0.125, seed=1).get_random_transformation(images)
    move = layers.RandomTranslation(0.125, 0.125, seed=1).get_random_transformation(images)
    pairs = [
        (warp.zoom[:, 0], zooms["height_zoom"][:, 0]),
        (warp.zoom[:, 1], zooms["width_zoom"][:, 0]),
        (warp.angle * 180 / math.pi, turn["angle"]),
        (warp.shift[:, 0], tf.round(move["translations"][:, 1])),
        (warp.shift[:, 1], tf.round(move["translations"][:, 0])),
    ]
    for ours, theirs in pairs:
        assert stats.ks_2samp(np.asarray(ours), np.asarray(theirs)).pvalue > 0.001
    assert float(tf.reduce_mean(tf.cast(warp.flip, tf.float32))) == pytest.approx(0.5, abs=0.03)
    assert stats.kstest(np.asarray(gate), "uniform").pvalue > 0.001


def test_a_closed_gate_is_exact_and_an_open_one_moves_images():
    config, images = AugmentationConfig(), tf.random.uniform((8, 16, 16, 3))
    seed = tf.constant([3, 4])
    np.testing.assert_array_equal(augment(images, config, tf.constant(0.0), seed), images)
    moved = augment(images, config, tf.constant(1.0), seed)
    assert all(not np.array_equal(a, b) for a, b in zip(moved, images, strict=True))


def test_gradients_flow_to_the_pixels_that_are_read():
    """The warp is linear in the image, so its gradient is exact: <A'w, x> = <w, Ax>."""
    config, seed = AugmentationConfig(), tf.constant([5, 6])
    images, weights = tf.random.uniform((4, 16, 16, 1)), tf.random.uniform((4, 16, 16, 1))
    with tf.GradientTape() as tape:
        tape.watch(images)
        total = tf.reduce_sum(weights * augment(images, config, tf.constant(1.0), seed))
    gradient = tape.gradient(total, images)
    assert float(tf.reduce_sum(gradient * images)) == pytest.approx(float(total), rel=1e-5)


def test_its_derivatives_are_those_of_a_plain_gather(monkeypatch):
    """A penalty on gradients, taken through the warp, needs the second one."""
    config, seed = AugmentationConfig(), tf.constant([5, 6])
    images = tf.random.stateless_uniform((4, 16, 16, 2), (1, 2))

    def derivatives():
        with tf.GradientTape() as outer:
            outer.watch(images)
            with tf.GradientTape() as inner:
                inner.watch(images)
                total = tf.reduce_sum(augment(images, config, tf.constant(1.0), seed) ** 3)
            first = inner.gradient(total, images)
            penalty = tf.reduce_sum(first**2)
        return first.numpy(), outer.gradient(penalty, images).numpy()

    ours = derivatives()
    monkeypatch.setattr(warp, "_at", tf.gather)
    for one, plain in zip(ours, derivatives(), strict=True):
        assert np.abs(plain).max() > 1
        np.testing.assert_allclose(one, plain, rtol=1e-4, atol=1e-4)


def test_it_compiles_under_xla():
    config, seed = AugmentationConfig(), tf.constant([5, 6])
    images = tf.random.uniform((4, 16, 16, 3))

    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(tf.square(augment(x, config, tf.constant(0.7), seed)))
        return total, tape.gradient(total, x)

    plain, compiled = gradient(images), tf.function(gradient, jit_compile=True)(images)
    for one, two in zip(plain, compiled, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("switch", ["flip", "translation", "rotation", "zoom"])
def test_switching_one_transformation_off_leaves_the_others(switch):
    off = {"flip": False}.get(switch, 0.0)
    seed = tf.constant([7, 8])
    whole, _ = draw(AugmentationConfig(), 16, 32, seed)
    part, _ = draw(AugmentationConfig(**{switch: off}), 16, 32, seed)
    names = {"translation": "shift", "rotation": "angle"}
    for field in Warp._fields:
        same = np.array_equal(getattr(whole, field), getattr(part, field))
        assert same == (field != names.get(switch, switch))


def test_the_controller_reproduces_s0s_log():
    """Driven with S0's accuracies, each epoch's mean probability is S0's within 0.0012."""
    controller = Controller("adaptive", Numbers(resolve([])))
    for accuracy, expected in zip(REAL_ACCURACY, AUG_P, strict=True):
        seen = []
        for _ in range(46):
            controller.update(tf.constant(accuracy))
            seen.append(float(controller.probability))
        assert np.mean(seen) == pytest.approx(expected, abs=0.0012)


def test_the_controller_is_as_fast_per_image_at_every_batch_size_and_stays_in_bounds():
    small, large = (
        Controller("adaptive", Numbers(resolve([{"training.batch_size": batch}])))
        for batch in (32, 128)
    )
    for _ in range(4):
        small.update(tf.constant(1.0))
    large.update(tf.constant(1.0))
    assert float(small.probability) == pytest.approx(float(large.probability), rel=1e-5)
    for _ in range(20000 // 100):
        large.update(tf.constant(-100.0))
    assert float(large.probability) == 0.0
    limited = Controller("adaptive", Numbers(resolve([{"augmentation.max_probability": 0.6}])))
    for controller, limit in ((large, 1.0), (limited, 0.6)):
        for _ in range(2):
            controller.update(tf.constant(10000.0))
            assert float(controller.probability) == np.float32(limit)
    fixed = Controller("fixed", Numbers(resolve([{"augmentation.probability": 0.3}])))
    fixed.update(tf.constant(1.0))
    assert float(fixed.probability) == pytest.approx(0.3)
