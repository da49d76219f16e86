"""Rules of class labels: which data sets have them, and which settings they exclude."""

from typing import TYPE_CHECKING

from harness.config.catalog import CONDITIONINGS, DATASETS, LOSSES
from harness.config.trial.rule import Clash, Inert, depth_of

if TYPE_CHECKING:
    from harness.config.trial.root import TrialConfig

_LABELLED = ", ".join(name for name in DATASETS if DATASETS[name].classes)


def _conditional(config: "TrialConfig") -> bool:
    return config.labels.conditioning != "none"


def _judged_by_class(config: "TrialConfig") -> bool:
    """Whether the discriminator gets labels."""
    return _conditional(config) and CONDITIONINGS[config.labels.conditioning].discriminator


CLASHES = (
    Clash(
        ("labels.conditioning", "data.name"),
        # a folder's classes are counted later, when its files are looked at
        lambda c: c.labels.of_images and not c.labels.classes and c.data.name != "folder",
        "this data set has no labels: set labels.conditioning to none or infogan, or "
        f"data.name to one with labels ({_LABELLED}, or a folder with one sub-folder per class)",
    ),
    Clash(
        ("labels.conditioning", "translation.source"),
        lambda c: _conditional(c) and c.translation.source is not None,
        "image translation does not use labels: set labels.conditioning to none",
    ),
    Clash(
        ("labels.conditioning", "loss.name"),
        lambda c: _conditional(c) and LOSSES[c.loss.name].energy,
        "the autoencoder of this loss does not use labels: set labels.conditioning to none, or "
        "choose another loss.name",
    ),
    Clash(
        ("labels.conditioning", "generator.normalization"),
        lambda c: _conditional(c) and c.generator.normalization == "virtual_batch",
        "a reference batch has no classes: choose another normalisation",
    ),
    Clash(
        ("labels.conditioning", "discriminator.normalization"),
        lambda c: _judged_by_class(c) and c.discriminator.normalization == "virtual_batch",
        "a reference batch has no classes: choose another normalisation",
    ),
    Clash(
        ("labels.conditioning", "training.replay"),
        lambda c: _conditional(c) and c.training.replay > 0,
        "replayed images are stored without their classes: set training.replay to 0",
    ),
)


def _no_embedding(config: "TrialConfig") -> bool:
    return not config.labels.of_images


def _no_further_block(config: "TrialConfig") -> bool:
    single = depth_of(config.data.image_size) == 1 and config.generator.architecture == "dcgan"
    return _no_embedding(config) or single


INERT = (
    Inert("labels.embedding_size", _no_embedding),
    Inert("labels.every_block", _no_further_block),
    Inert(
        "labels.shared_embedding",
        lambda c: _no_further_block(c) or not c.labels.every_block,
    ),
    Inert("labels.classifier_weight", lambda c: c.labels.conditioning != "acgan"),
    Inert("labels.codes", lambda c: c.labels.conditioning != "infogan"),
    Inert("labels.information_weight", lambda c: c.labels.conditioning != "infogan"),
)
