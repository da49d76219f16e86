"""What is told once for all cells is true of all: a knob that is a factor is told with its ends."""

from dataclasses import replace

import pytest

from harness.analysis.frame import load
from harness.report.data import analyse
from harness.report.sections import methods, verdict
from tests.synthetic import Tip, build


def _told(tmp_path, small, patch):
    tip = Tip("shorter", "Shorter", patch, 0.1)
    recipe = replace(small, tips=[tip])
    data = analyse(load(recipe.run_name, build(tmp_path, recipe)))
    (quote,) = (b.text for b in methods.build(data) if getattr(b, "tone", "") == "quote")
    return verdict._trained_on(data)[2], quote


def test_what_all_cells_share_is_told_as_it_is(tmp_path, small):
    screen, quote = _told(tmp_path, small, {"loss.label_smoothing": 0.1})
    assert screen == "50\u202f000 images, 16 px, 32 kimg each"
    assert "at 16 × 16 pixels (50\u202f000 training images), each" in quote
    assert "shows the discriminator 32 thousand real images in batches of 64." in quote
    assert "The generator, by" in quote


@pytest.mark.parametrize(
    ("patch", "shown", "pasted"),
    [
        ({"training.kimg": 8.0}, "16 px, 8 to 32 kimg by cell",
         "the discriminator, by cell, 8 to 32 thousand real images in batches of 64."),
        ({"training.batch_size": 32}, "32 kimg each", "images in batches of 32 to 64."),
        ({"data.train_images": 5000}, "5\u202f000 to 50\u202f000 images",
         "(5\u202f000 to 50\u202f000 training images)"),
        ({"training.ema": 0.0}, "32 kimg each", "The generator (of the reference), by"),
    ],
)  # fmt: skip
def test_what_differs_is_told_with_its_ends(tmp_path, small, patch, shown, pasted):
    screen, quote = _told(tmp_path, small, patch)
    assert shown in screen
    assert pasted in quote
