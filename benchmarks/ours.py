"""The harness' engine as the benchmarks use it: the file to adapt when its interface changes."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.python.framework import func_graph

from harness.config.identity import key
from harness.config.patch import resolve
from harness.config.runtime import Runtime
from harness.config.trial import TrialConfig
from harness.execution.worker.trial import Context, run_trial
from harness.gan import devices
from harness.gan.data import Images
from harness.gan.evaluate import Evaluator
from harness.gan.graph_cache import open_cache
from harness.gan.train.batches import Batches
from harness.gan.train.program import Program, Programs
from harness.gan.train.session import Session
from harness.metrics.kid import Estimate
from harness.metrics.neighbours import Neighbourhoods
from harness.queue.base import Claim
from harness.runs.plan import PlanRecord
from harness.runs.recorder import Recorder
from harness.runs.status import Status

Uint8 = NDArray[np.uint8]


def config(size: int, width: int, batch: int, **changes: Any) -> TrialConfig:
    """A configuration; `changes` have __ for the dots of a knob."""
    sizes = {
        "data.name": "cifar10",
        "data.image_size": size,
        "generator.width": width,
        "discriminator.width": width,
        "training.batch_size": batch,
    }
    return resolve([sizes, {name.replace("__", "."): value for name, value in changes.items()}])


def noise_images(count: int, size: int, seed: int = 0) -> Uint8:
    """Images of noise, (count, size, size, 3)."""
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


class Trainer:
    """One training on given images, driven as a session drives it."""

    def __init__(self, of: TrialConfig, images: Uint8) -> None:
        self.program = Program(of, images.shape[-1], devices.on_gpu())
        self.batches = Batches(images, of.training.batch_size, of.seed)
        self.updates = of.training.discriminator_steps
        self.iteration = 0

    def run(self, iterations: int) -> None:
        """Train; picking the images is part of it."""
        images, indices = self.batches.call(self.iteration, iterations, self.updates)
        self.iteration += self.program.run(images, indices, self.iteration)

    def graph(self) -> tf.Graph:
        """The program of a call; one iteration is the body of its loop."""
        run: Any = self.program.loop._run
        return run.get_concrete_function().graph


class Scorer:
    """Evaluations of an untrained generator against given validation images."""

    def __init__(self, of: TrialConfig, images: Uint8, cache: Path) -> None:
        known = Images(images, images, None, None, "noise", (), {}, None, "noise")
        self.session = Session(of, known, Evaluator(of, known, cache), Program(of, 3))
        self.number = 0

    def score(self) -> float:
        """One evaluation as a training has it: generation, encoding, estimates; the KID."""
        self.number += 1
        return float(self.session.score_values(self.number)["kid"])


def whole_machine() -> dict[str, Any]:
    """Threads as a worker sets them that has all cores; before anything else of TensorFlow's."""
    return devices.configure(len(os.sched_getaffinity(0)))


PLAN = PlanRecord(
    run_name="bench", study="bench", profile=None, title="", question="", seeds=(0,), cells=(),
    trials=(),
)  # fmt: skip


class Worker:
    """A worker in this process, with the whole machine to itself; it trains one trial a call."""

    def __init__(self, folder: Path, tracking: str) -> None:
        self.runtime = Runtime(
            folder / "runs", folder / "reports", folder / "studies", tracking=tracking
        )
        arithmetic = whole_machine()
        self.context = Context(
            PLAN,
            self.runtime,
            arithmetic,
            Programs(devices.on_gpu(), open_cache(self.runtime.cache / "graphs", arithmetic)),
            lambda: False,
        )

    def train(self, of: TrialConfig) -> Path:
        """Train one trial to its end; its folder."""
        folder = self.runtime.trials / key(of)
        with Recorder(folder).acquire() as recorder:
            claim = Claim(id=0, key=folder.name, cell="bench", seed=of.seed, order=0, attempt=1)
            status = run_trial(of, claim, recorder, self.context)
        if status is not Status.FINISHED:
            raise RuntimeError(f"the trial ended as {status}")
        return folder


class Bare:
    """The steps and evaluations of a trial and nothing else, by what a worker has prepared."""

    def __init__(self, of: TrialConfig, worker: Worker) -> None:
        self.config = of
        self.images = worker.context.images(of)
        self.evaluator = worker.context.evaluator(of)
        self.program = worker.context.programs.get(of)

    def train(self) -> None:
        """From the untrained generator's evaluation to the last one."""
        session = Session(self.config, self.images, self.evaluator, self.program)
        updates = self.config.training.discriminator_steps
        for number, end in enumerate(self.config.evaluation_iterations):
            while session.iteration < end:
                count = min(end - session.iteration, session.batches.most(updates))
                call = session.batches.call(session.iteration, count, updates)
                session.iteration += self.program.run(*call, session.iteration)
            session.score_values(number)


class Stopwatch:
    """The time that was spent in one function, how often it was called, when first it had ended."""

    def __init__(self) -> None:
        self.seconds, self.calls = 0.0, 0
        self.first: float | None = None  # by time.perf_counter


@contextmanager
def watched(owner: Any, function: Callable[..., Any]) -> Iterator[Stopwatch]:
    """Time every call of a function of a class or module while the context lasts.

    The function itself is given, not its name, so that mypy sees where there is none any more.
    """
    watch, name = Stopwatch(), function.__name__

    def timed(*arguments: Any, **keywords: Any) -> Any:
        start = time.perf_counter()
        try:
            return function(*arguments, **keywords)
        finally:
            now = time.perf_counter()
            watch.seconds += now - start
            watch.calls += 1
            watch.first = watch.first or now

    setattr(owner, name, timed)
    try:
        yield watch
    finally:
        setattr(owner, name, function)


def watched_metrics() -> tuple[Any, Any]:
    """Watches of KID and of fidelity and variety: nearly all else of an evaluation is encoding."""
    return watched(Estimate, Estimate.__call__), watched(Neighbourhoods, Neighbourhoods.__call__)


def watched_steps() -> Any:
    """A watch of the calls of the compiled loop."""
    return watched(Program, Program.run)


def watched_evaluations() -> Any:
    """A watch of whole evaluations: generation, encoding, estimates."""
    return watched(Session, Session.score_values)


def watched_traces() -> Any:
    """A watch of TensorFlow's tracing: of its own and of Keras' functions, and of their parts."""
    return watched(func_graph, func_graph.func_graph_from_py_func)
