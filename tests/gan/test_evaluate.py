"""The evaluator: identity, latents, whole blocks, halves, and S0's formula on equal features."""

import os
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from harness.config.identity import metric_request
from harness.config.patch import resolve
from harness.core import rng
from harness.core.errors import HarnessError
from harness.gan.data import load_images
from harness.gan.encoders import Encoder
from harness.gan.evaluate import BATCH, Evaluator
from harness.gan.pixels import to_bytes
from harness.gan.saved_model import load_saved_model
from harness.metrics.fid import Frechet
from harness.metrics.kid import Estimate, blocks, subsets

pytestmark = pytest.mark.tf

SMALL = {"data.name": "digits", "data.image_size": 16, "training.kimg": 20.0}


@pytest.fixture
def evaluator(encoder_file, cache):
    def make(**knobs):
        changes = {f"evaluation.{name}": value for name, value in knobs.items()}
        config = resolve([SMALL, {"evaluation.encoder": str(encoder_file), **changes}])
        return Evaluator(config, load_images(config.data, cache), cache)

    return make


def score(made, generate, number=0, noise_size=64):
    latents = rng.latents(made.count, noise_size, 0, "evaluation", number)
    return made.score(generate, latents, with_fid=True)


def noise_images(latents):
    """A generator that knows nothing: its image is its latents, repeated."""
    pixels = np.tile(np.clip(latents * 64 + 128, 0, 255), (1, 4))
    return pixels.reshape(-1, 16, 16, 1).astype(np.uint8)


def test_identity_and_spec(evaluator):
    made = evaluator(protocol="blocks")
    spec = made.spec
    assert (
        spec["identity"]
        == made.identity
        == (
            f"custom.16.bilinear.blocks128.n896.m896.ref-{spec['reference']}"
            f".enc-{spec['encoder_digest']}"
        )
    )
    assert set(spec) == {
        "request", "identity", "protocol", "encoder", "resolution", "resizer", "n", "m",
        "reference", "encoder_digest", "file", "real_kid",
    }  # fmt: skip
    assert spec["file"] == "projection.keras"  # no folder of this machine
    assert all(len(spec[name]) == 8 for name in ("request", "reference", "encoder_digest"))
    assert evaluator(protocol="subsets").identity.startswith(
        "custom.16.bilinear.subsets100x500.n899"
    )
    assert ".subsets100x300.n300." in evaluator(protocol="subsets", samples=300).identity
    assert ".blocks128.n256." in evaluator(protocol="blocks", samples=300).identity
    assert ".bicubic." in evaluator(resizer="bicubic").identity


def test_request_is_that_of_the_configuration(encoder_file, cache):
    config = resolve([SMALL, {"evaluation.encoder": str(encoder_file)}])
    made = Evaluator(config, load_images(config.data, cache), cache)
    assert made.spec["request"] == metric_request(config)


@pytest.mark.parametrize(("protocol", "count"), [("blocks", 7), ("subsets", 100)])
def test_score(evaluator, protocol, count):
    made = evaluator(protocol=protocol)
    row = score(made, noise_images, 3)
    names = ["kid", "kid_blocks", "kid_first_half", "kid_second_half", "precision", "recall",
             "density", "coverage", "fid", "inception_score"]  # fmt: skip
    assert list(row) == names
    assert len(row["kid_blocks"]) == count
    assert row["kid"] == pytest.approx(np.mean(row["kid_blocks"]))
    assert 0.0 <= row["coverage"] <= 1.0
    assert row == score(made, noise_images, 3)
    assert row["kid"] != score(made, noise_images, 4)["kid"]


def test_trials_share_an_evaluator_whatever_their_noise_size(evaluator):
    made = evaluator(protocol="subsets")
    assert made.count == 899
    before = score(made, noise_images, 1)
    score(made, lambda z: noise_images(np.tile(z, (1, 4))), 1, noise_size=16)
    keras.backend.clear_session()  # what is kept does not hang on Keras' global state
    assert score(made, noise_images, 1) == before
    assert made._encoder.features.experimental_get_tracing_count() == 1


