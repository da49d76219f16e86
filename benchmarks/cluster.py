"""A run on a Ray cluster: against local workers, scheduling, failing nodes, bytes sent home."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from optuna.storages import JournalStorage
from optuna.trial import TrialState

from benchmarks import cluster_bytes
from benchmarks.cluster_model import CHECKPOINT, Assumed, Found, Model, scaled
from benchmarks.cost import GPUS, PRICE, take, trainings
from benchmarks.measure import ROOT, Result, Row, Target, interleave, line, say
from benchmarks.place import Place, place
from benchmarks.plots import Panel, draw
from benchmarks.ray_here import ray_here
from benchmarks.study import QUICK, TRIALS, WORKS, content
from harness.plan.elsewhere import EVALUATING, H200, LARGE
from harness.queue.journal import JOURNAL, Kept

WORKERS = 2
ACTORS, SLEEPS = 64, 10_000
ROUNDS = 3
LARGEST = 1.0  # GB of the driver
NODES = (15, 30, 60, 120, 240)  # seconds between two failures, for the figure
SHARE = 0.95
RECORD = "tips_on_cifar10"  # whose trials' durations the model takes, scaled to MEAN
MEAN = 600.0
HOUR = 3600.0  # the mean of long trials, which meet many failures


class Attempt(NamedTuple):
    """One attempt in the queue: who made it, and when (seconds since 1970)."""

    worker: str
    start: float
    end: float


Part = tuple[list[dict[str, Any]], list[dict[str, Any]], list[str]]  # lines, tables, notes


def run(quick: bool) -> Result:
    simulated, plots = model(quick)
    parts = [trained(quick), slept(quick), simulated, cost(quick), sent(quick)]
    return {
        "lines": [one for part in parts for one in part[0]],
        "tables": [one for part in parts for one in part[1]],
        "notes": [one for part in parts for one in part[2]],
        "plots": plots,
    }


def trained(quick: bool) -> Part:
    """12 digits trials on two workers of Ray and on two local ones, in turn."""
    starts: dict[str, list[float]] = {"ray": [], "local": [], "node": []}

    def way(name: str) -> float:
        with place() as here:
            here.run("benchmarks.encoder", "encoder.keras")
            here.study("bench", content(WORKS[0], _steps(quick), here.folder / "encoder.keras"))
            if name == "local":
                return _throughput(here, starts["local"], "--workers", str(WORKERS))
            with ray_here(WORKERS) as ray:
                starts["node"].append(ray.seconds)
                here.environment.update(ray.environment)
                return _throughput(here, starts["ray"], "--on", "ray", "--max-workers", "2")

    ways = {name: (lambda name=name: way(name)) for name in ("ray", "local")}
    speeds = interleave("cluster: trainings", ways, 1 if quick else ROUNDS)
    what = (
        f"{TRIALS} digits trials of {_steps(quick)} steps, {WORKERS} workers of Ray, against local"
    )
    return (
        [
            line(what, "trials/h", speeds["ray"], speeds["local"], Target("ratio", ">=", 0.95)),
            line("of a run: before its first and after its last trial", "s", starts["ray"],
                 starts["local"]),
            line("start of Ray itself", "s", starts["node"]),
        ],
        [],
        ["Trials an hour are those from the first claim to the last end, as the queue has them; "
         "what comes before (start of the command and of the workers, gathering of data for the "
         "nodes) and after (the report) is a line of its own."],
    )  # fmt: skip


def _steps(quick: bool) -> int:
    return QUICK[WORKS[0].data] // 5 if quick else WORKS[0].steps


def _throughput(here: Place, starts: list[float], *options: str) -> float:
    took = here.run("harness", "run", "bench", *options).seconds
    seconds = _seconds(here, TRIALS)
    starts.append(took - seconds)
    return 3600 * TRIALS / seconds


def _seconds(here: Place, trials: int) -> float:
    """From the first claim to the last end; every trial has finished at its first attempt."""
    rows = _rows(here.runs / "studies" / "bench", trials)
    return max(row.end for row in rows) - min(row.start for row in rows)


def _rows(folder: Path, trials: int) -> list[Attempt]:
    storage = JournalStorage(Kept(folder / JOURNAL))
    rows = storage.get_all_trials(storage.get_study_id_from_name("bench"))
    if len(rows) != trials or {row.state for row in rows} != {TrialState.COMPLETE}:
        raise RuntimeError(f"not all of {trials} trials finished at their first attempt")
    return [
        Attempt(row.user_attrs["lease"]["worker"], start.timestamp(), end.timestamp())
        for row in rows
        if (start := row.datetime_start) and (end := row.datetime_complete)
    ]


def steady(rows: Sequence[Attempt]) -> tuple[float, float]:
    """Ends a second once every worker has begun, and the seconds until then."""
    begun: dict[str, float] = {}
    for row in rows:
        begun[row.worker] = min(row.start, begun.get(row.worker, row.start))
    whole = max(begun.values())
    last = max(row.end for row in rows)
    return sum(row.end > whole for row in rows) / (last - whole), whole - min(begun.values())


def slept(quick: bool) -> Part:
    """Trials that only sleep."""
    actors, trials = (4, 200) if quick else (ACTORS, SLEEPS)
    study = {
        "title": "Sleep",
        "question": "How many trials a second?",
        "baseline": {
            "data.name": "digits",
            "data.image_size": 16,
            "training.kimg": 1,
            "training.evaluations": 2,
        },
        "factors": {"optimizer.generator.beta_1": [n / 10 for n in range(10) if n != 5]},
        "design": "one_at_a_time",
        "seeds": trials // 10,  # and as many cells, the reference among them
    }
    rounds = [_sleep(study, actors, trials) for _ in range(1 if quick else ROUNDS)]
    what = f"{trials:,} trials that sleep, {actors} actors"
    return (
        [
            line(what, "trials/s", [one.rate for one in rounds], None, Target("ours", ">=", 200)),
            line(f"{what}: from the first actor to the last", "s",
                 [one.starting for one in rounds]),
            line(f"{what}: driver, largest size", "GB", [one.gb for one in rounds], None,
                 Target("ours", "<", LARGEST)),
            line(f"{what}: driver, processor time of a trial", "ms",
                 [1000 * one.cpu / trials for one in rounds]),
        ],
        [],
        [
            "Trials that sleep for 0.1 s and leave a result, counted once all actors have begun; "
            "Ray, queue, record, driver and view are those of the product, all on this machine."
        ],
    )  # fmt: skip


class Slept(NamedTuple):
    """A run whose trials sleep."""

    rate: float  # trials a second
    starting: float  # seconds from the first actor to the last
    gb: float  # of the driver, at its largest
    cpu: float  # seconds of the driver


def _sleep(study: dict[str, Any], actors: int, trials: int) -> Slept:
    with place() as here, ray_here(len(os.sched_getaffinity(0))) as ray:
        here.environment.update(ray.environment)
        here.study("bench", study)
        ran = here.run("benchmarks.sleepers", str(actors))
        driver = json.loads(ran.output.splitlines()[-1])
        rate, starting = steady(_rows(here.runs / "studies" / "bench", trials))
    say(f"cluster: {rate:.0f} trials slept a second")
    return Slept(rate, starting, driver["gb"], driver["cpu"])


def durations() -> list[float]:
    """Seconds of the trials of the committed record."""
    results = (ROOT / "reports" / RECORD / "record" / "trials").glob("*/result.json")
    return [float(json.loads(path.read_text())["seconds"]) for path in sorted(results)]


def model(quick: bool) -> tuple[Part, list[dict[str, str]]]:
    """Nodes that fail; every figure is a simulated run of its own."""
    trials, workers = (2000, 104) if quick else (100_000, 1000)
    seconds = scaled(durations(), MEAN, trials)
    every = (60,) if quick else NODES
    whole = Model(seconds, Assumed(workers, 8, failures=0.0, start=0.0)).run()
    found = {gap: Model(seconds, Assumed(workers, 8, failures=float(gap))).run() for gap in every}
    long = hours(quick, workers)
    say("cluster: simulated")
    shares = [found[gap].share / whole.share for gap in every]
    main = found[60]
    lost = trials - len(set(main.finished))
    twice = len(main.finished) - len(set(main.finished))
    what = f"simulated: {trials:,} trials, {workers:,} workers, a node of 8 fails each minute"
    nothing = Target("ours", "<=", 0)
    lines = [
        line(f"{what}: utilisation, share of the ideal", "share", [main.share / whole.share], None,
             Target("ours", ">=", SHARE)),
        line("the same until nothing waits for the first time", "share", [_steady(main, workers)],
             None, Target("ours", ">=", SHARE)),
        line(f"the same with {len(long[1].finished):,} trials of an hour: utilisation", "share",
             [long[1].share / long[0].share], None, Target("ours", ">=", SHARE)),
        line("trials of an hour: given up", "trials", [long[1].given_up], None, nothing),
        line("simulated: trials lost", "trials", [lost], None, nothing),
        line("simulated: trials finished twice", "trials", [twice], None, nothing),
    ]  # fmt: skip
    rows: list[list[Any]] = [
        [str(gap), share, 100 * of.repeated / of.work, of.attempts - trials, of.given_up]
        for gap, share, of in zip(every, shares, found.values(), strict=True)
    ]
    columns = ["s between failures", "share of the ideal", "% of the work trained again",
               "further attempts", "given up, taken up by a further command"]  # fmt: skip
    table = {"title": "Nodes that fail", "columns": columns, "rows": rows}
    of = Assumed(workers, 8)
    label = "seconds between failures of a node"
    panels = [
        Panel(label, list(every), shares, "share of the ideal", [SHARE] * len(every)),
        Panel(label, list(every), [row[2] for row in rows], "% trained again",
              [100 * of.node * CHECKPOINT / 2 / gap / workers for gap in every]),
    ]  # fmt: skip
    title = "Simulated; dashed: the target, and half a minute of each worker that dies"
    return (lines, [table], [_assumptions()]), [draw("cluster", title, panels)]


def hours(quick: bool, workers: int) -> tuple[Found, Found]:
    """Trials of an hour without failures, and with a node that fails each minute."""
    seconds = scaled(durations(), HOUR, 300 if quick else 20_000)
    whole = Model(seconds, Assumed(workers, 8, failures=0.0, start=0.0)).run()
    return whole, Model(seconds, Assumed(workers, 8)).run()


def _steady(found: Found, workers: int) -> float:
    """The mean share of workers that train, from the start of the first to the first idle queue."""
    end = found.drained
    total = sum(
        count * (min(after, end) - at)
        for (at, count), (after, _) in zip(found.busy, found.busy[1:], strict=False)
        if at < end
    )
    return (total / workers - found.repeated) / end


def _assumptions() -> str:
    of = Assumed(0, 8)
    return (
        "The model uses the product's queue in virtual time: its order, and three attempts at a "
        "trial, of which a death after a later checkpoint than before is none. Assumed: durations "
        f"are those of the record of {RECORD}, drawn again and scaled to a mean of "
        f"{MEAN / 60:g} minutes, or of an hour; a checkpoint is at home each minute and "
        f"{of.transfer:g} s later; a node has {of.node} workers, fails at random, and is back "
        f"after {of.away:g} s; a worker needs {of.start:g} s to start. A trial whose attempts are "
        "used up is given up until the command is given again; the model gives it when nothing "
        "else trains. The ideal is the same trials in the same order without failures and starts. "
        "Not in the model: the driver's own time, the network's capacity."
    )


def cost(quick: bool) -> Part:
    """What `all_tips` at full size takes."""
    work = trainings()
    rows = []
    for gpus in GPUS[-1:] if quick else GPUS:
        of = take(work, gpus)
        rows.append([f"{gpus:,}", of.hours, of.busy, of.reserved, PRICE * of.reserved])
    columns = ["GPUs", "hours", "GPU hours at work", "GPU hours reserved",
               f"cost at {PRICE:g} a GPU hour"]  # fmt: skip
    note = (
        f"The forecast of `all_tips`, profile full ({len(work)} trials): {H200.rates[LARGE]:,.0f} "
        "images/s in every cell (S0's step in float32 on one H200, GPU.md; a further update of "
        "either network counts as a further step), compiling as measured there, one worker a GPU, "
        "trials as the queue gives them. Not measured on a GPU: evaluations, taken as "
        f"{EVALUATING:g} s each as on two cores, and how much slower cells are that differ from "
        "S0. The price is an assumption (`PRICE` in `cost.py`), nobody's offer. GPUs beyond the "
        "number of trials get none and are not reserved."
    )
    title = "all_tips at full size, forecast"
    return [], [{"title": title, "columns": columns, "rows": rows}], [note]


def sent(quick: bool) -> Part:
    """Bytes that a trial sends home."""
    lines, table, notes = cluster_bytes.rows(quick)
    return lines, [table], notes


ROW = Row("cluster", "Ray cluster", run)
