"""Classes that plug-ins are written with, and the catalogue entry that follows from each.

`harness.plugins` is where a plug-in imports these classes from.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from harness.config.specs import ArchitectureSpec, DatasetSpec, LossSpec, PenaltySpec
from harness.core.errors import HarnessError, shown
from harness.core.plugins import Plugin

K = TypeVar("K")
ADAPTERS = "harness.gan.plugins"


@dataclass(frozen=True, kw_only=True)
class Loss:
    """An adversarial loss: two functions of logits (N, 1), high for real, that give a scalar each.

    Both are called with the logits of real images, those of generated images, and a
    `harness.gan.losses.Game`, in which label smoothing is.
    """

    discriminator: Callable[..., Any]  # L_real + L_fake; the step takes half of it
    generator: Callable[..., Any]
    boundary: float | None = 0.0  # the logit above which an image is called real; None: none is
    reaches_zero: bool = False  # a discriminator's loss of zero means that it has won
    label_smoothing: bool = False  # it reads `real_wrong` and `fake_wrong` of the game
    one_scale: bool = False  # both sides are never below zero, and comparable


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A data set: `load(split, image_size)` gives images, or images and labels.

    Images are uint8 (N, image_size, image_size, channels), labels whole numbers (N,) from 0 to
    `classes` - 1. Equal arguments must give equal arrays, whenever they are asked for.
    """

    load: Callable[[str, int], Any]
    channels: int = 3
    classes: int | None = None  # None: it has no labels
    splits: Mapping[str, int] = field(default_factory=dict)  # images of each; {}: counted when used


@dataclass(frozen=True, kw_only=True)
class Network:
    """Functions that make a generator or a discriminator as a Keras model; one may be left out.

    `generator(inputs, image_size, channels, knobs)`: (N, inputs) → (N, image_size, image_size,
    channels), before the last activation. `discriminator(image_size, channels, knobs)`: (N,
    image_size, image_size, channels) → features, before dropout and the layer that makes logits of
    them. `knobs` is the network's section of the configuration.
    """

    generator: Callable[..., Any] | None = None
    discriminator: Callable[..., Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """An encoder: `build()` gives a function of RGB images in [0, 255], (N, H, W, 3) → (N, d)."""

    build: Callable[[], Any]
    resolution: int = 64  # px that images are resized to, unless evaluation.resolution says else


def loss(plugin: Plugin) -> LossSpec:
    """The entry of a loss."""
    given = typed(plugin, Loss)
    for side in (given.discriminator, given.generator):
        if not callable(side):
            raise HarnessError(f"{plugin.place}: both sides are functions (given: {shown(side)})")
    return LossSpec(f"{ADAPTERS}:loss", labels=given.label_smoothing, one_scale=given.one_scale)


def penalty(plugin: Plugin) -> PenaltySpec:
    """The entry of a penalty, which is a function of a `harness.gan.forward_pass.ForwardPass`."""
    target = called(plugin, f"{ADAPTERS}:penalty")
    return PenaltySpec(target, plugin.name, "plug-in", networks=("discriminator", "generator"))


def dataset(plugin: Plugin) -> DatasetSpec:
    """The entry of a data set."""
    given = typed(plugin, Dataset)
    return DatasetSpec(
        f"{ADAPTERS}:dataset", given.channels, dict(given.splits), classes=given.classes
    )


def encoder(plugin: Plugin) -> str:
    """The entry of an encoder."""
    typed(plugin, Encoder)
    return f"{ADAPTERS}:encoder"


def network(plugin: Plugin) -> ArchitectureSpec:
    """The entry of an architecture."""
    given = typed(plugin, Network)
    return ArchitectureSpec(
        f"{ADAPTERS}:architecture", bool(given.generator), bool(given.discriminator)
    )


def design(plugin: Plugin) -> str:
    """The entry of a design, which is a function of `harness.plan.drafts.Asked`."""
    return called(plugin, "harness.plan.own_design:check_design")


def typed(plugin: Plugin, kind: type[K]) -> K:
    """The value of a plug-in, or an error if it is not of that class."""
    if not isinstance(plugin.value, kind):
        raise HarnessError(
            f"{plugin.place}: must be a harness.plugins.{kind.__name__} "
            f"(given: {type(plugin.value).__name__})"
        )
    return plugin.value


def called(plugin: Plugin, target: str) -> str:
    """`target`, if a plug-in gives a function."""
    if not callable(plugin.value):
        raise HarnessError(
            f"{plugin.place}: must be a function (given: {type(plugin.value).__name__})"
        )
    return target
