"""Failed trials and flags: nothing is dropped silently."""

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from harness.analysis.frame import each_row
from harness.core import format as show
from harness.metrics.health import IDLE
from harness.report.blocks import Block, Cell, Heading, Table, Tag, Text
from harness.report.data import ReportData
from harness.report.private import redact
from harness.runs.outcomes import COLLAPSED
from harness.runs.status import Status

FLAGS = {
    "rebound": "KID rose again after its best",
    "collapsed": "diversity collapsed",
    "discriminator_loss_zero": "discriminator loss at zero",
    "accuracy_below_band": "real accuracy below 0.8",
    "accuracy_above_band": "real accuracy above 0.95",
    "generator_loss_falls": "generator loss fell while KID rose",
}

_BAD = (Status.DIVERGED, Status.CRASHED, Status.MISSING)

HOW = {
    "diverged": "A diverged trial is a result: it enters with the KID of its untrained generator "
    "or its last finite one, whichever is larger.",
    "crashed": "A crashed trial takes its seed out of its contrasts.",
    "not_ended": "A trial that has not ended leaves its seed out of its contrasts so far.",
}


def word(status: str) -> str:
    """How a trial stands, in the word that counts of trials have."""
    return "not ended" if status == Status.MISSING else status


def build(data: ReportData) -> list[Block]:
    """Trials that diverged, crashed or are missing with the reason, then the flags by cell."""
    blocks: list[Block] = [Heading("Failures and flags", "failures")]
    failed = data.frames.trials[data.frames.trials["status"].isin(_BAD)]
    blocks.append(Text(f"{data.outcomes.sentence}."))
    if len(failed):
        how = [words for name, words in HOW.items() if getattr(data.outcomes, name)]
        blocks += [Text(" ".join(how)), _failed(data)]
    blocks += _rates(data)
    if len(data.frames.flags):
        blocks.append(_flags(data))
    else:
        blocks.append(Text("No trial raised a flag."))
    return blocks


def _rates(data: ReportData) -> list[Block]:
    """How often trials of a cell failed, and how often they may."""
    failed = data.failures[data.failures["failed"] > 0]
    unseen = _unseen(data.failures[(data.failures["failed"] == 0) & (data.failures["ended"] > 0)])
    if failed.empty:
        return [Text(f"No trial diverged or collapsed. {unseen}", "note")] if unseen else []
    rows: list[list[Cell]] = [
        [
            data.names[row.cell],
            f"{row.failed} of {row.ended}",
            str(row.diverged),
            str(row.collapsed),
            f"{show.number(100 * row.low, 0)} to {show.percent(row.high, 0)}",
        ]
        for row in each_row(failed)
    ]
    columns = ["Cell", "Failed", "Diverged", "Collapsed", "Rate, 95 % interval"]
    caption = (
        "Failure rates: diverged or collapsed, of the trials that ended by themselves, with the "
        "exact interval of each cell alone (Clopper & Pearson)"
    )
    table = Table(caption, columns, rows, frozenset({1, 2, 3, 4}), "tables/failures.csv")
    return [table, Text(unseen, "note")] if unseen else [table]


def _unseen(cells: pd.DataFrame) -> str:
    """The failure rate that a cell without a failure still allows, of the fewest trials."""
    if cells.empty:
        return ""
    fewest = cells.sort_values("ended", kind="stable").iloc[0]
    more = " or more" if cells["ended"].max() > fewest["ended"] else ""
    return (
        f"0 failures of {fewest['ended']}{more} in a cell still allow a rate of up to "
        f"{show.percent(fewest['high'], 0)} (exact 95 % interval of the cell alone)."
    )


def _failed(data: ReportData) -> Table:
    trials = data.frames.trials
    rows: list[list[Cell]] = [
        [
            data.names[row.cell],
            str(row.seed),
            Tag(word(row.status), "neutral" if row.status == Status.MISSING else "bad"),
            show.number(row.kimg, 1),
            redact(row.message) or show.NONE,
            row.key,
        ]
        for row in each_row(trials[trials["status"].isin(_BAD)])
    ]
    columns = ["Cell", "Seed", "Status", "kimg", "Reason", "Key"]
    return Table(
        "Trials that did not finish", columns, rows, frozenset({1, 3}), "tables/trials.csv"
    )


def _named(flag: str) -> str:
    if not flag.startswith(IDLE):
        return FLAGS.get(flag, flag)
    penalty = flag.removeprefix(IDLE).replace("_", " ")
    return f"penalty {penalty} does nothing here: its gradient is below 1 % of the loss's"


def flagged(data: ReportData) -> str:
    """The flags of finished trials, in how many of them each, in a sentence.

    Those that collapsed count, as in the table; empty where no trial has another flag than that.
    """
    trials = data.frames.trials
    flags = trials.loc[trials["status"] == Status.FINISHED, "flags"].map(lambda text: text.split())
    counts = Counter(flag for each in flags for flag in each if flag != COLLAPSED)
    if not counts:
        return ""
    listed = show.listed(f"{_named(flag)} ({count})" for flag, count in counts.most_common())
    return f"Flags, and in how many trials: {listed}; the report lists them by cell."


def _seeds(seeds: Sequence[int]) -> str:
    return f"seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"


def _flags(data: ReportData) -> Table:
    flags = data.frames.flags.drop_duplicates(["cell", "seed", "flag"])
    seeds = flags.groupby(["flag", "cell"])["seed"].agg(lambda column: sorted(column))
    places = {label: place for place, label in enumerate(data.plan.labels)}
    listed = seeds.reset_index().sort_values(
        ["flag", "cell"], key=lambda column: column.map(places) if column.name == "cell" else column
    )
    rows: list[list[Cell]] = [
        [_named(row.flag), data.names[row.cell], _seeds(row.seed)] for row in each_row(listed)
    ]
    caption = "Flags: signs of ill health; of these, a collapse is a failure, too"
    return Table(caption, ["Flag", "Cell", "In"], rows, grouped=True)
