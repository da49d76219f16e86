"""Knobs of the training images."""

from harness.config.trial.base import DatasetName, Place, Section, knob


class DataConfig(Section):
    """Which images are trained on, and at what size."""

    name: DatasetName = knob("caltech_birds2011", "data set: a built-in name, or tfds:NAME")
    path: Place | None = knob(
        None,
        "folder or .zip of images, for `folder`; relative to the folder where harness is called; "
        "not part of a trial's identity",
    )
    content: str | None = knob(
        None, "digest of the folder's files, set by the harness", source="design"
    )
    image_size: int = knob(64, "height and width of an image", unit="px", ge=8, le=512)
    train_split: str = knob("train", "split to train on (TFDS syntax, or a sub-folder)")
    validation_split: str = knob(
        "test", "validation split, against which KID is measured; disjoint from the training split"
    )
    validation_fraction: float = knob(
        0.2,
        "share of images held out for validation from a folder without sub-folders",
        source="design",
        gt=0.0,
        lt=1.0,
    )
    train_images: int | None = knob(
        None, "train on a random subset of this many images; none: all", source="design", ge=1
    )
    subset_seed: int = knob(
        0,
        "seed that selects the subset; independent of the training seed",
        source="design",
        ge=0,
        lt=2**31,
    )