@pytest.mark.parametrize(("protocol", "size"), [("blocks", 128), ("subsets", 200)])
def test_score_is_that_of_the_parts(evaluator, encoder_file, protocol, size):
    made = evaluator(protocol=protocol, samples=300, subset_size=200)
    count, half = made.count, made.count // 2
    latents = rng.latents(count, 64, 0, "evaluation", 2)
    encoder = load_saved_model(encoder_file, resolve([SMALL]).data, resolve([SMALL]).evaluation)
    generated = encoder(noise_images(latents))
    row = made.score(noise_images, latents, with_fid=True)
    select = {"blocks": blocks, "subsets": subsets}[protocol]

    def kid(part):
        real = made._real[part]
        # half of the images are less than a subset
        draws = select(len(real), len(real), min(size, len(real)))
        return Estimate(real, draws)(generated[part])

    assert row["kid_blocks"] == pytest.approx(kid(slice(count)), rel=1e-9)
    first, second = slice(half), slice(half, 2 * half)  # no image in common, generated or real
    assert row["kid_first_half"] == pytest.approx(kid(first).mean(), rel=1e-9)
    assert row["kid_second_half"] == pytest.approx(kid(second).mean(), rel=1e-9)
    real, among = made._real, select(half, half, min(size, half))  # two halves that share no image
    floor = Estimate(real[half : 2 * half], among)(real[:half]).mean()
    assert made.spec["real_kid"] == pytest.approx(floor, rel=1e-9)
    assert abs(floor) < row["kid"] / 3  # of noise it is larger
    assert row["fid"] == Frechet(made._real)(generated)
    assert row["inception_score"] is None  # a saved model's classes are not known
    assert made.score(noise_images, latents, with_fid=False) == {**row, "fid": None}


def test_the_classifier_gives_an_inception_score(cache):
    """Of real digits it is near ten, the number of classes; of noise it is not."""
    config = resolve([SMALL, {"evaluation.encoder": "classifier"}])
    images = load_images(config.data, cache)
    made, calls = Evaluator(config, images, cache), iter(range(100))

    def real(latents):
        start = next(calls) * BATCH
        return np.resize(images.validation[start : start + BATCH], (BATCH, 16, 16, 1))

    good, bad = score(made, real), score(made, noise_images)
    assert 9.0 < good["inception_score"] < 10.0
    assert 1.0 <= bad["inception_score"] < 0.6 * good["inception_score"]
    assert abs(good["fid"]) < 0.05 * bad["fid"]


def test_validation_images_are_in_one_fixed_random_order(evaluator, encoder_file, cache, tmp_path):
    """Blocks of KID are of this order, so it is none of the file's, and no trial's own."""
    made = evaluator(protocol="subsets")
    config = resolve([SMALL, {"evaluation.encoder": str(encoder_file)}])
    images = load_images(config.data, cache)
    encoder = load_saved_model(encoder_file, config.data, config.evaluation)
    stored = np.concatenate(
        [encoder(images.validation[i : i + BATCH]) for i in range(0, len(images.validation), BATCH)]
    )
    distances = np.abs(made._real[:, None] - stored).max(2)
    order = distances.argmin(1)
    assert distances.min(1).max() < 1e-4
    assert sorted(order) == list(range(len(stored)))  # each once
    assert abs(np.corrcoef(order, np.arange(len(order)))[0, 1]) < 0.1
    trial = config.model_copy(update={"seed": 7})
    again = Evaluator(trial, load_images(trial.data, tmp_path), tmp_path)  # nothing kept
    assert np.array_equal(again._real, made._real)


class Counted:
    """An encoder that notes how many images it is given."""

    def __init__(self, encoder, seen):
        self.encoder, self.seen, self.classes = encoder, seen, encoder.classes

    def __call__(self, images):
        self.seen.append(len(images))
        return self.encoder(images)


def test_generator_sees_batches_of_one_size(evaluator):
    sizes = []

    def generate(latents):
        sizes.append(latents.shape)
        assert latents.dtype == np.float32
        return noise_images(latents)

    score(evaluator(protocol="subsets"), generate)
    assert sizes == [(BATCH, 64)] * 8


def test_only_images_that_count_are_encoded(evaluator, monkeypatch):
    made, seen = evaluator(protocol="subsets"), []
    encode = made._encoder
    monkeypatch.setattr(made, "_encoder", Counted(encode, seen))
    latents = np.zeros((made.count, 4), np.float32)
    made.score(lambda batch: np.zeros((len(batch), 16, 16, 1), np.uint8), latents, with_fid=False)
    assert made.count % BATCH
    assert sum(seen) == made.count


def test_real_images_score_near_zero_and_noise_does_not(evaluator, cache):
    made = evaluator(protocol="subsets")
    train = load_images(resolve([SMALL]).data, cache).train
    calls = iter(range(100))

    def real(latents):
        start = next(calls) * BATCH
        return np.resize(train[start : start + BATCH], (BATCH, 16, 16, 1))

    good, bad = score(made, real), score(made, noise_images)
    assert abs(good["kid"]) < 0.02 * bad["kid"]
    for name in ("precision", "recall", "density", "coverage"):
        assert good[name] > 0.9 > bad[name]


