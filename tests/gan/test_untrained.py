"""Scores of untrained generators: equal images are encoded once, others and other ways anew."""

import numpy as np
import pytest

from harness.config.patch import resolve
from harness.gan.data import load_images
from harness.gan.encoders import Encoder
from harness.gan.evaluate import Evaluator
from harness.gan.graph_cache import GraphCache
from harness.gan.train.program import Programs
from harness.gan.train.session import Session
from tests.conftest import TINY

pytestmark = pytest.mark.tf

ONE_THREAD = {"device": "CPU", "threads": 1}


@pytest.fixture
def trial(encoder_file, cache, tmp_path, monkeypatch):
    """Scores of the untrained generator of a trial, and how many batches were encoded for them."""
    batches = []
    encode = Encoder.__call__
    programs = Programs()

    def counted(encoder, images):
        batches.append(len(images))
        return encode(encoder, images)

    def score(arithmetic=ONE_THREAD, plugins=None, **knobs):
        changes = {name.replace("__", "."): value for name, value in knobs.items()}
        config = resolve([TINY, {"evaluation.encoder": str(encoder_file), **changes}])
        images = load_images(config.data, cache)
        graphs = arithmetic and GraphCache(tmp_path / "graphs", arithmetic)
        measured = config.model_copy(update={"plugins": plugins or {}})
        evaluator = Evaluator(measured, images, tmp_path, graphs)
        session = Session(config, images, evaluator, programs.get(config))
        batches.clear()
        scores = session.score_values(0)
        del scores["evaluation_seconds"]
        return scores, len(batches)

    monkeypatch.setattr(Encoder, "__call__", counted)
    return score


def test_of_trials_that_begin_with_the_same_images_the_first_is_scored(trial):
    scores, encoded = trial(training__kimg=0.2)
    assert encoded > 0
    assert trial(optimizer__generator__beta_1=0.9) == (scores, 0)
    assert trial(arithmetic=None) == (scores, encoded)  # the same without anything kept


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 1},
        {"generator__width": 4},
        {"evaluation__resizer": "bicubic"},
        {"arithmetic": {**ONE_THREAD, "threads": 2}},
        {"plugins": {"losses": {"mine": "0" * 8}}},
    ],
)
def test_what_differs_is_scored(trial, other):
    _, encoded = trial()
    assert trial(**other)[1] == encoded


def test_a_damaged_entry_is_made_again(trial, tmp_path, capsys):
    scores, encoded = trial()
    (file,) = (tmp_path / "untrained").glob("*/scores.json")
    file.write_text(file.read_text().replace("1", "2"))
    assert trial() == (scores, encoded)
    assert "rebuilt" in capsys.readouterr().err


def test_trained_generators_are_scored_anew(trial, tmp_path):
    """Of any trial: only what no training has changed is shared."""
    made = []

    class Judge:
        identity, count = "judge", 8

        def score(self, generate, inputs, with_fid):
            made.append("trained")
            return {"kid": float(np.mean(generate(inputs)))}

        def score_untrained(self, generate, inputs):
            made.append("untrained")
            return {"kid": float(np.mean(generate(inputs)))}

    config = resolve([TINY])
    images = load_images(config.data, tmp_path)
    session = Session(config, images, Judge(), Programs().get(config))
    for _ in session.events(lambda: False):
        pass
    assert made == ["untrained", *["trained"] * (len(config.evaluation_iterations) - 1)]
