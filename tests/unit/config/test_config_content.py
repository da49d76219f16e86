"""Folders and encoder files enter by content: what changes a digest, and what does not."""

import hashlib
import os
from pathlib import Path

import pytest

from harness.config.identity import key, metric_request
from harness.config.inputs import content
from harness.config.inputs.content import Contents, encoder_content, surveyed
from harness.config.inputs.folder.files import listing
from harness.config.patch import resolve
from harness.config.trial import DataConfig
from harness.core.errors import HarnessError
from tests.encoder_files import described


@pytest.fixture
def photos(tmp_path):
    """Images (their bytes need not decode here), one in a sub-folder."""
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    (folder / "b.png").write_bytes(b"bird")
    for number in range(38):
        (folder / f"c{number:02}.png").write_bytes(b"%d" % number)
    (folder / "sub" / "a.JPG").write_bytes(b"cat")
    return folder


FEW = {"data.name": "folder", "training.batch_size": 8, "evaluation.protocol": "subsets"}


def folder_digest(folder, cache):
    return surveyed(DataConfig(name="folder", path=str(folder)), cache).content


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def test_images_are_sorted_by_relative_path_and_nothing_else_is_one(photos):
    for name in (".hidden.png", ".thumbnails/x.png", "notes.txt", "Thumbs.db"):
        (photos / name).parent.mkdir(exist_ok=True)
        (photos / name).write_bytes(b"x")
    (photos / "folder.png").mkdir()
    found = listing(photos)
    names = [picture.name for picture in found.pictures]
    assert names == ["b.png", *(f"c{number:02}.png" for number in range(38)), "sub/a.JPG"]
    assert sorted(name for names in found.left_out.values() for name in names) == [
        ".hidden.png", ".thumbnails", "Thumbs.db", "notes.txt"
    ]  # fmt: skip


def touch(path):
    os.utime(path, ns=(1, 1))


@pytest.mark.parametrize(
    ("change", "other"),
    [
        (lambda folder: (folder / "b.png").rename(folder / "d.png"), True),
        (lambda folder: (folder / "b.png").write_bytes(b"bear"), True),
        (lambda folder: (folder / "sub" / "new.png").write_bytes(b"dog"), True),
        (lambda folder: (folder / "sub" / "a.JPG").unlink(), True),
        (lambda folder: touch(folder / "b.png"), False),
        (lambda folder: (folder / ".hidden.png").write_bytes(b"x"), False),
        (lambda folder: (folder / "notes.txt").write_bytes(b"x"), False),
        (lambda folder: folder.rename(folder.with_name("moved")), False),
    ],
    ids=["rename", "change", "add", "remove", "touch", "hidden", "no image", "move"],
)
def test_what_changes_a_folders_digest(photos, cache, change, other):
    before = folder_digest(photos, cache)
    assert len(before) == 16
    change(photos)
    where = photos if photos.exists() else photos.with_name("moved")
    assert (folder_digest(where, cache) != before) is other


@pytest.fixture
def read(monkeypatch):
    """The names of the files whose content was read."""
    names = []
    real = Path.read_bytes

    def counting(path):
        names.append(path.name)
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", counting)
    return names


@pytest.fixture
def settled(monkeypatch):
    """Files are old enough to be remembered."""
    monkeypatch.setattr(content, "SETTLED", float("-inf"))


def test_a_file_is_read_once_until_its_size_or_time_changes(photos, cache, read, settled):
    first = folder_digest(photos, cache)
    assert len(read) == len(set(read)) == 40
    assert folder_digest(photos, cache) == first
    assert len(read) == 40
    touch(photos / "b.png")
    assert folder_digest(photos, cache) == first
    assert read[40:] == ["b.png"]


def test_a_file_of_equal_size_and_time_is_read_again(photos, cache, settled):
    """A restored backup, or a program that sets the time back: ctime and inode tell."""
    before = folder_digest(photos, cache)
    times = (photos / "b.png").stat()
    (photos / "b.png").write_bytes(b"barn")
    os.utime(photos / "b.png", ns=(times.st_atime_ns, times.st_mtime_ns))
    changed = folder_digest(photos, cache)
    assert changed != before
    (photos / "new").write_bytes(b"bird")
    os.utime(photos / "new", ns=(times.st_atime_ns, times.st_mtime_ns))
    (photos / "new").replace(photos / "b.png")
    assert folder_digest(photos, cache) == before


