"""Encoders: weights that the test supplies, resizing, batches, and every wrong file."""

import hashlib
import inspect
import os
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from harness.config.trial import DataConfig, EvaluationConfig
from harness.core.errors import HarnessError
from harness.gan import classifier, inception
from harness.gan.data import load_images
from harness.gan.encoders import compiled, resize, weights_digest
from harness.gan.evaluate import build_encoder
from harness.gan.folding import folded
from harness.gan.saved_model import load_saved_model
from harness.metrics.kid import Estimate, blocks

pytestmark = pytest.mark.tf

DIGITS = DataConfig(name="digits", image_size=16)
CIFAR = DataConfig(name="cifar10", image_size=32)


def pictures(count, size=32, channels=3, seed=0):
    shape = (count, size, size, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def evaluation(**knobs):
    return EvaluationConfig(**knobs)


def save(path, layers, shape=(None, None, 3)):
    keras.utils.set_random_seed(1)
    keras.Sequential([keras.Input(shape), *layers]).save(path)
    return path


@pytest.fixture
def conv(tmp_path):
    return save(tmp_path / "conv.keras", [keras.layers.Conv2D(5, 3)])


def test_features_do_not_depend_on_how_many_images_are_asked_for(conv):
    encoder = load_saved_model(conv, CIFAR, evaluation())
    assert encoder.batch == 128
    images = pictures(128 + 9)
    whole = encoder(images)
    assert whole.shape == (128 + 9, 5)
    assert whole.dtype == np.float32
    assert np.array_equal(whole, np.concatenate([encoder(images[:128]), encoder(images[128:])]))
    assert encoder.features.experimental_get_tracing_count() == 1


def test_saved_model_gets_rgb_in_0_to_1_and_maps_are_averaged(conv):
    images = pictures(3)
    expected = keras.models.load_model(conv)(images / np.float32(255)).numpy().mean(axis=(1, 2))
    encoder = load_saved_model(conv, CIFAR, evaluation())
    assert encoder.resolution == 32  # the image size, as the model takes any
    assert np.allclose(encoder(images), expected, atol=1e-5)


def test_grey_is_repeated(conv):
    encoder = load_saved_model(conv, CIFAR, evaluation())
    grey = pictures(3, channels=1)
    assert np.array_equal(encoder(grey), encoder(np.repeat(grey, 3, axis=3)))


def test_resolution_rule(conv, tmp_path):
    assert load_saved_model(conv, CIFAR, evaluation(resolution=48)).resolution == 48
    assert load_saved_model(conv, CIFAR, evaluation(resolution=299)).batch == 64  # for the memory
    fixed = save(tmp_path / "fixed.keras", [keras.layers.Flatten()], (24, 24, 3))
    assert load_saved_model(fixed, CIFAR, evaluation()).resolution == 24
    with pytest.raises(HarnessError, match=r"resolution: 48 px.*takes 24 px"):
        load_saved_model(fixed, CIFAR, evaluation(resolution=48))


def test_digest_follows_the_weights_not_the_file(conv, tmp_path):
    model = keras.models.load_model(conv)
    model.save(tmp_path / "copy.keras")
    first = load_saved_model(conv, CIFAR, evaluation()).digest
    assert load_saved_model(tmp_path / "copy.keras", CIFAR, evaluation()).digest == first
    model.set_weights([weight + 1 for weight in model.get_weights()])
    model.save(tmp_path / "copy.keras")
    assert load_saved_model(tmp_path / "copy.keras", CIFAR, evaluation()).digest != first
    assert len(first) == 8


def test_only_uint8_images_are_encoded(conv):
    with pytest.raises(HarnessError, match="uint8"):
        load_saved_model(conv, CIFAR, evaluation())(np.zeros((2, 32, 32, 3), np.float32))


def test_bilinear_resize_is_that_of_keras_as_in_s0():
    images = tf.cast(pictures(4), tf.float32)
    layer = keras.layers.Resizing(75, 75, interpolation="bilinear")
    assert np.allclose(resize(images, 75, "bilinear"), layer(images), atol=1e-4)
    smaller = keras.layers.Resizing(13, 13, interpolation="bilinear")
    assert np.allclose(resize(images, 13, "bilinear"), smaller(images), atol=1e-4)


def test_bicubic_resize_is_antialiased_and_clipped():
    stripes = np.zeros((1, 64, 64, 3), np.float32)
    stripes[:, :, ::2] = 255.0
    assert np.allclose(resize(stripes, 16, "bicubic")[:, 4:12, 4:12], 127.5, atol=10)
    steps = np.repeat(np.float32([0, 255]), 4)[None, None, :, None] * np.ones((1, 8, 1, 3))
    larger = resize(tf.constant(steps, tf.float32), 32, "bicubic").numpy()
    assert (larger.min(), larger.max()) == (0.0, 255.0)


@pytest.fixture
def keras_home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("HARNESS_INCEPTION_2015", raising=False)
    models = tmp_path / "keras" / "models"
    models.mkdir(parents=True)
    return models


def randomise_norms(network):
    """Batch norms as after a training: with the initial ones nothing would be left to fold."""
    random = np.random.default_rng(0)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            beta, mean, _ = layer.get_weights()
            drawn = (random.normal(0, 0.3, beta.shape), random.normal(0, 0.1, mean.shape))
            layer.set_weights([*drawn, random.uniform(0.1, 0.7, mean.shape)])


def test_folded_batch_norms_give_the_same_features():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((16, 16, 3))
    branches = []
    for width, strides in ((6, 2), (4, 2), (5, 2)):
        x = keras.layers.Conv2D(width, 3, strides, padding="same", use_bias=False)(inputs)
        x = keras.layers.BatchNormalization(scale=False)(x)
        branches.append(keras.layers.Activation("relu")(x))
    network = keras.Model(inputs, keras.layers.Concatenate()(branches))
    randomise_norms(network)
    images = np.random.default_rng(1).uniform(-1, 1, (4, 16, 16, 3)).astype(np.float32)
    expected = network(images, training=False).numpy()
    result = folded(network)
    assert np.allclose(result(images), expected, atol=1e-6)
    assert expected.std() > 0.1
    assert not any(isinstance(x, keras.layers.BatchNormalization) for x in result.layers)


@pytest.mark.slow
def test_inception_v3_with_supplied_weights_is_s0s_encoder(keras_home, tmp_path, monkeypatch):
    keras.utils.set_random_seed(0)
    network = keras.applications.InceptionV3(include_top=False, weights=None)
    randomise_norms(network)
    network.save(keras_home / inception.V3_WEIGHTS)  # the old format, as the real file
    content = (keras_home / inception.V3_WEIGHTS).read_bytes()
    monkeypatch.setattr(inception, "V3_MD5", hashlib.md5(content).hexdigest())
    encoder = build_encoder(CIFAR, evaluation(encoder="inception_v3"), tmp_path)
    assert (encoder.name, encoder.resolution) == ("inception_v3", 75)
    images = pictures(5)
    pixels = keras.layers.Resizing(75, 75)(keras.layers.Rescaling(255)(images / np.float32(255)))
    maps = network(keras.applications.inception_v3.preprocess_input(pixels), training=False)
    assert maps.shape == (5, 1, 1, 2048)
    assert np.allclose(encoder(images), maps[:, 0, 0], rtol=1e-4, atol=1e-5 * np.max(maps))
    assert encoder.digest == weights_digest(network.get_weights())


def test_inception_v3_without_weights_says_where_they_belong(keras_home, tmp_path, monkeypatch):
    def no_network(*_, **options):
        raise Exception("URL fetch failure")

    real = keras.applications.InceptionV3
    monkeypatch.setattr(keras.applications, "InceptionV3", no_network)
    with pytest.raises(HarnessError) as caught:
        build_encoder(CIFAR, evaluation(encoder="inception_v3"), tmp_path)
    assert str(keras_home / inception.V3_WEIGHTS) in str(caught.value)
    monkeypatch.setattr(keras.applications, "InceptionV3", real)
    with pytest.raises(HarnessError, match="75 px or more, not 64"):
        build_encoder(CIFAR, evaluation(encoder="inception_v3", resolution=64), tmp_path)


def test_inception_v3_with_other_weights_than_those_of_keras(keras_home, tmp_path, monkeypatch):
    file = keras_home / inception.V3_WEIGHTS
    file.write_text("no weights")
    with pytest.raises(HarnessError, match="damaged, or not the file that Keras publishes") as told:
        build_encoder(CIFAR, evaluation(encoder="inception_v3"), tmp_path)
    assert f"{file} " in str(told.value)
    monkeypatch.setattr(inception, "V3_MD5", hashlib.md5(b"no weights").hexdigest())
    with pytest.raises(HarnessError, match="no such weights file; delete it"):
        build_encoder(CIFAR, evaluation(encoder="inception_v3"), tmp_path)


def test_the_checksum_of_inception_v3_is_that_of_keras():
    import keras.src.applications.inception_v3 as keras_own

    download = inspect.getsource(keras_own).partition("WEIGHTS_PATH_NO_TOP,")[2]
    assert f'file_hash="{inception.V3_MD5}"' in download[:200]


HEAD = np.float32([[1.0, -1.0], [0.5, 2.0], [0.0, 1.0]])


def tiny_graph(path):
    """A graph with the tensor names of the 2015 network: mean colours of the resized image."""
    with tf.Graph().as_default() as graph:
        images = tf.compat.v1.placeholder(tf.float32, (1, None, None, 3), name="ExpandDims")
        larger = tf.compat.v1.image.resize_bilinear(images, (299, 299), name="ResizeBilinear")
        scaled = tf.multiply(tf.subtract(larger, 128.0, name="Sub"), 1 / 128, name="Mul")
        pooled = tf.nn.avg_pool2d(scaled, 299, 1, "VALID", name="pool_3")
        flat = tf.reshape(pooled, (1, 3), name="pool_3/_reshape")
        weights = tf.constant(HEAD, name="softmax/weights")
        logits = tf.matmul(flat, weights, name="softmax/logits/MatMul")
        tf.nn.softmax(tf.nn.bias_add(logits, [5.0, 0.0], name="softmax/logits"), name="softmax")
    path.write_bytes(graph.as_graph_def().SerializeToString())
    return path


def test_inception_2015_reads_the_graph_by_its_tensor_names(tmp_path, monkeypatch, keras_home):
    file = tiny_graph(tmp_path / "graph.pb")
    monkeypatch.setenv("HARNESS_INCEPTION_2015", str(file))
    images = pictures(5)
    larger = tf.compat.v1.image.resize_bilinear(images.astype(np.float32), (299, 299))
    expected = (np.asarray(larger).mean(axis=(1, 2)) - 128) / 128
    encoder = build_encoder(CIFAR, evaluation(encoder="inception_2015"), tmp_path)
    assert (encoder.name, encoder.resolution) == ("inception_2015", 299)
    assert np.allclose(encoder(images), expected, atol=1e-4)
    powers = np.exp(expected @ HEAD)  # without the graph's bias
    assert np.allclose(
        encoder.classes(encoder(images)), powers / powers.sum(1, keepdims=True), atol=1e-4
    )
    monkeypatch.delenv("HARNESS_INCEPTION_2015")
    file.rename(keras_home / inception.GRAPH_2015)
    again = build_encoder(CIFAR, evaluation(encoder="inception_2015"), tmp_path)
    assert again.digest == encoder.digest


def test_inception_2015_wrong_files(tmp_path, monkeypatch, keras_home):
    asked = evaluation(encoder="inception_2015")
    monkeypatch.setattr(keras.utils, "get_file", lambda **_: (_ for _ in ()).throw(OSError("no")))
    with pytest.raises(HarnessError, match="HARNESS_INCEPTION_2015"):
        build_encoder(CIFAR, asked, tmp_path)
    monkeypatch.setenv("HARNESS_INCEPTION_2015", str(tmp_path / "nowhere.pb"))
    with pytest.raises(HarnessError, match="no file"):
        build_encoder(CIFAR, asked, tmp_path)
    for content in (b"no graph at all", tf.Graph().as_graph_def().SerializeToString()):
        (tmp_path / "x.pb").write_bytes(content)
        monkeypatch.setenv("HARNESS_INCEPTION_2015", str(tmp_path / "x.pb"))
        with pytest.raises(HarnessError, match="not the graph of the 2015-12-05"):
            build_encoder(CIFAR, asked, tmp_path)
    with pytest.raises(HarnessError, match="299 px, not 128"):
        build_encoder(CIFAR, evaluation(encoder="inception_2015", resolution=128), tmp_path)


def test_classifier_is_right_and_trained_once(cache, monkeypatch):
    asked = evaluation(encoder="classifier")
    encoder = build_encoder(DIGITS, asked, cache)
    images = load_images(DIGITS, cache)
    features = encoder(images.validation)
    assert features.shape == (899, classifier.FEATURES)
    near, labels = encoder(images.train), images.train_labels
    distances = ((features[:, None] - near[None]) ** 2).sum(axis=2)
    assert (labels[distances.argmin(axis=1)] == images.validation_labels).mean() > 0.95
    assert np.square(near).mean() == pytest.approx(1.0, rel=1e-3)
    monkeypatch.setattr(classifier, "train", lambda *_: pytest.fail("trained twice"))
    subset = DIGITS.model_copy(update={"train_images": 100})
    assert build_encoder(subset, asked, cache).digest == encoder.digest


@pytest.mark.slow
def test_classifier_is_trained_the_same_way_again(tmp_path):
    asked = evaluation(encoder="classifier")
    one, two = (build_encoder(DIGITS, asked, tmp_path / name) for name in "ab")
    assert one.digest == two.digest


def test_classifier_needs_labels(tmp_path):
    for i in range(5):
        keras.utils.save_img(tmp_path / f"{i}.png", pictures(1, seed=i)[0])
    data = DataConfig(name="folder", path=str(tmp_path), image_size=8)
    with pytest.raises(HarnessError, match="needs labels"):
        build_encoder(data, evaluation(encoder="classifier"), tmp_path / "cache")


def test_compiled_network_resizes_before_it_is_called():
    network = compiled(lambda x: tf.reduce_mean(x, axis=(1, 2)) * x.shape[1], 8, "bilinear")
    images = np.full((2, 16, 16, 1), 10, np.uint8)
    assert np.allclose(network(tf.constant(images)), 80.0)


@pytest.mark.slow
def test_shared_squeezenet_tells_flowers_from_cifar(tmp_path, monkeypatch):
    if "HARNESS_SHARED" not in os.environ:
        pytest.skip("HARNESS_SHARED is not set: no shared encoder")
    shared = Path(os.environ["HARNESS_SHARED"])
    monkeypatch.setenv("TFDS_DATA_DIR", str(shared / "data" / "tfds"))
    path = shared / "encoders" / "squeezenet_imagenet.keras"
    encoder = load_saved_model(path, CIFAR, evaluation(resolution=64))
    flowers = DataConfig(
        name="folder", path=str(shared / "data" / "flowers102_80px"), image_size=32
    )
    one, other = load_images(CIFAR, tmp_path), load_images(flowers, tmp_path)
    order = np.random.default_rng(0).permutation(4000)
    cifar = encoder(one.train[order[:512]])
    assert cifar.shape == (512, 512)
    estimate = Estimate(cifar, blocks(512, 512))
    same = estimate(encoder(one.validation[:512]))
    different = estimate(encoder(other.train[order[:512]]))
    assert abs(same.mean()) < 0.1 * different.mean()