def test_real_features_are_computed_once(evaluator, monkeypatch):
    first = evaluator(protocol="blocks")
    monkeypatch.setattr(Encoder, "__call__", lambda *_: pytest.fail("encoded again"))
    assert np.array_equal(evaluator(protocol="blocks")._real, first._real)


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"samples": 900}, r"900 is more than the 899 images of split 'test' of digits"),
        ({"samples": 100, "protocol": "blocks"}, r"100 validation images are too few.*128"),
        ({"samples": 4, "protocol": "subsets"}, r"4 validation images are too few.*6"),
    ],
)
def test_too_few_images(evaluator, knobs, message):
    with pytest.raises(HarnessError, match=message):
        evaluator(**knobs)


def test_features_that_are_not_finite(tmp_path, cache):
    inputs = keras.Input((16, 16, 3))
    keras.Model(inputs, keras.ops.log(inputs - 5.0)).save(tmp_path / "nan.keras")
    config = resolve([SMALL, {"evaluation.encoder": str(tmp_path / "nan.keras")}])
    with pytest.raises(HarnessError, match="not finite"):
        Evaluator(config, load_images(config.data, cache), cache)


def test_a_cache_that_is_read_only(encoder_file, cache, tmp_path):
    config = resolve([SMALL, {"evaluation.encoder": str(encoder_file)}])
    (tmp_path / "features").touch()
    with pytest.raises(HarnessError, match="features: the cache cannot be written"):
        Evaluator(config, load_images(config.data, cache), tmp_path)


def test_bytes_are_what_a_png_holds():
    values = np.float32([-0.1, 0.0, 0.49 / 255, 0.51 / 255, 0.5, 254.6 / 255, 1.0, 1.7])
    assert to_bytes(values, "zero_one").tolist() == [0, 0, 0, 1, 128, 255, 255, 255]
    levels = np.arange(256, dtype=np.float32) / np.float32(255)
    assert to_bytes(tf.constant(levels), "zero_one").tolist() == list(range(256))


def s0_kid(real, generated):
    """S0's metric on one batch of 128, in TensorFlow's float32."""

    def kernel(x, y):
        return (x @ tf.transpose(y) / tf.cast(tf.shape(x)[1], tf.float32) + 1.0) ** 3.0

    size = tf.shape(real)[0]
    pairs = tf.cast(size, tf.float32) * (tf.cast(size, tf.float32) - 1.0)
    within = [tf.reduce_sum(kernel(x, x) * (1.0 - tf.eye(size))) / pairs for x in (real, generated)]
    return within[0] + within[1] - 2.0 * tf.reduce_mean(kernel(real, generated))


def test_blocks_equal_s0_on_equal_float_images_and_features():
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Resizing(20, 20), keras.layers.Conv2D(64, 5, 3, activation="relu")]
    encoder = keras.Sequential([keras.Input((16, 16, 3)), *layers, keras.layers.Flatten()])
    random = np.random.default_rng(0)
    real = encoder(random.uniform(0, 1, (384, 16, 16, 3)).astype(np.float32))
    generated = encoder(random.beta(5, 2, (384, 16, 16, 3)).astype(np.float32))
    parts = [slice(i, i + 128) for i in range(0, 384, 128)]
    expected = np.mean([s0_kid(real[part], generated[part]) for part in parts])
    ours = Estimate(real.numpy(), blocks(384, 384))(generated.numpy()).mean()
    assert abs(expected) > 1e-3
    assert ours == pytest.approx(float(expected), abs=1e-5)


@pytest.mark.slow
def test_cifar10_with_the_shared_imagenet_encoder(tmp_path, monkeypatch):
    if "HARNESS_SHARED" not in os.environ:
        pytest.skip("HARNESS_SHARED is not set: no shared images")
    shared = Path(os.environ["HARNESS_SHARED"])
    monkeypatch.setenv("TFDS_DATA_DIR", str(shared / "data" / "tfds"))
    patch = {
        "data.name": "cifar10",
        "data.image_size": 32,
        "evaluation.protocol": "blocks",
        "evaluation.encoder": str(shared / "encoders" / "squeezenet_imagenet.keras"),
        "evaluation.resolution": 64,
        "evaluation.samples": 1024,
    }
    config = resolve([patch])
    images = load_images(config.data, tmp_path)
    made = Evaluator(config, images, tmp_path)
    order = iter(np.random.default_rng(0).permutation(50000)[: 16 * BATCH].reshape(16, BATCH))
    real = score(made, lambda z: images.train[np.sort(next(order))])
    blurred = score(made, lambda z: images.train[np.sort(next(order))] // 64 * 64)
    assert abs(real["kid"]) < 0.02
    assert blurred["kid"] > 5 * abs(real["kid"])
    assert real["coverage"] > 0.85
