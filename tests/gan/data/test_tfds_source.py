"""TFDS sets: a tiny one that the test prepares, S0's crop, and what can be asked wrong."""

import os
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.tf

tf = pytest.importorskip("tensorflow")
tfds = pytest.importorskip("tensorflow_datasets")

from harness.config.catalog import DATASETS, TFDS  # noqa: E402
from harness.config.trial import DataConfig  # noqa: E402
from harness.core.errors import HarnessError  # noqa: E402
from harness.gan.data import load_images  # noqa: E402
from harness.gan.data.crops import bounding_box, celeb_a, centre_square  # noqa: E402


class TinyPictures(tfds.core.GeneratorBasedBuilder):
    """Twenty and ten grey squares, whose brightness is their number times eight."""

    VERSION = tfds.core.Version("1.0.0")
    pkg_dir_path = Path(__file__).parent

    def _info(self):
        features = {
            "image": tfds.features.Image(shape=(None, None, 3), encoding_format="png"),
            "label": tfds.features.ClassLabel(num_classes=2),
        }
        return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(0, 20), "test": self._generate_examples(20, 10)}

    def _generate_examples(self, first=0, count=0):
        for i in range(first, first + count):
            image = np.full((12 + i, 10, 3), i * 8, np.uint8)
            yield i, {"image": image, "label": i % 2}


class TinyText(tfds.core.GeneratorBasedBuilder):
    """A set without images."""

    VERSION = tfds.core.Version("1.0.0")
    pkg_dir_path = Path(__file__).parent

    def _info(self):
        features = tfds.features.FeaturesDict({"text": tfds.features.Text()})
        return self.dataset_info_from_configs(features=features)

    def _split_generators(self, dl_manager):
        return {name: self._generate_examples() for name in ("train", "test")}

    def _generate_examples(self):
        yield 0, {"text": "no image"}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    place = tmp_path_factory.mktemp("tfds")
    for builder in (TinyPictures, TinyText):
        builder(data_dir=str(place)).download_and_prepare()
    return place


@pytest.fixture
def tiny(prepared, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(prepared))
    return lambda **changes: DataConfig(name="tfds:tiny_pictures", **{"image_size": 8, **changes})


