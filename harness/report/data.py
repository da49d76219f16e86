"""Everything that sections are built from: the frames of a study and the tables made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from harness.analysis import ranking as tables
from harness.analysis import search, tuning
from harness.analysis.checks import run_checks
from harness.analysis.claims import judge_claims
from harness.analysis.convergence import Falling, falling
from harness.analysis.deciding import Span, deciding_intervals
from harness.analysis.effects import seen
from harness.analysis.failures import failure_rates, outcomes
from harness.analysis.frame import Frames
from harness.analysis.further import Further, rank_further
from harness.analysis.interactions import estimate_interactions
from harness.analysis.learning import of_reference
from harness.analysis.noise import split_variance
from harness.analysis.objectives import Objective, objective
from harness.analysis.ranked import RankedRow, ranked_rows
from harness.config.identity import PLACES
from harness.config.inputs.facts import trained_on
from harness.config.patch import DEFAULTS
from harness.plan.naming import cell_names
from harness.report.private import place
from harness.runs.outcomes import Outcomes
from harness.runs.plan import PlanRecord

CUSTOM = "custom"  # the encoder of a user's own file, in metric identities
BEST = 8  # suggestions of a search that are shown with their curves and samples


@dataclass(frozen=True)
class ReportData:
    """The analysis of one run of a study."""

    frames: Frames
    ranking: pd.DataFrame  # with all digits
    ranked: Sequence[RankedRow]  # the same, as it is printed
    claims: pd.DataFrame
    cells: pd.DataFrame
    costs: pd.DataFrame
    failures: pd.DataFrame
    outcomes: Outcomes  # of all trials
    noise: pd.DataFrame
    falling: Falling | None  # of the reference, where it still learns at the end
    interactions: pd.DataFrame  # empty where factors were not crossed
    checks: Sequence[str]
    differences: Mapping[str, Sequence[float]]  # contrast → one value a seed
    further: Sequence[Further] = ()  # the contrasts by other metrics, where there are any
    points: pd.DataFrame | None = None  # of a study that tunes
    untuned: pd.DataFrame | None = None  # its ranking without
    suggestions: pd.DataFrame | None = None  # of a search

    @property
    def plan(self) -> PlanRecord:
        """The plan of the run."""
        return self.frames.plan

    @property
    def objective(self) -> Objective:
        """The objective, with its unit and scale."""
        return objective(self.plan.objective)

    @cached_property
    def deciding(self) -> Mapping[str, Span]:
        """Contrast → the interval that decides whether it is equivalent."""
        return deciding_intervals(self.frames, self.ranking)

    @cached_property
    def unlearnt(self) -> str:
        """Why the reference has not learnt, so that nothing is judged; empty: it has."""
        return of_reference(self.plan, self.frames.trials)

    @property
    def labels(self) -> list[str]:
        """Cells in the order of the plan; of a search, the reference and the best."""
        if self.suggestions is not None:
            return [self.plan.reference, *search.leading(self.suggestions, BEST)]
        return self.plan.labels

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Label of a cell → its name on the page."""
        return cell_names(self.plan)

    @property
    def legend(self) -> tuple[list[str], str]:
        """The names of the cells and of the reference, for `plots.marks.looks`."""
        return [self.names[cell] for cell in self.labels], self.names[self.plan.reference]

    def named(self, frame: pd.DataFrame) -> pd.DataFrame:
        """A table with the names of its cells in place of their labels, for a figure."""
        return frame.assign(cell=frame["cell"].map(self.names))

    @property
    def reference(self) -> dict[str, Any]:
        """The knobs of the reference; one that its record is too old for has its default."""
        return {**DEFAULTS, **self.frames.configs[self.plan.reference]}

    @property
    def trained_on(self) -> int | None:
        """Images that the reference is trained on, where that is known."""
        return trained_on(self.reference, self.frames.images.get(self.plan.reference))

    @property
    def changed(self) -> dict[str, Any]:
        """The knobs of the reference that differ from the defaults, which are S0's."""
        return {
            path: value
            for path, value in self.reference.items()
            if path not in (*PLACES, "seed") and value != DEFAULTS.get(path)
        }

    @property
    def by_identity(self) -> dict[str | None, list[RankedRow]]:
        """The rows of the ranking by metric identity: others do not compare."""
        groups: dict[str | None, list[RankedRow]] = {}
        for row in self.ranked:
            groups.setdefault(row.identity, []).append(row)
        return groups

    def row(self, contrast: str) -> RankedRow:
        """The row of the ranking of a contrast."""
        return next(row for row in self.ranked if row.contrast == contrast)

    def encoder(self, metric: Any) -> str:
        """Encoder of a metric (a row of `Frames.metrics`); a user's own by its file in the plan."""
        file = self.encoder_file(metric)
        if not file:
            return place(metric.encoder)
        content = self.plan.cell(self.plan.reference).config["evaluation.encoder_content"]
        return f"{file} (SHA-256 {content.partition('-')[0]}…, weights {metric.encoder_digest})"

    def encoder_file(self, metric: Any) -> str:
        """The name of the file in the plan whose encoder a metric has; empty: it has another."""
        asked = self.plan.cell(self.plan.reference).config
        known = metric.encoder == CUSTOM and asked.get("evaluation.encoder_content")
        return place(asked["evaluation.encoder"]) if known else ""

    @property
    def no_interval(self) -> str:
        """Why there is none, where no contrast has one."""
        unlooked = self.plan.looks and not self.plan.looks.taken
        return "since no look was taken" if unlooked else "for want of two seeds"

    def ends(self, room: int, identity: str | None = None) -> list[str]:
        """All cells or, where there are more than `room`, those of lowest and highest KID.

        KIDs of different metric identity do not compare, so a figure of one names it.
        """
        if len(self.labels) <= room:
            return self.labels
        cells = self.cells if identity is None else self.cells[self.cells["identity"] == identity]
        ranked = cells.sort_values("mean")["cell"]
        kept = {self.plan.reference, *ranked.head(room // 2), *ranked.tail(room - room // 2)}
        return [cell for cell in self.labels if cell in kept]

    def count(self, *statuses: str) -> int:
        """How many trials have one of these statuses."""
        return int(self.frames.trials["status"].isin(statuses).sum())


def analyse(frames: Frames) -> ReportData:
    """Make every table of a report."""
    plan, ranking = frames.plan, tables.rank_contrasts(frames)
    scale = objective(plan.objective).scale
    cells = tables.cells(frames)
    identity = cells.loc[cells["cell"] == plan.reference, "identity"].iloc[0]
    return ReportData(
        frames=frames,
        ranking=ranking,
        ranked=ranked_rows(ranking, scale),
        claims=judge_claims(frames, ranking),
        cells=cells,
        costs=tables.costs(frames),
        failures=failure_rates(frames),
        outcomes=outcomes(frames.trials),
        noise=split_variance(frames),
        falling=falling(frames, identity),
        interactions=estimate_interactions(frames),
        checks=run_checks(frames),
        differences={
            contrast.name: list(table["difference"])
            for contrast, table in zip(plan.contrasts, seen(frames), strict=True)
        },
        further=rank_further(frames, ranking) if plan.evidence else [],
        points=tuning.points(plan.tuning, frames.beside) if plan.tuning else None,
        suggestions=search.suggestions(frames, plan.search) if plan.search else None,
        untuned=tuning.untuned(frames, plan.tuning) if plan.tuning else None,
    )
