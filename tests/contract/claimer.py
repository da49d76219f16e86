"""A worker of the ledger's contract tests, run as its own process.

`drain` claims and finishes until nothing waits, `warm` too, but prefers cells that it has had;
`hold` claims one trial and sleeps on it; `lock` sleeps in the midst of writing.
Prints the key and the attempt of every claim.
"""

import sys
import time
from pathlib import Path

from harness.queue.base import Status
from harness.queue.optuna_ledger import OptunaLedger


def main(mode: str, run_name: str, folder: str, worker: str) -> None:
    ledger = OptunaLedger.open(run_name, Path(folder), Path(folder) / "trials")
    say("ready")
    sys.stdin.readline()
    if mode == "lock":
        with ledger._together():
            say("locked")
            time.sleep(60)
    had: set[str] = set()
    prefers = had.__contains__ if mode == "warm" else None
    while (claim := ledger.claim(worker, prefers)) is not None:
        say(f"{claim.key} {claim.attempt}")
        had.add(claim.cell)
        if mode == "hold":
            time.sleep(60)
        time.sleep(0.005)  # lets the others reach for the next one at the same moment
        assert ledger.finish(claim, Status.FINISHED)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
