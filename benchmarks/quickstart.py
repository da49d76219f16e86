"""Whole studies, from the command to the printed ranking, nothing cached.

BENCH_BEFORE names another checkout, whose studies these are compared with, in turn.
"""

from pathlib import Path

from benchmarks.measure import Result, Row, line
from benchmarks.place import Ran, place
from benchmarks.trees import compared, in_turn, note

STUDIES = {  # what, arguments, rounds, share of the former time that it is to take at most
    "`harness run quickstart`": (["quickstart"], 5, 0.75),
    "`harness run all_tips --profile smoke`": (["all_tips", "--profile", "smoke"], 3, 0.5),
}


def run(quick: bool) -> Result:
    lines = []
    for what, (arguments, rounds, share) in STUDIES.items():

        def whole(tree: Path, arguments: list[str] = arguments) -> Ran:
            with place() as here:
                return here.run("harness", "run", *arguments, tree=tree)

        ran = in_turn(what, 1 if quick else rounds, whole)
        what = f"{what} to the printed ranking, nothing cached"
        lines.append(compared(what, [[one.seconds for one in runs] for runs in ran], share))
        used = ([one.processor for one in runs] for runs in ran)
        lines.append(line(f"{what}: processor time", "s", *used))
    return {
        "lines": lines,
        "notes": [
            "Imports, compiling, all trainings and the report included. On a machine that other "
            "work shares, the ratio of processor times tells more than that of seconds.",
            *note(),
        ],
    }


ROW = Row("quickstart", "Whole studies", run)
