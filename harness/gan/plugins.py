"""Adapters that turn plug-ins into losses, penalties, sources, encoders and networks, checked.

An exception in a plug-in's code and a wrong shape are one message that names the plug-in.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from harness.config import plugged
from harness.config.trial import DataConfig, EvaluationConfig
from harness.core.errors import HarnessError, unknown
from harness.core.plugins import Plugin, first_line
from harness.gan.data.source import Batch, Source, Split, Told
from harness.gan.encoders import Encoder, compiled, pooled
from harness.gan.forward_pass import ForwardPass
from harness.gan.losses import Game, Loss

SPLITS = ("train", "test")
_PROBE = ((1.5, -0.5, 0.25, -2.0), (-1.0, 0.75, -0.125, 2.5))  # logits of real and fake images


def loss(plugin: Plugin) -> Loss:
    """The loss, once both of its sides have given a finite scalar and gradients for some logits."""
    given = plugged.typed(plugin, plugged.Loss)
    sides = {name: getattr(given, name) for name in ("discriminator", "generator")}
    made = {name: partial(_called, plugin, name, side) for name, side in sides.items()}
    for name, side in made.items():
        _check_side(plugin, name, side)
    boundary = given.boundary
    return Loss(
        discriminator=made["discriminator"],
        generator=made["generator"],
        thresholds=None if boundary is None else lambda real, fake: (boundary, boundary),
        reaches_zero=given.reaches_zero,
    )


def _called(plugin: Plugin, name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function of a plug-in; an error names the plug-in."""
    try:
        return function(*arguments)
    except HarnessError:
        raise
    except (Exception, SystemExit) as error:
        raise HarnessError(f"{plugin.place}: {name} fails: {first_line(error)}") from error


def _check_side(plugin: Plugin, name: str, side: Callable[..., Any]) -> None:
    real, fake = (tf.Variable(tf.constant(values)[:, tf.newaxis]) for values in _PROBE)
    with tf.GradientTape() as tape:
        value = _scalar(plugin, name, side(real.value(), fake.value(), Game()), "4 logits")
    if not np.isfinite(value.numpy()):
        raise HarnessError(f"{plugin.place}: {name} gives {value.numpy()} for finite logits")
    learns = [real, fake] if name == "discriminator" else [fake]
    if all(gradient is None for gradient in tape.gradient(value, learns)):
        whose = "of any logit" if name == "discriminator" else "of generated images' logits"
        raise HarnessError(f"{plugin.place}: {name} is no differentiable function {whose}")


def _scalar(plugin: Plugin, name: str, value: Any, inputs: str) -> tf.Tensor:
    """A value, if it is one float32 number."""
    try:
        value = tf.convert_to_tensor(value)
    except (TypeError, ValueError):
        raise HarnessError(
            f"{plugin.place}: {name} must give a number (given: {type(value).__name__})"
        ) from None
    if value.shape.rank != 0 or value.dtype != tf.float32:
        raise HarnessError(
            f"{plugin.place}: {name} must give a scalar of float32, shape (); for {inputs} it "
            f"gives {value.dtype.name} of shape {value.shape}: is a mean missing?"
        )
    return value


def penalty(plugin: Plugin) -> Callable[[ForwardPass], tf.Tensor]:
    """The penalty, which is checked to give a scalar whenever it is traced."""

    def checked(forward: ForwardPass) -> tf.Tensor:
        value = _called(plugin, "the penalty", plugin.value, forward)
        return _scalar(plugin, "the penalty", value, f"{forward.real.shape[0]} images")

    return checked


def dataset(plugin: Plugin) -> Callable[[DataConfig, Path], Source]:
    """The loader of the data set."""

    def load(data: DataConfig, cache: Path) -> Source:
        del cache  # nothing to look up
        return Source(
            _split(plugin, data, data.train_split), _split(plugin, data, data.validation_split)
        )

    return load


def _split(plugin: Plugin, data: DataConfig, name: str) -> Split:
    identity = f"{plugin.name} {plugin.digest} {name} {data.image_size} px"
    return Split(identity, partial(_batches, plugin, name, data.image_size))


def _batches(plugin: Plugin, split: str, size: int, told: Told) -> Iterator[Batch]:
    del told
    spec = plugged.typed(plugin, plugged.Dataset)
    known = tuple(spec.splits) or SPLITS
    if split not in known:
        raise HarnessError(f"{plugin.place}: {unknown('split', split, known)}")
    given = _called(plugin, f"load({split!r}, {size})", spec.load, split, size)
    images, labels = given if isinstance(given, tuple) and len(given) == 2 else (given, None)
    where = f"{plugin.place}: load({split!r}, {size})"
    _check_images(np.asarray(images), where, (size, size, spec.channels), spec.splits.get(split))
    if (labels is None) is not (spec.classes is None):
        raise HarnessError(f"{where}: gives labels where `classes` says how many, and only there")
    if labels is not None:
        labels = _labels(np.asarray(labels), where, len(images), spec.classes or 0)
    yield np.asarray(images), labels


def _check_images(
    images: np.ndarray, where: str, shape: tuple[int, int, int], count: int | None
) -> None:
    if images.dtype != np.uint8 or images.shape[1:] != shape or not len(images):
        raise HarnessError(
            f"{where}: must give images of uint8, (N, {', '.join(map(str, shape))}); it gives "
            f"{images.dtype} of shape {images.shape}"
        )
    if count not in (None, len(images)):
        raise HarnessError(f"{where}: gives {len(images)} images, and `splits` says {count}")


def _labels(labels: np.ndarray, where: str, count: int, classes: int) -> np.ndarray:
    if labels.shape != (count,) or labels.dtype.kind not in "iu":
        raise HarnessError(
            f"{where}: must give labels that are whole numbers, ({count},); it gives "
            f"{labels.dtype} of shape {labels.shape}"
        )
    if labels.min() < 0 or labels.max() >= classes:
        raise HarnessError(f"{where}: labels go from 0 to {classes - 1}; it gives {labels.max()}")
    return labels.astype(np.int64)


def encoder(plugin: Plugin) -> Callable[[DataConfig, EvaluationConfig, Path], Encoder]:
    """The builder of the encoder."""

    def build(data: DataConfig, evaluation: EvaluationConfig, cache: Path) -> Encoder:
        del data, cache
        spec = plugged.typed(plugin, plugged.Encoder)
        network = _called(plugin, "build()", spec.build)
        size = evaluation.resolution or spec.resolution
        images = tf.zeros((2, size, size, 3))
        given = _called(plugin, "the encoder", lambda: tf.convert_to_tensor(network(images)))
        if given.shape.rank not in (2, 4) or given.shape[0] != 2 or not given.dtype.is_floating:
            raise HarnessError(
                f"{plugin.place}: must give features (N, d); for 2 images it gives "
                f"{given.dtype.name} of shape {given.shape}"
            )
        features = compiled(
            lambda x: pooled(tf.convert_to_tensor(network(x))), size, evaluation.resizer
        )
        return Encoder(plugin.name, size, plugin.digest[:8], features, file=plugin.place)

    return build


def architecture(plugin: Plugin) -> Any:
    """The networks, as parts."""
    from harness.gan.models.own_network import architecture  # which builds on the other networks

    return architecture(plugin)
