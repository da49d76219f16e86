"""Types of heuristics: claims of sources, and following and ignoring as patches."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Effect = Literal["helps", "hurts", "no_effect", "depends"]
Of = Literal["quality", "stability", "variety", "fidelity"]
Kind = Literal["setting", "default", "diagnostic", "protocol", "advice"]
KINDS: Mapping[str, str] = {
    "setting": "a setting with two sides, which a study can test",
    "default": "always done by the code",
    "diagnostic": "a flag or a curve",
    "protocol": "part of the evaluation",
    "advice": "cannot be tested by comparing two trainings",
}


@dataclass(frozen=True)
class Claim:
    """One source's claim about a heuristic."""

    source: str  # its name in `sources.py`
    effect: Effect
    gist: str  # what it says, in our words or a short quotation
    condition: str = ""  # where it is said to hold, an id of `conditions`; empty: everywhere
    of: Of = "quality"  # of samples by KID, of training, of samples' variety or of single images


@dataclass(frozen=True, kw_only=True)
class Heuristic:
    """Advice, and the claims of its sources, which may contradict each other."""

    id: str
    title: str
    statement: str  # one sentence: what to do
    claims: tuple[Claim, ...]
    literature: str  # paper, year
    kind: Kind


@dataclass(frozen=True, kw_only=True)
class Tip(Heuristic):
    """A heuristic that is a setting. Both sides set the same knobs to different values.

    A comparison (stronger, larger) has multiples as values. A recipe of the source is all in
    `following`.
    """

    following: Mapping[str, Any]  # dotted knob → value or relation
    ignoring: Mapping[str, Any]
    needs: str = ""  # what must be so for it to mean anything; empty: nothing
    limits: str = ""  # what this pair cannot show of the claims; empty: nothing is known
    part_of: str = ""  # the row of the sources whose claims it tests a part of; empty: it is one
    kind: Kind = "setting"


@dataclass(frozen=True, kw_only=True)
class Practice(Heuristic):
    """A heuristic that cannot be a setting: `how` says what the harness does, or why it is not
    tested.
    """

    how: str  # a sentence or two
    test: str = ""  # "path::name" of the test that shows it; empty for advice that has no code
