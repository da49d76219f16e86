"""Trainings with labels: their bits, what is kept of them, and their images."""

import math
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from harness.config.catalog import CONDITIONINGS
from harness.config.patch import flatten
from harness.gan.data import load_images
from harness.gan.evaluate import BATCH, Evaluator
from harness.gan.labels.condition import sampled_inputs
from harness.gan.labels.labelled import Labelled, gathered
from harness.gan.latents import sampled
from harness.gan.numbers import structure
from harness.gan.sampling import write_samples
from harness.gan.train.ensemble import Ensemble
from harness.gan.train.program import Program
from harness.gan.train.session import Session
from harness.gan.train.state import build
from tests.gan.labels.labelling import Judge, conditioned
from tests.training import PROGRAMS, batches_of, same, train, train_eagerly, weights

pytestmark = pytest.mark.tf


def test_off_it_adds_nothing(tiny):
    """No variable, no draw, no statistic."""
    gan = build(tiny(), 1)
    assert gan.condition is None
    assert gan.terms == {"discriminator": (), "generator": ()}
    assert not any("class" in name or "condition" in name for name in gan.variables())


def several(name):
    """Of one structure for all tests, so that they share a program; of one kind, two updates."""
    twice = {"training.discriminator_steps": 2} if name == "projection" else {}
    return {**conditioned(name), **twice}


@pytest.mark.parametrize("name", list(CONDITIONINGS))
def test_the_length_of_calls_changes_no_bit_and_it_is_traced_once(tiny, name):
    config = tiny(several(name))
    gan, loop = train(config, calls=[4])
    whole = weights(gan)
    train(config, calls=[2, 1, 1])
    assert loop.traces == 1
    assert same(whole, weights(gan))


def test_accumulated_parts_take_their_own_labels(tiny):
    """Where nothing couples images, two halves teach together what the whole batch does."""
    quiet = {
        **conditioned("acgan"),
        "generator.normalization": "none",
        "discriminator.normalization": "none",
        "discriminator.dropout": 0.0,
        "augmentation.policy": "none",
    }
    (_, whole), (_, parts) = (
        train_eagerly(tiny({**quiet, "training.accumulation": count}), 2) for count in (1, 2)
    )
    assert parts == [pytest.approx(row, rel=1e-4) for row in whole]


