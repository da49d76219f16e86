"""Grids: stored edge to edge, shown with a gutter."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from harness.core.grids import (
    CLEAR,
    GRID,
    PAIRS,
    WAY,
    Layout,
    labelled,
    montage,
    spaced,
    spread,
    tiles,
)

RANDOM = np.random.default_rng(0)


def images(count, side=16, channels=3):
    return RANDOM.integers(0, 255, (count, side, side, channels), np.uint8)


def shown(made, layout, *arguments):
    page = montage(made, layout.columns)
    picture = Image.fromarray(page[..., 0] if page.shape[-1] == 1 else page)
    return np.asarray(spaced(picture, layout, *arguments))


@pytest.mark.parametrize("channels", [1, 3])
def test_the_images_of_a_grid_are_those_that_went_in(channels):
    made = images(36, 8, channels)
    page = montage(made, 6)
    grid = Image.fromarray(page[..., 0] if channels == 1 else page)
    back = [np.atleast_3d(np.asarray(image)) for image in tiles(grid, 6)]
    np.testing.assert_array_equal(np.stack(back), made)


@pytest.mark.parametrize(("side", "gutter"), [(8, 1), (16, 1), (32, 2), (64, 4)])
def test_a_gutter_is_a_sixteenth_of_an_image_and_no_pixel_is_lost(side, gutter):
    made, step = images(36, side), side + gutter
    page = shown(made, GRID)
    assert page.shape == (6 * step - gutter, 6 * step - gutter, 4)
    for number, image in enumerate(made):
        y, x = step * (number // 6), step * (number % 6)
        np.testing.assert_array_equal(page[y : y + side, x : x + side, :3], image)
    assert (page[side:step] == 255).all()
    assert (page[:, side:step] == 255).all()


def test_a_clear_gutter_has_the_colour_of_the_page():
    page = shown(images(36), GRID, None, CLEAR)
    alpha = page[..., 3]
    assert (alpha[16] == 0).all()
    assert (alpha == 255).sum() == 36 * 16 * 16


def test_pairs_are_nearer_to_each_other_than_to_the_next():
    made = images(24)
    page = shown(made, PAIRS)
    assert page.shape == (2 * 16 + 3, 12 * 16 + 6 * 1 + 5 * 3, 4)
    np.testing.assert_array_equal(page[:16, 17:33, :3], made[1])
    np.testing.assert_array_equal(page[:16, 36:52, :3], made[2])
    np.testing.assert_array_equal(page[19:, 36:52, :3], made[14])


def test_a_grid_can_be_laid_out_as_an_interpolation():
    made = images(36)
    page = shown(made, GRID, WAY)
    assert page.shape == (3 * 17 - 1, 12 * 17 - 1, 4)
    np.testing.assert_array_equal(page[:16, 11 * 17 :, :3], made[11])


def test_a_label_that_is_wider_than_the_images_is_folded_and_never_cut():
    made, off = images(1), "Batch normalisation in the discriminator: off"
    pages = {}
    for label in ("one", "discriminator:", off, off.replace("off", "on")):
        content = labelled([(label, made)], Layout(1))
        pages[label] = np.asarray(Image.open(BytesIO(content)))
    heights = {label: page.shape[0] - 48 for label, page in pages.items()}
    assert (heights["one"], heights["discriminator:"]) == (28, 28)
    assert heights[off] == 5 * 28  # batch, normalisation, in the, discriminator:, off
    widest = pages["discriminator:"]
    assert widest.shape[1] > 48  # a word is never broken
    assert (widest[:28, -1] == 255).all() or widest[:28].min() < 128
    assert (pages[off] != pages[off.replace("off", "on")]).any()


def test_labelled_blocks_are_of_one_size_with_nothing_where_no_image_is():
    small, large = images(3, 16, 1), images(3, 32)
    picture = Image.open(BytesIO(labelled([("small", small), ("large", large)], Layout(2))))
    page = np.asarray(picture)
    side, gutter = 64, 4
    assert picture.size == (2 * side + gutter, 2 * (28 + 2 * side + gutter))
    first, second = page[28:160], page[188:]
    np.testing.assert_array_equal(first[::4, ::4, 0][:16, :16], small[0, ..., 0])
    np.testing.assert_array_equal(second[::2, ::2][:32, 34:], large[1])
    for block in (first, second):
        assert (block[side + gutter :, side + gutter :] == 255).all()
    assert (page[:28] < 128).any()  # a label


def test_few_images_of_a_grid_are_spread_over_it():
    """Its rows are in the order of classes, so the first images are of one or two."""
    assert spread(36, 8) == [0, 5, 10, 15, 20, 25, 30, 35]
    assert spread(30, 8) == [0, 4, 8, 12, 17, 21, 25, 29]
    assert spread(36, 8, 2) == [0, 1, 12, 13, 22, 23, 34, 35]  # a translation's pairs
    assert spread(6, 8) == [*range(6)]
    made = images(36, 8)
    page = shown(made, GRID, Layout(4), CLEAR, spread(36, 8))
    np.testing.assert_array_equal(page[9:17, 27:35, :3], made[35])
    assert page.shape == (2 * 9 - 1, 4 * 9 - 1, 4)
