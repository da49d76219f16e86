"""Rules between knobs: depth by image size, knobs without effect, and clashes.

Legal but advised against is a warning, never an error: testing such advice is what the harness is
for.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from harness.config.catalog import (
    LOSSES,
    PENALTIES,
    PROTOCOLS,
    dataset,
    losses_with,
)
from harness.config.trial import label_rules, network_rules, plugin_rules, training_rules
from harness.config.trial.penalties import ALL_WEIGHTS, PENALTY_WEIGHTS
from harness.config.trial.rule import Clash, Inert, default_of, depth_of, read
from harness.core.errors import HarnessError

if TYPE_CHECKING:
    from harness.config.trial.root import TrialConfig


def _without_labels(knob: str) -> Clash:
    """A knob that changes the discriminator's labels clashes with a loss without labels."""
    return Clash(
        (knob, "loss.name"),
        lambda c: read(c, knob) > 0 and not LOSSES[c.loss.name].labels,
        f"this loss does not use labels: set {knob} to 0, or loss.name to one of "
        + ", ".join(losses_with("labels")),
    )


# knobs of a game, and what leaves it unplayed: a variational autoencoder has none
_NO_GAME: dict[str, Any] = {
    "translation.source": None,
    "labels.conditioning": "none",
    "augmentation.policy": "none",
    "discriminator.instance_noise": 0.0,
    "discriminator.minibatch": "none",
    "discriminator.output": "logit",
    "generator.latent": "normal",
    "loss.name": "non_saturating",
    "loss.generator": "adversarial",
    "loss.label_smoothing": 0.0,
    "loss.smoothing_noise": 0.0,
    "loss.label_noise": 0.0,
    **dict.fromkeys(ALL_WEIGHTS, 0.0),
    "training.balance": "none",
    "training.batches": "separate",
    "training.discriminator_steps": 1,
    "training.generator_steps": 1,
    "training.replay": 0.0,
}


def _unplayed(knob: str, value: Any) -> Clash:
    return Clash(
        (knob, "training.update"),
        lambda c: c.training.update == "variational" and read(c, knob) != value,
        f"a variational autoencoder has no adversarial loss: set {knob} to {value}",
    )


def _pairs(knob: str) -> Clash:
    return Clash(
        (knob, "translation.source"),
        lambda c: c.translation.source is not None and read(c, knob) > 0,
        f"source and image are augmented together, and the source has no colour: set {knob} to 0",
    )


CLASHES = (
    *(_unplayed(knob, value) for knob, value in _NO_GAME.items()),
    _without_labels("loss.label_smoothing"),
    _without_labels("loss.smoothing_noise"),
    _without_labels("loss.label_noise"),
    Clash(
        ("augmentation.policy", "loss.name"),
        lambda c: c.augmentation.policy == "adaptive" and LOSSES[c.loss.name].energy,
        "`adaptive` needs an accuracy, and this loss does not classify images: set "
        "augmentation.policy to fixed or none",
    ),
    Clash(
        ("translation.source", "loss.name"),
        lambda c: c.translation.source is not None and LOSSES[c.loss.name].energy,
        "the autoencoder of this loss does not take pairs of source and image: choose another "
        "loss.name, "
        "or leave translation.source out",
    ),
    Clash(
        ("translation.source", "data.name"),
        lambda c: c.translation.source == "grey" and dataset(c.data.name).channels == 1,
        "the images of this data set are already grey: set translation.source to edges",
    ),
    Clash(
        ("augmentation.probability", "augmentation.max_probability"),
        lambda c: c.augmentation.probability > c.augmentation.max_probability,
        "`adaptive` would start above its limit: lower augmentation.probability",
    ),
    *(_pairs(f"augmentation.{knob}") for knob in ("brightness", "saturation", "contrast")),
    Clash(
        ("penalties.clipping.limit", "loss.name"),
        lambda c: c.penalties.clipping.limit > 0 and c.loss.name != "wasserstein",
        "weight clipping belongs to the Wasserstein loss: set penalties.clipping.limit to 0, or "
        "loss.name to wasserstein",
    ),
    Clash(
        ("generator.depth", "data.image_size"),
        lambda c: c.generator.depth != depth_of(c.data.image_size),
        "the generator starts at 4 px and doubles the size in every block: leave generator.depth "
        "out",
    ),
    Clash(
        ("discriminator.depth", "data.image_size"),
        lambda c: c.data.image_size < 2 ** (c.discriminator.depth or 1),
        "every block halves the image size: lower discriminator.depth",
    ),
    Clash(
        ("training.evaluations", "training.kimg"),
        lambda c: c.training.evaluations > c.iterations,
        "there are more evaluations than iterations: lower training.evaluations or raise "
        "training.kimg",
    ),
    *training_rules.CLASHES,
    *network_rules.CLASHES,
    *label_rules.CLASHES,
    Clash(
        ("data.path", "data.name"),
        lambda c: (c.data.path is None) == (c.data.name == "folder"),
        "data.path is needed for data set 'folder', and for no other",
    ),
    Clash(
        ("data.train_split", "data.validation_split"),
        lambda c: c.data.train_split == c.data.validation_split,
        "training and validation images must differ",
    ),
    Clash(
        ("evaluation.protocol", "evaluation.encoder"),
        lambda c: (
            PROTOCOLS[c.evaluation.protocol or ""].encoder not in (None, c.evaluation.encoder)
        ),
        "this protocol is defined for one encoder only: leave evaluation.encoder out, or use "
        "`blocks` or `subsets` with your encoder",
    ),
    Clash(
        ("evaluation.protocol", "evaluation.resolution"),
        lambda c: (
            PROTOCOLS[c.evaluation.protocol or ""].resolution not in (None, c.evaluation.resolution)
        ),
        "this protocol is defined for one resolution only: leave evaluation.resolution out",
    ),
)


