"""A run from its record: tables, figures, report, and its trials."""

import warnings
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from harness import app as cases
from harness.analysis.closed import decisions
from harness.analysis.frame import load, load_plan
from harness.api.display import line, page
from harness.api.keywords import checked
from harness.api.trial import Trial
from harness.config.catalog import SECTIONS
from harness.config.runtime import Runtime
from harness.core.errors import HarnessError, unknown
from harness.report import words
from harness.report.blocks import Block, Figure, Table
from harness.report.data import ReportData, analyse
from harness.report.plots import style
from harness.runs import layout
from harness.runs.plan import PlanRecord, read_plan

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

DRAWN = ("verdict", "looks", "interactions", "search", "curves", "training")  # with figures
RANKED = ("tables/ranking.csv", "tables/search.csv")  # what a notebook shows of a run
STATUS = ("run", "title", "trials", "finished", "collapsed", "diverged", "crashed", "not_ended")


class Run:
    """A run of a study: its record as it was when a table was first read. Open it again to update.

    KIDs are as measured in all tables; figures and displays show KID × 10³. docs/library.md
    describes every column.
    """

    def __init__(self, name: str, runtime: Runtime | None = None) -> None:
        self.name = name
        self._runtime = runtime or Runtime()

    @cached_property
    def _data(self) -> ReportData:
        return analyse(load(self.name, self._runtime))

    @cached_property
    def plan(self) -> PlanRecord:
        """The plan as recorded: title, question, seeds, cells, contrasts, how it is judged."""
        plan = read_plan(layout.plan_file(self.name, layout.holding(self.name, self._runtime)))
        assert plan is not None  # it was there when the run was opened
        return plan

    @property
    def title(self) -> str:
        """The title of its study."""
        return self.plan.title

    @property
    def verdict(self) -> str:
        """Its result in a sentence or two."""
        return words.verdict(self._data)

    @property
    def ranking(self) -> pd.DataFrame:
        """One row a contrast, the most helpful first: effect, interval, p and verdict."""
        return self._data.ranking

    @property
    def claims(self) -> pd.DataFrame:
        """One row a claim of a source about a tip, and how it fared here."""
        return self._data.claims

    @property
    def cells(self) -> pd.DataFrame:
        """One row a cell and metric identity: objective, and difference from the reference."""
        return self._data.cells

    @property
    def trials(self) -> pd.DataFrame:
        """One row a planned trial: how it ended, its objective, its cost."""
        return self._data.frames.trials

    @property
    def curves(self) -> pd.DataFrame:
        """One row a trial and evaluation: KID over training."""
        return self._data.frames.curves

    @property
    def looks(self) -> pd.DataFrame:
        """One row a look and contrast that was open at it: what it saw and decided.

        Empty where the study is not sequential.
        """
        return decisions(self.plan.looks)

    @property
    def outcomes(self) -> pd.DataFrame:
        """How many trials ended in which way, in one row."""
        return pd.DataFrame([self._data.outcomes.to_json()])

    @cached_property
    def _figures(self) -> dict[str, Figure]:
        blocks = [block for name in DRAWN for block in SECTIONS.load(name)(self._data)]
        return {block.name: block for block in blocks if isinstance(block, Figure)}

    @property
    def figures(self) -> list[str]:
        """The names of the figures that its report has, for `figure`."""
        return list(self._figures)

    def figure(self, name: str) -> "Canvas":
        """A new copy of a figure of its report, by name; `savefig` writes it."""
        if name not in self._figures:
            raise HarnessError(f"{self.name}: {unknown('figure', name, self._figures)}")
        return style.canvas(self._figures[name].draw)

    def forest(self) -> "Canvas":
        """The effect of each tip with its interval and every seed."""
        return self.figure("forest")

    def kid_curves(self) -> "Canvas":
        """KID over training, a panel a cell."""
        return self.figure("curves")

    def dynamics(self) -> "Canvas":
        """Losses, accuracies and augmentation probability over training."""
        return self.figure("dynamics")

    def report(self) -> Path:
        """Write the report from the record; the path of its page."""
        return cases.report(self.name, self._runtime).path

    @checked
    def trial(self, cell: str = "reference", seed: int = 0) -> Trial:
        """One of its trials; an unknown cell is an error with the nearest."""
        if cell not in self.plan.labels:
            raise HarnessError(f"{self.name}: {unknown('cell', cell, self.plan.labels)}")
        keys = {trial.seed: trial.key for trial in self.plan.trials if trial.cell == cell}
        if seed not in keys:
            seeds = ", ".join(map(str, keys))
            raise HarnessError(f"{self.name}: {cell} has no seed {seed} (seeds: {seeds})")
        curves = self.curves
        mine = curves[(curves["cell"] == cell) & (curves["seed"] == seed)].reset_index(drop=True)
        folder = layout.holding(self.name, self._runtime).trials / keys[seed]
        return Trial(cell, seed, folder, mine, self.plan)

    def __repr__(self) -> str:
        return line("Run", self.name, [self._data.outcomes.sentence])

    def _repr_html_(self) -> str:
        data = self._data
        blocks: list[Block] = [
            block
            for name in ("ranking", "search")
            for block in SECTIONS.load(name)(data)
            if isinstance(block, Table) and block.csv in RANKED
        ]
        sentences = [words.headline(data), *words.remarks(data), f"{data.outcomes.sentence}."]
        return page(f"{self.title} ({self.name})", sentences, blocks)


@checked
def open_run(name: str) -> Run:
    """A run by name: started here, or with a record published next to its report."""
    runtime = Runtime()
    load_plan(name, runtime)  # an error with the nearest name where there is none
    return Run(name, runtime)


def list_runs() -> pd.DataFrame:
    """The runs that were started here: `run`, `title`, and how many `trials` ended in which way.

    A run whose plan cannot be read is a warning.
    """
    for damaged in cases.damaged_plans(Runtime()):
        warnings.warn(damaged, stacklevel=2)
    return pd.DataFrame(cases.status(Runtime()), columns=list(STATUS))
