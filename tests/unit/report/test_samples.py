"""Pictures of a report: which grids are shown of which seed, how large, and within which bounds."""

import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.analysis.frame import load
from harness.core.files import read_json, write_json
from harness.core.grids import GRID, WAY, write_grid
from harness.report import pictures
from harness.report.data import analyse
from harness.report.glimpse import show_reference
from harness.report.real import real_pictures
from harness.report.sections import samples
from tests.synthetic import TIPS, Recipe, build

RUN = Recipe.run_name


def blocks(tmp_path, recipe):
    _, *rest = samples.build(analyse(load(RUN, build(tmp_path, recipe))))
    return rest


def captions(strip):
    return [picture.caption for picture in strip.pictures]


def test_a_film_has_all_moments_and_four_stills(tmp_path: Path, small):
    _, film, *_ = blocks(tmp_path, small)
    assert [strip.label for strip in film.strips] == small.names
    assert film.film
    for strip in film.strips:
        moments = [0.0, 6.4, 12.8, 19.2, 25.6, 32.0]
        assert [picture.moment for picture in strip.pictures] == pytest.approx(moments)
        stills = [picture.caption for picture in strip.pictures if picture.still]
        assert stills == ["untrained", "6.4 kimg", "12.8 kimg", "32 kimg"]
    assert film.columns == 4


def test_the_seed_is_one_that_the_cells_finished(tmp_path: Path, small):
    recipe = replace(small, diverged=[(cell, 0) for cell in small.cells()])
    text, film, *_ = blocks(tmp_path, recipe)
    assert text.text.startswith("Seed 1,")
    assert all(captions(strip)[-1] == "32 kimg" for strip in film.strips)


def test_a_cell_without_that_seed_is_shown_by_another(tmp_path: Path, small):
    cell = small.label(TIPS[1])
    _, film, *_ = blocks(tmp_path, replace(small, missing=[(cell, 0), ("reference", 1)]))
    assert [strip.label for strip in film.strips][-1] == f"{small.name(cell)} (seed 1)"


def test_best_and_worst_are_by_the_objective(tmp_path: Path, small):
    recipe = replace(small, seeds=range(4), diverged=[("reference", 2)])
    data = analyse(load(RUN, build(tmp_path, recipe)))
    _, _, _, extremes, between = samples.build(data)
    trials = data.frames.trials
    for strip in extremes.strips:
        own = trials[trials["cell"].map(recipe.name) == strip.label].set_index("seed")["final"]
        best, worst = captions(strip)
        assert best.startswith(f"best: seed {own.idxmin()}, KID × 10³ ")
        assert worst.startswith(f"worst: seed {own.idxmax()}, KID × 10³ ")
    reference = captions(extremes.strips[0])[1]
    assert reference == "worst: seed 2, KID × 10³ 900.0, diverged at 12.8 kimg"
    # the grid is that trial's own
    key = trials.loc[(trials["cell"] == "reference") & (trials["seed"] == 2), "key"].item()
    last = sorted((tmp_path / "runs" / "trials" / key / "samples").iterdir())[-1]
    assert extremes.strips[0].pictures[1].webp == pictures.webp(last)
    assert [strip.label for strip in between.strips] == recipe.names


def test_best_and_worst_have_the_unit_of_the_objective(tmp_path: Path, small):
    runtime = build(tmp_path, replace(small, seeds=range(3)))
    path = runtime.study(RUN) / "plan.json"
    write_json(path, read_json(path) | {"objective": "time_to_threshold", "threshold": 0.4})
    _, _, _, extremes, _ = samples.build(analyse(load(RUN, runtime)))
    said = [caption for strip in extremes.strips for caption in captions(strip)]
    assert said
    assert all(re.search(r"kimg \d{1,2}\.\d", caption) for caption in said), said  # of 32
    assert not any("KID" in caption for caption in said)


def test_a_seed_of_another_metric_is_neither_best_nor_worst(tmp_path: Path, small):
    data = analyse(load(RUN, build(tmp_path, replace(small, seeds=range(4)))))
    trials = data.frames.trials
    lowest = trials.loc[trials["cell"] == "reference", "final"].idxmin()
    trials.loc[lowest, ["identity", "final"]] = ["another", 0.0]
    _, _, _, extremes, _ = samples.build(data)
    assert f"seed {trials['seed'][lowest]}" not in " ".join(captions(extremes.strips[0]))


def test_one_seed_is_neither_best_nor_worst(tmp_path: Path, small):
    _, _, extremes, _ = blocks(tmp_path, replace(small, seeds=[0]))
    assert {captions(strip)[0].split(":")[0] for strip in extremes.strips} == {
        "the only seed with a value"
    }


def test_translations_are_said_to_have_no_latents(tmp_path: Path, small):
    runtime = build(tmp_path, small)
    for path in runtime.trials.glob("*/config.json"):
        write_json(path, read_json(path) | {"translation.source": "edges"})
    for path in runtime.trials.glob("*/interpolation.png"):
        path.unlink()
    _, text, *galleries = samples.build(analyse(load(RUN, runtime)))
    assert "outputs for the same sources" in text.text
    assert "same latents" not in text.text
    assert [gallery.title for gallery in galleries] == [
        "Through training",
        "The best and the worst seed of each cell, at the end",
    ]


