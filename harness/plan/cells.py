"""The parts of a plan: cells, and trials in seed-major order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.config.identity import identify, keys
from harness.config.patch import PLUGINS, Patch, default, flatten
from harness.config.trial import TrialConfig


@dataclass(frozen=True)
class Cell:
    """A configuration without its seed: one level per factor."""

    label: str
    config: TrialConfig  # at seed 0
    patch: Patch  # where it differs from the reference

    @property
    def identity(self) -> str:
        """Identity of training and scoring; cells with the same one are merged."""
        return identify(self.config)

    def trial(self, seed: int) -> TrialConfig:
        """The configuration of one trial."""
        return self.config.model_copy(update={"seed": seed})  # no rule looks at the seed


@dataclass(frozen=True)
class Trial:
    """Cell times seed: one training."""

    cell: Cell
    seed: int
    key: str


def difference(config: TrialConfig, before: Patch) -> dict[str, Any]:
    """The knobs of `config` that differ from those of the reference."""
    now = flatten(config)
    knobs = [path for path in {**now, **before} if not path.startswith(f"{PLUGINS}.")]
    # a penalty of a plug-in has knobs only where it has a weight
    values = {path: now.get(path, default(path)) for path in knobs}
    return {path: values[path] for path in knobs if values[path] != before.get(path, default(path))}


def seed_major(cells: Sequence[Cell], seeds: Iterable[int]) -> tuple[Trial, ...]:
    """All cells at the first seed, then at the next, so every prefix is balanced."""
    seeds = list(seeds)
    known = {cell.label: keys(cell.config, seeds) for cell in cells}
    return tuple(Trial(cell, seed, known[cell.label][seed]) for seed in seeds for cell in cells)
