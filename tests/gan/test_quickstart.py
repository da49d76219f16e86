"""The reference of the quickstart, whose report is the first one that a new user sees."""

from pathlib import Path

import numpy as np
import pytest

from harness.config.patch import resolve
from harness.config.study import read
from harness.gan.data import load_images
from harness.gan.evaluate import Evaluator, batches_of
from harness.gan.labels.condition import sampled_inputs
from harness.gan.train.events import Scores
from harness.gan.train.session import Session
from harness.metrics.neighbours import squared_distances
from tests.training import PROGRAMS

STUDIES = Path(__file__).parents[2] / "studies"
COUNT = 512  # digits that are read


@pytest.mark.slow
def test_its_digits_are_readable_and_its_kid_has_stopped_falling(cache):
    study = read("quickstart", STUDIES).study
    config = resolve([study.baseline])
    images = load_images(config.data, cache)
    session = Session(config, images, Evaluator(config, images, cache), PROGRAMS.get(config))
    events = list(session.events(lambda: False))
    kids = [event.values["kid"] for event in events if isinstance(event, Scores)]
    margin = study.equivalence * (kids[0] - kids[-1])
    assert kids[-2] - kids[-1] <= margin, kids

    inputs = sampled_inputs(config.generator, session.gan.condition, COUNT, 0, "reading")
    made = np.concatenate(list(batches_of(session.generate, inputs, COUNT)))
    apart = squared_distances(made.reshape(COUNT, -1), images.train.reshape(len(images.train), -1))
    read_as = images.train_labels[apart.argmin(axis=1)]  # as the digit that looks most alike
    assert np.mean(read_as == inputs.labels) > 0.9
