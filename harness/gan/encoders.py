"""Encoders: uint8 images → float32 features, always in batches of one size.

A batch is padded to that size, so the network is traced once and an image's features do not depend
on how many others were asked for with it.
"""

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import keras
import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from harness.catalog import ENCODERS
from harness.config.trial import DataConfig, EvaluationConfig
from harness.errors import HarnessError
from harness.gan.data.store import locked
from harness.gan.folding import folded

ENCODING = 2  # raised when the same weights give other features, be it by rounding
LARGE = 128  # px; above it fewer images are encoded at a time, for their memory
INCEPTION_V3_WEIGHTS = "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"
INCEPTION_V3_MINIMUM = 75  # px; also the default: S0's
INCEPTION_2015_GRAPH = "classify_image_graph_def.pb"
INCEPTION_2015_ARCHIVE = (
    "http://download.tensorflow.org/models/image/imagenet/inception-2015-12-05.tgz"
)
INCEPTION_2015_PX = 299  # the graph resizes to it

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


def build(data: DataConfig, evaluation: EvaluationConfig, cache: Path) -> Encoder:
    """The encoder that `evaluation` names: one of the catalogue, or a saved Keras model's path."""
    name = evaluation.encoder or "inception_v3"
    if name in ENCODERS:
        encoder: Encoder = ENCODERS.load(name)(data, evaluation, cache)
        return encoder
    return saved_model(Path(name), data, evaluation)


def inception_v3(data: DataConfig, evaluation: EvaluationConfig, cache: Path) -> Encoder:
    """Keras Applications' InceptionV3, ImageNet weights, average-pooled last map (2,048), as S0."""
    del data
    resolution = evaluation.resolution or INCEPTION_V3_MINIMUM
    if resolution < INCEPTION_V3_MINIMUM:
        raise HarnessError(
            f"evaluation.resolution: inception_v3 takes {INCEPTION_V3_MINIMUM} px or more, "
            f"not {resolution}"
        )
    file = _keras_models() / INCEPTION_V3_WEIGHTS
    try:
        with locked(cache / "encoders" / "inception_v3.lock"):  # workers do not download at once
            model = keras.applications.InceptionV3(
                include_top=False,
                weights=str(file) if file.exists() else "imagenet",
                input_shape=(resolution, resolution, 3),
                pooling="avg",
            )
    except HarnessError:
        raise
    # Keras raises a bare Exception for a failed download, and whatever HDF5 does for a bad file
    except Exception as error:  # noqa: BLE001
        _no_weights("inception_v3", file, error)
    network = folded(model)
    return Encoder(
        "inception_v3",
        resolution,
        weights_digest(model.get_weights()),
        compiled(lambda x: network(x / 127.5 - 1.0), resolution, evaluation.resizer),
    )


def inception_2015(data: DataConfig, evaluation: EvaluationConfig, cache: Path) -> Encoder:
    """The network of 2015-12-05 that published KIDs are measured with: pool_3 (2,048) at 299 px.

    The graph resizes by itself (TensorFlow 1's bilinear, corners not aligned) and rescales to
    (x - 128) / 128; images are resized before it only where the study asks for bicubic.
    """
    del data, cache
    if evaluation.resolution not in (None, INCEPTION_2015_PX):
        raise HarnessError(
            f"evaluation.resolution: inception_2015 takes {INCEPTION_2015_PX} px, "
            f"not {evaluation.resolution}"
        )
    file = _inception_2015_file()
    graph = tf.compat.v1.GraphDef()
    try:
        graph.ParseFromString(file.read_bytes())
        # what follows is made for one image at a time
        body = tf.compat.v1.graph_util.extract_sub_graph(graph, ["pool_3"])
        function = tf.compat.v1.wrap_function(
            lambda images: tf.graph_util.import_graph_def(
                body, {"ExpandDims:0": images}, ["pool_3:0"]
            ),
            [tf.TensorSpec((None, None, None, 3), tf.float32)],
        )
    except (OSError, DecodeError, ValueError, AssertionError) as error:
        raise HarnessError(
            f"{file}: not the graph of the 2015-12-05 Inception network ({_line(error)})"
        ) from error
    resolution = INCEPTION_2015_PX if evaluation.resizer == "bicubic" else None
    return Encoder(
        "inception_2015",
        INCEPTION_2015_PX,
        hashlib.sha256(file.read_bytes()).hexdigest()[:8],
        compiled(lambda x: pooled(function(x)[0]), resolution, evaluation.resizer),
        _head_2015(graph),
    )


