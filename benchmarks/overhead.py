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
        cpu: dict[str, list[float]] = {"whole": [], "bare": []}

        def whole() -> float:
            config, before = next(configs), _cpu()
            took = seconds(lambda: shutil.rmtree(worker.train(config)))
            cpu["whole"].append(_cpu() - before)
            return took

        def alone() -> float:
            before = _cpu()
            took = seconds(bare.train)
            cpu["bare"].append(_cpu() - before)
            return took

        whole(), alone()  # compiles
        for values in cpu.values():
            values.clear()
        ways = {"whole": whole, "bare": alone}
        # the difference is smaller than the noise of a shared machine: three rounds do not show it
        rounds = 2 if quick else 7
        values = interleave("overhead", ways, rounds, least=rounds)
    return {
        "lines": [
            line(
                f"cost of the harness, CIFAR-10, {steps:,} steps, {EVALUATIONS} evaluations",
                "%",
                _added(values["whole"], values["bare"]),
                target=Target("ours", "<=", 3),
            ),
            line("the same in processor time", "%", _added(cpu["whole"], cpu["bare"])),
            line("whole trial", "s", values["whole"]),
            line("its bare steps and evaluations", "s", values["bare"]),
        ],
        "notes": [
            f"{SIZE} px, width {WIDTH}, batch {BATCH}, small encoder, {SAMPLES} images. Both sides "
            "train in one warm process that has all cores, so what runs beside the training, W&B's "
            "service included, is paid for. Whole: a worker's trial with W&B offline, record, "
            "checkpoints, sample grids and kept generators. Bare: the compiled loop in as few "
            "calls as its evaluations allow, and the evaluations.",
        ],
    }


def _added(whole: list[float], bare: list[float]) -> list[float]:
    return [100 * (a / b - 1) for a, b in zip(whole, bare, strict=True)]


def _cpu() -> float:
    """Processor seconds of this process and what it has started."""
    process = psutil.Process()
    own = process.cpu_times()
    total = own.user + own.system + own.children_user + own.children_system
    for child in process.children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return float(total)


ROW = Row("overhead", "Cost of the harness", run)
