"""Any image set of TensorFlow Datasets, by name; looked for in TFDS_DATA_DIR."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import tensorflow as tf
import tensorflow_datasets as tfds

from harness.config.catalog import dataset
from harness.config.inputs.images import overlap
from harness.config.specs import DatasetSpec
from harness.config.trial import DataConfig
from harness.core.errors import HarnessError, unknown
from harness.gan.data import crops
from harness.gan.data.source import Batch, Source, Split, Told

BATCH = 256  # images decoded at a time


def load(data: DataConfig, cache: Path) -> Source:
    """The two splits of a TFDS set, which must not share an image."""
    del cache  # TFDS keeps its own prepared files
    builder = _prepared(data.name.removeprefix("tfds:"))
    spec = dataset(data.name)
    features = _features(builder)
    _check_splits(builder, data)
    batches = partial(_batches, features=features, spec=spec, size=data.image_size)

    def split(name: str) -> Split:
        version = builder.info.full_name.replace("/", ":")
        identity = f"{version} {name} {spec.crop} {data.image_size} px {spec.channels} channels"
        return Split(identity, partial(batches, builder, name))

    return Source(split(data.train_split), split(data.validation_split))


def _prepared(name: str) -> Any:
    place = os.environ.get("TFDS_DATA_DIR")
    try:
        builder = tfds.builder(name, data_dir=place)
    except tfds.core.DatasetNotFoundError:
        raise HarnessError(
            f"data.name: {unknown('TFDS data set', name, tfds.list_builders())}"
        ) from None
    except (ValueError, AssertionError) as error:  # a config or version that it does not have
        raise HarnessError(f"data.name: {name!r}: {_first_line(error)}") from None
    if builder.info.splits:
        return builder
    folder = Path(builder.data_path)
    reason = "the folder holds no prepared data"
    if not folder.exists():
        try:
            builder.download_and_prepare()
            return builder
        # TFDS lets through whatever its downloader, extractor or writer raises: it is the reason
        except Exception as error:  # noqa: BLE001
            reason = f"downloading failed: {_first_line(error)}"
    raise HarnessError(
        f"data set {name!r} is absent: looked for in {folder}; {reason}. If it lies elsewhere, set "
        f"TFDS_DATA_DIR=<folder that holds {name}>; else prepare it with `tfds build {name}` "
        "where there is a network"
    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _features(builder: Any) -> dict[str, bool]:
    """The features to read; the others (masks, file names) are not decoded."""
    features = builder.info.features
    names = set(features) if isinstance(features, tfds.features.FeaturesDict) else set()
    image = features["image"] if "image" in names else None
    if not isinstance(image, tfds.features.Image):
        known = ", ".join(sorted(names)) or "none by name"
        raise HarnessError(
            f"data.name: TFDS set {builder.name!r} has no feature `image` that is an image "
            f"(its features: {known})"
        )
    wanted = {"image"}
    if "label" in names and isinstance(features["label"], tfds.features.ClassLabel):
        wanted.add("label")
    if "bbox" in names and isinstance(features["bbox"], tfds.features.BBoxFeature):
        wanted.add("bbox")
    return dict.fromkeys(sorted(wanted), True)


def _ranges(builder: Any, split: str, knob: str) -> list[tuple[str, int, int]]:
    """The (split, first, end) of the images that an expression such as train[:50%] stands for."""
    splits = builder.info.splits
    try:
        parts = tfds.core.ReadInstruction.from_spec(split).to_absolute(splits)
    except (ValueError, AssertionError) as error:
        known = ", ".join(splits)
        raise HarnessError(f"{knob}: {_first_line(error)} (splits: {known})") from None
    ranges = []
    for part in parts:
        count = splits[part.splitname].num_examples
        first, end, _ = slice(part.from_, part.to).indices(count)
        ranges.append((part.splitname, first, end))
    if not any(end > first for _, first, end in ranges):
        raise HarnessError(f"{knob}: {split!r} of {builder.name} contains no images")
    return ranges


def _check_splits(builder: Any, data: DataConfig) -> None:
    train = _ranges(builder, data.train_split, "data.train_split")
    validation = _ranges(builder, data.validation_split, "data.validation_split")
    if shared := overlap(train, validation):
        raise HarnessError(
            f"data.train_split {data.train_split!r} and data.validation_split "
            f"{data.validation_split!r} share {shared} images of {builder.name}"
        )


def _batches(
    builder: Any,
    split: str,
    told: Told,
    *,
    features: dict[str, bool],
    spec: DatasetSpec,
    size: int,
) -> Iterator[Batch]:
    del told
    crop = getattr(crops, spec.crop or "centre_square")

    def prepare(example: dict[str, Any]) -> dict[str, Any]:
        pixels = crop({**example, "image": _channels(example["image"], spec.channels)}, size)
        pixels = tf.ensure_shape(tf.clip_by_value(tf.round(pixels), 0, 255), (size, size, None))
        return {**example, "image": tf.cast(pixels, tf.uint8)}

    images = builder.as_dataset(
        split=split,
        shuffle_files=False,
        decoders=tfds.decode.PartialDecoding(features),
        read_config=tfds.ReadConfig(try_autocache=False),
    )
    images = images.map(prepare, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    try:
        for batch in images.batch(BATCH).prefetch(2).as_numpy_iterator():
            yield batch["image"], batch.get("label")
    except (tf.errors.OpError, ValueError) as error:
        raise HarnessError(f"data set {builder.name!r}, split {split!r}: {error}") from error


def _channels(image: tf.Tensor, wanted: int) -> tf.Tensor:
    """To `wanted` channels of [0, 255]: grey is repeated, transparency goes over white."""
    scale = 257.0 if image.dtype == tf.uint16 else 1.0
    image = tf.cast(image, tf.float32) / scale
    channels = image.shape[-1]
    if channels in (2, 4):
        alpha = image[..., -1:] / 255.0
        image, channels = image[..., :-1] * alpha + 255.0 * (1.0 - alpha), channels - 1
    if channels == wanted:
        return image
    return tf.image.grayscale_to_rgb(image) if wanted == 3 else tf.image.rgb_to_grayscale(image)
