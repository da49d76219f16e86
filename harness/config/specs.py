"""Facts about the names of the catalogue, needed before the code behind them is imported."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


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


class LossSpec(NamedTuple):
    """Facts about an adversarial loss."""

    target: str
    labels: bool = False  # its discriminator has targets that label smoothing can move
    probability: bool = False  # made of cross-entropies, so a sigmoid can stand before it
    energy: bool = False  # its discriminator is an autoencoder
    # both sides never below zero, and equal where no image is told from another
    one_scale: bool = False


class ArchitectureSpec(NamedTuple):
    """Which of the two networks an architecture has."""

    target: str
    generator: bool = True
    discriminator: bool = True
