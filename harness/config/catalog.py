"""All tables of names: name → the code or the facts behind it.

It imports no heavy library: code is named as "module:attribute" and loaded when used.
"""

from harness.config import plugged
from harness.config.specs import (
    ArchitectureSpec,
    ConditioningSpec,
    DatasetSpec,
    LossSpec,
    PenaltySpec,
    ProtocolSpec,
)
from harness.core.registry import Registry


def _named(kind: str, target: str, *names: str) -> Registry[str]:
    """A table whose code is called like its names; `target` has {} for the name."""
    return Registry(kind, {name: target.format(name) for name in names})


TFDS = "harness.gan.data.tensorflow_datasets:load"

DATASETS = Registry(
    "data set",
    {
        "caltech_birds2011": DatasetSpec(
            TFDS, splits={"train": 5994, "test": 5794}, classes=200, crop="bounding_box"
        ),
        "celeb_a": DatasetSpec(
            TFDS, splits={"train": 162770, "validation": 19867, "test": 19962}, crop="celeb_a"
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
    "datasets",
    plugged.dataset,
)
OTHER_TFDS = DatasetSpec(TFDS, crop="centre_square")  # any other TFDS image set, as "tfds:<name>"

LOSSES = Registry(
    "loss",
    {
        "non_saturating": LossSpec(
            "harness.gan.losses:NON_SATURATING", labels=True, probability=True, one_scale=True
        ),
        "minimax": LossSpec("harness.gan.losses:MINIMAX", labels=True, probability=True),
        "least_squares": LossSpec("harness.gan.losses:LEAST_SQUARES", labels=True, one_scale=True),
        "hinge": LossSpec("harness.gan.losses:HINGE"),
        "wasserstein": LossSpec("harness.gan.losses:WASSERSTEIN"),
        "relativistic": LossSpec("harness.gan.losses:RELATIVISTIC", one_scale=True),
        "relativistic_average": LossSpec("harness.gan.losses:RELATIVISTIC_AVERAGE", one_scale=True),
        "began": LossSpec("harness.gan.losses:BEGAN", energy=True),
        "ebgan": LossSpec("harness.gan.losses:EBGAN", energy=True),
    },
    "losses",
    plugged.loss,
)

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
    "penalties",
    plugged.penalty,
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

ARCHITECTURES = Registry(
    "architecture",
    {
        "dcgan": ArchitectureSpec("harness.gan.models.convolutional:DCGAN"),
        "biggan": ArchitectureSpec("harness.gan.models.convolutional:BIGGAN"),
    },
    "networks",
    plugged.network,
)

NORMALIZATIONS = _named(
    "normalisation", "harness.gan.models.blocks:{}_norm",
    "batch", "virtual_batch", "layer", "instance",
)  # fmt: skip
FILTERS = _named(
    "number of filters", "harness.gan.models.blocks:{}", "constant", "tapering", "rising"
)
UPSAMPLINGS = _named(
    "upsampling", "harness.gan.models.blocks:{}_up",
    "transposed", "nearest", "bilinear", "pixel_shuffle",
)  # fmt: skip
DOWNSAMPLINGS = _named(
    "downsampling", "harness.gan.models.blocks:{}_down", "strided", "average_pool", "max_pool"
)
MINIBATCH_FEATURES = Registry(
    "features of the batch",
    {
        "discrimination": "harness.gan.models.minibatch:MinibatchDiscrimination",
        "stddev": "harness.gan.models.minibatch:MinibatchStandardDeviation",
    },
)
INITIALIZERS = _named(
    "initializer", "harness.gan.models.initial:{}",
    "glorot_uniform", "normal", "truncated_normal", "orthogonal",
)  # fmt: skip
UPDATES = Registry(  # the last update of the discriminator in an iteration
    "update",
    {
        "simultaneous": "harness.gan.train.step:BOTH",
        "alternating": "harness.gan.train.step:DISCRIMINATOR",
        "variational": "harness.gan.train.step:VARIATIONAL",
    },
)
# Keras's policies for the type of activations and weights
PRECISIONS = Registry("precision", {"float32": "float32", "bfloat16": "mixed_bfloat16"})
# the lowest value of each; the highest is 1
PIXEL_RANGES = Registry("pixel range", {"zero_one": 0.0, "minus_one_one": -1.0})
DECAYS = _named("decay of learning rates", "harness.gan.train.schedule:{}", "linear", "cosine")

ENCODERS = Registry(
    "encoder",
    {
        "inception_v3": "harness.gan.inception:inception_v3",
        "classifier": "harness.gan.classifier:classifier_encoder",
        "inception_2015": "harness.gan.inception:inception_2015",
    },
    "encoders",
    plugged.encoder,
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
        "path": "harness.plan.path:draft_path",
        "factorial": "harness.plan.factorial:draft_factorial",
        "fractional": "harness.plan.fractional:draft_fractional",
        "search": "harness.plan.search:draft_search",
    },
    "designs",
    plugged.design,
)

OBJECTIVES = Registry(
    "objective",
    {
        "final": "harness.analysis.objectives:FINAL",
        "best": "harness.analysis.objectives:BEST",
        "area": "harness.analysis.objectives:AREA",
        "time_to_threshold": "harness.analysis.objectives:TIME_TO_THRESHOLD",
    },
)
SAMPLERS = _named("sampler", "harness.execution.search.sampler:{}", "tpe", "random", "quasi_random")
PRUNERS = _named(
    "pruner", "harness.execution.search.sampler:{}", "none", "median", "successive_halving"
)

SECTIONS = _named(
    "report section", "harness.report.sections.{}:build",
    "verdict", "ranking", "looks", "interactions", "tuning", "search", "cells", "curves",
    "samples", "failures", "training", "noise", "cost", "methods", "provenance",
)  # fmt: skip


def losses_with(fact: str) -> list[str]:
    """The losses of the package of which a fact holds (a field of `LossSpec`)."""
    return [name for name in LOSSES if getattr(LOSSES[name], fact)]


def dataset(name: str) -> DatasetSpec:
    """The facts about a data set by name; "tfds:<name>" stands for any other TFDS image set."""
    return OTHER_TFDS if name.startswith("tfds:") else DATASETS[name]
