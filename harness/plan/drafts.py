"""Input and output of a design: cells as patches by label, contrasts over labels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.config.patch import Patch
from harness.config.trial import TrialConfig
from harness.heuristics import Tip, conditions
from harness.plan.factors import Factor
from harness.runs.plan import LEVEL, TIP, ClaimRecord, ContrastRecord

if TYPE_CHECKING:
    from harness.runs.crossed import Crossed


@dataclass(frozen=True)
class Asked:
    """The input of a design."""

    factors: list[Factor]
    recipe: list[str]
    resolution: int | None
    # what patches over the baseline train, by content; an error where they clash
    trains: Callable[[list[Patch]], str]


@dataclass(frozen=True)
class Contrast:
    """Weights over cells. For a tip: following − ignoring; else a level minus another one."""

    name: str
    title: str
    weights: Mapping[str, float]  # cell label → weight; they sum to zero
    design: str
    factor: str
    tip: Tip | None = None

    @property
    def heuristic(self) -> str | None:
        """The id of its tip."""
        return self.tip.id if self.tip else None

    @property
    def following(self) -> str:
        """The cell that follows, or the number of such cells."""
        return self._side(1)

    @property
    def ignoring(self) -> str:
        """The cell that ignores, or the number of such cells."""
        return self._side(-1)

    def _side(self, sign: int) -> str:
        labels = [label for label, weight in self.weights.items() if weight * sign > 0]
        return labels[0] if len(labels) == 1 else f"{len(labels)} cells"


def pair(following: str, ignoring: str) -> Mapping[str, float]:
    """The weights of one cell against another."""
    return {following: 1, ignoring: -1}


@dataclass
class Draft:
    """Cells by label, each a list of patches over the baseline, and contrasts between them."""

    cells: dict[str, list[Patch]] = field(default_factory=dict)
    contrasts: list[Contrast] = field(default_factory=list)
    crossed: "Crossed | None" = None  # of designs that combine the levels of all factors
    searched: list[Factor] = field(default_factory=list)  # whose levels a sampler chooses from

    def add(self, other: "Draft") -> None:
        """Take over the cells and contrasts of another design."""
        self.cells.update(other.cells)
        self.contrasts.extend(other.contrasts)


def label(factor: Factor, level: str) -> str:
    """A cell's label: `<factor>=<level>`."""
    return f"{factor.name}={level}"


def contrast_record(contrast: Contrast, followed: list[TrialConfig]) -> ContrastRecord:
    """A contrast as `plan.json` holds it; `followed` are the cells that follow its tip."""
    return ContrastRecord(
        name=contrast.name,
        kind=TIP if contrast.tip else LEVEL,
        title=contrast.title,
        following=contrast.following,
        ignoring=contrast.ignoring,
        weights=dict(contrast.weights),
        design=contrast.design,
        heuristic=contrast.heuristic,
        claims=tuple(
            ClaimRecord(
                source=claim.source,
                effect=claim.effect,
                of=claim.of,
                condition=conditions.describe_condition(claim.condition),
                met=conditions.met(claim.condition, followed),
                quote=claim.gist,
            )
            for claim in (contrast.tip.claims if contrast.tip else ())
        ),
    )
