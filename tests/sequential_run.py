"""A sequential study whose trials end at once, without training; `drive`: a driver to be killed."""

import random

from harness import app
from harness.config.runtime import Runtime
from harness.core.files import write_json
from harness.execution import driver
from harness.execution.local import Outcome
from harness.execution.options import Options
from tests.records import record

STUDY = """title: A study
question: Q?
baseline: {data.name: digits, data.image_size: 16, training.kimg: 6.4, training.evaluations: 5}
heuristics: [generator_ema, spectral_norm]
design: one_at_a_time
seeds: 12
sequential: {looks: [7, 9, 12], futility: 0}
"""
LARGE, NULL = "generator_ema", "spectral_norm"  # which has an effect, and which has none


def value(trial):
    """KID of a trial: the cell that ignores the average is far off, the other one scatters."""
    cell = trial.cell.label
    noise = random.Random(f"{cell} {trial.seed}").gauss(0, 0.08 if cell.startswith(NULL) else 0.01)
    return 0.2 + noise + 0.2 * cell.startswith(LARGE)


class Trained:
    """In place of the workers: every queued trial ends at once, except those that crash."""

    def __init__(self, runtime, value=value, crashed=(), diverged=()):
        self.runtime, self.value = runtime, value
        self.crashed, self.diverged = set(crashed), set(diverged)
        self.trained = []

    def __call__(self, first, further, runtime, options):
        self._train(first.jobs, runtime, options.retry_crashed)
        for each in further:
            self._train(each.jobs, runtime, retry_crashed=False)
        return Outcome.DONE

    def _train(self, jobs, runtime, retry_crashed):
        trials = {trial.key: trial for trial in self.plan.stages.further(self.plan)}
        trials |= {trial.key: trial for trial in self.plan.trials}
        for job in jobs:
            place = job.cell, job.seed
            if place in self.crashed and not retry_crashed:
                write_json(runtime.trials / job.key / "failure.json", {"error": "x", "attempt": 3})
                continue
            status = "diverged" if place in self.diverged else "finished"
            record(runtime, trials[job.key], self.value(trials[job.key]), status)
            self.trained.append(place)


def folders(place):
    """The folders of a place, with the study in them."""
    (place / "studies").mkdir(parents=True, exist_ok=True)
    (place / "studies/one.yaml").write_text(STUDY)
    return Runtime(runs=place / "runs", reports=place / "reports", studies=place / "studies")


def drive(folder, begun):
    """Run the study in a folder, in a process of its own; the event tells that it has begun."""
    places = folders(folder)
    planned, _ = app.plan("one", places)
    driver.drive = Trained(places, crashed=[(f"{NULL}=on", 3)])
    driver.drive.plan = planned
    begun.set()
    app.run(planned, places, Options())
