"""How much of the machine's own peak the step reaches, and where the rest of its time goes."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from benchmarks import ours, profile
from benchmarks.flops import PRODUCTS, multiply_adds
from benchmarks.measure import Result, Row, Target, interleave, line, seconds, steps_in

SHAPES = ((64, 128, 128), (32, 64, 64))  # px, width, batch; the first has targets
MATRIX = 4096
TARGETS = {"float32": 80.0, "bfloat16": 60.0}
SECONDS = 6.0  # of steps in one timing, about
LISTED = 14  # kinds of operation in the table of a profile


def run(quick: bool) -> Result:
    ours.whole_machine()
    parts = [_measure(precision, shape, quick) for shape in SHAPES for precision in TARGETS]
    return {
        "lines": [one for part in parts for one in part["lines"]],
        "tables": [part["table"] for part in parts],
        "notes": [
            "Multiply-adds count twice and come from the shapes of all convolutions and matrix "
            "products of one iteration that reach a result. The peak is a product of two "
            f"{MATRIX} x {MATRIX} matrices in the same precision, in turn with the step. Threads "
            "as a worker with the whole machine sets them.",
            "The profile is TensorFlow's own. What is not in an operation is its dispatch, and "
            "threads that wait for each other.",
        ],
    }


def _measure(precision: str, shape: tuple[int, int, int], quick: bool) -> dict[str, Any]:
    size, width, batch = shape
    config = ours.config(
        size,
        width,
        batch,
        training__precision=precision,
        augmentation__policy="fixed",
        augmentation__probability=0.5,
    )
    trainer = ours.Trainer(config, ours.noise_images(4096, size))
    operations = 2 * multiply_adds(trainer.graph())  # of one iteration
    steps = steps_in(1 if quick else SECONDS, trainer.run)
    multiply = _product(precision)
    multiply()
    ways = {
        "step": lambda: steps * operations / 1e9 / seconds(lambda: trainer.run(steps)),
        "peak": lambda: max(2 * MATRIX**3 / 1e9 / seconds(multiply) for _ in range(3)),
    }
    what = f"step at {size} px, width {width}, batch {batch}, {precision}"
    values = interleave(what, ways, 3 if quick else 9)
    shares = [100 * a / b for a, b in zip(values["step"], values["peak"], strict=True)]
    target = Target("ours", ">=", TARGETS[precision]) if shape == SHAPES[0] else None
    iteration = f"{what}: {operations / 1e9:.3g} GFLOP an iteration"
    return {
        "lines": [
            line(f"{what}: share of the peak", "%", shares, target=target),
            line(iteration, "GFLOP/s", values["step"]),
            line(f"matrix product, {precision}, beside it", "GFLOP/s", values["peak"]),
        ],
        "table": _profile(what, trainer, steps, operations, max(values["peak"])),
    }


def _product(precision: str) -> Callable[[], Any]:
    matrix = tf.cast(tf.random.normal((MATRIX, MATRIX)), precision)
    product = tf.function(lambda: tf.matmul(matrix, matrix))
    return lambda: product()[0, 0].numpy()


def _profile(
    what: str, trainer: ours.Trainer, steps: int, operations: int, peak: float
) -> dict[str, Any]:
    """Milliseconds an iteration by kind of operation."""
    took: list[float] = []
    found = profile.by_operation(lambda: took.append(seconds(lambda: trainer.run(steps))))
    total = took[0]
    products = sum(time for name, time in found.items() if name.removeprefix("Fused") in PRODUCTS)
    listed = list(found.items())[:LISTED]
    rest = sum(found.values()) - sum(time for _, time in listed)
    between = max(0.0, total - sum(found.values()))
    parts = [
        *listed,
        (f"{len(found) - len(listed)} other kinds", rest),
        ("between operations", between),
        ("**in all**", total),
    ]
    reached = 100 * steps * operations / 1e9 / products / peak
    title = f"{what}: where an iteration goes (products alone: {reached:.0f} % of the peak)"
    rows = [[name, 1000 * time / steps, 100 * time / total] for name, time in parts]
    return {"title": title, "columns": ["operation", "ms", "%"], "rows": rows}


ROW = Row("peak", "Share of the machine's peak", run)
