"""Every kind of model that a user may save: scored by what it was trained on, or refused by name.

Through the evaluator, on real digits: a wrong one must never give a KID of 0.
"""

from functools import cache

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from harness.config.inputs.content import Contents
from harness.config.inputs.encoder_file import form
from harness.config.patch import resolve
from harness.core import rng
from harness.core.errors import HarnessError
from harness.gan.data import load_images
from harness.gan.encoder_checks import check_behaviour
from harness.gan.encoders import Encoder, compiled, pooled
from harness.gan.evaluate import Evaluator

pytestmark = pytest.mark.tf

SIZE = 16
SMALL = {"data.name": "digits", "data.image_size": SIZE, "evaluation.protocol": "blocks"}
IMAGE = (SIZE, SIZE, 3)


class Own(layers.Layer):
    """A layer that no saved file can hold."""

    def call(self, x):
        return x * 2


@keras.saving.register_keras_serializable("mine")
class Registered(layers.Layer):
    """One that is known in the process that saves it only."""

    def call(self, x):
        return x * 2


class OwnModel(keras.Model):
    """A model that is a class of the user's."""

    def call(self, x):
        return x


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)


@pytest.fixture
def evaluator(cache, tmp_path):
    def make(model, name="mine.keras", **knobs):
        path = tmp_path / name
        if model is not None:
            model.save(path)
        changes = {f"evaluation.{knob}": value for knob, value in knobs.items()}
        config = resolve([SMALL, {"evaluation.encoder": str(path), **changes}])
        config = Contents(cache).fill(config)
        return Evaluator(config, load_images(config.data, cache), cache)

    return make