def test_where_room_is_short_films_are_shorter(tmp_path: Path, small, monkeypatch):
    runtime = build(tmp_path, small)
    monkeypatch.setattr(samples, "BYTES", 60_000)
    monkeypatch.setattr(samples, "LEAST", 0)
    monkeypatch.setattr(samples, "ROW", 0)
    monkeypatch.setattr(samples, "FILES", 60)
    monkeypatch.setattr(samples, "CELLS", 2)
    _, _, film, extremes, _, left = samples.build(analyse(load(RUN, runtime)))
    counts = {len(strip.pictures) for strip in film.strips}
    assert counts <= {1, 2, 3, 4, 5}
    assert [strip.pictures[-1].caption for strip in film.strips] == ["32 kimg"] * 2
    assert set(extremes.files) == set()
    assert left.text.endswith(
        f"pictures of 1 cell are left out: {small.name(small.label(TIPS[1]))}."
    )


@pytest.mark.drawn
def test_the_sheet_holds_a_row_a_cell(tmp_path: Path, small):
    _, film, *_ = blocks(tmp_path, small)
    sheet = np.asarray(Image.open(BytesIO(film.files["samples"])).convert("RGB"))
    assert sheet.shape[1] == 1480
    quiet = (sheet == 255).all(axis=(1, 2))  # rows of pixels without anything
    assert quiet.any()
    inked = sheet[~quiet]
    assert len(inked) > 3 * 300


def test_small_grids_are_enlarged_and_no_pixel_is_blurred(tmp_path: Path):
    small = np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)
    path = tmp_path / "grid.png"
    Image.fromarray(small).save(path)
    large = Image.open(BytesIO(pictures.png(path)))
    assert large.size == (505, 505)  # with five gutters of a pixel
    whole = [place for place in range(101) if place % 17 < 16]
    assert (np.asarray(large)[2::5, 2::5][np.ix_(whole, whole)] == small).all()
    assert (np.asarray(large).reshape(101, 5, 101, 5, 3).std(axis=(1, 3)) == 0).all()
    page = Image.open(BytesIO(pictures.webp(path)))
    assert (page.format, page.size) == ("WEBP", (202, 202))


def test_small_grey_grids_are_exact_on_the_page_where_that_is_less(tmp_path: Path):
    digits = np.repeat(np.arange(0, 256, 64, np.uint8), 24)[None].repeat(96, 0)
    path = tmp_path / "grid.png"
    Image.fromarray(digits).save(path)
    page = np.asarray(Image.open(BytesIO(pictures.webp(path))))
    assert page.shape == (101, 101, 4)
    whole = [place for place in range(101) if place % 17 < 16]
    assert (page[np.ix_(whole, whole)][..., 0] == digits).all()
    assert (page[16, :, 3] == 0).all()


def test_large_grids_are_shrunk_on_the_page_and_whole_in_the_folder(tmp_path: Path):
    path = tmp_path / "grid.png"
    Image.new("RGB", (768, 384)).save(path)
    assert Image.open(BytesIO(pictures.webp(path, WAY))).size == (480, 239)
    whole = Image.open(BytesIO(pictures.png(path, WAY)))
    assert whole.size == (768 + 11 * 4, 384 + 5 * 4)


def test_a_damaged_picture_is_left_out_and_named(tmp_path: Path, small):
    """Also where it is the last of a training, or the way between latents, or all of a trial."""
    runtime = build(tmp_path, small)
    first, second, *_ = sorted(path for path in runtime.trials.glob("*") if path.is_dir())
    gone = [*first.glob("samples/*.png"), second / "interpolation.png"]
    gone.append(sorted(second.glob("samples/*.png"))[-1])
    for path in gone:
        path.write_bytes(path.read_bytes()[:-20])
    *_, note = samples.build(analyse(load(RUN, runtime)))
    assert note.text.startswith(f"Damaged and left out: {len(gone)} pictures (")
    assert f"{first.name}/samples/" in note.text


def test_with_every_picture_damaged_there_is_a_report(tmp_path: Path, small):
    runtime = build(tmp_path, small)
    for path in runtime.trials.glob("*/**/*.png"):
        path.write_bytes(b"")
    _, none, note = samples.build(analyse(load(RUN, runtime)))
    assert "No sample grid" in none.text
    assert "Damaged and left out" in note.text


def test_the_first_row_of_each_comparison_is_real_images(tmp_path: Path, small):
    runtime = build(tmp_path, replace(small, real=True))
    text, *galleries = (
        block for block in blocks_of(runtime) if isinstance(block, samples.Gallery | samples.Text)
    )
    assert "The first row of each comparison shows real images" in text.text
    assert len(galleries) == 4
    cells = small.names
    for gallery in galleries:
        assert [strip.real for strip in gallery.strips] == [True, *[False] * len(cells)]
        assert [strip.label for strip in gallery.strips] == ["Validation images", *cells]
    sizes = [
        {Image.open(BytesIO(strip.pictures[-1].webp)).size for strip in gallery.strips}
        for gallery in galleries
    ]
    assert [len(of_one) for of_one in sizes] == [1, 1, 1, 1]


