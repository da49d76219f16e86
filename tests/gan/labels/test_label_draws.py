"""Labels of the data set, from image to batch, and the classes that are generated."""

import math

import numpy as np
import pytest
import tensorflow as tf

from harness.core import rng
from harness.core.errors import HarnessError
from harness.core.grids import SIDE
from harness.gan.data import load_images
from harness.gan.labels.condition import Condition, in_rows, sampled_inputs
from harness.gan.labels.labelled import Labelled, gathered
from harness.gan.latents import sampled
from harness.gan.random import Counters, uniform
from harness.gan.train.batches import Batches
from harness.gan.train.forward import classes, latents
from harness.gan.train.program import Program
from harness.gan.train.session import GRID, Session
from harness.gan.train.state import build
from tests.gan.labels.labelling import COUNTERS, Judge, conditioned

pytestmark = pytest.mark.tf


@pytest.mark.parametrize("resident", [False, True])
def test_every_gathered_image_has_its_own_label(tiny, cache, resident):
    """From the data set through a subset, the batches and the gathering on the device."""
    config = tiny({**conditioned("concat"), "data.train_images": 500})
    images = load_images(config.data, cache)
    known = {bytes(image): label for image, label in zip(*images[0:3:2], strict=True)}
    assert len(set(known.values())) == 10
    batches = Batches(images.train, 16, 0, resident=resident, labels=images.train_labels)
    for first in (0, 29):  # across the end of an epoch
        given, indices = batches.call(first, 3, 1)
        chosen = gathered(given, tf.constant(indices[1]))
        assert chosen.values.shape == (1, 16, 16, 16, 1)
        assert chosen.labels.dtype == tf.int32
        for image, label in zip(chosen.values[0].numpy(), chosen.labels[0].numpy(), strict=True):
            assert known[bytes(image)] == label


def test_what_the_discriminator_is_shown_with_a_label_is_that_labels_image(tiny):
    """In the compiled loop, as a session runs it: each image carries its label in its pixels."""
    config = tiny({**conditioned("concat"), "augmentation.policy": "none"})
    labels = np.arange(64) % 10
    data = np.broadcast_to(labels[:, None, None, None], (64, 16, 16, 1)).astype(np.uint8)
    program = Program(config, 1)
    seen = []
    discriminator = program.gan.members[0].discriminator
    original = discriminator.with_features

    def spy(x, run):
        tf.py_function(lambda *a: seen.append([part.numpy() for part in a]), [x, run.labels], [])
        return original(x, run)

    discriminator.with_features = spy
    program.reset(config, labels)
    batches = Batches(data, 16, 0, labels=labels)
    program.run(*batches.call(0, 3, 1), 0)
    assert len(seen) == 6
    for number in range(3):
        # the pass on real images is the one whose pixels are all the same
        (shown, told) = next(pair for pair in seen[2 * number :] if np.ptp(pair[0][0]) == 0)
        np.testing.assert_array_equal(np.rint(shown[:, 0, 0, 0] * 255), told)
        np.testing.assert_array_equal(told, labels[batches.indices(number)])


@pytest.mark.parametrize("name", ["none", "infogan"])
def test_where_labels_are_not_used_the_loop_is_given_none(tiny, cache, name):
    config = tiny(conditioned(name))
    images = load_images(config.data, cache)
    session = Session(config, images, Judge(), Program(config, 1))
    given, _ = session.batches.call(0, 1, 1)
    assert tf.is_tensor(given)


def test_a_data_set_that_has_other_labels_than_the_catalogue_says_is_refused(tiny, cache):
    config = tiny(conditioned("concat"))
    images = load_images(config.data, cache)
    program = Program(config, 1)
    with pytest.raises(HarnessError, match=r"10 classes are known.*go up to 10"):
        Session(config, images._replace(train_labels=images.train_labels + 1), Judge(), program)
    with pytest.raises(HarnessError, match="digits have no labels"):
        Session(config, images._replace(train_labels=None), Judge(), program)


