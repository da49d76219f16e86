"""Trainings on one device, an engine and a process each, as `gpu.py` asks for them."""

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

Action = Callable[..., Any]
IMAGES = 4096
PROBABILITY = 0.5  # of augmentation, held fixed


class Training(NamedTuple):
    """What is trained: S0's networks at a size, on images of noise."""

    size: int = 64
    width: int = 128
    batch: int = 128
    precision: str = "float32"
    xla: bool = True
    gpu: bool = True

    @property
    def what(self) -> str:
        """For people."""
        way = "XLA" if self.xla else "no XLA"
        return f"{self.size} px, width {self.width}, batch {self.batch}, {self.precision}, {way}"


def ours(training: Training) -> Action:
    """Answers: "first" seconds of the first step, "speed" steps a second, "memory", "weights"."""
    if not training.gpu:
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
    import harness.gan  # noqa: F401 - before TensorFlow, as in a worker

    return _Ours(training).answer


class _Ours:
    def __init__(self, training: Training) -> None:
        from benchmarks import ours as engine
        from harness.gan.train.batches import Batches
        from harness.gan.train.program import Program

        of = engine.config(
            training.size,
            training.width,
            training.batch,
            training__precision=training.precision,
            augmentation__policy="fixed",
            augmentation__probability=PROBABILITY,
        )
        images = engine.noise_images(IMAGES, training.size)
        self.program = Program(of, 3, training.xla)
        self.config = of
        self.batches = Batches(images, training.batch, of.seed, resident=training.gpu)
        self.iteration = 0
        with alone():
            start = time.perf_counter()
            self.run(1)
            self.first = time.perf_counter() - start

    def run(self, steps: int) -> None:
        """So many steps more; a loss is read, so the device has ended."""
        while steps:
            count = min(steps, self.batches.most(1))
            images, indices = self.batches.call(self.iteration, count, 1)
            self.iteration += self.program.run(images, indices, self.iteration)
            steps -= count

    def answer(self, question: str, number: float = 1.0) -> Any:
        """See `ours`; `number` is how many seconds are timed or how many steps are trained."""
        if question == "first":
            return self.first
        if question == "speed":
            return _speed(self.run, number)
        if question == "memory":
            import tensorflow as tf

            return tf.config.experimental.get_memory_info("GPU:0")["peak"] / 2**30
        return self.weights(int(number))

    def weights(self, steps: int) -> tuple[dict[str, float], dict[str, Any]]:
        """Losses and all variables after so many steps from the start."""
        import numpy as np

        self.program.reset(self.config)
        self.iteration = 0
        self.run(steps)
        variables = self.program.gan.variables()
        return self.program.loop.read(), {name: np.asarray(v) for name, v in variables.items()}


def baseline(training: Training) -> Action:
    """The Keras example; Keras decides by itself whether XLA compiles its steps."""
    os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
    from benchmarks import keras_example
    from benchmarks.keras_data import Settings, prepare_dataset

    settings = Settings(
        image_size=training.size,
        width=training.width,
        batch_size=training.batch,
        precision=training.precision,
        augmentation_probability=PROBABILITY,
    )
    model, images = keras_example.build(settings), prepare_dataset(settings, "train")

    def fit(steps: int) -> float:
        clock = keras_example.Clock()
        # the first two wait for something else; the end of `fit` waits for the device
        model.fit(images, steps_per_epoch=steps + 2, callbacks=[clock], verbose=0)
        return steps / (keras_example.seconds_since_start() - clock.epochs[-1][1])

    with alone():
        start = time.perf_counter()
        speed = fit(1)
        first = time.perf_counter() - start

    def answer(question: str, number: float = 1.0) -> float:
        if question == "first":
            return first
        return fit(max(1, round(number * speed)))

    speed = fit(20)
    return answer


def _speed(run: Callable[[int], None], seconds: float) -> float:
    """Steps a second, over about so many seconds after a tenth of it to warm up."""
    start = time.perf_counter()
    run(10)
    rate = 10 / (time.perf_counter() - start)
    steps = max(10, round(rate * seconds))
    start = time.perf_counter()
    run(steps)
    return steps / (time.perf_counter() - start)


@contextmanager
def alone() -> Iterator[None]:
    """One process at a time compiles: choosing kernels times them."""
    with Path(tempfile.gettempdir(), "bench-gpu.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
