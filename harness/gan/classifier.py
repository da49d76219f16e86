"""The `classifier` encoder: a small net trained on the data set's own labels, once, and kept.

For data that ImageNet says little about, such as digits. It sees the whole training split,
whatever subset a trial trains on, so it is one encoder for all cells.
"""

import hashlib
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from harness.config.identity import digest
from harness.config.inputs.images import check_classifier
from harness.config.trial import DataConfig, EvaluationConfig
from harness.core import rng
from harness.core.cache import entry
from harness.core.errors import HarnessError
from harness.gan.data import Images, load_images
from harness.gan.data.source import Labels, Uint8
from harness.gan.encoders import Encoder, compiled, resize, softmax_layer, weights_digest

WEIGHTS = "weights.npz"
RECIPE = 2  # raised when the same images would give another net
FEATURES = 64
BATCH = 64
LEARNING_RATE = 1e-3
MINIMUM_STEPS = 500
NORMALISED = 1024  # images that the scale of the features is taken from
EPOCHS = 5  # for sets so large that these are more steps


def classifier_encoder(data: DataConfig, evaluation: EvaluationConfig, cache: Path) -> Encoder:
    """The penultimate features (64) of the data set's own classifier."""
    images = load_images(data.model_copy(update={"train_images": None, "subset_seed": 0}), cache)
    check_classifier(data, images.folder, images.train_labels is not None)
    resolution = evaluation.resolution or data.image_size
    folder = cache / "encoders" / f"classifier-{_identity(images, resolution, evaluation)}"
    what = f"the classifier of {data.name}"
    folder, note = entry(
        folder, what, lambda target: _save(target, train(images, resolution, evaluation.resizer))
    )
    model = _network(_classes(images), resolution)
    with np.load(folder / WEIGHTS) as stored:
        model.set_weights([stored[name] for name in stored.files])
    features = keras.Model(model.inputs, model.layers[-2].output)
    return Encoder(
        "classifier",
        resolution,
        weights_digest(features.get_weights()),
        compiled(lambda x: features(x, training=False), resolution, evaluation.resizer),
        classes=softmax_layer(*model.get_weights()[-2:]),
        weights=features.weights,
        notes=(note,) if note else (),
    )


def _identity(images: Images, resolution: int, evaluation: EvaluationConfig) -> str:
    content = hashlib.sha256(np.ascontiguousarray(images.train).data)
    content.update(np.ascontiguousarray(_labels(images)).data)
    return digest([RECIPE, content.hexdigest(), resolution, evaluation.resizer])


def _labels(images: Images) -> Labels:
    if images.train_labels is None:
        raise HarnessError("evaluation.encoder: the classifier needs labels")
    return images.train_labels


def _classes(images: Images) -> int:
    return int(_labels(images).max()) + 1


def _save(folder: Path, model: keras.Model) -> None:
    np.savez(folder / WEIGHTS, **{f"{i:03}": w for i, w in enumerate(model.get_weights())})


def _network(classes: int, resolution: int) -> keras.Model:
    """RGB in [0, 255] → logits; halved until it is about 4 px."""
    inputs = keras.Input((resolution, resolution, 3))
    x, width = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(inputs), 32
    while x.shape[1] > 4:
        x = keras.layers.Conv2D(width, 3, padding="same", activation="relu")(x)
        x, width = keras.layers.MaxPooling2D(2)(x), 64
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(FEATURES, activation="relu")(x)
    return keras.Model(inputs, keras.layers.Dense(classes)(x))


def train(images: Images, resolution: int, resizer: str) -> keras.Model:
    """Train the classifier on (N, H, W, C) images with labels, the same way every time."""
    labels = _labels(images)
    # on the CPU, whose sums do not depend on the order in which threads arrive
    with tf.device("/CPU:0"):
        model = _network(_classes(images), resolution)
        model.set_weights([_initial(weight, i) for i, weight in enumerate(model.weights)])
        update = _update(model, resolution, resizer)
        size = min(BATCH, len(labels))
        steps = max(MINIMUM_STEPS, EPOCHS * len(labels) // size)
        for step in range(steps):
            chosen = _chosen(step, size, len(labels))
            rate = LEARNING_RATE * (1.0 - step / steps)
            update(
                tf.constant(images.train[chosen]),
                tf.constant(labels[chosen]),
                tf.constant(rate, tf.float32),
            )
        _normalise(model, images.train[:NORMALISED], resolution, resizer)
    return model


def _normalise(model: keras.Model, images: Uint8, resolution: int, resizer: str) -> None:
    """Scale the features to a mean square of 1, so that KIDs are of the usual size.

    The kernel is cubic: without this a KID would say how large training made the weights. ReLU lets
    the last layer undo the scale, so the classifier stays what it was.
    """
    features = keras.Model(model.inputs, model.layers[-2].output)
    network = compiled(lambda x: features(x, training=False), resolution, resizer)
    scale = float(np.sqrt(np.mean(np.square(network(tf.constant(images)).numpy()))))
    *others, kernel, bias, last_kernel, last_bias = model.get_weights()
    model.set_weights([*others, kernel / scale, bias / scale, last_kernel * scale, last_bias])


def _chosen(step: int, size: int, count: int) -> NDArray[np.int64]:
    """The images of one step: batches of a new permutation each epoch, remainders dropped."""
    epoch, number = divmod(step, count // size)
    order = rng.generator(0, "classifier", "data", epoch).permutation(count)
    return order[number * size : (number + 1) * size]


def _initial(weight: Any, number: int) -> NDArray[np.float32]:
    """He's normal initialisation from our own stream; biases start at zero."""
    if len(weight.shape) == 1:
        return np.zeros(weight.shape, np.float32)
    stream = rng.generator(0, "classifier", "init", number)
    scale = np.sqrt(2.0 / np.prod(weight.shape[:-1]))
    return (stream.standard_normal(weight.shape) * scale).astype(np.float32)


def _update(model: keras.Model, resolution: int, resizer: str) -> Any:
    """One step of Adam on the cross-entropy, compiled."""
    optimizer = keras.optimizers.Adam(LEARNING_RATE)
    optimizer.build(model.trainable_variables)

    def update(images: tf.Tensor, labels: tf.Tensor, rate: tf.Tensor) -> None:
        images = tf.cast(images, tf.float32)
        if images.shape[-1] == 1:
            images = tf.image.grayscale_to_rgb(images)
        with tf.GradientTape() as tape:
            logits = model(resize(images, resolution, resizer), training=True)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            loss = tf.reduce_mean(losses)
        optimizer.learning_rate.assign(rate)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)

    return tf.function(update, autograph=False)
