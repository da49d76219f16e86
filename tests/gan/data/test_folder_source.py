"""A user's own images: every kind of file, splits, labels, and what is unreadable."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.config.inputs.content import surveyed
from harness.config.inputs.folder import Picture
from harness.config.trial import DataConfig
from harness.core.errors import HarnessError
from harness.gan.data import load_images
from harness.gan.data.decode import decode_picture

pytestmark = pytest.mark.tf


def folder(path, **changes):
    return DataConfig(name="folder", path=str(path), **{"image_size": 8, **changes})


def picture(path: Path, seed=0, size=(20, 12)):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def decode(image, tmp_path, name="x.png", **options):
    image.save(tmp_path / name, **options)
    return decode_picture(Picture(name, tmp_path / name), 8).pixels


KINDS = {
    "grey": (Image.new("L", (9, 9), 100), "x.png", (100, 100, 100)),
    "bit": (Image.new("1", (9, 9), 1), "x.png", (255, 255, 255)),
    "rgb": (Image.new("RGB", (9, 9), (10, 20, 30)), "x.bmp", (10, 20, 30)),
    "clear": (Image.new("RGBA", (9, 9), (10, 20, 30, 0)), "x.png", (255, 255, 255)),
    "half clear": (Image.new("RGBA", (9, 9), (0, 0, 0, 128)), "x.png", (127, 127, 127)),
    "grey alpha": (Image.new("LA", (9, 9), (0, 0)), "x.png", (255, 255, 255)),
    "palette": (Image.new("RGB", (9, 9), (255, 0, 0)).quantize(4), "x.png", (255, 0, 0)),
    "cmyk": (Image.new("CMYK", (9, 9), (0, 255, 255, 0)), "x.tiff", (255, 0, 0)),
    "16 bits": (Image.fromarray(np.full((9, 9), 25700, np.uint16)), "x.png", (100, 100, 100)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_images(kind, tmp_path):
    image, name, colour = KINDS[kind]
    result = decode(image, tmp_path, name)
    assert result.shape == (8, 8, 3)
    assert result.dtype == np.uint8
    assert (result == colour).all()


def test_palette_with_a_transparent_colour_goes_over_white(tmp_path):
    image = Image.new("P", (9, 9), 1)
    image.putpalette([255, 0, 0, 0, 0, 255])
    assert (decode(image, tmp_path) == (0, 0, 255)).all()
    assert (decode(image, tmp_path, transparency=1) == 255).all()


def test_rotation_in_exif_is_undone(tmp_path):
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:, :4] = 255  # bright on the left as stored; a quarter turn shows it on top
    exif = Image.Exif()
    exif[0x0112] = 6
    result = decode(Image.fromarray(pixels), tmp_path, exif=exif)
    assert result[:4].min() == 255
    assert result[4:].max() == 0


def test_first_frame_of_an_animation(tmp_path):
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    result = decode(frames[0], tmp_path, "x.gif", save_all=True, append_images=frames[1:])
    assert (result == (255, 0, 0)).all()


def test_centre_square_is_averaged_when_shrinking(tmp_path):
    wide = np.zeros((16, 40, 3), np.uint8)
    wide[:, 12:28] = np.random.default_rng(0).integers(0, 256, (16, 16, 3))
    expected = wide[:, 12:28].reshape(8, 2, 8, 2, 3).mean(axis=(1, 3))
    result = decode(Image.fromarray(wide), tmp_path)
    assert np.abs(result - expected).max() <= 1.0  # Pillow rounds after each of two passes


def test_enlarging_is_bilinear(tmp_path):
    result = decode(Image.fromarray(np.array([[0, 200]] * 2, np.uint8)), tmp_path)
    row = [0, 0, 25, 75, 125, 175, 200, 200]
    assert np.abs(result[0, :, 0].astype(int) - row).max() <= 1


def test_unreadable_files_are_named_and_counted(tmp_path):
    cache, tmp_path = tmp_path / "cache", tmp_path / "photos"
    for i in range(6):
        picture(tmp_path / "train" / f"{i}.png", i)
        picture(tmp_path / "test" / f"{i}.png", 10 + i)
    (tmp_path / "train" / "text.jpg").write_text("not an image")
    (tmp_path / "train" / "empty.png").touch()
    whole = (tmp_path / "train" / "0.png").read_bytes()
    (tmp_path / "train" / "torn.png").write_bytes(whole[: len(whole) // 2])
    images = load_images(folder(tmp_path), cache)
    assert len(images.train) == 6
    (note,) = images.notes
    assert note.startswith("3 of 9 files of split train are unreadable")
    assert all(f"train/{name}" in note for name in ("text.jpg", "empty.png", "torn.png"))
    again = load_images(folder(tmp_path), cache)
    assert again.notes == images.notes


def test_nothing_readable(tmp_path):
    picture(tmp_path / "test" / "x.png")
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "text.jpg").write_text("not an image")
    with pytest.raises(HarnessError, match=r"no image to load.*text\.jpg"):
        load_images(folder(tmp_path), tmp_path / "cache")


def test_no_folder_and_an_empty_one(tmp_path):
    with pytest.raises(HarnessError, match="neither a folder"):
        load_images(folder(tmp_path / "nowhere"), tmp_path / "cache")
    with pytest.raises(HarnessError, match="contains no images"):
        load_images(folder(tmp_path), tmp_path / "cache")


def test_one_split_folder_of_two(tmp_path):
    picture(tmp_path / "train" / "x.png")
    picture(tmp_path / "val" / "x.png", 1)
    with pytest.raises(HarnessError, match=r"'train' but none named 'test'.*train, val"):
        load_images(folder(tmp_path), tmp_path / "cache")
    images = load_images(folder(tmp_path, validation_split="val"), tmp_path / "cache")
    assert len(images.validation) == 1


def test_classes_are_sub_folders_shared_by_the_splits(tmp_path):
    for split in ("train", "test"):
        for number, kind in enumerate(("ant", "bee", "cat")):
            if (split, kind) != ("test", "bee"):
                picture(tmp_path / split / kind / "x.png", number + 10 * (split == "test"))
    images = load_images(folder(tmp_path), tmp_path / "cache")
    assert images.train_labels.tolist() == [0, 1, 2]
    assert images.validation_labels.tolist() == [0, 2]


def test_hold_out_goes_by_content_not_by_name(tmp_path):
    for i in range(20):
        picture(tmp_path / "a" / f"{i}.png", i)
        picture(tmp_path / "b" / f"{99 - i}.png", i)
    one = load_images(folder(tmp_path / "a"), tmp_path / "cache")
    two = load_images(folder(tmp_path / "b"), tmp_path / "cache")
    assert (len(one.train), len(one.validation)) == (16, 4)
    assert {bytes(i) for i in one.validation} == {bytes(i) for i in two.validation}
    assert not {bytes(i) for i in one.train} & {bytes(i) for i in one.validation}
    assert one.train_labels is None
    half = load_images(folder(tmp_path / "a", validation_fraction=0.5), tmp_path / "cache")
    assert len(half.validation) == 10


def test_copies_stay_on_one_side_and_one_image_is_too_few(tmp_path):
    for i in range(10):
        picture(tmp_path / "a" / f"{i}.png", i % 5)
        picture(tmp_path / "b" / f"{i}.png", 0)
    images = load_images(folder(tmp_path / "a"), tmp_path / "cache")
    assert (len(images.train), len(images.validation)) == (8, 2)
    with pytest.raises(HarnessError, match="1 different images are too few"):
        load_images(folder(tmp_path / "b"), tmp_path / "cache")


def test_changed_content_is_another_data_set(tmp_path):
    for i in range(5):
        picture(tmp_path / "a" / f"{i}.png", i)
    before = load_images(folder(tmp_path / "a"), tmp_path / "cache")
    picture(tmp_path / "a" / "0.png", 77)
    after = load_images(folder(tmp_path / "a"), tmp_path / "cache")
    assert before.identity != after.identity


@pytest.mark.slow
def test_flowers(tmp_path):
    if "HARNESS_SHARED" not in os.environ:
        pytest.skip("HARNESS_SHARED is not set: no shared images")
    place = Path(os.environ["HARNESS_SHARED"]) / "data" / "flowers102_80px"
    images = load_images(folder(place, image_size=32), tmp_path)
    assert images.train.shape == (4443, 32, 32, 3)
    assert images.validation.shape == (1101, 32, 32, 3)
    assert images.train_labels.max() >= 88
    assert images.notes == (
        "classes with a single image in split 'train': 001",
        "classes without images in split 'test': 001",
        "classes with a single image in split 'test': 102",
        "1 image of 'test' is also in 'train': test/094/image_07323.jpg",
    )


def test_facts_are_of_what_was_read(tmp_path):
    cache, photos = tmp_path / "cache", tmp_path / "photos"
    for kind in ("ant", "bee"):
        for i in range(20):
            picture(photos / kind / f"{i}.png", i + 100 * (kind == "bee"), (6, 6))
    (photos / "ant" / "torn.png").write_bytes((photos / "ant" / "0.png").read_bytes()[:60])
    (photos / "notes.txt").write_text("x")
    facts = load_images(folder(photos, validation_fraction=0.5), cache).facts
    sides = [facts["train"], facts["validation"]]
    assert sum(side["found"] for side in sides) == 41
    assert sum(side["used"] for side in sides) == 40
    assert sum(side["enlarged"] for side in sides) == 40
    assert [side["left_out"] for side in sides if side["left_out"]] == [{"truncated": 1}]
    assert sum(side["by_class"]["ant"] for side in sides) == 20
    assert any("ant/torn.png (truncated)" in note for note in facts["notes"])
    assert any("notes.txt" in note for note in facts["notes"])


def test_an_archive_is_decoded_as_its_folder_is(tmp_path):
    for i in range(20):
        picture(tmp_path / "photos" / f"{i:02}.png", i)
    archive = shutil.make_archive(str(tmp_path / "photos"), "zip", tmp_path / "photos")
    one, two = (
        load_images(folder(place), tmp_path / name)
        for name, place in (("a", tmp_path / "photos"), ("b", archive))
    )
    assert np.array_equal(one.train, two.train)
    assert np.array_equal(one.validation, two.validation)
    assert one.identity == two.identity


def test_files_whose_names_are_no_utf8_are_decoded_and_named(tmp_path):
    for i in range(12):
        picture(tmp_path / "photos" / f"\udcff{i}.png", i)
    (tmp_path / "photos" / "\udcfebad.png").write_bytes(b"no image")
    images = load_images(folder(tmp_path / "photos"), tmp_path / "cache")
    assert len(images.train) + len(images.validation) == 12
    assert any("\\xfebad.png" in note for note in images.notes)
    "".join(images.notes).encode()  # raises where a lone surrogate is left


def test_a_folder_that_changed_since_it_was_planned(tmp_path):
    for i in range(10):
        picture(tmp_path / "photos" / f"{i}.png", i)
    content = surveyed(folder(tmp_path / "photos"), tmp_path / "cache").content
    planned = folder(tmp_path / "photos", content=content)
    assert load_images(planned, tmp_path / "cache").train.shape[0] == 8
    picture(tmp_path / "photos" / "more.png", 99)
    with pytest.raises(HarnessError, match="have changed since the study was planned"):
        load_images(planned, tmp_path / "cache")


def test_decoding_is_part_of_the_content(tmp_path, monkeypatch):
    """What would be decoded otherwise trains under another key, and is decoded anew."""
    for i in range(10):
        picture(tmp_path / "photos" / f"{i}.png", i)
    before = load_images(folder(tmp_path / "photos"), tmp_path / "cache").identity
    monkeypatch.setattr("harness.config.inputs.folder.splits.DECODING", 99)
    assert load_images(folder(tmp_path / "photos"), tmp_path / "cache").identity != before
