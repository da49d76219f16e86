"""A worker of a cluster: it trains as a local worker does, and keeps nothing."""

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.config.inputs.sent import use_copies
from harness.config.patch import unflatten
from harness.config.runtime import Runtime
from harness.execution.cluster.messages import About, End
from harness.execution.cluster.outpost import Outpost
from harness.execution.cluster.supplies import Kept
from harness.execution.worker.drain import PROGRAMS_A_PROCESS, attempt, prepare
from harness.gan.data import Found, found_elsewhere
from harness.gan.numbers import structure
from harness.queue.base import Claim
from harness.runs.environment import processor
from harness.runs.plan import PlanRecord


class Remote(Outpost):
    """The trainings of one process."""

    def __init__(self, plan: PlanRecord, folder: Path, project: str, kept: Kept) -> None:
        """`folder`: for `runs/`; TensorFlow is set up for the threads that the run has."""
        # W&B is written where the record is
        runtime = Runtime(runs=folder, project=project, tracking="disabled")
        super().__init__(runtime.trials)
        found_elsewhere({name: Found(**one) for name, one in kept.images.items()})
        use_copies({name: runtime.cache / copy for name, copy in kept.copies.items()})
        self._context = prepare(plan, runtime, self.stopping)
        self._context.gives_up = self.asks
        self._structures = {cell.label: structure(cell.config) for cell in plan.cells}

    def about(self) -> About:
        """Where it runs."""
        return About(socket.gethostname(), f"{processor()}, {self._context.arithmetic['device']}")

    def train(self, claim: Claim, knobs: Mapping[str, Any], keep_all: bool) -> End:
        """Train or score a trial."""
        self._context.keep_all = keep_all
        config = unflatten({**knobs, "seed": claim.seed})
        self._structures[claim.cell] = structure(knobs)  # the plan may have grown meanwhile
        status, message = attempt(config, claim, self.recorder(claim), self._context)
        programs = self._context.programs
        compiled = tuple(cell for cell, name in self._structures.items() if name in programs)
        worn = programs.compiled >= PROGRAMS_A_PROCESS
        return End(status, message, compiled=compiled, worn=worn)
