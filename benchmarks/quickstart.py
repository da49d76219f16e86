"""The first study of a new user, from the command to the printed ranking, nothing cached.

BENCH_BEFORE names another checkout, whose quickstart this one's is compared with, in turn.
"""

import os
from pathlib import Path

from benchmarks.measure import ROOT, Result, Row, Target, line, say
from benchmarks.place import Ran, place

WHAT = "`harness run quickstart` to the printed ranking, nothing cached"
ROUNDS, QUICK_ROUNDS = 5, 3


def run(quick: bool) -> Result:
    before = os.environ.get("BENCH_BEFORE")
    trees = [*([Path(before)] if before else []), ROOT]
    ran: dict[Path, list[Ran]] = {tree: [] for tree in trees}
    for number in range(QUICK_ROUNDS if quick else ROUNDS):
        for tree in trees:
            ran[tree].append(_whole(tree))
            say(f"quickstart: round {number + 1}, {tree.name}, {ran[tree][-1].seconds:.0f} s")
    pairs = [ran[tree] for tree in reversed(trees)]
    target = Target("ratio", ">=", 1.34) if before else None
    seconds = ([one.seconds for one in runs] for runs in pairs)
    used = ([one.processor for one in runs] for runs in pairs)
    return {
        "lines": [
            line(WHAT, "s", *seconds, target=target),
            line(f"{WHAT}: processor time", "s", *used),
        ],
        "notes": [
            "Imports, compiling, all trainings and the report included. On a machine that other "
            "work shares, the ratio of processor times tells more than that of seconds.",
            *([f"Baseline: the checkout {Path(before).name}, in turn."] if before else []),
        ],
    }


def _whole(tree: Path) -> Ran:
    """One run in an empty folder; `tree` is the checkout whose code and study it runs."""
    with place() as here:
        return here.run("harness", "run", "quickstart", tree=tree)


ROW = Row("quickstart", "Quickstart", run)
