"""The nearest training images of generated and of validation images, in an encoder's features."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.core import rng
from harness.core.cache import entry
from harness.core.grids import side_by_side
from harness.gan.data.store import let_go
from harness.gan.encoder_checks import check_finite
from harness.gan.encoders import Encoder
from harness.metrics.nearest import compare_distances, find_nearest

SEARCHED = 10_000  # training images at most: encoding them takes as long as one large evaluation
CHECKED = 1_000  # generated and validation images at most, whose nearest ones are searched
CHUNK = 1024  # of their features at a time: bounds the memory, changes no value
TRAINING, PLACES, DISTANCES = "training.npy", "places.npy", "distances.npy"

Images8 = NDArray[np.uint8]  # (N, H, W, C)
Features = NDArray[np.float32]  # (N, d)


class Nearest(NamedTuple):
    """Images next to their nearest training images, and how near they are."""

    generated: Images8  # in pairs, (2 n, H, W, C): an image, then its nearest training image
    validation: Images8
    values: dict[str, Any]  # by the fields of the record


class Neighbours:
    """The training images that others are compared with; their features are kept on disk."""

    def __init__(self, encoder: Encoder, training: Images8, real: Features, folder: Path) -> None:
        """`real`: features of validation images; `folder`: the entry of the cache."""
        self._encoder, self._training, self._real = encoder, training, real
        count = min(len(training), SEARCHED)
        chosen = rng.generator(0, "evaluation", "training").permutation(len(training))[:count]
        self._chosen = np.sort(chosen)
        folder, _ = entry(folder, "features of the training images", self._keep)
        self._file = folder / TRAINING
        self._places, self._distances = np.load(folder / PLACES), np.load(folder / DISTANCES)

    def _keep(self, folder: Path) -> None:
        file = folder / TRAINING
        shape = (len(self._chosen), self._real.shape[1])
        for part in _parts(len(self._chosen)):
            features = self._encoder(self._training[self._chosen[part]])
            let_go(self._training)
            check_finite(self._encoder, features, "training")
            mode: Literal["r+", "w+"] = "r+" if part.start else "w+"
            stored = np.lib.format.open_memmap(file, mode, np.float32, shape)
            stored[part] = features
            del stored  # what is mapped counts as memory, too
        places, distances = find_nearest(self._real, _read(file))
        np.save(folder / PLACES, places)
        np.save(folder / DISTANCES, distances)

    def compare(self, shown: Images8, generated: Features, validation: Images8) -> Nearest:
        """Set the images `shown`, and the first ones of `validation`, next to their nearest.

        `generated`: features of as many images as are compared with the validation images.
        """
        features = np.concatenate([self._encoder(shown), generated])
        places, distances = find_nearest(features, _read(self._file))
        places, distances = places[: len(shown)], distances[len(shown) :]
        return Nearest(
            self._paired(shown, places),
            self._paired(validation, self._places[: len(validation)]),
            {
                "generated": len(generated),
                "validation": len(self._real),
                "searched": len(self._chosen),
                "training": len(self._training),
                **compare_distances(distances, self._distances)._asdict(),
            },
        )

    def _paired(self, images: Images8, places: NDArray[np.int64]) -> Images8:
        near = self._training[self._chosen[places]]
        return side_by_side(images, near).reshape(2 * len(images), *images.shape[1:])


def _read(file: Path) -> Iterator[Features]:
    """Features in a file, in parts; a part is no longer mapped when the next one is read."""
    for part in _parts(len(np.load(file, mmap_mode="r"))):
        yield np.array(np.load(file, mmap_mode="r")[part])


def _parts(count: int) -> Iterator[slice]:
    return (slice(start, start + CHUNK) for start in range(0, count, CHUNK))
