"""The baseline's timed actions: made and called in a process of their own (`apart.py`)."""

import time
from collections.abc import Callable

from benchmarks import keras_example
from benchmarks.keras_data import Settings, prepare_dataset


def training(settings: Settings, seconds: float) -> Callable[[], float]:
    """Images a second inside `fit`, over about `seconds` of steps."""
    model, images = keras_example.build(settings), prepare_dataset(settings, "train")

    def speed(steps: int) -> float:
        clock = keras_example.Clock()
        # two more, since the clock leaves out the first steps
        model.fit(images, steps_per_epoch=steps + 2, callbacks=[clock], verbose=0)
        return settings.batch_size / clock.seconds_a_step()

    speed(1)  # traces
    steps = max(1, round(seconds * speed(1) / settings.batch_size))
    return lambda: speed(steps)


def evaluation(settings: Settings) -> Callable[[], float]:
    """Seconds of one evaluation of KID."""
    model, images = keras_example.build(settings), prepare_dataset(settings, "test")

    def seconds() -> float:
        start = time.perf_counter()
        model.evaluate(images, verbose=0)
        return time.perf_counter() - start

    seconds()  # traces, and fills the cache of images
    return seconds
