"""What a design produces: cells as patches by label, and contrasts between labels."""

from dataclasses import dataclass, field

from harness.config.patch import Patch
from harness.design.factors import Factor
from harness.heuristics import Tip

REFERENCE = "reference"


@dataclass(frozen=True)
class Contrast:
    """Following − ignoring: weights over two cells. A level is followed, the reference ignored."""

    name: str
    title: str
    following: str  # cell label
    ignoring: str  # cell label
    design: str
    factor: str
    tip: Tip | None = None


@dataclass
class Draft:
    """Cells by label, each a list of patches over the baseline, and contrasts between them."""

    cells: dict[str, list[Patch]] = field(default_factory=dict)
    contrasts: list[Contrast] = field(default_factory=list)

    def add(self, other: "Draft") -> None:
        """Take over the cells and contrasts of another design."""
        self.cells.update(other.cells)
        self.contrasts.extend(other.contrasts)


def label(factor: Factor, level: str) -> str:
    """A cell's label: `<factor>=<level>`."""
    return f"{factor.name}={level}"