def kid(made):
    """Of images that are half black: the KID of a real encoder is far from 0."""
    latents = rng.latents(made.count, 8, 0, "evaluation", 0)
    place = iter(range(100))

    def generate(batch):
        real = made.reference(next(place) * 128, 128).copy()
        real[:, : SIZE // 2] = 0
        return real

    return made.score(generate, latents, with_fid=False)["kid"]


def body(x):
    return layers.GlobalAveragePooling2D()(layers.Conv2D(8, 5, 2, activation="relu")(x))


def on(dtype="float32", shape=IMAGE):
    return keras.Input(shape, dtype=dtype)


def from_floats(*front):
    """A model whose first layers are `front`."""
    x = given = on()
    for layer in front:
        x = layer(x)
    return keras.Model(given, body(x))


def with_weights_of(model, of):
    for layer, other in zip(model.layers, of.layers, strict=False):
        layer.set_weights(other.get_weights())
    return model


def test_pixels_in_0_to_1_and_bytes_give_the_same_kid(evaluator):
    """One network, asked for in four ways; each is given what it was made for."""
    given = on()
    plain = keras.Model(given, body(given))
    conv = plain.layers[1].get_weights()
    values = {"plain": kid(evaluator(plain, "plain.keras"))}
    for name, dtype in (("uint8", "uint8"), ("int32", "int32"), ("float", "float32")):
        given = on(dtype)
        model = keras.Model(given, body(layers.Rescaling(1 / 255)(given)))
        model.layers[2].set_weights(conv)
        values[name] = kid(evaluator(model, f"{name}.keras"))
    assert values["plain"] > 1e-4
    assert values == pytest.approx(dict.fromkeys(values, values["plain"]), rel=1e-3)


def divided(x):
    return x / 127.5 - 1.0


def caffe(x):
    return keras.applications.vgg16.preprocess_input(x)


def torch(x):
    return keras.applications.densenet.preprocess_input(x)


@cache
def mobilenet():
    """Of Keras; built once for both kinds of file."""
    return keras.applications.MobileNetV3Small(
        input_shape=(32, 32, 3), include_top=False, weights=None, pooling="avg"
    )


BYTES = {
    "rescaling": lambda: from_floats(layers.Rescaling(1 / 255)),
    "rescaling to -1": lambda: from_floats(layers.Rescaling(1 / 127.5, offset=-1)),
    "after augmentation": lambda: from_floats(
        keras.Sequential([layers.RandomFlip(), layers.RandomRotation(0.1)]),
        layers.Rescaling(1 / 255),
    ),
    "after resizing": lambda: from_floats(layers.Resizing(20, 20), layers.Rescaling(1 / 255)),
    "normalization": lambda: from_floats(
        layers.Normalization(mean=[123.7, 116.3, 103.5], variance=[3409.0, 3262.0, 3290.0])
    ),
    "operations": lambda: from_floats(divided),
    "caffe": lambda: from_floats(caffe),
    "torch": lambda: from_floats(torch),
    "nested": lambda: keras.Sequential([on(), from_floats(layers.Rescaling(1 / 255))]),
    "mobilenet": mobilenet,
}
FLOATS = {
    "plain": lambda: from_floats(),
    "to bytes first": lambda: from_floats(layers.Rescaling(255)),
    "-1 to 1": lambda: from_floats(layers.Rescaling(2, offset=-1)),
    "normalization": lambda: from_floats(
        layers.Normalization(mean=[0.485, 0.456, 0.406], variance=[0.05, 0.05, 0.05])
    ),
    "bytes then small": lambda: from_floats(layers.Rescaling(255), layers.Rescaling(1 / 255)),
    "operations": lambda: from_floats(lambda x: (x - 0.5) * 2.0),
    "small later": lambda: from_floats(layers.Conv2D(3, 1), layers.Rescaling(1 / 255)),
}


@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize(
    ("make", "takes"),
    [
        *(pytest.param(one, True, id=f"bytes {name}") for name, one in BYTES.items()),
        *(pytest.param(one, False, id=f"floats {name}") for name, one in FLOATS.items()),
    ],
)
@pytest.mark.filterwarnings("ignore:.*HDF5 file")
def test_the_range_follows_from_the_first_layers(tmp_path, make, takes, ending):
    make().save(tmp_path / f"it{ending}")
    assert form(tmp_path / f"it{ending}").bytes is takes


@pytest.mark.parametrize("kind", ["caffe", "normalization", "after augmentation", "operations"])
def test_models_of_bytes_see_the_images(evaluator, kind):
    """Given [0, 1] they would hardly tell images apart; given bytes they do."""
    model = BYTES[kind]()
    made = evaluator(model)
    images = made.reference(0, 64)
    features = made._encoder(images)
    rgb = np.repeat(images, 3, axis=3).astype(np.float32)
    assert np.allclose(features, model(rgb, training=False), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float64", "mixed_bfloat16"])
def test_other_precisions_are_scored(evaluator, name):
    plain = from_floats()
    policy = keras.dtype_policies.DTypePolicy(name)
    given = keras.Input(IMAGE, dtype=policy.compute_dtype)
    conv = layers.Conv2D(8, 5, 2, activation="relu", dtype=policy)
    model = keras.Model(given, layers.GlobalAveragePooling2D(dtype=policy)(conv(given)))
    conv.set_weights(plain.layers[1].get_weights())
    made, reference = evaluator(model), evaluator(plain, "plain.keras")
    assert made._encoder(made.reference(0, 9)).dtype == np.float32
    assert kid(made) == pytest.approx(kid(reference), rel=0.1)
    assert made.identity != reference.identity


@pytest.mark.filterwarnings("ignore:.*HDF5 file")
def test_old_files_other_sizes_and_one_output_in_a_dictionary_are_scored(evaluator):
    assert kid(evaluator(from_floats(), "old.h5")) > 1e-4
    chain = keras.Sequential([layers.Conv2D(4, 3), layers.Flatten()])
    chain.build((None, *IMAGE))
    assert kid(evaluator(chain, "chain.keras")) > 1e-4
    given = on(shape=(24, 24, 3))
    assert kid(evaluator(keras.Model(given, body(given)), "other.keras")) > 1e-4
    given = keras.Input(IMAGE, name="x")
    assert kid(evaluator(keras.Model({"x": given}, {"features": body(given)}), "dict.keras")) > 1e-4


@pytest.mark.parametrize(
    "layer", [layers.Dropout(0.5), layers.GaussianNoise(1.0), layers.BatchNormalization()]
)
def test_what_only_training_needs_is_off_even_where_it_was_saved_switched_on(evaluator, layer):
    kids = [kid(evaluator(model)) for model in (always(layer),) * 2]
    assert kids[0] == kids[1] > 1e-4


def test_an_encoder_that_draws_at_random_is_refused():
    images = np.random.default_rng(0).integers(0, 256, (64, 8, 8, 3), np.uint8)
    noisy = compiled(lambda x: pooled(x + tf.random.normal(tf.shape(x))), 8, "bilinear")
    encoder = Encoder("custom", 8, "0" * 8, noisy, file="mine.keras")
    with pytest.raises(HarnessError, match=r"mine.keras gives other features for the same images"):
        check_behaviour(encoder, images, encoder(images))


def doubled(x):
    return x * 2


def own_model():
    model = OwnModel()
    model.build((None, *IMAGE))
    return model


def channels_first():
    given = keras.Input((3, SIZE, SIZE))
    return keras.Model(given, layers.Flatten()(given))


def two_outputs():
    given = on()
    return keras.Model(given, [body(given), layers.Flatten()(given)])


def two_inputs():
    one, other = on(), on()
    return keras.Model([one, other], body(one + other))


def always(layer):
    given = on()
    return keras.Model(given, layers.Flatten()(layer(body(given), training=True)))


def constant(value):
    given = on()
    return keras.Model(given, body(given) * 0.0 + value)


def learnt(kind):
    layer = kind()
    model = from_floats(layer)
    if kind is layers.Normalization:
        layer.adapt(np.random.default_rng(0).uniform(0, 255, (64, *IMAGE)))
    else:
        gamma, beta, mean, variance = layer.get_weights()
        layer.set_weights([gamma, beta, mean + 120, variance * 3600])
    return model


def sized(shape, **options):
    given = keras.Input(shape, **options)
    return keras.Model(given, layers.Flatten()(given))


def ending(function):
    given = on()
    return keras.Model(given, function(body(given)))


REFUSED = {
    "several outputs": (two_outputs, r"has 2 outputs \(global_average_pooling2d.*, flatten.*one"),
    "several inputs": (two_inputs, r"has 2 inputs \(input_layer.*keras\.Model\(input"),
    "lambda": (
        lambda: from_floats(layers.Lambda(lambda x: x * 2, name="twice")),
        r"has a Lambda layer \(twice\), whose Python code is not executed.*keras\.ops",
    ),
    "own layer": (
        lambda: from_floats(Own(name="it")),
        r"custom layer, Own \(it\).*layers of Keras",
    ),
    "registered": (lambda: from_floats(Registered()), r"custom layer, Registered"),
    "own model": (own_model, r"custom layer, OwnModel"),
    "own activation": (
        lambda: from_floats(layers.Conv2D(3, 1, activation=doubled, name="it")),
        r"custom function in a layer \(it: activation\)",
    ),
    "activation without a name": (
        lambda: from_floats(layers.Conv2D(3, 1, activation=lambda x: x * 2)),
        r"custom function in a layer \(conv2d.*: activation\)",
    ),
    "without an input": (
        lambda: keras.Sequential([layers.Conv2D(4, 3), layers.Flatten()]),
        r"has no declared inputs",
    ),
    "nested lambda": (
        lambda: keras.Sequential([on(), from_floats(layers.Lambda(lambda x: x))]),
        r"has a Lambda layer",
    ),
    "channels first": (channels_first, r"channels first \(None, 3, 16, 16\).*Permute"),
    "grey": (lambda: sized((SIZE, SIZE, 1)), r"takes 1 channels .*square RGB images"),
    "with alpha": (lambda: sized((SIZE, SIZE, 4)), r"takes 4 channels"),
    "not square": (lambda: sized((16, 24, 3)), r"square RGB images, not 16 x 24"),
    "flat": (lambda: keras.Sequential([keras.Input((12,)), layers.Dense(3)]), r"not \(None, 12\)"),
    "fixed batch": (
        lambda: sized(IMAGE, batch_size=8),
        r"takes only batches of 8 .*without a batch",
    ),
    "signed bytes": (lambda: sized(IMAGE, dtype="int8"), r"takes int8, which cannot hold pixels"),
    "truth": (lambda: sized(IMAGE, dtype="bool"), r"takes bool, which cannot hold pixels"),
    "too large": (
        lambda: keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(3, 40)]),
        r"does not take images of 16 x 16 x 3 \(.*(negative|40|size)",
    ),
    "class numbers": (
        lambda: ending(lambda x: keras.ops.argmax(x, axis=-1)),
        r"gives int.*number of a class",
    ),
    "one number": (lambda: ending(keras.ops.mean), r"gives an array \(\) for 2 images"),
    "rows that are no images": (
        lambda: ending(lambda x: keras.ops.reshape(x, (-1, 2))),
        r"gives an array \(8, 2\) for 2",
    ),
    "no features": (lambda: ending(lambda x: x[:, :0]), r"gives an array \(2, 0\)"),
    "across the batch": (
        lambda: ending(lambda x: x - keras.ops.mean(x, axis=0, keepdims=True)),
        r"other features when other images are in its batch: .* \(axis 0\)",
    ),
    "zeros": (lambda: constant(0.0), r"all 896 real images the same features"),
    "ones": (lambda: constant(1.0), r"all 896 real images the same features"),
    "dead": (lambda: ending(lambda x: keras.ops.relu(x - 1e6)), r"the same features, or nearly"),
    "not finite": (lambda: constant(np.nan), r"not finite for 896 of 896 real images"),
    "infinite where black": (
        lambda: ending(lambda x: 1.0 / x),
        r"not finite for \d+ of",
    ),
    "tiny": (
        lambda: ending(lambda x: x * 1e-30),
        r"spread by .* only, so every KID would be near 0",
    ),
    "untrained": (
        lambda: ending(layers.Dense(1000, activation="softmax")),  # as classifiers of ImageNet
        r"every KID would be near 0",
    ),
    "huge": (lambda: ending(lambda x: x * 1e30), r"features of \de\+\d+ for real.*normalises"),
    "learnt normalization": (
        lambda: learnt(layers.Normalization),
        r"pixels from 0 to 255.*mean of 12",
    ),
    "learnt batch norm": (
        lambda: learnt(layers.BatchNormalization),
        r"pixels from 0 to 255.*Rescaling",
    ),
}


