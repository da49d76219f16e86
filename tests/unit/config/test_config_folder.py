"""A folder of images: links, names, archives, classes, and what is left out, each said once."""

import json
import os
import sys
import zipfile
from pathlib import Path

import pytest

from harness.config.inputs.content import surveyed
from harness.config.inputs.facts import image_facts, terms
from harness.config.inputs.folder import read_digest, survey
from harness.config.inputs.folder.files import (
    AGAIN,
    BACK,
    BROKEN,
    HIDDEN,
    LOCKED,
    NO_IMAGE,
    listing,
)
from harness.config.trial import DataConfig
from harness.core.errors import HarnessError

PNG = b"\x89PNG\r\n\x1a\n"


def put(folder: Path, count=10, name="{}.png", content=b""):
    """Files that differ from all others; what is in them need not decode."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        path = folder / name.format(number)
        path.write_bytes(content + os.fsencode(path))


def look(path, **changes):
    return survey(DataConfig(name="folder", path=str(path), **changes), read_digest)


def names(found):
    return [picture.name for part in found.parts for picture in part]


def test_links_are_followed_wherever_they_lead(tmp_path):
    for name in "ab":
        put(tmp_path / "photos" / name)
    put(tmp_path / "elsewhere" / "deep")
    (tmp_path / "elsewhere/deep/inner").symlink_to(tmp_path / "more")
    put(tmp_path / "more", 5)
    (tmp_path / "photos/c").symlink_to(tmp_path / "elsewhere")
    found = look(tmp_path / "photos")
    assert found.classes.names == ("a", "b", "c")
    assert len(names(found)) == 35
    assert "c/deep/inner/0.png" in names(found)
    assert not found.left_out
    linked = tmp_path / "linked"
    linked.symlink_to(tmp_path / "photos")
    assert look(linked).content == found.content


def test_splits_may_be_links(tmp_path):
    put(tmp_path / "elsewhere", 20)
    put(tmp_path / "photos/test")
    (tmp_path / "photos/train").symlink_to(tmp_path / "elsewhere")
    assert [len(part) for part in look(tmp_path / "photos").parts] == [20, 10]


def test_no_folder_is_read_twice_and_no_loop_is_entered(tmp_path):
    root = tmp_path / "photos"
    for name in "ab":
        put(root / name)
    put(tmp_path / "beside")
    for name, target in {
        "a/back": "../b", "again": "a", "here": ".", "up": "..", "one": "two", "two": "one",
        "b/to_a": "../a", "lost.png": "nowhere",
    }.items():  # fmt: skip
        (root / name).symlink_to(target)
    found = look(root)
    assert len(names(found)) == 20
    assert sorted(found.left_out[AGAIN]) == ["a/back", "again", "b/to_a"]
    assert sorted(found.left_out[BACK]) == ["here", "up"]
    assert sorted(found.left_out[BROKEN]) == ["lost.png", "one", "two"]
    assert any("again" in note for note in found.classes.notes)  # a class that it was meant for


def test_folders_that_link_to_each_other_are_read_once(tmp_path):
    put(tmp_path / "photos/a", 3)
    put(tmp_path / "x", 3)
    put(tmp_path / "y", 3)
    (tmp_path / "x/y").symlink_to(tmp_path / "y")
    (tmp_path / "y/x").symlink_to(tmp_path / "x")
    (tmp_path / "photos/x").symlink_to(tmp_path / "x")
    (tmp_path / "photos/y").symlink_to(tmp_path / "y")
    assert sorted(names(look(tmp_path / "photos"))) == sorted(
        [f"{folder}/{number}.png" for folder in ("a", "x", "x/y") for number in range(3)]
    )


def test_both_splits_linked_to_one_folder(tmp_path):
    put(tmp_path / "all")
    (tmp_path / "photos").mkdir()
    for split in ("train", "test"):
        (tmp_path / "photos" / split).symlink_to(tmp_path / "all")
    with pytest.raises(HarnessError, match=r"'train'.*contains no images.*already read.*train"):
        look(tmp_path / "photos")


@pytest.mark.parametrize("suffix", ["jfif", "jpe", "jp2", "tif", "webp", "avif", "JPEG", "tga"])
def test_what_can_be_read_counts_by_its_extension(tmp_path, suffix):
    put(tmp_path, name="{}." + suffix)
    assert len(listing(tmp_path).pictures) == 10


@pytest.mark.parametrize(
    "head",
    [
        PNG, b"\xff\xd8\xff\xe0", b"GIF89a", b"II*\0", b"MM\0*", b"BM", b"P6\n3 3 255\n",
        b"RIFF\x10\0\0\0WEBPVP8 ", b"\0\0\0\x20ftypavif", b"\0\0\0\x0cjP  ",
    ],
)  # fmt: skip
def test_a_file_of_no_known_extension_counts_by_its_beginning(tmp_path, head):
    put(tmp_path, 5, "picture{}", head)
    put(tmp_path, 5, "v1.{}", head)
    put(tmp_path, 3, "text{}", b"Pictures of")
    put(tmp_path, 1, "README.md")
    found = listing(tmp_path)
    assert len(found.pictures) == 10
    assert len(found.left_out[NO_IMAGE]) == 4


def test_what_is_left_out_is_counted_and_named(tmp_path):
    put(tmp_path)
    for name in ("notes.txt", "film.mp4", ".thumbnail.png", "Thumbs.db"):
        (tmp_path / name).write_text("x")
    data = DataConfig(name="folder", path=str(tmp_path))
    found = look(tmp_path)
    said = image_facts(data, found, tmp_path / "cache")
    assert said["left_out"] == {HIDDEN: 1, NO_IMAGE: 3}
    text = "; ".join(text for _, text in terms(said))
    assert "1 left out, hidden: .thumbnail.png" in text
    assert "Thumbs.db, film.mp4, notes.txt" in text
    assert "8 of split rest" in text


@pytest.mark.skipif(sys.platform == "darwin", reason="its file systems take UTF-8 only")
def test_a_name_that_is_no_utf8(tmp_path):
    for folder in (b"caf\xe9", b"ok"):
        place = tmp_path / "photos" / os.fsdecode(folder)
        put(place, 10, "\udcff{}.png", folder)
    (tmp_path / "photos/ok/notes\udcff.txt").write_text("x")
    data = DataConfig(name="folder", path=str(tmp_path / "photos"))
    found = surveyed(data, tmp_path / "cache")
    assert surveyed(data, tmp_path / "cache").content == found.content
    assert found.classes.names == ("caf\\xe9", "ok")
    said = json.dumps(image_facts(data, found, tmp_path / "cache"), ensure_ascii=False)
    assert "notes\\\\xff.txt" in said
    said.encode()  # raises where a lone surrogate is left


def test_a_relative_path_says_where_it_starts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(HarnessError, match=rf"relative paths start at.*{tmp_path}/nowhere"):
        look("nowhere")
    put(tmp_path / "photos")
    assert look("photos").content == look(tmp_path / "photos").content


def stylegan(folder, label=lambda number: number % 3, count=60):
    for shard in range(2):
        put(folder / f"{shard:05}", count // 2, "img{:08}.png")
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))
    rows = [[name, label(number)] for number, name in enumerate(files)]
    (folder / "dataset.json").write_text(json.dumps({"labels": rows}))
    return folder


def zipped(folder, path, inside=""):
    with zipfile.ZipFile(path, "w") as file:
        for one in sorted(folder.rglob("*")):
            if one.is_file():
                file.write(one, inside + one.relative_to(folder).as_posix())
    return path


def test_the_labels_of_dataset_json_count_and_not_its_shards(tmp_path):
    found = look(stylegan(tmp_path / "photos"))
    assert found.classes.names == ("0", "1", "2")
    pictures = sorted(picture for part in found.parts for picture in part)
    numbers = [found.classes.of[picture.name] for picture in pictures]
    assert numbers == [number % 3 for number in range(60)]
    one_hot = stylegan(tmp_path / "hot", lambda n: [float(n % 3 == i) for i in range(3)])
    assert sorted(look(one_hot).classes.of.values()) == sorted(numbers)


def test_classes_of_dataset_json_are_in_the_order_of_numbers(tmp_path):
    found = look(stylegan(tmp_path, lambda number: [2, 10, 30][number % 3]))
    assert found.classes.names == ("02", "10", "30")


@pytest.mark.parametrize("inside", ["", "photos/"])
def test_an_archive_is_read_as_its_folder_is(tmp_path, inside):
    folder = stylegan(tmp_path / "photos")
    if inside:  # as a file manager packs a folder
        (folder / "dataset.json").unlink()
    archive = zipped(folder, tmp_path / "photos.zip", inside)
    cache = tmp_path / "cache"
    data = [DataConfig(name="folder", path=str(path)) for path in (folder, archive)]
    one, two = (surveyed(each, cache) for each in data)
    assert (one.content, one.classes) == (two.content, two.classes)
    assert names(one) == names(two)
    assert surveyed(data[1], cache).content == one.content  # by the digests that were kept


def test_an_archive_that_is_none(tmp_path):
    folder = stylegan(tmp_path / "photos")
    whole = zipped(folder, tmp_path / "a.zip").read_bytes()
    for content in (b"text", whole[: len(whole) // 2]):
        (tmp_path / "b.zip").write_bytes(content)
        with pytest.raises(HarnessError, match=r"b\.zip is neither a folder nor a complete \.zip"):
            look(tmp_path / "b.zip")


def test_encrypted_members_are_named(tmp_path):
    archive = zipped(stylegan(tmp_path / "photos"), tmp_path / "a.zip")
    content = bytearray(archive.read_bytes())
    entry = content.index(b"PK\x01\x02")
    content[entry + 8] |= 1  # the first member's flag in the directory
    archive.write_bytes(content)
    found = look(archive)
    assert found.left_out == {LOCKED: ["00000/img00000000.png"]}
    assert len(names(found)) == 59


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"labels": [[', "is not valid JSON"),
        ("[1]", "has no key `labels`"),
        ('{"labels": 3}', "`labels` that are not a list"),
        ('{"labels": [["a.png"]]}', r"not \[file name, class\]"),
    ],
)
def test_a_dataset_json_that_is_broken(tmp_path, text, said):
    (stylegan(tmp_path) / "dataset.json").write_text(text)
    with pytest.raises(HarnessError, match=said):
        look(tmp_path)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (None, "has no labels"),
        ([["00000/img00000000.png", 1]], "has no label for 59 of them"),
        ("vectors", "not a whole number or a one-hot vector"),
        ("one", "gives all of them the same class"),
    ],
)
def test_labels_that_give_no_classes(tmp_path, labels, said):
    label = {"vectors": lambda n: [0.5, 0.5], "one": lambda n: 4}
    stylegan(tmp_path, label[labels] if isinstance(labels, str) else int)
    if not isinstance(labels, str):
        (tmp_path / "dataset.json").write_text(json.dumps({"labels": labels}))
    found = look(tmp_path)
    assert found.classes.of is None
    assert any(said in note for note in found.told)
    with pytest.raises(HarnessError, match=said):
        found.need_classes("labels.conditioning", "do without")


def test_labels_of_images_that_are_not_there_are_named(tmp_path):
    folder = stylegan(tmp_path)
    (folder / "00000/img00000001.png").unlink()
    found = look(folder)
    assert len(found.classes.names) == 3
    assert any("1 images that do not exist: 00000/img00000001.png" in note for note in found.told)


def test_classes_that_differ_between_the_splits_are_named(tmp_path):
    for split, kinds in (("train", "ab"), ("test", "ac")):
        for kind in kinds:
            put(tmp_path / split / kind)
    found = look(tmp_path)
    assert found.classes.names == ("a", "b", "c")
    assert any("without images in split 'train': c" in note for note in found.told)
    assert any("without images in split 'test': b" in note for note in found.told)


def test_a_stray_picture_an_empty_class_and_a_single_image_are_named(tmp_path):
    for kind in "ab":
        put(tmp_path / kind)
    put(tmp_path / "lone", 1)
    (tmp_path / "empty").mkdir()
    notes = look(tmp_path).told
    assert any("without an image: empty" in note for note in notes)
    assert any("with a single image in split" in note and "lone" in note for note in notes)
    put(tmp_path, 1, "stray{}.png")
    found = look(tmp_path)
    assert found.classes.of is None
    with pytest.raises(HarnessError, match=r"1 are outside the class folders: stray0\.png"):
        found.need_classes("labels.conditioning", "do without")


@pytest.mark.parametrize("pair", [("Train", "Test"), ("training", "validation"), ("TRAIN", "val")])
def test_folders_that_look_like_splits_are_no_classes(tmp_path, pair):
    for split in pair:
        put(tmp_path / split)
    with pytest.raises(HarnessError, match=rf"{pair[1]}.*data\.train_split"):
        look(tmp_path)
    found = look(tmp_path, train_split=pair[0], validation_split=pair[1])
    assert [len(part) for part in found.parts] == [10, 10]


def test_splits_that_are_named_and_are_not_there(tmp_path):
    for kind in ("ant", "bee"):
        put(tmp_path / kind)
    with pytest.raises(HarnessError, match=r"data\.train_split: unknown sub-folder.*'ants'.*'ant'"):
        look(tmp_path, train_split="ants", validation_split="wasps")
    with pytest.raises(HarnessError, match=r"data\.validation_split: unknown sub-folder.*'be'"):
        look(tmp_path, validation_split="be")


def test_a_share_that_is_not_held_out_is_said_to_mean_nothing(tmp_path):
    for split in ("train", "test"):
        put(tmp_path / split)
    assert not look(tmp_path).notes
    assert "has no effect" in look(tmp_path, validation_fraction=0.5).notes[0]


def test_a_file_too_large_to_be_an_image_is_not_read(tmp_path):
    put(tmp_path)
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate(2**30 + 1)  # of holes: it takes no room
    huge = next(picture for picture in listing(tmp_path).pictures if "huge" in picture.name)
    with pytest.raises(OSError, match="larger than 1 GiB"):
        huge.read()


def test_splits_one_folder_deeper(tmp_path):
    for split in ("train", "test"):
        put(tmp_path / "photos" / split)
    with pytest.raises(HarnessError, match=rf"set data\.path: {tmp_path}/photos"):
        look(tmp_path)


def test_images_of_both_splits_and_of_neither(tmp_path):
    for split in ("train", "test", "extra"):
        put(tmp_path / split)
    (tmp_path / "test/0.png").write_bytes((tmp_path / "train/3.png").read_bytes())
    found = look(tmp_path)
    assert any("1 image of 'test' is also in 'train': test/0.png" in note for note in found.told)
    assert any("10 images are in neither split: extra/0.png" in note for note in found.told)
    for number in range(10):
        whole = (tmp_path / f"train/{number}.png").read_bytes()
        (tmp_path / f"test/{number}.png").write_bytes(whole)
    with pytest.raises(HarnessError, match="all 10 images of 'test' are also in 'train'"):
        look(tmp_path)
