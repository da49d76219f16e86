"""Loading, caching and subsets, on the digits that need no download."""

import json
import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from harness.config.trial import DataConfig
from harness.core.errors import HarnessError
from harness.gan.data import load_images
from harness.gan.data.digits import _digits
from harness.gan.data.source import Split
from harness.gan.data.store import stored

pytestmark = pytest.mark.tf


def digits(**changes):
    return DataConfig(name="digits", **{"image_size": 16, **changes})


@pytest.mark.parametrize("size", [8, 16, 32])
def test_digits_shapes_range_and_type(tmp_path, size):
    images = load_images(digits(image_size=size), tmp_path)
    assert images.train.shape == (898, size, size, 1)
    assert images.validation.shape == (899, size, size, 1)
    assert images.train.dtype == np.uint8
    assert isinstance(images.train, np.memmap)
    assert (images.train.min(), images.train.max()) == (0, 255) or size > 8
    assert images.train_labels.dtype == np.int64


def test_digits_are_those_of_scikit_learn_wherever_its_file_lies(monkeypatch):
    """Read directly, or by scikit-learn where a version keeps them elsewhere: the same bits."""
    direct = _digits()
    monkeypatch.setattr("harness.gan.data.digits.FILE", Path("moved.csv.gz"))
    for one, other in zip(direct, _digits(), strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype


def test_digits_are_the_originals_each_once_and_evenly_split(tmp_path):
    images = load_images(digits(image_size=8), tmp_path)
    ours = np.concatenate([images.train, images.validation]).reshape(1797, 64)
    original = np.rint(load_digits().data * 255 / 16).astype(np.uint8)
    assert sorted(map(bytes, ours)) == sorted(map(bytes, original))
    counts = [np.bincount(labels) for labels in images[2:4]]
    assert np.abs(counts[0] - counts[1]).max() <= 1
    by_image = {bytes(image): label for image, label in zip(original, load_digits().target)}  # noqa: B905
    for image, label in zip(images.train, images.train_labels, strict=True):
        assert by_image[bytes(image)] == label


def test_digits_have_their_own_splits_only(tmp_path):
    with pytest.raises(HarnessError, match=r"data\.train_split.*'trian'.*'train'"):
        load_images(digits(train_split="trian"), tmp_path)


def test_a_second_load_decodes_nothing(tmp_path, monkeypatch):
    first = load_images(digits(), tmp_path)
    monkeypatch.setattr("harness.gan.data.digits._batches", lambda *_: pytest.fail("decoded"))
    second = load_images(digits(), tmp_path)
    assert np.array_equal(first.train, second.train)
    assert first.identity == second.identity


def test_subset_has_its_own_seed_and_leaves_the_reference_alone(tmp_path):
    whole = load_images(digits(), tmp_path)
    one, same, other, smaller = (
        load_images(digits(train_images=count, subset_seed=seed), tmp_path)
        for count, seed in ((100, 0), (100, 0), (100, 1), (50, 0))
    )
    assert one.train.shape == (100, 16, 16, 1)
    assert len(one.train_labels) == 100
    assert np.array_equal(one.train, same.train)
    assert not np.array_equal(one.train, other.train)
    assert {bytes(i) for i in smaller.train} <= {bytes(i) for i in one.train}
    assert {bytes(i) for i in one.train} <= {bytes(i) for i in whole.train}
    assert one.identity == whole.identity
    with pytest.raises(HarnessError, match=r"899 is more than the 898"):
        load_images(digits(train_images=899), tmp_path)


def test_identity_follows_size_and_split(tmp_path):
    identities = {
        load_images(data, tmp_path).identity
        for data in (
            digits(),
            digits(image_size=8),
            digits(train_split="test", validation_split="train"),
        )
    }
    assert len(identities) == 3


def slow_split(log: Path) -> Split:
    def batches(told):
        with log.open("a") as file:
            file.write("built\n")
        for i in range(20):
            yield np.full((3, 4, 4, 1), i, np.uint8), np.full(3, i)

    return Split("slow", batches)


def _build(folder):
    stored(slow_split(folder / "log"), folder)


def test_processes_build_once(tmp_path):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_build, args=(tmp_path,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert (tmp_path / "log").read_text() == "built\n"
    images, labels, *_ = stored(slow_split(tmp_path / "log"), tmp_path)
    assert images.shape == (60, 4, 4, 1)
    assert np.array_equal(images[:, 0, 0, 0], labels)


def test_a_build_that_fails_leaves_nothing(tmp_path):
    def batches(told):
        yield np.zeros((3, 4, 4, 1), np.uint8), None
        raise RuntimeError

    with pytest.raises(RuntimeError):
        stored(Split("broken", batches), tmp_path)
    assert [p.suffix for p in (tmp_path / "data").iterdir()] == [".lock"]
    good = Split("broken", lambda told: iter([(np.ones((2, 4, 4, 1), np.uint8), None)]))
    assert stored(good, tmp_path).images.shape == (2, 4, 4, 1)


def test_a_cache_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(HarnessError, match="cache cannot be written"):
        load_images(digits(), tmp_path / "file")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda file: os.write(os.open("/dev/full", os.O_WRONLY), b"x"))
    with pytest.raises(HarnessError, match=r"cannot be stored.*No space left"):
        load_images(digits(), tmp_path)


def test_about_says_what_was_decoded(tmp_path):
    load_images(digits(), tmp_path)
    abouts = [json.loads(p.read_text()) for p in tmp_path.glob("data/*/about.json")]
    assert {a["identity"] for a in abouts} == {"digits train 16 px", "digits test 16 px"}


def test_labels_and_images_are_on_the_disk_before_they_appear(tmp_path, monkeypatch):
    """A power cut after the rename must not leave names of files whose content is not there."""
    synced, real, renamed = [], os.fsync, Path.replace

    def sync(handle):
        synced.append(Path(f"/proc/self/fd/{handle}").readlink().name)
        real(handle)

    def replace(self, target):
        synced.append(f"rename {Path(target).name}")
        return renamed(self, target)

    if not Path("/proc/self/fd").exists():
        pytest.skip("needs /proc")
    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", replace)
    stored(
        Split("synced", lambda told: iter([(np.ones((2, 4, 4, 1), np.uint8), np.ones(2))])),
        tmp_path,
    )
    (folder,) = (path.name for path in (tmp_path / "data").iterdir() if path.is_dir())
    at = synced.index(f"rename {folder}")
    before = " ".join(synced[:at])
    for name in ("images.npy", "labels.npy", "about.json", f".{folder}.tmp"):
        assert name in before
    assert synced[at + 1 :] == ["data"]


def test_the_facts_of_digits(tmp_path):
    facts = load_images(digits(train_images=100), tmp_path).facts
    assert (facts["train"]["found"], facts["train"]["subset"]) == (898, 100)
    assert facts["validation"]["used"] == 899
    assert sum(facts["train"]["by_class"].values()) == 898
    assert facts["classes"] == 10
