"""Study throughput: `harness run` of 12 short trials against the baseline, started once a trial."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measure import Result, Row, Target, line, say
from benchmarks.place import Ran, place
from harness.runs.status import Status
from harness.runs.trial import Trial

REFERENCE_BETA = 0.5
BETAS = (REFERENCE_BETA, 0.9, 0.0)  # the cells: the reference, and two levels of one factor
REFERENCE_BATCH = 128  # images that the harness states a decay and a speed for
S0_DECAY, S0_INTEGRATION_STEPS = 0.99, 1000  # of a step, as `keras_example` has them
SEEDS = 4
TRIALS = len(BETAS) * SEEDS
SCRIPTS = len(BETAS)  # baseline programs in a round: one a cell


@dataclass(frozen=True)
class Work:
    """What every trial does, by the harness and by the baseline."""

    data: str
    size: int
    width: int
    batch: int
    steps: int
    evaluations: int
    samples: int
    rounds: int
    target: float


WORKS = (
    Work("digits", 16, 32, 64, 300, 3, 896, 3, 2.5),
    Work("cifar10", 32, 64, 64, 1000, 5, 2048, 1, 1.6),
)
QUICK = {"digits": 300, "cifar10": 200}  # steps


def run(quick: bool) -> Result:
    parts = [_measure(work, quick) for work in WORKS]
    return {
        "lines": [one for part in parts for one in part["lines"]],
        "notes": [
            f"{len(BETAS)} cells (Adam's beta_1 {', '.join(map(str, BETAS))}) of {SEEDS} seeds. "
            "The study: a fresh `harness run --workers 2`, start to report, tracking off, nothing "
            "cached. The baseline: the script started once a trial, one after the other, as a "
            "shell loop would; same images, steps, batch, number of evaluations and images in "
            "them, same encoder, same decay of the average and speed of ADA a step. Its processes "
            "use both cores. Whether both train alike is a row of its own, `alike`.",
            f"A round is {SCRIPTS} scripts (one a cell) and then the study, and a trial of the "
            "baseline is taken to last the mean of its round. That is fair, since all its trials "
            "do the same work: beta_1 and the seed change numbers only.",
            "Cells that differ in a number share one compiled program in the harness; cells of "
            "another structure cost a compilation each. The baseline compiles in every trial.",
        ],
    }


def _measure(work: Work, quick: bool) -> dict[str, Any]:
    steps = QUICK[work.data] if quick else work.steps
    rounds = 1 if quick else work.rounds
    speeds: dict[str, list[float]] = {"ours": [], "baseline": []}
    busy = []
    for number in range(rounds):
        scripts = [script(work, steps, beta, number)[0] for beta in BETAS]
        study = _study(work, steps)
        speeds["baseline"].append(3600 * len(scripts) / sum(scripts))
        speeds["ours"].append(3600 * TRIALS / study.seconds)
        busy.append(100 * study.cpu)
        say(f"study {work.data}: round {number + 1} of {rounds}")
    what = f"study of {TRIALS} trials, {work.data}, {work.size} px, {steps} steps"
    target = Target("ratio", ">=", work.target)
    return {
        "lines": [
            line(what, "trials/h", speeds["ours"], speeds["baseline"], target),
            line(f"share of both cores busy meanwhile, {work.data}", "%", busy),
        ],
    }


def script(work: Work, steps: int, beta: float, seed: int) -> tuple[float, float]:
    """Seconds of one trial of the baseline, and its last KID."""
    with place() as here:
        here.run("benchmarks.encoder", "encoder.keras")
        options = {
            "data": work.data,
            "image-size": work.size,
            "width": work.width,
            "batch-size": work.batch,
            "steps": steps,
            "evaluations": work.evaluations,
            "samples": work.samples,
            "seed": seed,
            "beta-1": beta,
            "encoder": "encoder.keras",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        ran = here.run("benchmarks.keras_example", *words)
        say(f"{work.data}: baseline script, seed {seed}, {ran.seconds:.1f} s")
        return ran.seconds, float(json.loads(ran.output.splitlines()[-1])["kids"][-1])


def _study(work: Work, steps: int) -> Ran:
    with place() as here:
        here.run("benchmarks.encoder", "encoder.keras")
        study = content(work, steps, here.folder / "encoder.keras")
        study["baseline"] |= equal_a_step(work.batch)
        here.study("bench", study)
        ran = here.run("harness", "run", "bench", "--workers", "2")
        for folder in here.trials():
            _check(Trial(folder))
        say(f"study {work.data}: harness, {ran.seconds:.1f} s")
        return ran


def content(work: Work, steps: int, encoder: Path) -> dict[str, Any]:
    """The study file."""
    knobs = ("optimizer.generator.beta_1", "optimizer.discriminator.beta_1")
    return {
        "title": "Throughput",
        "question": "How many trials an hour?",
        "baseline": {
            "data.name": work.data,
            "data.image_size": work.size,
            "generator.width": work.width,
            "discriminator.width": work.width,
            "training.batch_size": work.batch,
            "training.kimg": steps * work.batch / 1000,
            "training.evaluations": work.evaluations,
            "evaluation.protocol": "blocks",
            "evaluation.encoder": str(encoder),
            "evaluation.samples": work.samples,
        },
        "factors": {"beta_1": {f"at {beta}": dict.fromkeys(knobs, beta) for beta in BETAS[1:]}},
        "design": "one_at_a_time",
        "seeds": SEEDS,
    }


def equal_a_step(batch: int) -> dict[str, Any]:
    """The baseline's decay and ADA speed, which it states for a step, as ours for 128 images."""
    share = batch / REFERENCE_BATCH
    return {
        "training.ema": S0_DECAY ** (1 / share),
        "augmentation.integration_steps": round(S0_INTEGRATION_STEPS * share),
    }


def _check(trial: Trial) -> None:
    """A trial must have finished."""
    result = trial.result()
    if result is None or result.status is not Status.FINISHED:
        raise RuntimeError(f"a trial of the study did not finish: {trial.failure()}")


ROW = Row("study", "Study throughput", run)
