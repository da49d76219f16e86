"""Training step: images a second of both engines, a process each, in turn."""

from collections.abc import Callable

from benchmarks import ours
from benchmarks.apart import Apart
from benchmarks.keras_data import Settings
from benchmarks.measure import Result, Row, Target, interleave, line, seconds, steps_in

SIZES = ((32, 64, 64), (64, 128, 128))  # px, width, batch: a usual CPU study, and S0 itself
TARGETS = {
    ("float32", 32): 1.5,
    ("float32", 64): 1.15,
    ("bfloat16", 32): 1.8,
    ("bfloat16", 64): 1.7,
}
SECONDS = 3.0  # of steps in one timing, about
PROBABILITY = 0.5  # of augmentation, held fixed
IMAGES = 4096


def run(quick: bool) -> Result:
    parts = [
        _lines(precision, *size, quick) for precision in ("float32", "bfloat16") for size in SIZES
    ]
    return {
        "lines": [one for part in parts for one in part],
        "notes": [
            "Images of noise; augmentation with probability one half. The engines run in turn, a "
            "process each, both with TensorFlow's default threads; the baseline with its other "
            "defaults too, so without oneDNN's kernels where TensorFlow leaves them off.",
            "Baseline: time between the ends of steps inside `fit`, without the first ones. Ours: "
            "a call of the compiled loop, the picking of its images included.",
            "The baseline is S0's program, so float32; what Keras' own mixed policy makes of it "
            "stands beside.",
        ],
    }


def _lines(
    precision: str, size: int, width: int, batch: int, quick: bool
) -> list[dict[str, object]]:
    what = f"training step, {size} px, width {width}, batch {batch}, {precision}"
    long = SECONDS / 5 if quick else SECONDS
    ways = {
        "ours": _ours(precision, size, width, batch, long),
        "baseline": _baseline("float32", size, width, batch, long),
    }
    if precision != "float32":
        ways["mixed"] = _baseline(precision, size, width, batch, long)
    values = interleave(what, ways, 3 if quick else 9)
    target = Target("ratio", ">=", TARGETS[precision, size])
    lines = [line(what, "images/s", values["ours"], values["baseline"], target)]
    if "mixed" in values:
        against = f"{what}, against Keras' mixed policy"
        lines.append(line(against, "images/s", values["ours"], values["mixed"]))
    return lines


def _ours(precision: str, size: int, width: int, batch: int, long: float) -> Callable[[], float]:
    config = ours.config(
        size,
        width,
        batch,
        training__precision=precision,
        augmentation__policy="fixed",
        augmentation__probability=PROBABILITY,
    )
    trainer = ours.Trainer(config, ours.noise_images(IMAGES, size))
    steps = steps_in(long, trainer.run)
    return lambda: batch * steps / seconds(lambda: trainer.run(steps))


def _baseline(
    precision: str, size: int, width: int, batch: int, long: float
) -> Callable[[], float]:
    settings = Settings(
        image_size=size,
        width=width,
        batch_size=batch,
        precision=precision,
        augmentation_probability=PROBABILITY,
    )
    return Apart("benchmarks.keras_actions:training", settings, long)


ROW = Row("step", "Training step", run)
