"""What a run would refuse of its images is refused when it is planned, with what to set instead."""

import pytest

from harness.config.catalog import DATASETS
from harness.config.inputs.content import Contents
from harness.config.inputs.facts import flat, image_facts, scoring, terms, trained_on
from harness.config.inputs.images import MINIMUM, check, decoded, known, ranges, scored
from harness.config.part import check_seeds
from harness.config.patch import flatten, resolve
from harness.config.specs import DatasetSpec
from harness.core.errors import HarnessError
from harness.core.files import write_json
from harness.metrics.neighbours import NEIGHBOURS

DIGITS = {"data.name": "digits", "data.image_size": 16}
CIFAR = {"data.name": "cifar10", "data.image_size": 16}


def folder(tmp_path, count=100, kinds=("",)):
    """A patch for a folder of files that differ; a fifth of them is held out."""
    for kind in kinds:
        (tmp_path / "photos" / kind).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            path = tmp_path / "photos" / kind / f"{number}.png"
            path.write_bytes(str(path).encode())
    return {"data.name": "folder", "data.path": str(tmp_path / "photos"), "data.image_size": 16}


SMALL = {"training.batch_size": 16, "evaluation.protocol": "subsets"}
CASES = {
    "a batch": ({"evaluation.protocol": "subsets"}, "128 is more than the 80 training images",
                "training.batch_size: 64"),
    "a block": ({"training.batch_size": 16}, "20 validation images are too few",
                "evaluation.protocol: subsets and evaluation.subset_size: 20"),
    "samples": ({**SMALL, "evaluation.samples": 96}, "96 is more than the 20 images",
                "evaluation.samples: 20"),
    "training images": ({**SMALL, "data.train_images": 500}, "500 is more than the 80 images",
                        "data.train_images: 80"),
    "a subset and a batch": ({**SMALL, "data.train_images": 10}, "more than the 10 training images",
                             "training.batch_size: 8"),
    "a subset of one": ({**SMALL, "data.train_images": 1}, "more than the 1 training images",
                        "train on 2 images or more"),
    "labels": ({**SMALL, "labels.conditioning": "projection"}, "have no labels",
               "labels.conditioning to none"),
    "a classifier": ({**SMALL, "evaluation.encoder": "classifier"}, "the classifier needs labels",
                     "evaluation.encoder to inception_v3"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_plan_refuses_what_a_run_would_and_says_what_to_set(tmp_path, case):
    changes, wrong, remedy = CASES[case]
    config = resolve([folder(tmp_path), changes])
    with pytest.raises(HarnessError, match=wrong) as caught:
        Contents(tmp_path / "cache").fill(config)
    assert remedy in str(caught.value)


REMEDIES = {
    "a batch": {"training.batch_size": 64},
    "a block": {"evaluation.protocol": "subsets", "evaluation.subset_size": 20},
    "samples": {"evaluation.samples": 20},
    "training images": {"data.train_images": 80},
    "a subset and a batch": {"training.batch_size": 8},
    "a subset of one": {"data.train_images": 2, "training.batch_size": 2},
    "labels": {"labels.conditioning": "none"},
    "a classifier": {"evaluation.encoder": "inception_v3"},
}


@pytest.mark.parametrize("case", CASES)
def test_the_remedy_is_one(tmp_path, case):
    config = resolve([folder(tmp_path), CASES[case][0], REMEDIES[case]])
    assert Contents(tmp_path / "cache").fill(config).data.content


def test_blocks_of_what_there_is(tmp_path):
    blocks = {"training.batch_size": 16, "evaluation.samples": 2000}
    config = resolve([folder(tmp_path, 1500), blocks])
    with pytest.raises(
        HarnessError, match=r"the 300 images of the folder: set evaluation\.samples: 256"
    ):
        Contents(tmp_path / "cache").fill(config)
    config = resolve([folder(tmp_path, 1500), {"evaluation.samples": 100}])
    with pytest.raises(HarnessError, match=r"too few.*set evaluation\.samples: 256"):
        Contents(tmp_path / "cache").fill(config)


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        ({**DIGITS, "data.validation_split": "tset"}, "did you mean 'test'"),
        ({**CIFAR, "data.train_split": "trian"}, "did you mean 'train'"),
        ({**CIFAR, "data.train_split": "train[:0]"}, "contains no images"),
        ({**CIFAR, "data.train_split": "test[:50%]"}, "share 5000 images of cifar10"),
        ({**CIFAR, "data.train_split": "train+test[9000:]"}, "share 1000 images"),
        ({**CIFAR, "data.train_images": 50_001}, "the 50000 images"),
        ({**CIFAR, "evaluation.samples": 10_001}, "evaluation.samples: 9984"),
        ({**CIFAR, "data.validation_split": "test[:100]"}, "too few"),
        ({**DIGITS, "training.batch_size": 1000}, "more than the 898 training images"),
        ({"data.name": "celeb_a", "evaluation.encoder": "classifier",
          "evaluation.protocol": "subsets"}, "celeb_a has none"),
    ],
)  # fmt: skip
def test_sets_of_the_catalogue_are_counted_without_loading_them(tmp_path, patch, said):
    with pytest.raises(HarnessError, match=said):
        check(resolve([patch]), None, tmp_path)


@pytest.mark.parametrize("name", [name for name in DATASETS if name != "folder"])
def test_every_set_of_the_catalogue_passes(tmp_path, name):
    config = resolve([{"data.name": name, "data.image_size": 16}])
    check(config, None, tmp_path)
    assert None not in known(config.data, None, tmp_path)


def test_what_only_tfds_can_tell_is_left_to_it(tmp_path):
    for patch in ({"data.name": "tfds:other"}, {**CIFAR, "data.train_split": "train[:10%](pct1)"}):
        config = resolve([{"data.image_size": 16}, patch])
        check(config, None, tmp_path)
        assert known(config.data, None, tmp_path).train is None


