"""What a study takes on so many GPUs: the forecast of `harness plan`, trial by trial and program.

Its figures and the time of a trial are those of `harness/plan/elsewhere.py`.
"""

import heapq
from collections.abc import Sequence
from typing import NamedTuple

from optuna.storages import InMemoryStorage

from harness import app
from harness.config.patch import flatten
from harness.config.runtime import Runtime
from harness.gan.numbers import structure
from harness.plan.elsewhere import H200, START, Size, trial_seconds
from harness.queue.base import Job
from harness.queue.optuna_ledger import OptunaLedger
from harness.runs.status import Status

GPUS = (1, 8, 64, 1024)
PRICE = 2.0  # assumed, of a GPU hour; no provider's


class Training(NamedTuple):
    """One trial of a plan."""

    cell: str
    seed: int
    seconds: float  # without compiling
    structure: str  # trials with the same one share a program


class Taken(NamedTuple):
    """What so many GPUs take."""

    gpus: int
    hours: float  # from start to end
    busy: float  # GPU hours of training, scoring, compiling
    reserved: float  # GPU hours from start to end, of those GPUs that got a trial


def trainings(study: str = "all_tips", profile: str = "full") -> list[Training]:
    """The trials of a study in the order of the plan, and those that looks may add."""
    planned, _ = app.plan(study, Runtime(), profile)
    rate = H200.rates[Size.of(planned.cells[0].config)]
    structures = {cell.label: structure(flatten(cell.config)) for cell in planned.cells}
    return [
        Training(
            trial.cell.label,
            trial.seed,
            trial_seconds(trial.cell.config, rate),
            structures[trial.cell.label],
        )
        for trial in (*planned.trials, *planned.stages.further(planned))
    ]


def take(work: Sequence[Training], gpus: int) -> Taken:
    """One worker a GPU; each gets the trials that the queue gives it."""
    ledger = OptunaLedger(InMemoryStorage(), "cost")
    ledger.enqueue([Job(f"{n:x}", one.cell, one.seed, n) for n, one in enumerate(work)])
    programs: dict[int, set[str]] = {number: set() for number in range(min(gpus, len(work)))}
    of = {one.cell: one.structure for one in work}
    free = [(START, number) for number in programs]
    busy, end = 0.0, 0.0
    while free:
        now, number = heapq.heappop(free)
        known = programs[number]
        claim = ledger.claim(f"w{number}", lambda cell, known=known: of[cell] in known)
        if claim is None:
            continue
        one = work[claim.order]
        takes = one.seconds + (0.0 if one.structure in known else H200.compiling)
        known.add(one.structure)
        ledger.finish(claim, Status.FINISHED)
        busy += takes
        end = max(end, now + takes)
        heapq.heappush(free, (now + takes, number))
    return Taken(gpus, end / 3600, busy / 3600, end * len(programs) / 3600)