ELSE = {
    "generator.hidden_dense": 1,
    "generator.skip_z": True,
    "discriminator.hidden_dense": 1,
    "discriminator.minibatch": "stddev",
    "discriminator.spectral_norm": True,
    "generator.spectral_norm": True,
    "training.precision": "bfloat16",
    "training.update": "alternating",
    "training.members": 2,
    "training.generator_steps": 2,
    "penalties.gradient.weight": 10.0,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", list(CONDITIONINGS))
def test_it_goes_with_what_else_a_training_may_be(tiny, name):
    """Step by step: compiling such a program takes ten times as long as its steps."""
    config = tiny({**conditioned(name, every_block=True), **ELSE})
    ensemble, batches = Ensemble(config, 1), batches_of(config)
    for iteration in range(4):
        images, indices = batches.call(iteration, 1, config.training.discriminator_steps)
        told = ensemble.iterate(gathered(images, indices[0]), tf.constant(iteration))
        assert all(math.isfinite(value) for value in told.values())
    for member in ensemble.members:
        assert float(tf.norm(member.generator.variables["generator/stem/kernel"].value)) > 0


@pytest.mark.slow
def test_a_compiled_one_goes_with_what_else_a_training_may_be(tiny):
    gan, loop = train(tiny({**conditioned("projection", every_block=True), **ELSE}), iterations=4)
    assert not loop.diverged
    assert all(math.isfinite(value) for value in loop.read().values())
    assert float(tf.norm(gan.generator.variables["generator/stem/kernel"].value)) > 0


def test_another_number_of_classes_is_another_program(tiny):
    folder = {"data.name": "folder", "data.path": "photos", "augmentation.policy": "none"}
    knobs = flatten(tiny({**folder, **conditioned("concat")}))
    names = {structure({**knobs, "labels.classes": classes}) for classes in (3, 4)}
    assert len(names) == 2


def skewed(images):
    """Training images of three classes alone."""
    kept = images.train_labels < 3
    return images._replace(train=images.train[kept], train_labels=images.train_labels[kept])


@pytest.fixture(params=["projection", "infogan"])
def session(request, tiny, cache):
    """A function that begins a session of this trial anew; all of them have one program."""
    length = {"training.kimg": 0.256, "training.evaluations": 2}
    config = tiny({**several(request.param), **length})
    images = skewed(load_images(config.data, cache))
    return lambda: Session(config, images, Judge(), PROGRAMS.get(config))


def test_a_resumed_training_is_the_same_and_so_are_its_images(session, tmp_path):
    whole = session()
    list(whole.events(lambda: False))
    trained, grid = weights(whole.gan), whole.grid()
    assert any("counts" in name for name in trained)
    part, path = session(), tmp_path / "checkpoint.npz"
    list(part.events(lambda: part.iteration >= 3))
    part.save(path)
    rest = session()
    rest.restore(path)
    list(rest.events(lambda: False))
    assert same(trained, weights(rest.gan))
    np.testing.assert_array_equal(whole.evaluator.images[-1], rest.evaluator.images[-1])
    np.testing.assert_array_equal(grid, rest.grid())


def test_a_kept_generator_knows_the_frequencies_of_the_classes(session, cache, tmp_path):
    """So that its images can be made without the data set."""
    whole = session()
    list(whole.events(lambda: False))
    config, condition, grid = whole.config, whole.gan.condition, whole.grid()
    labels = skewed(load_images(config.data, cache)).train_labels
    counts = np.bincount(labels, minlength=10) if config.labels.of_images else np.ones(10)
    np.testing.assert_array_equal(condition.counts, counts)
    for number, inputs in enumerate(whole.evaluator.inputs):
        expected = condition.sampled(20, config.seed, "evaluation", number)
        np.testing.assert_array_equal(inputs.labels, expected)
    generators = tmp_path / "generators"
    whole.save_generator(generators / "1.npz")
    target = write_samples(config, generators, 40, tmp_path / "samples.npz", cache=cache)
    inputs = sampled_inputs(config.generator, condition, BATCH, config.seed, "export", 0)
    made = np.load(Path(target))["images"]
    difference = made.astype(int) - whole.generate(inputs)[:40]
    assert np.abs(difference).max() <= 1  # compiled or not rounds otherwise
    write_samples(config, generators, 3, tmp_path / "pictures", cache=cache)
    pictures = sorted((tmp_path / "pictures").glob("*.png"))
    assert len(pictures) == 3
    for path, image in zip(pictures, made, strict=False):
        np.testing.assert_array_equal(np.asarray(Image.open(path)), image[..., 0])
    fresh = session()
    fresh.load_generator(generators / "1.npz")
    np.testing.assert_array_equal(fresh.grid(), grid)


def test_a_shared_program_takes_the_frequencies_of_each_trial(tiny, cache):
    """As its seed: the second trial's images are those of a fresh program."""
    length = {"training.kimg": 0.064, "training.evaluations": 1}
    config = tiny({**several("concat"), **length})
    images = load_images(config.data, cache)
    program = PROGRAMS.get(config)
    list(Session(config, skewed(images), Judge(), program).events(lambda: False))
    found = []
    for used in (program, Program(config, 1)):
        session = Session(config, images, Judge(), used)
        list(session.events(lambda: False))
        found.append(session)
    assert program.loop.traces == 1
    assert same(*(weights(session.gan) for session in found))
    np.testing.assert_array_equal(*(session.evaluator.images[-1] for session in found))


def test_the_evaluator_gives_every_latent_its_class(tiny, cache):
    config = tiny(conditioned("concat"))
    evaluator = Evaluator(config, load_images(config.data, cache), cache)
    inputs = Labelled(
        np.arange(128, dtype=np.float32)[:, None] * np.ones((1, 16), np.float32),
        np.arange(128, dtype=np.int32) % 10,
    )
    seen = []

    def generate(batch):
        assert batch.values.shape == (BATCH, 16)
        seen.extend(zip(batch.values[:, 0], batch.labels, strict=True))
        return np.zeros((BATCH, 16, 16, 1), np.uint8)

    evaluator.score(generate, inputs, with_fid=False)
    assert seen == [(n, n % 10) for n in range(128)]


@pytest.mark.slow
def test_a_conditional_generator_learns_which_digit_is_which(tiny, cache):
    """The mean image of each class is nearest to the mean real image of that class."""
    config = tiny(
        {
            **conditioned("projection"),
            "generator.width": 32,
            "discriminator.width": 32,
            "training.kimg": 60.0,
            "augmentation.policy": "none",
        }
    )
    images = load_images(config.data, cache)
    session = Session(config, images, Judge(), Program(config, 1))
    list(session.events(lambda: False))
    z = sampled(config.generator, 1000, 0, "test")
    made = session.generate(Labelled(z, np.arange(1000, dtype=np.int32) % 10)).astype(float)
    mine = np.stack([made[c::10].mean(axis=0).ravel() for c in range(10)])
    theirs = np.stack(
        [images.train[images.train_labels == c].mean(axis=0).ravel() for c in range(10)]
    )
    distance = ((mine[:, None] - theirs[None]) ** 2).sum(axis=2)
    assert (distance.argmin(axis=1) == np.arange(10)).sum() >= 9
