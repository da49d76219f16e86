"""A trained generator as a Keras model makes the very images that the record shows."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from harness.core.errors import HarnessError
from harness.core.grids import SIDE
from harness.gan.data import load_images
from harness.gan.generator_model import Generator
from harness.gan.labels.condition import in_rows
from harness.gan.train.program import Program
from harness.gan.train.session import Session

pytestmark = pytest.mark.tf
KINDS = {
    "plain": {},
    "tanh in [-1, 1]": {
        "generator.output_activation": "tanh",
        "training.pixel_range": "minus_one_one",
    },
    "with classes": {"labels.conditioning": "concat"},
    "two members": {"training.members": 2},
    "uniform latents": {"generator.latent": "uniform"},
}


@pytest.fixture(scope="module", params=KINDS.values(), ids=KINDS)
def trained(request, tiny, tmp_path_factory):
    """A generator of any kind in a trial's folder, and its session."""
    config = tiny(request.param)
    folder = tmp_path_factory.mktemp("generators")
    images = load_images(config.data, folder / "cache")
    session = Session(config, images, None, Program(config, 1))
    average = session.gan.average.variables
    for number, variable in enumerate(average.values()):  # not as it began
        noise = tf.random.stateless_normal(variable.shape, (1, number), stddev=0.05)
        variable.assign(tf.cast(variable.value, tf.float32) + noise)
    session.save_generator(folder / "00000040.npz")
    return session, Generator(config, folder)


def as_bytes(images):
    return np.rint(np.asarray(images) * 255).astype(np.uint8)


def test_its_images_are_those_of_the_sample_grid(trained):
    session, model = trained
    inputs = model.latents(SIDE * SIDE)
    if model.classes:
        inputs = [inputs[0], in_rows(model.classes, SIDE)]
    made = as_bytes(model(inputs))
    assert np.array_equal(made, session.grid())
    assert made.std() > 0
    assert np.array_equal(as_bytes(model.predict(inputs, batch_size=36, verbose=0)), made)


def test_it_is_a_model_of_keras(trained):
    session, model = trained
    assert isinstance(model, keras.Model)
    held = session.gan.average.variables.values()
    assert model.count_params() == sum(int(tf.size(variable.value)) for variable in held)
    made = model(model.latents(3))
    assert made.shape == (3, 16, 16, 1)
    assert made.dtype == tf.float32
    assert 0.0 <= float(tf.reduce_min(made)) <= float(tf.reduce_max(made)) <= 1.0


def test_latents_have_a_gradient(trained):
    _, model = trained
    given = model.latents(2)
    values, *labels = given if model.classes else [given]
    latents = tf.constant(values)
    with tf.GradientTape() as tape:
        tape.watch(latents)
        mean = tf.reduce_mean(model([latents, *labels] if labels else latents))
    assert float(tf.norm(tape.gradient(mean, latents))) > 0


def test_other_inputs_are_refused(trained):
    _, model = trained
    with pytest.raises(HarnessError, match="this generator takes"):
        model([model.latents(2), np.zeros(2, np.int32), np.zeros(2)])
    wrong = np.zeros((2, 7), np.float32)
    with pytest.raises(HarnessError, match=r"latents have the shape \(n, 16\), not \(2, 7\)"):
        model([wrong, np.zeros(2, np.int32)] if model.classes else wrong)


def test_a_translation_has_no_latents(tiny, tmp_path):
    config = tiny({"translation.source": "edges"})
    with pytest.raises(HarnessError, match="a translation makes images of images"):
        Generator(config, tmp_path)