def levels(images):
    return sorted(np.unique(images // 8).tolist())


def test_any_set_by_name(tiny, tmp_path):
    images = load_images(tiny(), tmp_path)
    assert images.train.shape == (20, 8, 8, 3)
    assert levels(images.train) == list(range(20))
    assert levels(images.validation) == list(range(20, 30))
    assert np.array_equal(images.train[:, 0, 0, 0] // 8 % 2, images.train_labels)


def test_slices(tiny, tmp_path):
    data = tiny(train_split="train[:50%]", validation_split="train[50%:]")
    images = load_images(data, tmp_path)
    assert len(images.train) == len(images.validation) == 10
    assert not set(levels(images.train)) & set(levels(images.validation))


@pytest.mark.parametrize(
    ("train", "validation", "message"),
    [
        ("train[:50%]", "train[40%:]", "share 2 images"),
        ("train+test", "test[:3]", "share 3 images"),
        ("trian", "test", r"data\.train_split.*trian"),
        ("train", "train[a", r"data\.validation_split.*train\[a"),
        ("train[:0]", "test", "contains no images"),
    ],
)
def test_bad_splits(tiny, tmp_path, train, validation, message):
    with pytest.raises(HarnessError, match=message):
        load_images(tiny(train_split=train, validation_split=validation), tmp_path)


def test_unknown_name_and_no_image(tiny, tmp_path):
    with pytest.raises(HarnessError, match="'cifar1o'; did you mean 'cifar1"):
        load_images(DataConfig(name="tfds:cifar1o"), tmp_path)
    with pytest.raises(HarnessError, match=r"tiny_text.*no feature `image`.*text"):
        load_images(DataConfig(name="tfds:tiny_text"), tmp_path)


def test_absent_set_says_where_it_was_looked_for(tmp_path, monkeypatch):
    def no_network(self):
        raise ConnectionError("no network")

    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", no_network)
    with pytest.raises(HarnessError) as caught:
        load_images(DataConfig(), tmp_path / "cache")
    for part in ("caltech_birds2011", str(tmp_path), "no network", "TFDS_DATA_DIR=", "tfds build"):
        assert part in str(caught.value)
    (tmp_path / "caltech_birds2011" / "0.2.0").mkdir(parents=True)
    with pytest.raises(HarnessError, match="holds no prepared data"):
        load_images(DataConfig(), tmp_path / "cache")


def s0_crop(image, box, size, padding=0.25):
    """S0's arithmetic, in NumPy float32."""
    height, width = (np.float32(n) for n in image.shape[:2])
    top, left, bottom, right = box * np.array([height, width, height, width], np.float32)
    y, x = 0.5 * (top + bottom), 0.5 * (left + right)
    target = max((1 + padding) * (bottom - top), (1 + padding) * (right - left))
    h, w = min(target, 2 * y, 2 * (height - y)), min(target, 2 * x, 2 * (width - x))
    first, start = round(float(y - 0.5 * h)), round(float(x - 0.5 * w))
    cut = image[first : first + round(float(h)), start : start + round(float(w))]
    return tf.image.resize(cut, (size, size), method="area").numpy()


@pytest.mark.parametrize("seed", range(8))
def test_bird_crop_is_s0s(seed):
    random = np.random.default_rng(seed)
    image = random.integers(
        0, 256, (random.integers(60, 200), random.integers(60, 200), 3), np.uint8
    )
    low, extent = random.uniform(0, 0.6, 2), random.uniform(0.1, 0.4, 2)
    box = np.concatenate([low, low + extent]).astype(np.float32)
    ours = bounding_box({"image": tf.constant(image), "bbox": tf.constant(box)}, 32)
    assert np.allclose(ours, s0_crop(image, box, 32), atol=1e-3)


@pytest.mark.parametrize("box", [(0.0, 0.0, 0.001, 0.001), (0.999, 0.999, 1.0, 1.0), (0, 0, 1, 1)])
def test_bird_crop_of_extreme_boxes(box):
    example = {"image": tf.zeros((37, 51, 3), tf.uint8), "bbox": tf.constant(box, tf.float32)}
    assert bounding_box(example, 8).shape == (8, 8, 3)


def test_centre_crops():
    image = np.random.default_rng(0).integers(0, 256, (218, 178, 3), np.uint8)
    face = celeb_a({"image": tf.constant(image)}, 70)
    expected = image[39:179, 19:159].reshape(70, 2, 70, 2, 3).mean(axis=(1, 3))
    assert np.allclose(face, expected, atol=1e-3)
    square = centre_square({"image": tf.constant(image)}, 89)
    expected = image[20:198].reshape(89, 2, 89, 2, 3).mean(axis=(1, 3))
    assert np.allclose(square, expected, atol=1e-3)
    small = tf.constant(image[:4, :4])
    enlarged = tf.image.resize(tf.cast(small, tf.float32), (8, 8), method="bilinear")
    assert np.allclose(centre_square({"image": small}, 8), enlarged)


@pytest.mark.slow
def test_cifar10(tmp_path, monkeypatch):
    if "HARNESS_SHARED" not in os.environ:
        pytest.skip("HARNESS_SHARED is not set: no shared images")
    place = Path(os.environ["HARNESS_SHARED"]) / "data" / "tfds"
    monkeypatch.setenv("TFDS_DATA_DIR", str(place))
    images = load_images(DataConfig(name="cifar10", image_size=32), tmp_path)
    assert len(images.train) == DATASETS["cifar10"].train_images
    assert images.validation.shape == (10000, 32, 32, 3)
    builder = tfds.builder("cifar10", data_dir=str(place))
    first = next(iter(builder.as_dataset("test").take(1)))
    assert np.array_equal(images.validation[0], first["image"].numpy())
    assert images.validation_labels[0] == first["label"].numpy()


@pytest.mark.parametrize("name", [name for name in DATASETS if DATASETS[name].target == TFDS])
def test_the_catalogue_knows_the_classes_of_a_set(name, tmp_path):
    features = tfds.builder(name, data_dir=tmp_path).info.features
    label = features["label"].num_classes if "label" in features else None
    assert DATASETS[name].classes == label