def test_what_has_just_been_written_is_not_remembered(photos, cache, read):
    """A second write within one tick of the clock leaves the same stamp."""
    folder_digest(photos, cache)
    folder_digest(photos, cache)
    assert len(read) == 2 * len(set(read)) == 80


@pytest.mark.parametrize("text", ["", '{"torn": [1, 2', "[]", '{"photos/b.png": [4, 1, "00"]}'])
def test_a_damaged_cache_costs_time_only(photos, cache, text, settled):
    before = folder_digest(photos, cache)
    (cache / "digests.json").write_text(text)
    assert folder_digest(photos, cache) == before


def test_a_changed_digest_in_the_cache_is_not_believed(photos, cache, settled):
    before = folder_digest(photos, cache)
    file = cache / "digests.json"
    known = hashlib.sha256(b"bird").hexdigest()
    assert known in file.read_text()
    file.write_text(file.read_text().replace(known, known[::-1]))
    assert folder_digest(photos, cache) == before


def test_a_cache_that_cannot_be_written_costs_time_only(photos, tmp_path):
    (tmp_path / "file").write_text("in the way")
    digest = folder_digest(photos, tmp_path / "file" / "cache")
    assert digest == folder_digest(photos, tmp_path / "cache")


def test_no_folder_and_no_image(tmp_path, cache):
    with pytest.raises(HarnessError, match=r"data.path: .*nowhere is neither a folder nor a \.zip"):
        folder_digest(tmp_path / "nowhere", cache)
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(
        HarnessError, match=r"data.path: .* contains no images \(.*\.bmp, .*\.webp.*notes\.txt\)"
    ):
        folder_digest(tmp_path, cache)


def test_a_trial_is_filled_in_and_does_not_depend_on_the_place(photos, cache):
    patch = {**FEW, "data.path": str(photos)}
    config = Contents(cache).fill(resolve([patch]))
    assert config.data.content == folder_digest(photos, cache)
    moved = photos.rename(photos.with_name("moved"))
    again = Contents(cache).fill(resolve([{**patch, "data.path": str(moved)}]))
    assert (key(again), metric_request(again)) == (key(config), metric_request(config))
    (moved / "b.png").write_bytes(b"bear")
    changed = Contents(cache).fill(resolve([{**patch, "data.path": str(moved)}]))
    assert key(changed) != key(config)


def test_an_encoder_file_is_filled_in(tmp_path, cache):
    file = tmp_path / "mine.keras"
    patch = {"evaluation.protocol": "blocks", "evaluation.encoder": str(file)}
    with pytest.raises(HarnessError, match=r"evaluation.encoder: there is no file .*mine\.keras"):
        Contents(cache).fill(resolve([patch]))
    described(file)
    config = Contents(cache).fill(resolve([patch]))
    assert config.evaluation.encoder_content == encoder_content(file, cache)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    assert config.evaluation.encoder_content == digest
    described(file, dtype="uint8")
    other = Contents(cache).fill(resolve([patch])).evaluation.encoder_content
    assert other == hashlib.sha256(file.read_bytes()).hexdigest()[:16] + "-bytes"


def test_without_paths_there_is_nothing_to_fill_in(cache, monkeypatch):
    monkeypatch.setattr(content, "unflatten", None)
    config = resolve([])
    assert Contents(cache).fill(config) is config
    assert not cache.exists()


@pytest.mark.parametrize("split", [True, False], ids=["two splits", "held out"])
def test_a_folders_classes_are_counted_where_labels_are_used(tmp_path, cache, split):
    for number, kind in enumerate(("ant", "bee", "cat")):
        for side in ("train", "test") if split else ("",):
            for copy in range(12):
                place = tmp_path / "photos" / side / kind / f"{copy}.png"
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(bytes([number, copy, len(side)]))
    patch = {**FEW, "data.path": str(tmp_path / "photos")}
    plain = Contents(cache).fill(resolve([patch]))
    assert plain.labels.classes is None
    config = Contents(cache).fill(resolve([patch, {"labels.conditioning": "concat"}]))
    assert config.labels.values == 3
    assert metric_request(config) == metric_request(plain)


def test_a_folder_without_classes_is_refused_where_labels_are_used(photos, cache):
    patch = {**FEW, "data.path": str(photos)}
    with pytest.raises(HarnessError, match=r"have no labels.*its own sub-folder"):
        Contents(cache).fill(resolve([patch, {"labels.conditioning": "acgan"}]))
    assert Contents(cache).fill(resolve([patch, {"labels.conditioning": "infogan"}])).labels.codes
