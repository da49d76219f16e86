"""The benchmarks' baseline is S0: its sizes, its controller, its KID."""

import math

import numpy as np
import pytest
import tensorflow as tf

from benchmarks.keras_data import Settings, prepare_dataset
from benchmarks.keras_example import GAN_ADA, Clock, build
from benchmarks.keras_parts import KID, get_discriminator, get_generator
from harness.metrics import kid

pytestmark = [
    pytest.mark.tf,
    # Keras warns of its own default, shuffle=True, wherever it is given a tf.data pipeline
    pytest.mark.filterwarnings("ignore:`shuffle=True` was passed:UserWarning"),
]


def small(tmp_path, **changes):
    """Settings that run at once, with a saved encoder."""
    import keras

    path = tmp_path / "encoder.keras"
    layers = [keras.layers.InputLayer(shape=(8, 8, 3)), keras.layers.Flatten()]
    keras.Sequential(layers).save(path)
    settings = {
        "image_size": 8,
        "width": 8,
        "batch_size": 16,
        "samples": 32,
        "encoder": str(path),
        **changes,
    }
    return Settings(**settings)


def test_parameter_counts_are_s0s():
    generator, discriminator = get_generator(Settings()), get_discriminator(Settings())
    assert generator.count_params() == 930_947
    assert discriminator.count_params() == 796_161
    assert sum(math.prod(v.shape) for v in generator.trainable_variables) == 926_083
    assert sum(math.prod(v.shape) for v in discriminator.trainable_variables) == 795_137


def test_it_trains_and_evaluates(tmp_path):
    settings = small(tmp_path)
    model, clock = build(settings), Clock()
    before = [np.asarray(weight) for weight in model.ema_generator.weights]
    history = model.fit(
        prepare_dataset(settings, "train"),
        steps_per_epoch=4,
        validation_data=prepare_dataset(settings, "test"),
        callbacks=[clock],
        verbose=0,
    ).history
    assert set(history) == {"g_loss", "d_loss", "real_acc", "gen_acc", "aug_p", "val_kid"}
    assert all(math.isfinite(value) for [value] in history.values())
    assert 0 < clock.seconds_a_step() < 10
    after = [np.asarray(weight) for weight in model.ema_generator.weights]
    assert any(not np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_it_takes_a_step_in_bfloat16(tmp_path):
    settings = small(tmp_path, precision="bfloat16")
    model = build(settings)
    assert model.generator.compute_dtype == "bfloat16"
    before = [np.asarray(weight) for weight in model.generator.trainable_weights]
    told = model.train_step(next(iter(prepare_dataset(settings, "train"))))
    assert {"g_loss", "d_loss"} <= set(told)
    assert all(math.isfinite(float(value)) for value in told.values())
    after = [np.asarray(weight) for weight in model.generator.trainable_weights]
    assert any(not np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    # nothing of what the baseline sets stays behind for what else runs in the process
    assert build(small(tmp_path)).generator.compute_dtype == "float32"


def test_keras_itself_leaves_xla_off(tmp_path):
    """The layers that warp images have no XLA kernel, so Keras' "auto" decides against it."""
    assert not build(small(tmp_path)).jit_compile


def test_the_augmentation_probability_moves_by_s0s_formula(tmp_path):
    adaptive = GAN_ADA(small(tmp_path), None).augmenter
    adaptive.probability.assign(0.3)
    adaptive.update(tf.constant([[1.0], [-1.0], [2.0], [0.0]]))  # accuracy 2.5 / 4
    assert float(adaptive.probability) == pytest.approx(0.3 + (0.625 - 0.85) / 1000, abs=1e-7)
    held = GAN_ADA(small(tmp_path, augmentation_probability=0.5), None).augmenter
    held.update(tf.constant([[1.0]]))
    assert float(held.probability) == 0.5


def test_the_gate_leaves_or_changes_whole_images(tmp_path):
    images = tf.constant(np.random.default_rng(0).random((16, 8, 8, 3), np.float32))
    for probability, unchanged in ((0.0, 16), (1.0, 0)):
        settings = small(tmp_path, augmentation_probability=probability)
        augmented = GAN_ADA(settings, None).augmenter(images, training=True)
        assert int(tf.reduce_sum(tf.cast(_same(augmented, images), tf.int32))) == unchanged


def _same(one, other):
    return tf.reduce_all(one == other, axis=(1, 2, 3))


def test_kid_is_the_harness_estimate_on_the_same_features():
    random = np.random.default_rng(0)
    real, generated = (
        random.normal(shift, 1, (256, 64)).astype(np.float32) for shift in (0.0, 0.2)
    )
    metric = KID(encoder=None)
    for start in (0, 128):
        part = slice(start, start + 128)
        metric.update_from_features(tf.constant(real[part]), tf.constant(generated[part]))
    expected = kid.Estimate(real, kid.blocks(256, 256, 128))(generated).mean()
    assert float(metric.result()) == pytest.approx(expected, rel=1e-4)
    metric.reset_state()
    assert float(metric.result()) == 0


def test_its_digits_are_the_harness_digits():
    from harness.config.trial import DataConfig
    from harness.gan.data import digits

    settings = Settings(data="digits", image_size=16, batch_size=128, samples=256)
    found = np.concatenate([np.asarray(batch) for batch in prepare_dataset(settings, "test")])
    source = digits.load(DataConfig(name="digits", image_size=16), None)
    images, _ = next(source.validation.batches([]))
    expected = images[:256].astype(np.float32) / 255
    assert found.shape == expected.shape == (256, 16, 16, 1)
    np.testing.assert_allclose(_ordered(found), _ordered(expected), atol=1e-6)


def _ordered(images):
    flat = images.reshape(len(images), -1)
    return flat[np.lexsort(flat.T)]
