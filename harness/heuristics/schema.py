"""What a tip is: who claims what, and what following and ignoring it mean in knobs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Effect = Literal["helps", "hurts", "no_effect", "depends"]

SOURCES: Mapping[str, str] = {
    "S0": "A. Béres, Data-efficient GANs with Adaptive Discriminator Augmentation (Keras example)",
    "S1": "J. Brownlee, Tips for Training Stable GANs (Machine Learning Mastery)",
    "S2": "J. Hui, GAN: Ways to improve GAN performance",
    "S3": "Making GANs train (Pix2Pix notes)",
    "S4": "Beating the GAN Game",
}


@dataclass(frozen=True)
class Claim:
    """What one source says of a tip."""

    source: str  # a name of SOURCES
    effect: Effect
    gist: str  # what it says, in our words or a short quotation
    condition: str = ""  # where it is said to hold; empty: everywhere


@dataclass(frozen=True)
class Heuristic:
    """One tip. Both sides set the same knobs to different values (checked by a test)."""

    id: str
    title: str
    statement: str  # one sentence: what to do
    claims: tuple[Claim, ...]
    following: Mapping[str, Any]  # dotted knob → value or relation
    ignoring: Mapping[str, Any]
    literature: str = ""  # paper, year
    clashes: tuple[str, ...] = field(default=())  # ids that cannot be followed together with it
