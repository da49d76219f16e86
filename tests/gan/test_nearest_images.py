"""Nearest training images in an encoder's features: the search, its cache, and who copies."""

from pathlib import Path

import numpy as np
import pytest

from harness.config.patch import resolve
from harness.gan import evaluate, nearest_images
from harness.gan.data import load_images
from harness.gan.evaluate import Evaluator
from harness.metrics.nearest import Nearness, copies

pytestmark = pytest.mark.tf

DIGITS = {"data.name": "digits", "data.image_size": 16, "training.kimg": 20.0,
          "evaluation.encoder": "classifier", "evaluation.samples": 400,
          "evaluation.protocol": "subsets", "evaluation.subset_size": 200}  # fmt: skip


LATENTS = np.zeros((400, 64), np.float32)


@pytest.fixture
def known(cache):
    return load_images(resolve([DIGITS]).data, cache)


@pytest.fixture
def evaluator(known, cache):
    def make(**knobs):
        return Evaluator(resolve([DIGITS, knobs]), known, cache)

    return make


def batches(images):
    return (np.asarray(images[at : at + 128]) for at in range(0, len(images), 128))


def sign(nearest):
    told = Nearness(*(nearest.values[name] for name in Nearness._fields))
    return copies(told, nearest.values["generated"], nearest.values["validation"])


def test_each_image_stands_left_of_its_nearest_training_image(evaluator, known):
    made = evaluator()
    shown = np.asarray(known.validation[:36])
    nearest = made.nearest(shown, batches(known.validation[:100]))
    encode = made._encoder
    training = encode(np.asarray(known.train)).astype(float)
    for images, pairs in ((shown, nearest.generated), (made.reference(0, 36), nearest.validation)):
        np.testing.assert_array_equal(pairs[::2], images)
        for feature, near in zip(encode(images).astype(float), pairs[1::2], strict=True):
            place = np.linalg.norm(training - feature, axis=1).argmin()
            np.testing.assert_array_equal(near, known.train[place])
    counts = {name: nearest.values[name] for name in ("validation", "searched", "training")}
    assert counts == {"validation": 400, "searched": 898, "training": 898}


def test_a_generator_that_returns_training_images_is_flagged(evaluator, known):
    copied = np.asarray(known.train[:400])
    nearest = evaluator().nearest(copied[:36], batches(copied))
    assert nearest.values["median"] == 0.0
    np.testing.assert_array_equal(nearest.generated[::2], nearest.generated[1::2])
    assert sign(nearest)


def test_one_that_returns_new_images_of_the_same_distribution_is_not(evaluator, known):
    made = evaluator()
    unseen = np.asarray(known.validation[np.sort(evaluate.compared_order(known)[400:])])
    nearest = made.nearest(unseen[:36], batches(unseen))
    assert 0.4 < nearest.values["nearer"] < 0.6
    assert not sign(nearest)


def test_features_of_training_images_are_read_and_written_in_parts(evaluator, known, monkeypatch):
    """All of them, or what is mapped of their file, would be the largest piece of a worker."""
    monkeypatch.setattr(nearest_images, "CHUNK", 128)
    first = evaluator()
    nearest = first.nearest(np.asarray(known.train[:36]), batches(known.train[:60]))
    assert nearest.values["median"] == 0.0
    file = first._neighbours._file
    np.testing.assert_array_equal(np.load(file), first._encoder(np.asarray(known.train)))
    assert [len(part) for part in nearest_images._read(file)] == [*[128] * 7, 2]
    assert str(file) not in Path("/proc/self/maps").read_text()


def test_images_of_the_last_evaluation_are_not_encoded_again(evaluator, known, monkeypatch):
    monkeypatch.setattr(evaluate, "CHECKED", 300)
    made, encoded = evaluator(), []
    images = np.asarray(known.train[:400])
    expected = evaluator().nearest(images[:36], batches(images[:300]))
    place = iter(range(0, 512, 128))
    made.score(lambda _: np.resize(images[next(place) :], (128, 16, 16, 1)), LATENTS, False)
    encode = type(made._encoder).__call__
    monkeypatch.setattr(
        type(made._encoder), "__call__", lambda *given: encoded.append(given[1]) or encode(*given)
    )
    assert made.nearest(images[:36], batches(images[:300])).values == expected.values
    assert [len(batch) for batch in encoded] == [36]
    encoded.clear()
    other = images[:300].copy()
    other[200] = 255 - other[200]
    changed = made.nearest(images[:36], batches(other))
    assert [len(batch) for batch in encoded] == [128, 36]  # the one with another image
    assert changed.values == evaluator().nearest(images[:36], batches(other)).values


def test_of_a_large_set_a_part_is_searched(evaluator, known, monkeypatch):
    monkeypatch.setattr(nearest_images, "SEARCHED", 100)
    monkeypatch.setattr(evaluate, "SEARCHED", 100)
    nearest = evaluator().nearest(np.asarray(known.train[:36]), batches(known.train[:60]))
    assert (nearest.values["searched"], nearest.values["training"]) == (100, 898)
    assert nearest.values["generated"] == 60


def test_features_of_training_images_are_made_once(evaluator, known, monkeypatch):
    real = np.asarray(known.validation[:36])
    first = evaluator().nearest(real, batches(real))
    monkeypatch.setattr(nearest_images.Neighbours, "_keep", None)
    again = evaluator().nearest(real, batches(real))
    assert again.values == first.values
    assert evaluator().checked == 400


def test_other_training_images_have_other_features(cache, known):
    """By content, not by name: another subset of as many images is another entry."""
    identities = {
        load_images(resolve([DIGITS, {"data.train_images": 50, "data.subset_seed": seed}]).data,
                    cache).train_identity
        for seed in (0, 1)
    }  # fmt: skip
    assert len(identities | {known.train_identity}) == 3