def _head_2015(graph: Any) -> Classes | None:
    """The graph's own last layer without its bias, as the inception score's authors use it."""
    nodes = {node.name: node for node in graph.node}
    product = nodes.get("softmax/logits/MatMul")
    weights = nodes.get(product.input[1]) if product else None
    if weights is None or weights.op != "Const":
        return None
    return softmax_layer(tf.make_ndarray(weights.attr["value"].tensor))


def _inception_2015_file() -> Path:
    if given := os.environ.get("HARNESS_INCEPTION_2015"):
        if not Path(given).is_file():
            raise HarnessError(f"HARNESS_INCEPTION_2015: there is no file {given}")
        return Path(given)
    file = _keras_models() / INCEPTION_2015_GRAPH
    if file.exists():
        return file
    try:
        folder = keras.utils.get_file(
            origin=INCEPTION_2015_ARCHIVE, cache_subdir="models/inception_2015", extract=True
        )
    # Keras raises a bare Exception for a failed download
    except Exception as error:  # noqa: BLE001
        _no_weights("inception_2015", file, error, " or name it in HARNESS_INCEPTION_2015")
    return Path(folder) / INCEPTION_2015_GRAPH


def saved_model(path: Path, data: DataConfig, evaluation: EvaluationConfig) -> Encoder:
    """A user's saved Keras model: RGB float in [0, 1] → features, pooled to (N, d)."""
    if not path.is_file():
        raise HarnessError(f"evaluation.encoder: there is no file {path}")
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    # a file that is no model makes Keras, zipfile, HDF5 or JSON raise, each its own kind
    except Exception as error:
        raise HarnessError(
            f"evaluation.encoder: {path} cannot be loaded as a Keras model ({_line(error)})"
        ) from error
    resolution = _input_size(path, model, evaluation) or evaluation.resolution or data.image_size

    def network(images: tf.Tensor) -> tf.Tensor:
        return pooled(model(images / 255.0, training=False))

    try:
        features = network(tf.zeros((2, resolution, resolution, 3)))
    # whatever the user's layers raise for this input
    except Exception as error:
        raise HarnessError(
            f"evaluation.encoder: {path} does not take images of {resolution} x {resolution} x 3 "
            f"({_line(error)})"
        ) from error
    if features.dtype != tf.float32 or features.shape[-1] is None:
        raise HarnessError(f"evaluation.encoder: {path} gives no float32 features of a fixed size")
    return Encoder(
        "custom",
        resolution,
        weights_digest(model.get_weights(), model.to_json()),
        compiled(network, resolution, evaluation.resizer),
    )


def _input_size(path: Path, model: Any, evaluation: EvaluationConfig) -> int | None:
    """The size that the model is fixed to, None where it takes any; wrong inputs are errors."""
    shape = getattr(model, "input_shape", None)
    if not (
        isinstance(shape, tuple)
        and len(shape) == 4
        and shape[3] in (3, None)
        and shape[1] == shape[2]
    ):
        raise HarnessError(
            f"evaluation.encoder: {path} must take one input of square RGB images "
            f"(N, size, size, 3), not {shape}"
        )
    size: int | None = shape[1]
    if size and evaluation.resolution not in (None, size):
        raise HarnessError(
            f"evaluation.resolution: {evaluation.resolution} px, but the encoder {path} takes "
            f"{size} px; leave evaluation.resolution out"
        )
    return size


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


def _keras_models() -> Path:
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "models"


def _no_weights(name: str, file: Path, error: Exception, other: str = "") -> NoReturn:
    if file.exists():
        advice = f"the file {file} is no such weights file; delete it to have it downloaded anew"
    else:
        advice = f"they are not here and cannot be downloaded; put the file at {file}{other}"
    raise HarnessError(
        f"evaluation.encoder: weights of {name}: {advice} ({_line(error)})"
    ) from error


def _line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
