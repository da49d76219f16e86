"""Layers and formulas that were mended, and which trials each mend trains differently.

`SEMANTICS` renames every trial there is. A revision enters the keys of the trials that it affects
and of no other, so that what was trained before and would be trained alike today is still found.
"""

from collections.abc import Callable
from typing import NamedTuple

from harness.config.catalog import LOSSES
from harness.config.trial import TrialConfig


class Revision(NamedTuple):
    """One mend: what it was about, and its place in the history of that part."""

    name: str  # of what is computed otherwise; enters the key, and so never changes
    number: int  # raised by a further mend of the same part
    why: str  # what was wrong, and what is done now
    affects: Callable[[TrialConfig], bool]  # whether it trains a trial differently; not by its seed


def _hidden_from_minibatch(config: TrialConfig) -> bool:
    return config.discriminator.minibatch != "none" and config.discriminator.dropout > 0


def _moves_in_parts(config: TrialConfig) -> bool:
    # nothing that is trained or scored reads the discriminator's moving statistics
    return config.training.accumulation > 1 and config.generator.normalization == "batch"


def _penalised(config: TrialConfig) -> bool:
    """Whether the discriminator's gradients are penalised, which needs second derivatives."""
    penalties = config.penalties
    return max(penalties.gradient.weight, penalties.r1.weight, penalties.dragan.weight) > 0


def _pooled_and_penalised(config: TrialConfig) -> bool:
    return config.discriminator.downsampling == "max_pool" and _penalised(config)


def _decoded_and_penalised(config: TrialConfig) -> bool:
    # the decoder of a discriminator that is an autoencoder is the generator's
    decodes = LOSSES[config.loss.name].energy
    return decodes and config.generator.upsampling == "bilinear" and _penalised(config)


REVISIONS = (
    Revision(
        "minibatch_before_dropout",
        1,
        "features of the batch were made of what dropout had left, which hid repetition from them",
        _hidden_from_minibatch,
    ),
    Revision(
        "batch_statistics_once_an_update",
        1,
        "the moving statistics moved once a part of an accumulated batch, now once an update",
        _moves_in_parts,
    ),
    Revision(
        "max_pool_twice_differentiable",
        1,
        "XLA took the second derivative of max pooling where rounded values were largest",
        _pooled_and_penalised,
    ),
    Revision(
        "bilinear_twice_differentiable",
        1,
        "TensorFlow has no second derivative of bilinear enlargement, and left it out in silence",
        _decoded_and_penalised,
    ),
)


def revisions(config: TrialConfig) -> dict[str, int]:
    """The revisions that a trial's key names; most trials have none."""
    return {each.name: each.number for each in REVISIONS if each.affects(config)}
