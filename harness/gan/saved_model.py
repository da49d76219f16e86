"""A user's own encoder: a saved Keras model, given pixels in the range that it was trained on."""

import hashlib
import json
import warnings
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from harness.config.inputs.content import file_content
from harness.config.inputs.encoder_file import INTEGERS, SAVE, Form, check_shape, form
from harness.config.inputs.encoder_range import OFFSET, first_layers
from harness.config.trial import DataConfig, EvaluationConfig
from harness.core.errors import HarnessError
from harness.core.format import digits
from harness.gan.encoders import Encoder, Network, compiled, first_line, pooled, weights_digest

PROBED = 2  # images with which a model is first tried
NORMALISING = (keras.layers.Normalization, keras.layers.BatchNormalization)


def load_saved_model(path: Path, data: DataConfig, evaluation: EvaluationConfig) -> Encoder:
    """A user's saved Keras model: RGB → features, pooled to (N, d).

    Pixels are floats in [0, 1]; or from 0 to 255 where the input is of integers, or where the
    first layers say so (`config/inputs/encoder_range.py`). Features of any precision are float32.
    """
    taken = form(path)
    _check_content(path, evaluation.encoder_content)
    model = _loaded(path)
    _check_ends(path, model)
    if not taken.bytes:
        _check_means(path, model)
    resolution = _input_size(path, model, evaluation) or evaluation.resolution or data.image_size
    raw = _outputs(model, taken)
    _try(path, raw, resolution)

    def network(images: tf.Tensor) -> tf.Tensor:
        return pooled(tf.cast(raw(images), tf.float32))

    # with 0 to 255 the same weights give other features than with 0 to 1
    architecture = model.to_json() + ("bytes" if taken.bytes else "")
    return Encoder(
        "custom",
        resolution,
        weights_digest(model.get_weights(), architecture),
        compiled(network, resolution, evaluation.resizer),
        file=str(path),
    )


def _check_content(path: Path, planned: str | None) -> None:
    """Raise an error unless the file is whole, and the one that the plan was made with."""
    content = file_content(path, hashlib.sha256(path.read_bytes()).hexdigest())
    if planned not in (None, content):
        raise HarnessError(
            f"evaluation.encoder: {path} is not the file that the study was planned with (SHA-256 "
            f"{content}, not {planned}): it was changed or damaged; put the file back, or run the "
            "command again to score by this one"
        )
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
        if damaged:
            raise HarnessError(
                f"evaluation.encoder: {path} is damaged ({damaged} in it); save the model again"
            )


def _loaded(path: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras's, of layers that only training needs
            return keras.saving.load_model(path, compile=False, safe_mode=True)
    # a file that is no model makes Keras, zipfile, HDF5 or JSON raise, each its own kind
    except Exception as error:
        raise HarnessError(
            f"evaluation.encoder: {path} cannot be loaded as a Keras model ({first_line(error)}); "
            f"make it of the layers of Keras, and {SAVE}"
        ) from error


def _check_ends(path: Path, model: Any) -> None:
    """Raise an error unless the model has one input of square RGB images, and one output."""
    for side in ("input", "output"):
        ends = getattr(model, f"{side}s", None) or []
        if len(ends) != 1:
            raise HarnessError(
                f"evaluation.encoder: {path} has {len(ends) or 'no declared'} {side}s, and an "
                "encoder has one; build it as keras.Model(one input, one output) and save that"
            )
    check_shape(path, tuple(model.inputs[0].shape))


def _check_means(path: Path, model: Any) -> None:
    """Raise an error where the first layer has learnt the mean of pixels from 0 to 255.

    A plan cannot see this, since the mean is among the weights.
    """
    first = first_layers(json.loads(model.to_json()))
    for layer in model._flatten_layers():
        if layer.name in first and isinstance(layer, NORMALISING):
            mean = layer.mean if hasattr(layer, "mean") else layer.moving_mean
            largest = float(np.max(np.abs(keras.ops.convert_to_numpy(mean))))
            if largest > OFFSET:
                raise HarnessError(
                    f"evaluation.encoder: {path} takes pixels from 0 to 255 (its first layer, "
                    f"{layer.name}, has learnt a mean of {digits(largest)}), and would be given 0 "
                    "to 1; put keras.layers.Rescaling(255) before it and save the two as one model"
                )


def _outputs(model: Any, taken: Form) -> Network:
    """The model as a function of RGB float32 (N, H, W, 3) in [0, 255]; its output as it comes."""

    form = getattr(model, "_inputs_struct", None)  # one tensor may stand in a dictionary

    def outputs(images: tf.Tensor) -> tf.Tensor:
        if taken.dtype in INTEGERS:
            given = tf.cast(tf.round(images), taken.dtype)
        else:
            given = tf.cast(images if taken.bytes else images / 255.0, taken.dtype)
        packed = given if form is None else tf.nest.pack_sequence_as(form, [given])
        (made,) = tf.nest.flatten(model(packed, training=False))
        return made

    return outputs


def _try(path: Path, outputs: Network, resolution: int) -> None:
    """Raise an error unless two images give two rows of numbers."""
    size = f"images of {resolution} x {resolution} x 3"
    try:
        made = outputs(tf.zeros((PROBED, resolution, resolution, 3)))
    # whatever the user's layers raise for this input
    except Exception as error:
        raise HarnessError(
            f"evaluation.encoder: {path} does not take {size} ({first_line(error)})"
        ) from error
    if not made.dtype.is_floating:
        raise HarnessError(
            f"evaluation.encoder: {path} gives {made.dtype.name}, such as the number of a class, "
            "and no features; save the model up to the layer before"
        )
    shape = tuple(made.shape)
    if not shape or shape[0] != PROBED or None in shape or 0 in shape:
        raise HarnessError(
            f"evaluation.encoder: {path} gives an array {shape} for {PROBED} {size}, and must give "
            "features for each image: (N, features), or maps (N, height, width, features)"
        )


def _input_size(path: Path, model: Any, evaluation: EvaluationConfig) -> int | None:
    """The size that the model is fixed to, None where it takes any."""
    size: int | None = model.inputs[0].shape[1]
    if size and evaluation.resolution not in (None, size):
        raise HarnessError(
            f"evaluation.resolution: {evaluation.resolution} px, but the encoder {path} takes "
            f"{size} px; leave evaluation.resolution out"
        )
    return size