def test_classes_are_drawn_as_often_as_they_are_in_training():
    condition = Condition(4)
    condition.count(np.repeat([0, 2], [100, 300]))  # none of class 1, and none of class 3
    for drawn in (
        condition.draw((40000,), tf.constant([1, 2])).numpy(),
        condition.sampled(40000, 5, "evaluation", 0),
    ):
        assert drawn.dtype == np.int32
        shares = np.bincount(drawn, minlength=4) / 40000
        deviation = math.sqrt(0.25 * 0.75 / 40000)
        np.testing.assert_allclose(shares, [0.25, 0, 0.75, 0], atol=4 * deviation)
        assert shares[1] == shares[3] == 0
    condition.reset()
    shares = np.bincount(condition.draw((40000,), tf.constant([1, 2])).numpy()) / 40000
    np.testing.assert_allclose(shares, 0.25, atol=4 * deviation)


def test_a_draw_is_the_class_of_the_training_image_it_falls_on():
    """By hand: of 1, 0, 3 and 2 images, a share u falls on image floor(6 u) of those sorted."""
    condition = Condition(4)
    condition.count(np.array([3, 2, 0, 2, 3, 2]))
    by_class = np.array([0, 2, 2, 2, 3, 3])
    seed = tf.constant([3, 4])
    places = np.floor(uniform((500,), seed).numpy() * 6).astype(int)
    np.testing.assert_array_equal(condition.draw((500,), seed), by_class[places])
    places = np.floor(rng.generator(7, "x", "labels").random(500) * 6).astype(int)
    np.testing.assert_array_equal(condition.sampled(500, 7, "x"), by_class[places])


def test_generated_classes_have_a_stream_of_their_own(tiny):
    plain, gan = build(tiny(), 1), build(tiny(conditioned("concat")), 1)
    np.testing.assert_array_equal(latents(plain, 16, COUNTERS), latents(gan, 16, COUNTERS))
    one = classes(gan, 16, COUNTERS)
    np.testing.assert_array_equal(one, classes(gan, 16, COUNTERS))
    assert not np.array_equal(one, classes(gan, 16, Counters(tf.constant(1), 0)))
    assert classes(plain, 16, COUNTERS) is None
    # parts of an accumulated batch are those of one draw
    halves = build(tiny({**conditioned("concat"), "training.accumulation": 2}), 1)
    parts = [
        classes(halves, 8, COUNTERS._replace(micro_batch=tf.constant(part))) for part in range(2)
    ]
    np.testing.assert_array_equal(np.concatenate(parts), one)


def test_evaluations_have_the_latents_of_other_trials_and_classes_of_their_own(tiny):
    config, condition = tiny().generator, Condition(10)
    inputs = sampled_inputs(config, condition, 50, 3, "evaluation", 1)
    np.testing.assert_array_equal(inputs.values, sampled(config, 50, 3, "evaluation", 1))
    again = sampled_inputs(config, condition, 50, 3, "evaluation", 1)
    np.testing.assert_array_equal(inputs.labels, again.labels)
    other = sampled_inputs(config, condition, 50, 3, "evaluation", 2)
    assert not np.array_equal(inputs.labels, other.labels)
    assert not isinstance(sampled_inputs(config, None, 50, 3, "evaluation", 1), Labelled)


@pytest.mark.parametrize("values", [2, 3, 4, 6, 10, 36, 200])
def test_a_grid_has_a_row_a_class_where_there_are_few(values):
    labels = in_rows(values, SIDE)
    assert labels.shape == (GRID,)
    assert (np.diff(labels) >= 0).all()
    assert labels.max() < values
    if values <= SIDE:
        rows = labels.reshape(SIDE, SIDE)
        assert (rows == rows[:, :1]).all()
    if values <= GRID:
        counts = np.bincount(labels, minlength=values)
        assert counts.min() >= 1
        assert np.ptp(counts) <= (SIDE if values <= SIDE else 1)
