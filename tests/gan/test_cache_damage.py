"""Every kind of cache with a zeroed page: found, made again, said, and the same KID as before."""

import pytest

from harness.config.inputs.content import Contents
from harness.config.patch import resolve
from harness.core import cache as caches
from harness.gan import classifier
from harness.gan.data import load_images
from harness.gan.evaluate import Evaluator
from tests.damage import zero
from tests.gan.test_evaluate import SMALL, noise_images, score

pytestmark = pytest.mark.tf


def evaluate(cache, **knobs):
    """A KID from nothing but what is kept; what is said on the way, and where."""
    changes = {f"evaluation.{name}": value for name, value in knobs.items()}
    config = Contents(cache).fill(resolve([SMALL, {"evaluation.protocol": "blocks", **changes}]))
    images = load_images(config.data, cache)
    made = Evaluator(config, images, cache)
    row = score(made, noise_images)
    row["identity"] = made.identity
    return row, [*images.notes, *made.notes]


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        ("data/*/images.npy", "decoded images (digits test 16 px)"),
        ("data/*/labels.npy", "decoded images (digits test 16 px)"),
        ("data/*/about.json", "decoded images (digits test 16 px)"),
        ("data/*/digests.json", "decoded images (digits test 16 px)"),
        ("features/*/real.npy", "features of the real images"),
        ("features/*/digests.json", "features of the real images"),
    ],
)
def test_a_damaged_page_changes_no_kid_and_is_said(encoder_file, tmp_path, pattern, what, capfd):
    before, said = evaluate(tmp_path, encoder=str(encoder_file))
    assert said == []
    for file in tmp_path.glob(pattern):
        zero(file)
    after, said = evaluate(tmp_path, encoder=str(encoder_file))
    assert after == before
    told = [note for note in said if note.startswith(what)]
    assert len(told) == 1
    assert told[0].endswith(": rebuilt")
    assert f"{caches.NOTE}{told[0]}\n" in capfd.readouterr().err
    again, _ = evaluate(tmp_path, encoder=str(encoder_file))
    assert again == before
    assert capfd.readouterr().err == ""


def test_a_damaged_classifier_is_trained_again(tmp_path, capfd, monkeypatch):
    """Trained twice here, for 20 steps: that of `cache` may be from a process that improves its
    graphs, which rounds."""
    monkeypatch.setattr(classifier, "MINIMUM_STEPS", 20)
    monkeypatch.setattr(classifier, "EPOCHS", 0)
    before, said = evaluate(tmp_path, encoder="classifier")
    assert said == []
    (file,) = tmp_path.glob(f"encoders/*/{classifier.WEIGHTS}")
    zero(file)
    after, said = evaluate(tmp_path, encoder="classifier")
    assert after == before
    assert [note[:24] for note in said] == ["the classifier of digits"]
    assert "the classifier of digits" in capfd.readouterr().err


def test_a_file_that_is_gone_or_a_folder_of_an_older_version_is_made_again(
    encoder_file, tmp_path, capfd
):
    before, _ = evaluate(tmp_path, encoder=str(encoder_file))
    for name in ("labels.npy", "digests.json"):
        for file in tmp_path.glob(f"data/*/{name}"):
            file.unlink()
        after, said = evaluate(tmp_path, encoder=str(encoder_file))
        assert after == before
        assert len(said) == 2
        assert all(f"had no {name}: rebuilt" in note for note in said)