@pytest.mark.filterwarnings("ignore:.*(not yet been built|lambda)")
@pytest.mark.parametrize("kind", REFUSED)
def test_what_can_be_no_encoder_is_named(evaluator, kind):
    make, said = REFUSED[kind]
    with pytest.raises(HarnessError, match=said) as caught:
        evaluator(make())
    message = str(caught.value)
    assert message.startswith("evaluation.encoder: ")
    assert "mine.keras" in message
    assert "\n" not in message


def files(folder):
    """Files that are no encoder, by name, and what is said of each."""
    model = from_floats()
    model.save(folder / "whole.keras")
    content = (folder / "whole.keras").read_bytes()
    model.save_weights(folder / "only.weights.h5")
    (folder / "only.weights.h5").rename(folder / "only.h5")
    model.export(folder / "exported", verbose=False)
    (folder / "folder").mkdir()
    (folder / "text.keras").write_text("no model")
    (folder / "empty.keras").touch()
    (folder / "torn.keras").write_bytes(content[: len(content) // 2])
    (folder / "renamed.zip").write_bytes(content)
    zeroed = bytearray(content)
    place = content.index(b"conv2d/vars") if b"conv2d/vars" in content else len(content) // 2
    zeroed[place : place + 1000] = bytes(1000)
    (folder / "zeroed.keras").write_bytes(zeroed)
    (folder / "lite.tflite").write_bytes(b"\x1c\0\0\0TFL3" + bytes(100))
    tf.io.write_file(str(folder / "graph.pb"), b"\x0a\x10graph")
    return {
        "nowhere.keras": "there is no file .*nowhere.keras",
        "only.h5": "holds weights only: load them",
        "exported": r"is a TensorFlow SavedModel folder.*model\.save\('NAME\.keras'\)",
        "folder": "is a folder, but an encoder is one file",
        "text.keras": "is not a saved Keras model",
        "empty.keras": "is not a saved Keras model",
        "torn.keras": "is damaged",
        "renamed.zip": r"name must end in \.keras; rename",
        "zeroed.keras": "is damaged",
        "lite.tflite": "not a saved Keras model but a TensorFlow Lite one",
        "graph.pb": "is not a saved Keras model",
    }


def test_what_is_no_model_is_named(evaluator, tmp_path):
    for name, said in files(tmp_path).items():
        with pytest.raises(HarnessError, match=said) as caught:
            evaluator(None, name)
        assert str(tmp_path / name) in str(caught.value)
    assert kid(evaluator(None, "whole.keras")) > 1e-4


def test_a_file_that_changed_since_the_plan_is_refused(cache, tmp_path):
    path = tmp_path / "mine.keras"
    from_floats().save(path)
    config = Contents(cache).fill(resolve([SMALL, {"evaluation.encoder": str(path)}]))
    from_floats(layers.Rescaling(2)).save(path)
    with pytest.raises(HarnessError, match="not the file that the study was planned with"):
        Evaluator(config, load_images(config.data, cache), cache)


def test_features_that_are_not_finite_for_generated_images_end_the_scoring(evaluator, monkeypatch):
    made = evaluator(from_floats())
    monkeypatch.setattr(
        made, "_encoder", lambda images: np.full((len(images), 8), np.nan, np.float32)
    )
    made._encoder.title = "mine.keras"
    with pytest.raises(HarnessError, match="not finite for 896 of 896 generated images"):
        kid(made)
