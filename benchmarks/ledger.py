"""The queue: 10,000 trials enqueued, and drained by four processes."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from statistics import mean

from benchmarks.measure import Result, Row, Target, line, seconds
from benchmarks.place import Place, place
from harness.queue.base import Job
from harness.queue.optuna_ledger import OptunaLedger
from harness.runs.status import Status

WORKERS = 4
CELLS = 100
RUN = "bench"


def run(quick: bool) -> Result:
    count = 500 if quick else 10_000
    jobs = [Job(f"{i:010x}", f"cell {i % CELLS}", i // CELLS, i) for i in range(count)]
    with place() as here:
        ledger = OptunaLedger.open(RUN, here.folder, here.runs)
        enqueued = 1000 * seconds(lambda: ledger.enqueue(jobs)) / count
        start = time.perf_counter()
        claims = _drain(here)
        drained = time.perf_counter() - start
    keys = [row[0] for row in chain(*claims)]
    if set(keys) != {job.key for job in jobs}:
        raise RuntimeError(f"{count} trials were queued, and {len(set(keys))} were claimed")
    claiming, finishing = ([1000 * row[part] for row in chain(*claims)] for part in (1, 2))
    means = [1000 * mean(row[1] for row in claimed) for claimed in claims]
    what = f"{count:,} trials, {WORKERS} workers"
    return {
        "lines": [
            line(f"{what}: to enqueue one", "ms", [enqueued], target=_at_most("<", 2)),
            line(f"{what}: to claim one, means of workers", "ms", means, target=_at_most("<", 20)),
            line(
                f"{what}: claimed twice", "trials", [len(keys) - len(set(keys))], None, _at_most()
            ),
            line("to claim one, all claims", "ms", claiming),
            line("to end one, all ends", "ms", finishing),
        ],
        "notes": [
            f"A journal file in a local folder; {WORKERS} processes claim and end trials without "
            f"training, as fast as they can, on all cores, in {drained:.1f} s from their start. "
            f"The slowest claim took {max(claiming):.0f} ms.",
        ],
    }


def _at_most(relation: str = "<=", value: float = 0.0) -> Target:
    return Target("ours", relation, value)


def _drain(here: Place) -> list[list[tuple[str, float, float]]]:
    """What each worker claimed: key, seconds of the claim, seconds of its end."""

    def work(number: int) -> list[tuple[str, float, float]]:
        output = here.run("benchmarks.ledger", f"w{number}", stream=f"w{number}").output
        return [tuple(row) for row in json.loads(output)]

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(work, range(WORKERS)))


def main(worker: str) -> None:
    """Claim and end until nothing waits; print what was claimed."""
    ledger = OptunaLedger.open(RUN, Path.cwd(), Path.cwd() / "runs")
    rows = []
    while True:
        start = time.perf_counter()
        claim = ledger.claim(worker)
        claimed = time.perf_counter()
        if claim is None:
            break
        if not ledger.finish(claim, Status.FINISHED):
            raise RuntimeError(f"{claim.key} was taken from its worker")
        rows.append((claim.key, claimed - start, time.perf_counter() - claimed))
    print(json.dumps(rows))


ROW = Row("ledger", "Ledger", run)

if __name__ == "__main__":
    main(sys.argv[1])
