"""Encoders: uint8 images → float32 features, always in batches of one size.

A batch is padded to that size, so the network is traced once and an image's features do not depend
on how many others were asked for with it.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from harness.core.errors import HarnessError

ENCODING = 2  # raised when the same weights give other features, be it by rounding
TOLD = 200  # characters of an error of another library
LARGE = 128  # px; above it fewer images are encoded at a time, for their memory

Network = Callable[[tf.Tensor], tf.Tensor]  # RGB float32 (N, H, W, 3) in [0, 255] → (N, d)
Classes = Callable[[NDArray[np.floating]], NDArray[np.float64]]  # features → (N, classes)


@dataclass(frozen=True)
class Encoder:
    """A network as a function from images to features."""

    name: str
    resolution: int  # pixels that images are resized to
    digest: str  # 8 hex of its weights
    features: Network  # compiled, resizing included
    classes: Classes | None = None  # probabilities; None where the network comes without its head
    weights: Sequence[keras.Variable] = ()  # of a network of ours; what it reads besides is fixed
    file: str = ""  # a user's own
    notes: tuple[str, ...] = ()  # what a user should know, such as a damaged file made again

    @property
    def title(self) -> str:
        """Its name for people."""
        return self.file or self.name

    @property
    def batch(self) -> int:
        """Images encoded at a time."""
        return 64 if self.resolution > LARGE else 128

    def __call__(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Features (N, d) of uint8 images (N, H, W, 1 or 3)."""
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] not in (1, 3):
            raise HarnessError(
                f"encoders take uint8 images (N, H, W, 1 or 3), not {images.dtype} {images.shape}"
            )
        starts = range(0, len(images), self.batch)
        return np.concatenate([self._features(images[i : i + self.batch]) for i in starts])

    def _features(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        padding = ((0, self.batch - len(images)), (0, 0), (0, 0), (0, 0))
        features = self.features(tf.constant(np.pad(images, padding))).numpy()
        return np.asarray(features[: len(images)], np.float32)


def compiled(network: Network, resolution: int | None, resizer: str) -> Network:
    """`network` after colour and size are made right; `resolution` None: it resizes by itself."""

    def features(images: tf.Tensor) -> tf.Tensor:  # uint8 (N, H, W, 1 or 3)
        images = tf.cast(images, tf.float32)
        if images.shape[-1] == 1:
            images = tf.image.grayscale_to_rgb(images)
        return network(images if resolution is None else resize(images, resolution, resizer))

    return tf.function(features, autograph=False)


def resize(images: tf.Tensor, size: int, resizer: str) -> tf.Tensor:
    """Images in [0, 255] to `size` px, as S0 (bilinear) or as its repository does (bicubic)."""
    if images.shape[1] == images.shape[2] == size:
        return images
    if resizer == "bilinear":
        return tf.image.resize(images, (size, size), method="bilinear", antialias=False)
    larger = tf.image.resize(images, (size, size), method="bicubic", antialias=True)
    return tf.clip_by_value(larger, 0.0, 255.0)  # bicubic overshoots


def softmax_layer(kernel: NDArray[Any], bias: NDArray[Any] | float = 0.0) -> Classes:
    """A network's last layer: features (N, d) → class probabilities (N, classes), float64."""

    def classes(features: NDArray[np.floating]) -> NDArray[np.float64]:
        logits = np.asarray(features, np.float64) @ kernel + bias
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    return classes


def pooled(features: tf.Tensor) -> tf.Tensor:
    """Feature maps averaged over their positions, anything else flattened: (N, d)."""
    if features.shape.rank == 4:
        return tf.reduce_mean(features, axis=(1, 2))
    return tf.reshape(features, (tf.shape(features)[0], int(np.prod(features.shape[1:]))))


def weights_digest(weights: Iterable[NDArray[Any]], architecture: str = "") -> str:
    """8 hex of the weights in order, and of the architecture where it is not known by name."""
    total = hashlib.sha256(architecture.encode())
    for array in weights:
        total.update(f"{array.dtype}{array.shape}".encode())
        total.update(np.ascontiguousarray(array).tobytes())
    return total.hexdigest()[:8]


def first_line(error: BaseException) -> str:
    """The first line of an error's message that says something, or its kind where none does."""
    lines = re.sub(r"\x1b\[\d*m", "", str(error)).splitlines()  # Keras sets its own in bold
    lines = [line.strip() for line in lines if line.strip()]
    telling = [line for line in lines if not line.startswith("Exception encountered when calling")]
    line = (telling or lines or [type(error).__name__])[0]
    return line if len(line) <= TOLD else f"{line[:TOLD]}…"
