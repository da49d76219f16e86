"""scikit-learn's handwritten digits: 1,797 real images that need no download (definitions, 5)."""

from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from harness.config.inputs.images import check_splits
from harness.config.trial import DataConfig
from harness.core import rng
from harness.gan.data.source import Batch, Source, Split, Told

FILE = Path("data", "digits.csv.gz")  # in scikit-learn's folder of data sets
LEVELS = 16.0  # the brightest of the 17 levels
SPLITS = {"train": 1, "test": 0}  # every other image of a class; an odd one goes to test


def load(data: DataConfig, cache: Path) -> Source:
    """8 x 8 grey digits, enlarged bilinearly, split 898 to 899 by class."""
    del cache  # nothing to look up: the images are part of scikit-learn
    check_splits(data)
    return Source(_split(data.train_split, data), _split(data.validation_split, data))


def _split(name: str, data: DataConfig) -> Split:
    identity = f"digits {name} {data.image_size} px"
    return Split(identity, partial(_batches, SPLITS[name], data.image_size))


def _batches(parity: int, size: int, told: Told) -> Iterator[Batch]:
    del told
    digits, labels = _digits()
    order = rng.generator(0, "data", "digits").permutation(len(labels))
    # sorted by class, in a fixed random order inside each: taking turns splits every class evenly
    by_class = order[np.argsort(labels[order], kind="stable")]
    chosen = np.sort(by_class[parity::2])
    grey = (digits[chosen, :, :, None] * (255.0 / LEVELS)).astype(np.float32)
    enlarged = tf.image.resize(grey, (size, size), method="bilinear").numpy()
    images = np.clip(np.rint(enlarged), 0, 255).astype(np.uint8)
    yield images, labels[chosen].astype(np.int64)


def _digits() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The images (N, 8, 8), levels 0 to 16, and their labels, from scikit-learn's file.

    Read directly where it lies at its usual place, since importing scikit-learn takes a second.
    """
    package = find_spec("sklearn")
    file = Path(package.origin).with_name("datasets") / FILE if package and package.origin else None
    if file is None or not file.is_file():
        from sklearn.datasets import load_digits

        digits = load_digits()
        return digits.images, digits.target
    table = np.loadtxt(file, delimiter=",")
    return table[:, :-1].reshape(-1, 8, 8), table[:, -1].astype(np.int64)
