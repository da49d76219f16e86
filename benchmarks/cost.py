"""What `all_tips` at full size takes on so many GPUs: a forecast from measured speeds."""

import heapq
from collections.abc import Sequence
from typing import NamedTuple

from optuna.storages import InMemoryStorage

from harness import app
from harness.config.runtime import Runtime
from harness.gan.numbers import structure
from harness.queue.base import Job
from harness.queue.optuna_ledger import OptunaLedger
from harness.runs.status import Status

GPUS = (1, 8, 64, 1024)
PRICE = 2.0  # assumed, of a GPU hour; no provider's
# measured on one H200 (GPU.md): S0's step in float32, and the first step of a program with XLA
IMAGES_PER_SECOND = 37_000.0
COMPILING = 25.0  # seconds, once for each structure and worker
# not measured on a GPU: KID of 4,992 images by InceptionV3 on two cores (row `evaluation`)
EVALUATING = 20.0
START = 30.0  # seconds from the start of a worker until it trains


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


def trainings() -> list[Training]:
    """The trials of `all_tips` at full size, in the order of the plan."""
    planned, _ = app.plan("all_tips", Runtime(), "full")
    record = planned.record()
    cells = {cell.label: cell.config for cell in record.cells}
    structures = {label: structure(knobs) for label, knobs in cells.items()}
    return [
        Training(trial.cell, trial.seed, _seconds(cells[trial.cell]), structures[trial.cell])
        for trial in record.trials
    ]


def _seconds(knobs: object) -> float:
    assert isinstance(knobs, dict)
    images = 1000 * float(knobs["training.kimg"])
    # the images that the discriminator sees take the time: several of its steps, as many times
    steps = float(knobs["training.discriminator_steps"]) / float(knobs["training.generator_steps"])
    scored = int(knobs["training.evaluations"]) + 1
    return images * max(1.0, steps) / IMAGES_PER_SECOND + scored * EVALUATING


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
        takes = one.seconds + (0.0 if one.structure in known else COMPILING)
        known.add(one.structure)
        ledger.finish(claim, Status.FINISHED)
        busy += takes
        end = max(end, now + takes)
        heapq.heappush(free, (now + takes, number))
    return Taken(gpus, end / 3600, busy / 3600, end * len(programs) / 3600)
