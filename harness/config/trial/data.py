"""Knobs of the training images."""

from harness.config.trial.base import DatasetName, Place, Section, knob


class DataConfig(Section):
    """Which images are trained on, and at what size."""

    name: DatasetName = knob(
        "caltech_birds2011", "data set: a name of the catalogue, or tfds:NAME for any other"
    )
    path: Place | None = knob(
        None,
        "folder or .zip of images, for `folder`; a relative one starts where harness is called, "
        "and where it lies is no part of a trial's identity",
    )
    content: str | None = knob(
        None, "digest of the folder's files, filled in by the harness", source="design"
    )
    image_size: int = knob(64, "height and width of an image", unit="px", ge=8, le=512)
    train_split: str = knob("train", "split to train on (TFDS syntax, or a sub-folder)")
    validation_split: str = knob("test", "split that KID is measured against; disjoint from train")
    validation_fraction: float = knob(
        0.2,
        "share of a folder without sub-folders that is held out",
        source="design",
        gt=0.0,
        lt=1.0,
    )
    train_images: int | None = knob(
        None, "train on a random subset of this many images; none: all", source="design", ge=1
    )
    subset_seed: int = knob(
        0, "picks the subset; never the training seed", source="design", ge=0, lt=2**31
    )
