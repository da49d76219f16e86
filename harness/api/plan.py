"""The plan of a study: what it trains, what that costs, what it can find; and running it."""

from typing import TYPE_CHECKING, cast

import pandas as pd

from harness import app as cases
from harness.api.display import line, page, table
from harness.api.keywords import checked
from harness.app.wandb import sync
from harness.config.keywords import plain
from harness.config.runtime import MOST_WORKERS, Runtime
from harness.core import format as show
from harness.core.errors import HarnessError, shown
from harness.execution.local import Outcome
from harness.execution.options import Options
from harness.heuristics.describe import patch as described
from harness.plan.expand import Plan as Expanded
from harness.plan.naming import cell_names
from harness.plan.reach import Reach
from harness.report.blocks import Cell, Label
from harness.runs.plan import seeds_each

if TYPE_CHECKING:
    from harness.api.run import Run

COST = ("to_train", "to_score", "kimg", "seconds", "disk_bytes")
FINDABLE = ("contrast", "seeds", "smallest_p")
FOUND = ("effect", "sd", "pilot_seeds", "margin", "detection_seeds", "equivalence_seeds")


class Plan:
    """The plan of a study: cells and trials, their cost on this machine, and its power."""

    def __init__(self, plan: Expanded, why: str, runtime: Runtime) -> None:
        self._plan, self._why, self._runtime = plan, why, runtime

    @property
    def name(self) -> str:
        """The name of its run, which record and report bear."""
        return self._plan.run_name

    @property
    def cells(self) -> pd.DataFrame:
        """One row a cell.

        Columns: `cell` (its label); `changes` (the hyper-parameters that differ from the
        reference, a dictionary); `trials` (planned), `trained` (of these).
        """
        counts = self.trials.groupby("cell")["trained"].agg(trials="size", trained="sum")
        rows = [
            (cell.label, dict(cell.patch), *map(int, counts.loc[cell.label]))
            for cell in self._plan.cells
        ]
        return pd.DataFrame(rows, columns=["cell", "changes", "trials", "trained"])

    @property
    def trials(self) -> pd.DataFrame:
        """One row a trial, in the order of training.

        Columns: `cell`, `seed`, `key` (names its folder in runs/trials), `trained` (whether it is).
        """
        missing = {trial.key for trial in cases.cost(self._plan, self._runtime).to_train}
        rows = [
            (trial.cell.label, trial.seed, trial.key, trial.key not in missing)
            for trial in self._plan.trials
        ]
        return pd.DataFrame(rows, columns=["cell", "seed", "key", "trained"])

    @property
    def cost(self) -> pd.DataFrame:
        """The cost of the missing trials on this machine, in one row.

        Columns: `to_train`, `to_score` (trials), `kimg` (thousands of images shown), `seconds` (NaN
        until similar trials have been timed here), `disk_bytes`.
        """
        forecast = cases.cost(self._plan, self._runtime)
        train = len(forecast.to_train)
        score = len(forecast.missing) - train
        row = (train, score, forecast.images / 1000, forecast.seconds, forecast.disk)
        return pd.DataFrame([row], columns=list(COST)).astype({"seconds": float})

    @property
    def findable(self) -> pd.DataFrame:
        """The power of the study: one row a contrast.

        Columns: `contrast`; `seeds`; `smallest_p`, the smallest adjusted p that so many seeds can
        give; `effect`, the size that is detected with a power of 80 % (KID as measured, or the unit
        of the objective), from the standard deviation `sd` of `pilot_seeds` paired differences of
        an earlier run of this plan; `margin`, that of equivalence by what its reference learnt;
        `detection_seeds` that detect an effect of that size, and `equivalence_seeds` with which a
        tip without effect is called equivalent, both with that power. NaN where it is unknown.
        """
        reach = self._reach
        known = {one.contrast: one for one in reach.detectable.found} if reach.detectable else {}
        rows = [
            {
                **dict(zip(FINDABLE, (each.name, reach.seeds, reach.smallest_p), strict=True)),
                **{name: getattr(known.get(each.name), name, None) for name in FOUND},
            }
            for each in self._plan.contrasts
        ]
        table = pd.DataFrame(rows, columns=[*FINDABLE, *FOUND])
        types = {**dict.fromkeys(FOUND, float), "pilot_seeds": int}
        return table.fillna({"pilot_seeds": 0}).astype(types)

    @property
    def warnings(self) -> list[str]:
        """Settings of its cells that are advised against, and missing files."""
        forecast = cases.cost(self._plan, self._runtime)
        return [*forecast.warnings, *map(str, self._plan.lacking)]

    @property
    def _reach(self) -> Reach:
        return cases.reach(self._plan, self._runtime)

    @checked
    def run(
        self, workers: int | None = None, hours: float | None = None, retry_crashed: bool = False
    ) -> "Run":
        """Train and score what is missing, write the report, mirror it to W&B: `harness run`.

        `workers`: processes; None: one a GPU, else one a core. `hours`: stop cleanly after this
        time. What was trained is kept, and calling it again continues: so after an interrupt,
        which is raised again as KeyboardInterrupt. `retry_crashed`: try trials again that were
        given up.
        """
        options = Options(_workers(workers), _hours(hours), retry_crashed)
        for change in cases.changed_plugins(self._plan, self._runtime):
            print(change)  # noqa: T201
        outcome = cases.run(self._plan, self._runtime, options)
        summary = cases.report(self.name, self._runtime)
        lost = cases.given_up(self._plan, self._runtime) if outcome is Outcome.DONE else []
        notes = [sync(self.name, self._runtime, summary).said]
        print(*notes, *(f"crashed in every attempt: {line}" for line in lost), sep="\n")  # noqa: T201
        if outcome is Outcome.INTERRUPTED:
            raise KeyboardInterrupt("stopped; what was trained is kept: call run() to continue")
        if outcome is Outcome.FAILED:
            logs = self._runtime.study(self.name) / "worker-*.log"
            raise HarnessError(f"no worker stays up; their logs are {logs}")
        from harness.api.run import Run  # with the libraries of reports, which plans do not need

        return Run(self.name, self._runtime)

    def __repr__(self) -> str:
        return line("Plan", self.name, [self._size])

    @property
    def _size(self) -> str:
        plan = self._plan
        cells, seeds = show.count(len(plan.cells), "cell"), show.count(len(plan.seeds), "seed")
        if further := plan.stages.further(plan):
            most = show.whole(len(plan.trials) + len(further))
            return f"{cells} × up to {seeds} = {show.whole(len(plan.trials))} to {most} trials"
        each = seeds_each(plan.seeds, plan.looks)
        return f"{cells} × {each} = {show.count(len(plan.judging), 'trial')}"

    @property
    def _caption(self) -> str:
        return f"Cells ({self._why})" if self._plan.profile else "Cells"

    def _repr_html_(self) -> str:
        cost, reach, cells = cases.cost(self._plan, self._runtime), self._reach, self.cells
        train, kimg = show.whole(len(cost.to_train)), show.number(cost.images / 1000, 0)
        rest = f"{train} to train: {kimg} kimg, time {cost.time}"
        seeds = show.count(reach.seeds, "seed")
        least = f"Smallest adjusted p with {seeds}: {show.digits(reach.smallest_p)}"
        names = cell_names(self._plan)
        rows: list[list[Cell]] = [
            [_named(cell, names[cell]), described(changes) or show.NONE, f"{trained}/{trials}"]
            for cell, changes, trials, trained in cells.itertuples(index=False)
        ]
        title = self._plan.file.study.title
        warnings = [f"Warning: {line}" for line in self.warnings]
        sentences = [f"{self._size}; {rest}.", f"{least}.", *warnings]
        return page(title, sentences, [table(self._caption, ["Cell", "Changes", "Trained"], rows)])


def _named(label: str, name: str) -> Cell:
    """The name of a cell and, where that is another one, the label that calls take."""
    return name if name == label else Label(name, label)


def _workers(given: object) -> int | None:
    count = plain(given, (), lambda _: "run(workers)")
    if count is not None and not (type(count) is int and 1 <= count <= MOST_WORKERS):
        raise HarnessError(f"run(workers): 1 to {MOST_WORKERS} (given: {shown(given)})")
    return count


def _hours(given: object) -> float | None:
    time = plain(given, (), lambda _: "run(hours)")
    if time is not None and not (type(time) in (int, float) and time >= 0):
        raise HarnessError(f"run(hours): a number of hours from 0 (given: {shown(given)})")
    return cast("float | None", time)
