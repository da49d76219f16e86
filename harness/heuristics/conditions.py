"""Conditions of claims, as far as a configuration decides them."""

from collections.abc import Callable, Iterable, Mapping

from harness.config.catalog import dataset
from harness.config.trial import TrialConfig

FEW = 10_000  # training images; the data sets of S0, of which it says so, have 6,000 and fewer
DEEP = 4  # blocks of S0's own networks, of which it says to begin without residual connections


def _images(config: TrialConfig) -> int | None:
    return config.data.train_images or dataset(config.data.name).train_images


def _few_images(config: TrialConfig) -> bool:
    count = _images(config)
    return count is not None and count <= FEW


def _many_images(config: TrialConfig) -> bool:
    """Not the opposite of few: the number of images in a folder is not a knob."""
    count = _images(config)
    return count is not None and count > FEW


CONDITIONS: Mapping[str, Callable[[TrialConfig], bool]] = {
    "with WGAN-GP": lambda c: c.loss.name == "wasserstein" and c.penalties.gradient.weight > 0,
    "least squares": lambda c: c.loss.name == "least_squares",
    "kernel not divisible by the stride": lambda c: c.generator.kernel_size % 2 == 1,
    "length one demanded, too (orthonormal)": lambda c: (
        max(c.penalties.orthonormal.weight, c.penalties.orthonormal.generator_weight) > 0
    ),
    "little data": _few_images,
    "low data": _few_images,
    "large and deep networks": lambda c: (c.generator.depth or 0) > DEEP,
    "with much data, as in CelebA": _many_images,
}


def met(condition: str, configs: Iterable[TrialConfig]) -> bool | None:
    """Whether a claim's condition holds in all configurations; None if no knob decides it."""
    if not condition:
        return True
    told = CONDITIONS.get(condition)
    return all(map(told, configs)) if told else None
