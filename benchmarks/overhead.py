"""What the harness adds: a trial with everything that a user gets, against its bare work."""

import os
import shutil

import psutil

from benchmarks import encoder, ours
from benchmarks.measure import Result, Row, Target, interleave, line, seconds
from benchmarks.place import data_folder, place

SIZE, WIDTH, BATCH = 32, 64, 64
EVALUATIONS, SAMPLES = 5, 2048


def run(quick: bool) -> Result:
    steps = 300 if quick else 1000
    os.environ |= data_folder()
    with place() as here:
        worker = ours.Worker(here.folder, "offline")
        path = here.folder / "encoder.keras"
        encoder.main(str(path))
        configs = iter(
            ours.config(
                SIZE,
                WIDTH,
                BATCH,
                training__kimg=steps * BATCH / 1000,
                training__evaluations=EVALUATIONS,
                evaluation__protocol="blocks",
                evaluation__encoder=str(path),
                evaluation__samples=SAMPLES,
                seed=seed,
            )
            for seed in range(100)
        )
        bare = ours.Bare(next(configs), worker)
        beside: list[float] = []  # % of the time in steps and evaluations that is spent elsewhere
        others: list[float] = []  # % of the processor time that is not this process'

        def whole() -> float:
            config, own, before = next(configs), _cpu(False), _cpu(True)
            with ours.watched_steps() as steps, ours.watched_evaluations() as evaluations:
                took = seconds(lambda: shutil.rmtree(worker.train(config)))
            inside = steps.seconds + evaluations.seconds
            beside.append(100 * (took / inside - 1))
            own, every = _cpu(False) - own, _cpu(True) - before
            others.append(100 * (every / own - 1))
            return took

        ways = {"whole": whole, "bare": lambda: seconds(bare.train)}
        for way in ways.values():
            way()  # compiles
        beside.clear(), others.clear()
        values = interleave("overhead", ways, 2 if quick else 3)
    return {
        "lines": [
            line(
                f"cost of the harness, CIFAR-10, {steps:,} steps, {EVALUATIONS} evaluations",
                "%",
                beside,
                target=Target("ours", "<=", 3),
            ),
            line("processor time of other processes (W&B's service)", "%", others),
            line("whole trial against its bare work", "%", _added(values["whole"], values["bare"])),
            line("whole trial", "s", values["whole"]),
            line("its bare steps and evaluations", "s", values["bare"]),
        ],
        "notes": [
            f"{SIZE} px, width {WIDTH}, batch {BATCH}, small encoder, {SAMPLES} images. Both sides "
            "train in one warm process that has all cores, so what runs beside the training, W&B's "
            "service included, is paid for. Whole: a worker's trial with W&B offline, record, "
            "checkpoints, sample grids and kept generators. Bare: the compiled loop in as few "
            "calls as its evaluations allow, and the evaluations.",
            "The cost is what a whole trial spends outside its steps and evaluations, relative to "
            "them, so a machine that is slower in one run than in the next does not matter. What "
            "the harness' threads and processes take from the steps themselves is not in it, but "
            "in the two lines below it, of which the second is as noisy as the machine.",
        ],
    }


def _added(whole: list[float], bare: list[float]) -> list[float]:
    return [100 * (a / b - 1) for a, b in zip(whole, bare, strict=True)]


def _cpu(children: bool) -> float:
    """Processor seconds of this process, and of what it has started if `children`."""
    process = psutil.Process()
    own = process.cpu_times()
    total = own.user + own.system
    for child in process.children(recursive=True) if children else ():
        try:
            times = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return float(total)


ROW = Row("overhead", "Cost of the harness", run)
