"""All tables of names: name → the code or the facts behind it.

It imports no heavy library: code is named as "module:attribute" and loaded when used.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from harness.core.registry import Registry


class DatasetSpec(NamedTuple):
    """Facts about a data set that are needed before it is loaded."""

    target: str  # "module:function", called with the data section of a trial
    channels: int = 3
    splits: Mapping[str, int] = MappingProxyType({})  # images of each; none: counted when loaded
    classes: int | None = None  # of its labels; None: it has none, or they are counted
    crop: str | None = None  # a function in harness.gan.data.crops, for TFDS sets
    encoder: str = "inception_v3"  # evaluation.encoder where the study names none
    protocol: str = "keras75"  # evaluation.protocol where the study names none
    subset_size: int = 1000  # images in one subset of the `subsets` estimator

    @property
    def train_images(self) -> int | None:
        """Images of the default training split; None: counted when loaded."""
        return self.splits.get("train")


class ConditioningSpec(NamedTuple):
    """Requirements of a class-conditioning method."""

    target: str
    labels: bool = True  # of real images; else codes are drawn in their place
    discriminator: bool = False  # is given labels, too


class PenaltySpec(NamedTuple):
    """A penalty, and the facts that its knobs are made from (`config/trial/penalties.py`)."""

    target: str  # a function of a `harness.gan.forward_pass.ForwardPass`, giving a scalar
    meaning: str
    source: str
    paper: str = ""  # the weight that the paper takes
    networks: tuple[str, ...] = ("discriminator",)  # whose losses it can be added to


class ProtocolSpec(NamedTuple):
    """Protocol of a KID: estimator, encoder and image size."""

    target: str  # numbers of generated and real images, size → which are compared
    encoder: str | None = None  # the only encoder it may be used with; None: any
    resolution: int | None = None  # pixels; None: what the encoder takes
    block: int | None = None  # real and generated images are used in whole blocks of this size

    @property
    def overlapping(self) -> bool:
        """Whether its draws share images, so that their number says nothing about precision."""
        return self.block is None


TFDS = "harness.gan.data.tensorflow_datasets:load"

DATASETS = Registry(
    "data set",
    {
        "caltech_birds2011": DatasetSpec(
            TFDS, splits={"train": 5994, "test": 5794}, classes=200, crop="bounding_box"
        ),
        "celeb_a": DatasetSpec(
            TFDS,
            splits={"train": 162770, "validation": 19867, "test": 19962},
            crop="celeb_a",
        ),
        "cifar10": DatasetSpec(
            TFDS, splits={"train": 50000, "test": 10000}, classes=10, crop="centre_square"
        ),
        "digits": DatasetSpec(
            "harness.gan.data.digits:load",
            channels=1,
            splits={"train": 898, "test": 899},
            classes=10,
            encoder="classifier",
            protocol="subsets",
            subset_size=500,
        ),
        "fashion_mnist": DatasetSpec(
            TFDS,
            channels=1,
            splits={"train": 60000, "test": 10000},
            classes=10,
            crop="centre_square",
        ),
        "folder": DatasetSpec("harness.gan.data.folder:load"),
        "mnist": DatasetSpec(
            TFDS,
            channels=1,
            splits={"train": 60000, "test": 10000},
            classes=10,
            crop="centre_square",
        ),
        "oxford_flowers102": DatasetSpec(
            TFDS,
            splits={"train": 1020, "validation": 1020, "test": 6149},
            classes=102,
            crop="centre_square",
        ),
    },
)
OTHER_TFDS = DatasetSpec(TFDS, crop="centre_square")  # any other TFDS image set, as "tfds:<name>"

LOSSES = Registry(
    "loss",
    {
        name: f"harness.gan.losses:{name.upper()}"
        for name in (
            "non_saturating",
            "minimax",
            "least_squares",
            "hinge",
            "wasserstein",
            "relativistic",
            "relativistic_average",
            "began",
            "ebgan",
        )
    },
)
LOSSES_WITH_LABELS = ("non_saturating", "minimax", "least_squares")  # what label smoothing needs

LOSSES_OF_PROBABILITY = ("non_saturating", "minimax")  # of cross-entropies
LOSSES_OF_ENERGY = ("began", "ebgan")  # whose discriminator is an autoencoder
# both sides never below zero, and equal where no image is told from another
LOSSES_ON_ONE_SCALE = ("non_saturating", "least_squares", "relativistic", "relativistic_average")

BOTH = ("discriminator", "generator")
PENALTIES = Registry(
    "penalty",
    {
        "gradient": PenaltySpec(
            "harness.gan.penalties:gradient_penalty",
            "One-centred gradient penalty on interpolates of real and generated images (WGAN-GP).",
            "Gulrajani et al. 2017",
            paper="10",
        ),
        "r1": PenaltySpec(
            "harness.gan.penalties:r1",
            "Half the squared gradient at real images.",
            "Mescheder et al. 2018",
            paper="10",
        ),
        "dragan": PenaltySpec(
            "harness.gan.penalties:dragan",
            "One-centred gradient penalty around real images.",
            "Kodali et al. 2017",
            paper="10",
        ),
        "orthogonal": PenaltySpec(
            "harness.gan.penalties:orthogonal",
            "Squared inner products of a layer's outputs; each network by itself.",
            "Brock et al. 2019",
            paper="1e-4",
            networks=BOTH,
        ),
        "orthonormal": PenaltySpec(
            "harness.gan.penalties:orthonormal",
            "The same, and outputs of length one; each network by itself.",
            "Brock et al. 2017",
            paper="1e-4",
            networks=BOTH,
        ),
        "pulling_away": PenaltySpec(
            "harness.gan.penalties:pulling_away",
            "Squared cosines between the discriminator's features of generated images (EBGAN).",
            "Zhao et al. 2017",
            paper="0.1",
            networks=("generator",),
        ),
        "historical": PenaltySpec(
            "harness.gan.penalties:historical",
            "Squared distance of the parameters from their mean so far; each network by itself.",
            "Salimans et al. 2016",
            networks=BOTH,
        ),
    },
)

GENERATOR_LOSSES = Registry(
    "generator's loss",
    {
        "adversarial": "harness.gan.train.objectives:adversarial",
        "feature_matching": "harness.gan.train.objectives:feature_matching",
    },
)

TRANSLATIONS = Registry(
    "source of a translation",
    {
        "grey": "harness.gan.translation:grey",
        "edges": "harness.gan.translation:edges",
    },
)

CONDITIONINGS = Registry(
    "conditioning",
    {
        "concat": ConditioningSpec("harness.gan.labels.concat:CONCAT", discriminator=True),
        "projection": ConditioningSpec(
            "harness.gan.labels.projection:PROJECTION", discriminator=True
        ),
        "acgan": ConditioningSpec("harness.gan.labels.acgan:ACGAN"),
        "infogan": ConditioningSpec("harness.gan.labels.infogan:INFOGAN", labels=False),
    },
)

OPTIMIZERS = Registry(
    "optimizer",
    {
        "adam": "harness.gan.train.optimizers:Adam",
        "rmsprop": "harness.gan.train.optimizers:RMSProp",
        "sgd": "harness.gan.train.optimizers:SGD",
    },
)

ENCODERS = Registry(
    "encoder",
    {
        "inception_v3": "harness.gan.inception:inception_v3",
        "classifier": "harness.gan.classifier:classifier_encoder",
        "inception_2015": "harness.gan.inception:inception_2015",
    },
)

PROTOCOLS = Registry(
    "protocol",
    {
        "keras75": ProtocolSpec(
            "harness.metrics.kid:blocks", encoder="inception_v3", resolution=75, block=128
        ),
        "blocks": ProtocolSpec("harness.metrics.kid:blocks", block=128),
        "subsets": ProtocolSpec("harness.metrics.kid:subsets"),
        "fidelity299": ProtocolSpec(
            "harness.metrics.kid:subsets", encoder="inception_2015", resolution=299
        ),
    },
)

DESIGNS = Registry(
    "design",
    {
        "one_at_a_time": "harness.plan.one_at_a_time:draft_one_at_a_time",
        "leave_one_out": "harness.plan.leave_one_out:draft_leave_one_out",
        "ablation": "harness.plan.ablation:draft_ablation",
        "factorial": "harness.plan.factorial:draft_factorial",
        "fractional": "harness.plan.fractional:draft_fractional",
        "search": "harness.plan.search:draft_search",
    },
)

SEARCH = "harness.execution.search.sampler"
SAMPLERS = Registry(
    "sampler",
    {
        name: f"harness.execution.search.sampler:{name}"
        for name in ("tpe", "random", "quasi_random")
    },
)

PRUNERS = Registry(
    "pruner",
    {
        name: f"harness.execution.search.sampler:{name}"
        for name in ("none", "median", "successive_halving")
    },
)

SECTIONS = Registry(
    "report section",
    {
        name: f"harness.report.sections.{name}:build"
        for name in (
            "verdict",
            "ranking",
            "interactions",
            "tuning",
            "search",
            "cells",
            "curves",
            "samples",
            "failures",
            "training",
            "noise",
            "cost",
            "methods",
            "provenance",
        )
    },
)


def dataset(name: str) -> DatasetSpec:
    """The facts about a data set by name; "tfds:<name>" stands for any other TFDS image set."""
    return OTHER_TFDS if name.startswith("tfds:") else DATASETS[name]
