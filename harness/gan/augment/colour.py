"""Changes of colour (Zhao et al. 2020, DiffAugment): brightness, saturation, contrast, in turn."""

import tensorflow as tf

from harness.config.trial import AugmentationConfig
from harness.gan.random import Seed, fold, uniform


def changes_colour(config: AugmentationConfig) -> bool:
    """Whether anything of this file is on."""
    return max(config.brightness, config.saturation, config.contrast) > 0


def draw(config: AugmentationConfig, count: int, seed: Seed, span: float = 1.0) -> tf.Tensor:
    """A shift and two factors for each image, (count, 3); each from its own column of draws."""
    spread = 2 * uniform((count, 3), fold(seed, "colour")) - 1
    limits = tf.constant([config.brightness * span, config.saturation, config.contrast])
    return spread * limits + tf.constant([0.0, 1.0, 1.0])


def recolour(images: tf.Tensor, parameters: tf.Tensor) -> tf.Tensor:
    """Shift (N, H, W, C), spread its channels around their mean, and its pixels around theirs."""
    shift, saturation, contrast = (
        column[:, tf.newaxis, tf.newaxis, tf.newaxis] for column in tf.unstack(parameters, axis=1)
    )
    images += shift
    grey = tf.reduce_mean(images, axis=3, keepdims=True)
    images = (images - grey) * saturation + grey
    middle = tf.reduce_mean(images, axis=(1, 2, 3), keepdims=True)
    return (images - middle) * contrast + middle