def blocks_of(runtime):
    _, *rest = samples.build(analyse(load(RUN, runtime)))
    return rest


def test_cells_on_other_images_have_a_row_of_theirs(tmp_path: Path, small):
    runtime = build(tmp_path, replace(small, real=True))
    data = analyse(load(RUN, runtime))
    other = small.label(TIPS[1])
    data.frames.configs[other]["data.image_size"] = 32
    _, _, film, *_ = samples.build(data)
    rest = [small.name(cell) for cell in small.cells() if cell != other]
    assert [strip.label for strip in film.strips if strip.real] == [
        f"Validation images of {' and '.join(rest)}",
        f"Validation images of {small.name(other)}",
    ]  # fmt: skip


def test_a_record_of_an_earlier_version_has_no_real_images(tmp_path: Path, small):
    text, *rest = blocks(tmp_path, small)
    assert "real images" not in text.text
    assert {block.kind for block in rest} == {"gallery"}
    assert not any(strip.real for gallery in rest for strip in gallery.strips)


def said_of_copies(tmp_path, recipe):
    *_, items, table = blocks(tmp_path, recipe)
    return items, [[getattr(cell, "text", cell) for cell in row] for row in table.rows]


def test_the_page_says_that_nothing_is_copied(tmp_path: Path, small):
    items, rows = said_of_copies(tmp_path, replace(small, real=True))
    assert (items.title, items.tone) == ("No sign of memorising in 6 trainings", "plain")
    assert "1\u202f000 validation images" in items.items[0]
    assert "with 10\u202f000 of 50\u202f000 training images" in items.items[0]
    assert "inception_v3 at 75 px" in items.items[0]
    assert rows[0] == ["expected of new images", "", "50 %", "5 %", ""]
    assert rows[1:] == [[cell, "2", "20 %", "1 %", "no sign"] for cell in small.names]


def test_a_sign_of_copying_is_a_warning(tmp_path: Path, small):
    recipe = replace(small, real=True, copying=[("reference", 1)])
    items, rows = said_of_copies(tmp_path, recipe)
    assert (items.title, items.tone) == ("A sign of memorising in 1 of 6 trainings", "warning")
    assert rows[1] == ["reference", "2", "55 %", "20 %", "sign in 1 of 2"]


def test_a_diverged_training_has_no_nearest_images(tmp_path: Path, small):
    recipe = replace(small, real=True, diverged=[("reference", 0), ("reference", 1)])
    items, rows = said_of_copies(tmp_path, recipe)
    assert items.title == "No sign of memorising in 4 trainings"
    assert "reference" not in [row[0] for row in rows]


@pytest.mark.parametrize("source", ["none", "edges"])
def test_the_glimpse_is_spread_over_the_grids_and_shows_the_same_places(tmp_path, small, source):
    """The rows of a grid are in the order of classes: its first images may be all zeros."""
    runtime = build(tmp_path, replace(small, real=True))
    data = analyse(load(RUN, runtime))
    if source != "none":
        data.frames.configs["reference"]["translation.source"] = source
    rows = data.frames.samples[data.frames.samples["cell"] == "reference"]
    grids = [Path(path) for path in rows.loc[rows["seed"] == 0].sort_values("iteration")["path"]]
    (real,) = real_pictures(data, ["reference"]).values()
    few = np.repeat(np.arange(36, dtype=np.uint8) * 7, 16 * 16).reshape(36, 16, 16, 1)
    for path in (real, grids[0], grids[-1]):
        write_grid(path, few, GRID)
    (gallery,) = show_reference(data)
    places = [0, 5, 10, 15, 20, 25, 30, 35] if source == "none" else [0, 1, 12, 13, 22, 23, 34, 35]
    shown = gallery.strips[0].pictures
    assert [picture.caption for picture in shown] == ["real", "untrained", "32 kimg"]
    for picture in shown:
        page = np.asarray(Image.open(BytesIO(picture.webp)).convert("L"))
        step = page.shape[1] / 4
        middles = [(0.5 + number) * step for number in range(4)]
        found = [page[int(y), int(x)] for y in middles[:2] for x in middles]
        assert found == pytest.approx([7 * place for place in places], abs=3)


def test_the_glimpse_shows_places_that_all_its_grids_have(tmp_path, small):
    """Few validation images fill fewer rows."""
    runtime = build(tmp_path, replace(small, real=True))
    data = analyse(load(RUN, runtime))
    (real,) = real_pictures(data, ["reference"]).values()
    write_grid(real, np.zeros((12, 16, 16, 1), np.uint8), GRID)
    (gallery,) = show_reference(data)
    assert len(gallery.strips[0].pictures) == 3
