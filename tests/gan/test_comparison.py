"""One picture of validation images and of what several generators make of the same latents."""

import numpy as np
import pytest
from PIL import Image

from harness.core.errors import HarnessError
from harness.core.grids import GRID, write_grid
from harness.gan import sampling
from harness.gan.data import load_images
from harness.gan.evaluate import Evaluator
from harness.gan.sampling import Trained, write_comparison, write_samples
from harness.gan.train.session import Session
from tests.training import PROGRAMS

pytestmark = pytest.mark.tf

SIDE, GUTTER, TEXT = 48, 3, 28  # of images of 16 px, enlarged


@pytest.fixture
def trained(tiny, cache, tmp_path):
    """A function that gives a cell whose generator is kept; two cells differ by their seed."""

    def make(cell, validation=None, **knobs):
        config = tiny(knobs)
        images = load_images(config.data, cache)
        session = Session(config, images, Evaluator(config, images, cache), PROGRAMS.get(config))
        session.save_generator(tmp_path / cell / "1.npz")
        return Trained(cell, config, tmp_path / cell, validation)

    return make


@pytest.fixture
def write(cache, tmp_path):
    target = tmp_path / "picture.png"

    def rows(sources, count):
        """The images of each row, as the picture shows them."""
        write_comparison(sources, count, target, cache=cache)
        page = np.asarray(Image.open(target))[..., 0]
        step = TEXT + SIDE
        assert page.shape[0] % step == 0
        return [
            np.stack([page[at + TEXT : at + step, x : x + SIDE][::3, ::3]
                      for x in range(0, count * (SIDE + GUTTER), SIDE + GUTTER)])
            for at in range(0, page.shape[0], step)
        ]  # fmt: skip

    return rows


def test_validation_images_come_first_and_cells_follow(trained, write, cache, tmp_path):
    one, two = trained("one"), trained("two", **{"generator.width": 16})
    real, *made = write([one, two], 4)
    images = load_images(one.config.data, cache)
    expected = Evaluator(one.config, images, cache).reference(0, 4)
    np.testing.assert_array_equal(real, expected[..., 0])
    for cell, row in zip((one, two), made, strict=True):
        file = tmp_path / f"{cell.name}.npz"
        write_samples(cell.config, cell.generators, 4, file, cache=cache)
        np.testing.assert_array_equal(row, np.load(file)["images"][..., 0])


def test_the_record_is_read_before_the_data(trained, write, tmp_path, monkeypatch):
    recorded = np.random.default_rng(0).integers(0, 256, (36, 16, 16, 1), np.uint8)
    write_grid(tmp_path / "validation.png", recorded, GRID)
    cell = trained("one", tmp_path / "validation.png")
    monkeypatch.setattr(sampling, "load_images", None)
    real, _ = write([cell], 12)
    np.testing.assert_array_equal(real, recorded[:12, ..., 0])


def test_translations_are_of_the_images_above_them(trained, write, cache):
    cell = trained("one", **{"translation.source": "edges"})
    real, made = write([cell], 5)
    network, _ = sampling.load_generator(cell.config, cell.generators)
    images = sampling._translate(cell.config, network, real[..., None])["images"]
    assert np.abs(made.astype(int) - images[..., 0]).max() <= 1


def test_cells_on_other_images_follow_theirs(trained, write, cache):
    alike = [trained("one"), trained("two")]
    other = trained("three", **{"data.train_images": 100})
    assert len(write([alike[0], other, alike[1]], 2)) == 5


def test_more_images_than_there_are_is_an_error(trained, write):
    with pytest.raises(HarnessError, match=r"--count 900: .*digits has 899"):
        write([trained("one")], 900)
