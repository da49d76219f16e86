"""Corrected layers and formulas, and the trials that each correction affects.

`SEMANTICS` changes the key of every trial. A revision enters only the keys of the trials that it
affects, so that other earlier trials are still found.
"""

from collections.abc import Callable
from typing import NamedTuple

from harness.config.catalog import LOSSES
from harness.config.trial import TrialConfig


class Revision(NamedTuple):
    """One correction: its part of the code, and its number in the history of that part."""

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
        "minibatch features were computed after dropout, which hid repeated images",
        _hidden_from_minibatch,
    ),
    Revision(
        "batch_statistics_once_an_update",
        1,
        "moving statistics were updated once per micro-batch, now once per update",
        _moves_in_parts,
    ),
    Revision(
        "max_pool_twice_differentiable",
        1,
        "XLA computed a wrong second derivative of max pooling from rounded values",
        _pooled_and_penalised,
    ),
    Revision(
        "bilinear_twice_differentiable",
        1,
        "TensorFlow silently omits the second derivative of bilinear upsampling",
        _decoded_and_penalised,
    ),
)


def affecting_revisions(config: TrialConfig) -> dict[str, int]:
    """The revisions in a trial's key; most trials have none."""
    return {each.name: each.number for each in REVISIONS if each.affects(config)}
