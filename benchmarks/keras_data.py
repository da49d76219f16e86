"""What the baseline is asked for, and its images: S0's tf.data pipeline."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

NOISE_IMAGES = 8192  # of data set "noise", which serves to measure time


@dataclass(frozen=True)
class Settings:
    """What S0 has as global variables; the defaults are S0's."""

    data: str = "noise"
    image_size: int = 64
    width: int = 128
    batch_size: int = 128
    steps: int = 460
    evaluations: int = 10
    samples: int = 5760
    seed: int = 0
    beta_1: float = 0.5
    precision: str = "float32"
    encoder: str = "inception_v3"
    augmentation_probability: float | None = None

    @property
    def channels(self) -> int:
        return 1 if self.data == "digits" else 3

    @property
    def image_shape(self) -> tuple[int, int, int]:
        return (self.image_size, self.image_size, self.channels)

    @property
    def depth(self) -> int:
        return (self.image_size // 4).bit_length() - 1


def load_split(settings: Settings, split: str) -> tf.data.Dataset:
    """Images of a split one by one, uint8 (H, W, C)."""
    if settings.data == "cifar10":
        return load_cifar10(split if split == "train" else f"test[:{settings.samples}]")
    if settings.data == "digits":
        from harness.config.trial import DataConfig
        from harness.gan.data import digits

        source = digits.load(DataConfig(name="digits", image_size=settings.image_size), Path())
        images, _ = next((source.train if split == "train" else source.validation).batches([]))
    else:
        generator = np.random.default_rng(0 if split == "train" else 1)
        shape = (NOISE_IMAGES, *settings.image_shape)
        images = generator.integers(0, 256, shape, dtype=np.uint8)
    chosen = images if split == "train" else images[: settings.samples]
    return tf.data.Dataset.from_tensor_slices(chosen)


def load_cifar10(split: str) -> tf.data.Dataset:
    import tensorflow_datasets as tfds

    folder = os.environ.get("TFDS_DATA_DIR")
    if not folder and "HARNESS_SHARED" in os.environ:
        folder = f"{os.environ['HARNESS_SHARED']}/data/tfds"
    dataset = tfds.load("cifar10", split=split, shuffle_files=True, data_dir=folder)
    return dataset.map(lambda data: data["image"], num_parallel_calls=tf.data.AUTOTUNE)


def prepare_dataset(settings: Settings, split: str) -> tf.data.Dataset:
    """S0's pipeline; "train" repeats, so that an epoch may have any number of steps."""

    def preprocess_image(image: tf.Tensor) -> tf.Tensor:
        size = [settings.image_size, settings.image_size]
        image = tf.image.resize(image, size, method=tf.image.ResizeMethod.AREA)
        return tf.clip_by_value(image / 255.0, 0.0, 1.0)

    dataset = (
        load_split(settings, split)
        .map(preprocess_image, num_parallel_calls=tf.data.AUTOTUNE)
        .cache()
        .shuffle(10 * settings.batch_size)
        .batch(settings.batch_size, drop_remainder=True)
    )
    if split == "train":
        dataset = dataset.repeat()
    return dataset.prefetch(tf.data.AUTOTUNE)
