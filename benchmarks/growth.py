"""How cost grows with image size, width, batch and workers, and how far it follows the work."""

from typing import Any

from benchmarks import ours
from benchmarks.flops import multiply_adds
from benchmarks.measure import Result, Row, interleave, line, say, seconds, spread, steps_in
from benchmarks.place import place
from benchmarks.plots import Panel, draw
from benchmarks.study import WORKS, content

BASE = {"size": 32, "width": 64, "batch": 64}
VALUES = {
    "size": (16, 32, 64, 128),
    "width": (16, 32, 64, 128, 256),
    "batch": (16, 32, 64, 128, 256, 512),
}
NAMES = {"size": "image size (px)", "width": "width (filters)", "batch": "batch size (images)"}
WORKERS = (1, 2)
SECONDS = 4.0  # of training in one timing, about


def run(quick: bool) -> Result:
    ours.whole_machine()
    measured = _measure(quick)
    workers = [_study(count, quick) for count in WORKERS]
    panels = [
        Panel(
            NAMES[name],
            [point["value"] for point in points],
            [point["seconds"] for point in points],
            "seconds a 1,000 images",
            _proportional(points),
        )
        for name, points in measured.items()
    ]
    same = [workers[0] for _ in WORKERS]
    panels.append(Panel("workers", list(WORKERS), workers, "seconds a study", same))
    base = next(point for point in measured["size"] if point["value"] == BASE["size"])
    return {
        "lines": [
            line("1,000 images at 32 px, width 64, batch 64", "s", base["all"]),
            line("study of 12 digits trials: 2 workers against 1", "s", workers[1:], workers[:1]),
        ],
        "tables": [_table(name, points) for name, points in measured.items()],
        "plots": [draw("growth", "Cost against size; dashed: proportional to the work", panels)],
        "notes": [
            "One process with the whole machine, float32, augmentation with probability one half; "
            "the other two sizes as in 32 px, width 64, batch 64. Multiply-adds are counted from "
            "the graph, so a constant rate (GFLOP/s) is cost in proportion to the work.",
            "Where the rate falls, the products are too narrow or too few to fill the machine: at "
            "small widths, batches and images, what is not a product (batch normalisation, the "
            "warp, Adam, the moving average, dispatch) takes a larger share. It grows with pixels "
            "and filters, or with parameters alone, and not with their product.",
            "One worker has all cores as threads, two have one each: the same cores do the same "
            "work, and any gain is what threads cannot share.",
        ],
    }


def _measure(quick: bool) -> dict[str, list[dict[str, Any]]]:
    """Every point of every curve, all of them in turn."""
    points = {(name, value): Point(name, value, quick) for name in VALUES for value in VALUES[name]}
    ways = {f"{name} {value}": point.seconds for (name, value), point in points.items()}
    times = interleave("growth", ways, 1 if quick else 5)
    return {
        name: [points[name, value].result(times[f"{name} {value}"]) for value in VALUES[name]]
        for name in VALUES
    }


class Point:
    """One configuration: how long it takes, and how much work it is."""

    def __init__(self, name: str, value: int, quick: bool) -> None:
        sizes = {**BASE, name: value}
        config = ours.config(
            sizes["size"],
            sizes["width"],
            sizes["batch"],
            augmentation__policy="fixed",
            augmentation__probability=0.5,
        )
        self.value, self.batch = value, sizes["batch"]
        self.trainer = ours.Trainer(config, ours.noise_images(1024, sizes["size"]))
        self.mflop = 2 * multiply_adds(self.trainer.graph()) / sizes["batch"] / 1e6  # an image
        self.steps = steps_in(1 if quick else SECONDS, self.trainer.run)

    def seconds(self) -> float:
        """For 1,000 images."""
        return seconds(lambda: self.trainer.run(self.steps)) * 1000 / (self.steps * self.batch)

    def result(self, times: list[float]) -> dict[str, Any]:
        """What was found."""
        middle = spread(times)["median"]
        return {
            "value": self.value,
            "all": times,
            "seconds": middle,
            "mflop": self.mflop,
            "rate": self.mflop / middle,  # GFLOP/s
        }


def _proportional(points: list[dict[str, Any]]) -> list[float]:
    """Seconds if the best rate held everywhere."""
    best = max(point["rate"] for point in points)
    return [point["mflop"] / best for point in points]


def _table(name: str, points: list[dict[str, Any]]) -> dict[str, Any]:
    columns = [NAMES[name], "s a 1,000 images", "MFLOP an image", "GFLOP/s"]
    rows = [
        [str(point["value"]), point["seconds"], point["mflop"], point["rate"]] for point in points
    ]
    return {"title": f"Against {NAMES[name]}", "columns": columns, "rows": rows}


def _study(workers: int, quick: bool) -> float:
    """Seconds of the digits study of row `study` by `workers` workers."""
    work = WORKS[0]
    with place() as here:
        here.run("benchmarks.encoder", "encoder.keras")
        steps = 60 if quick else work.steps
        here.study("bench", content(work, steps, here.folder / "encoder.keras"))
        took = here.run("harness", "run", "bench", "--workers", str(workers)).seconds
    say(f"growth: study by {workers} workers, {took:.1f} s")
    return took


ROW = Row("growth", "Growth", run)
