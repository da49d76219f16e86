"""Everything that sections are built from: the frames of a study and the tables made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from harness.analysis import ranking as tables
from harness.analysis import search, tuning
from harness.analysis.checks import checks
from harness.analysis.effects import differences
from harness.analysis.frame import Frames, Plan

BEST = 8  # suggestions of a search that are shown with their curves and samples


@dataclass(frozen=True)
class ReportData:
    """The analysis of one run of a study."""

    frames: Frames
    ranking: pd.DataFrame
    claims: pd.DataFrame
    cells: pd.DataFrame
    costs: pd.DataFrame
    checks: Sequence[str]
    differences: Mapping[str, Sequence[float]]  # contrast → one value a seed
    points: pd.DataFrame | None = None  # of a study that tunes
    untuned: pd.DataFrame | None = None  # its ranking without
    suggestions: pd.DataFrame | None = None  # of a search

    @property
    def plan(self) -> Plan:
        """What was asked."""
        return self.frames.plan

    @property
    def labels(self) -> list[str]:
        """Cells in the order of the plan; of a search, the reference and the best."""
        if self.suggestions is not None:
            return [self.plan["reference"], *search.leading(self.frames, BEST)]
        return [cell["label"] for cell in self.plan["cells"]]

    def count(self, *statuses: str) -> int:
        """How many trials have one of these statuses."""
        return int(self.frames.trials["status"].isin(statuses).sum())


def analyse(frames: Frames) -> ReportData:
    """Make every table of a report."""
    ranked, tunes = tables.ranking(frames), "tuning" in frames.plan
    return ReportData(
        frames=frames,
        ranking=ranked,
        claims=tables.claims(frames, ranked),
        cells=tables.cells(frames),
        costs=tables.costs(frames),
        checks=checks(frames),
        differences={
            contrast["name"]: list(differences(frames.trials, contrast["weights"])["difference"])
            for contrast in frames.plan["contrasts"]
        },
        points=tuning.points(frames.plan, frames.beside) if tunes else None,
        suggestions=search.suggestions(frames) if "search" in frames.plan else None,
        untuned=tuning.untuned(frames) if tunes else None,
    )