def test_a_prepared_set_of_tfds_is_counted_from_its_own_file(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    config = resolve([{"data.name": "tfds:other", "data.image_size": 16}])
    assert "the run downloads it" in Contents(tmp_path).facts({"a": config})[0]["notes"][-1]
    rows = [
        {"name": "train", "shardLengths": ["70", "30"]},
        {"name": "test", "shardLengths": ["40"]},
    ]
    write_json(tmp_path / "other/1.0.0/dataset_info.json", {"splits": rows})
    assert known(config.data, None, tmp_path) == (100, 40)
    assert Contents(tmp_path).facts({"a": config})[0]["notes"] == [
        "40 of 40 validation images are not used, since keras75 uses blocks of 128"
    ]
    with pytest.raises(HarnessError, match="128 is more than the 100 training images"):
        check(config, None, tmp_path)
    write_json(tmp_path / "other/1.1.0/dataset_info.json", {"splits": rows})
    assert known(config.data, None, tmp_path) == (None, None)  # which of them is TFDS's to say


def test_slices_are_those_of_tfds(tmp_path):
    tfds = pytest.importorskip("tensorflow_datasets.core.splits")
    spec = DatasetSpec("", splits={"train": 997, "test": 30})
    info = {
        name: tfds.SplitInfo(name=name, shard_lengths=[count], num_bytes=0)
        for name, count in spec.splits.items()
    }
    for text in ("train", "train[:50%]", "train[33%:]", "train[10:20]", "train[-7:]", "test[:1%]",
                 "train[:25%]+test", "train[13%:87%]"):  # fmt: skip
        theirs = [
            (
                one.splitname,
                one.from_ or 0,
                spec.splits[one.splitname] if one.to is None else one.to,
            )
            for one in tfds.ReadInstruction.from_spec(text).to_absolute(info)
        ]
        ours = [(name, first, end) for name, first, end in ranges(text, spec)]
        assert [(n, f % spec.splits[n], e) for n, f, e in theirs] == ours


def test_images_that_turned_out_unreadable_count(tmp_path):
    patch = {**folder(tmp_path, 40), **SMALL}
    contents = Contents(tmp_path / "cache")
    config = contents.fill(resolve([patch]))
    found = contents.folder(config.data)
    place = decoded(found.identity(1, 16), tmp_path / "cache")
    write_json(place / "about.json", {"images": 5, "left_out": {"truncated": 3}, "notes": ["N"]})
    said = image_facts(config.data, found, tmp_path / "cache")
    assert (said["validation"]["found"], said["validation"]["used"]) == (8, 5)
    assert "5 used (left out: 3 × truncated)" in dict(terms(said))["Validation images"]
    assert said["notes"] == ["N"]
    with pytest.raises(HarnessError, match="5 validation images are too few"):
        Contents(tmp_path / "cache").fill(resolve([patch]))


@pytest.mark.parametrize(("patch", "said"), [
    ({"evaluation.protocol": "subsets"}, "at least 6: validate with 6 or more"),
    ({}, "at least 128: validate with 128 or more, or with 6 and evaluation.protocol: subsets"),
])  # fmt: skip
def test_as_many_as_are_asked_for_suffice(patch, said):
    config = resolve([CIFAR, patch])
    with pytest.raises(HarnessError, match=f"{said}$"):
        scored(config, 5)
    assert scored(resolve([CIFAR, {"evaluation.protocol": "subsets",
                                   "evaluation.subset_size": 6}]), 6) == 6  # fmt: skip


def test_a_plan_says_what_is_not_compared(tmp_path):
    config = resolve([{**CIFAR, "evaluation.samples": 1000}])
    assert "104 of 1000 validation images are not used" in "".join(scoring(config, 10_000))
    config = resolve([DIGITS])
    assert list(scoring(config, 899)) == []
    assert "subsets have 60 images instead of 500" in "".join(scoring(config, 60))


def test_classes_are_counted_by_split(tmp_path):
    patch = {**folder(tmp_path, 40, ("ant", "bee")), **SMALL}
    contents = Contents(tmp_path / "cache")
    config = contents.fill(resolve([patch]))
    said = image_facts(config.data, contents.folder(config.data), tmp_path / "cache")
    by_class = [said[side]["by_class"] for side in ("train", "validation")]
    assert [sum(counts.values()) for counts in by_class] == [64, 16]
    assert [one + other for one, other in zip(*(c.values() for c in by_class), strict=True)] == [
        40, 40
    ]  # fmt: skip
    assert flat(said)["images.train.found"] == 64
    assert flat(said)["images.classes"] == 2
    assert flat(None) == {}


def test_the_images_of_a_record_without_facts_are_the_catalogues():
    assert trained_on(flatten(resolve([CIFAR])), None) == 50_000
    assert (
        trained_on(flatten(resolve([{**CIFAR, "data.train_split": "train[:50%]"}])), None) == 25_000
    )
    assert trained_on(flatten(resolve([{**CIFAR, "data.train_images": 500}])), None) == 500
    assert trained_on({"data.name": "gone", "data.train_images": None}, None) is None


def test_as_many_validation_images_as_coverage_needs():
    assert MINIMUM == NEIGHBOURS + 1
    config = resolve([{**DIGITS, "evaluation.samples": MINIMUM}])
    assert scored(config, 899) == MINIMUM


@pytest.mark.parametrize("seeds", [[2**31], [0, 2**40]])
def test_a_seed_above_its_bound(seeds):
    with pytest.raises(HarnessError, match="below 2147483648"):
        check_seeds(seeds)
    assert check_seeds([2**31 - 1])
