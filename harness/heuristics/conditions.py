"""Conditions of claims, as far as a configuration decides them."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from harness.config.catalog import dataset

if TYPE_CHECKING:
    from harness.config.trial import TrialConfig

FEW = 10_000  # training images; the data sets of S0, of which it says so, have 6,000 and fewer
DEEP = 4  # blocks of S0's own networks, of which it says to begin without residual connections


def _images(config: "TrialConfig") -> int | None:
    return config.data.train_images or dataset(config.data.name).train_images


def _few_images(config: "TrialConfig") -> bool:
    count = _images(config)
    return count is not None and count <= FEW


def _many_images(config: "TrialConfig") -> bool:
    """Not the opposite of few: the number of images in a folder is not a knob."""
    count = _images(config)
    return count is not None and count > FEW


class Condition(NamedTuple):
    """The condition of a claim: in words, and as a test of knobs if these decide it."""

    text: str
    holds: Callable[["TrialConfig"], bool] | None = None


CONDITIONS: Mapping[str, Condition] = {
    "few_images": Condition("little data", _few_images),
    "many_images": Condition("with much data, as in CelebA", _many_images),
    "wgan_gp": Condition(
        "with WGAN-GP",
        lambda c: c.loss.name == "wasserstein" and c.penalties.gradient.weight > 0,
    ),
    "least_squares": Condition("least squares", lambda c: c.loss.name == "least_squares"),
    "odd_kernel": Condition(
        "kernel not divisible by the stride", lambda c: c.generator.kernel_size % 2 == 1
    ),
    "orthonormal": Condition(
        "length one demanded, too (orthonormal)",
        lambda c: max(c.penalties.orthonormal.weight, c.penalties.orthonormal.generator_weight) > 0,
    ),
    "deep_networks": Condition(
        "large and deep networks", lambda c: (c.generator.depth or 0) > DEEP
    ),
    "celeba": Condition("CelebA"),
    "fewer_than_6000_images": Condition("fewer than 6,000 images"),
    "modes_collapse": Condition("modes collapse"),
    "late_in_training": Condition("late in training"),
    "large_batches": Condition("large batches"),
    "early_patterns": Condition("such patterns early in training"),
    "discriminator_loss_nan": Condition("the discriminator's loss is NaN"),
    "unstable": Condition("training is unstable"),
}


def describe_condition(condition: str) -> str:
    """A condition of a claim in words: the text of an id; the words of a user as they are."""
    return CONDITIONS[condition].text if condition in CONDITIONS else condition


def met(condition: str, configs: Iterable["TrialConfig"]) -> bool | None:
    """Whether a claim's condition holds in all configurations; None if no knob decides it."""
    if not condition:
        return True
    known = CONDITIONS.get(condition)
    return all(map(known.holds, configs)) if known and known.holds else None