def _unaugmented(config: "TrialConfig") -> bool:
    return config.augmentation.policy == "none"


def _absent(penalty: str) -> Callable[["TrialConfig"], bool]:
    return lambda c: not any(read(c, path) for path in PENALTY_WEIGHTS[penalty].values())


INERT = (
    *network_rules.INERT,
    Inert("translation.l1_weight", lambda c: c.translation.source is None),
    Inert("translation.decoder_dropout", lambda c: c.translation.source is None),
    Inert("loss.margin", lambda c: c.loss.name != "ebgan"),
    Inert("loss.diversity_ratio", lambda c: c.loss.name != "began"),
    Inert("loss.equilibrium_gain", lambda c: c.loss.name != "began"),
    Inert("loss.smoothing_noise_every", lambda c: c.loss.smoothing_noise == 0),
    Inert("loss.label_noise_every", lambda c: c.loss.label_noise == 0),
    *(Inert(f"penalties.{name}.every", _absent(name)) for name in PENALTIES),
    Inert("penalties.clipping.every", lambda c: c.penalties.clipping.limit == 0),
    *training_rules.INERT,
    *label_rules.INERT,
    Inert("augmentation.probability", _unaugmented),
    Inert("augmentation.target_accuracy", lambda c: c.augmentation.policy != "adaptive"),
    Inert("augmentation.max_probability", lambda c: c.augmentation.policy != "adaptive"),
    Inert("augmentation.integration_steps", lambda c: c.augmentation.policy != "adaptive"),
    Inert("augmentation.flip", _unaugmented),
    Inert("augmentation.translation", _unaugmented),
    Inert("augmentation.rotation", _unaugmented),
    Inert("augmentation.zoom", _unaugmented),
    Inert("augmentation.brightness", _unaugmented),
    Inert(
        "augmentation.saturation",
        lambda c: _unaugmented(c) or dataset(c.data.name).channels == 1,
    ),
    Inert("augmentation.contrast", _unaugmented),
    Inert("data.subset_seed", lambda c: c.data.train_images is None),
    Inert("data.validation_fraction", lambda c: c.data.name != "folder"),
)


ADVISED_AGAINST: tuple[tuple[Callable[["TrialConfig"], bool], str], ...] = (
    (
        lambda c: (
            (c.discriminator.normalization == "batch" or c.discriminator.minibatch != "none")
            and max(c.penalties.gradient.weight, c.penalties.dragan.weight, c.penalties.r1.weight)
            > 0
        ),
        "a gradient penalty is defined per image; batch normalisation and minibatch features in "
        "the "
        "discriminator make images depend on their batch (S2 turns batch normalisation off)",
    ),
    (
        lambda c: c.discriminator.minibatch != "none" and c.training.batches == "joint",
        "discriminator.minibatch compares the images of a batch with each other; training.batches "
        "joint mixes real and generated images (S2 separates them)",
    ),
    (
        lambda c: c.discriminator.spectral_norm and c.discriminator.batch_norm_scale,
        "discriminator.batch_norm_scale removes the bound of spectral normalisation (S0)",
    ),
    (
        lambda c: (
            c.loss.name == "wasserstein"
            and not c.penalties.gradient.weight
            and not c.penalties.clipping.limit
            and not c.discriminator.spectral_norm
        ),
        "the Wasserstein loss needs a bounded discriminator: set penalties.gradient.weight, "
        "penalties.clipping.limit or discriminator.spectral_norm",
    ),
)


def check(config: "TrialConfig") -> None:
    """Raise an error that names the first clash."""
    for clash in (*CLASHES, *plugin_rules.CLASHES):
        if clash.when(config):
            values = ", ".join(f"{path}={read(config, path)!r}" for path in clash.knobs)
            raise HarnessError(
                f"{clash.knobs[0]} clashes with {clash.knobs[1]} ({values}): {clash.advice}"
            )


def inert(config: "TrialConfig") -> Iterator[tuple[str, Any]]:
    """The knobs that are set but have no effect, with their defaults."""
    knobs = ((rule.knob, default_of(config, rule.knob)) for rule in INERT if rule.when(config))
    return ((knob, default) for knob, default in knobs if read(config, knob) != default)


def warnings(config: "TrialConfig") -> list[str]:
    """Settings that the sources advise against, one sentence each."""
    return [advice for when, advice in ADVISED_AGAINST if when(config)]
