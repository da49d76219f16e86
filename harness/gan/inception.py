"""The networks of published scores: InceptionV3 of Keras, and the graph of 2015-12-05."""

import hashlib
import os
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import keras
import tensorflow as tf
from google.protobuf.message import DecodeError

from harness.config.inputs.sent import copy_of, located
from harness.config.trial import DataConfig, EvaluationConfig
from harness.core.cache import locked
from harness.core.errors import HarnessError
from harness.gan.encoders import (
    Classes,
    Encoder,
    compiled,
    first_line,
    pooled,
    softmax_layer,
    weights_digest,
)
from harness.gan.folding import folded

V3_WEIGHTS = "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"
V3_MD5 = "bcbd6486424b2319ff4ef7d526e38f63"  # with which Keras checks its download
V3_MINIMUM = 75  # px; also the default: S0's
GRAPH_2015 = "classify_image_graph_def.pb"
ARCHIVE_2015 = "http://download.tensorflow.org/models/image/imagenet/inception-2015-12-05.tgz"
PX_2015 = 299  # the graph resizes to it


def inception_v3(data: DataConfig, evaluation: EvaluationConfig, cache: Path) -> Encoder:
    """Keras Applications' InceptionV3, ImageNet weights, average-pooled last map (2,048), as S0."""
    del data
    resolution = evaluation.resolution or V3_MINIMUM
    if resolution < V3_MINIMUM:
        raise HarnessError(
            f"evaluation.resolution: inception_v3 takes {V3_MINIMUM} px or more, not {resolution}"
        )
    file = located(V3_WEIGHTS, _keras_models() / V3_WEIGHTS)
    try:
        with locked(cache / "encoders" / "inception_v3.lock"):  # workers do not download at once
            _check_v3(file)
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
        weights=network.weights,
    )


def _check_v3(file: Path) -> None:
    """Raise an error where the weights are others than those that Keras publishes."""
    if not file.exists():
        return
    with file.open("rb") as opened:
        md5 = hashlib.file_digest(opened, partial(hashlib.md5, usedforsecurity=False)).hexdigest()
    if md5 != V3_MD5:
        raise HarnessError(
            f"evaluation.encoder: weights of inception_v3: {file} is damaged, or not the file that "
            f"Keras publishes (MD5 {md5}, not {V3_MD5}); delete it to have it downloaded again"
        )


def inception_2015(data: DataConfig, evaluation: EvaluationConfig, cache: Path) -> Encoder:
    """The network of 2015-12-05 that published KIDs are measured with: pool_3 (2,048) at 299 px.

    The graph resizes by itself (TensorFlow 1's bilinear, corners not aligned) and rescales to
    (x - 128) / 128; images are resized before it only where the study asks for bicubic.
    """
    del data, cache
    if evaluation.resolution not in (None, PX_2015):
        raise HarnessError(
            f"evaluation.resolution: inception_2015 takes {PX_2015} px, not {evaluation.resolution}"
        )
    file = copy_of(GRAPH_2015) or located(GRAPH_2015, _inception_2015_file())
    graph = tf.compat.v1.GraphDef()
    try:
        content = file.read_bytes()
        graph.ParseFromString(content)
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
            f"{file}: not the graph of the 2015-12-05 Inception network ({first_line(error)})"
        ) from error
    resolution = PX_2015 if evaluation.resizer == "bicubic" else None
    return Encoder(
        "inception_2015",
        PX_2015,
        hashlib.sha256(content).hexdigest()[:8],
        compiled(lambda x: pooled(function(x)[0]), resolution, evaluation.resizer),
        classes=_head_2015(graph),
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
    file = _keras_models() / GRAPH_2015
    if file.exists():
        return file
    try:
        folder = keras.utils.get_file(
            origin=ARCHIVE_2015, cache_subdir="models/inception_2015", extract=True
        )
    # Keras raises a bare Exception for a failed download
    except Exception as error:  # noqa: BLE001
        _no_weights("inception_2015", file, error, " or name it in HARNESS_INCEPTION_2015")
    return Path(folder) / GRAPH_2015


def _keras_models() -> Path:
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "models"


def _no_weights(name: str, file: Path, error: Exception, other: str = "") -> NoReturn:
    if file.exists():
        advice = f"the file {file} is no such weights file; delete it to have it downloaded again"
    else:
        advice = f"they are not here and cannot be downloaded; put the file at {file}{other}"
    raise HarnessError(
        f"evaluation.encoder: weights of {name}: {advice} ({first_line(error)})"
    ) from error
