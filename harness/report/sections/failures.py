"""What did not end well, and what looked unhealthy: nothing is dropped silently."""

from harness.analysis.frame import MISSING, each_row
from harness.metrics.health import IDLE
from harness.records import CRASHED, DIVERGED
from harness.report import format as show
from harness.report.blocks import Block, Cell, Heading, Table, Tag, Text
from harness.report.data import ReportData

FLAGS = {
    "rebound": "KID rose again after its best",
    "collapsed": "diversity collapsed",
    "discriminator_loss_zero": "discriminator loss at zero",
    "accuracy_below_band": "real accuracy below 0.8",
    "accuracy_above_band": "real accuracy above 0.95",
    "generator_loss_falls": "generator loss fell while KID rose",
}


def build(data: ReportData) -> list[Block]:
    """Trials that diverged, crashed or are missing with the reason, then the flags by cell."""
    blocks: list[Block] = [Heading("Failures and flags", "failures")]
    failed = data.frames.trials[data.frames.trials["status"].isin([DIVERGED, CRASHED, MISSING])]
    if failed.empty:
        blocks.append(Text("Every trial finished."))
    else:
        how = (
            "A diverged trial is a result: it enters with the KID of its untrained generator or "
            "its last finite one, whichever is larger. A crashed or missing trial takes its seed "
            "out of its contrasts."
        )
        blocks += [Text(how), _failed(data)]
    if rates := _rates(data):
        blocks.append(rates)
    if len(data.frames.flags):
        blocks.append(_flags(data))
    else:
        blocks.append(Text("No trial raised a flag."))
    return blocks


def _rates(data: ReportData) -> Table | None:
    """How often trials of a cell failed, and how often they may; none where no trial did."""
    failed = data.failures[data.failures["failed"] > 0]
    if failed.empty:
        return None
    rows: list[list[Cell]] = [
        [
            row.cell,
            f"{row.failed} of {row.ended}",
            str(row.diverged),
            str(row.collapsed),
            f"{show.number(100 * row.low, 0)} to {show.number(100 * row.high, 0)} %",
        ]
        for row in each_row(failed)
    ]
    columns = ["Cell", "Failed", "Diverged", "Collapsed", "Rate, 95 % interval"]
    caption = "Failure rates: diverged or collapsed; 0 of 8 still allows up to 37 %"
    return Table(caption, columns, rows, frozenset({1, 2, 3, 4}), "tables/failures.csv")


def _failed(data: ReportData) -> Table:
    trials = data.frames.trials
    rows: list[list[Cell]] = [
        [
            row.cell,
            str(row.seed),
            Tag(row.status, "neutral" if row.status == MISSING else "bad"),
            show.number(row.kimg, 1),
            show.redact(row.message) or "has not ended",
            row.key,
        ]
        for row in each_row(trials[trials["status"].isin([DIVERGED, CRASHED, MISSING])])
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


def _flags(data: ReportData) -> Table:
    flags = data.frames.flags.drop_duplicates(["cell", "seed", "flag"])
    seeds = flags.groupby(["flag", "cell"])["seed"].agg(lambda column: sorted(column))
    rows: list[list[Cell]] = [
        [_named(row.flag), row.cell, ", ".join(map(str, row.seed))]
        for row in each_row(seeds.reset_index())
    ]
    caption = "Flags: signs of ill health, no failures"
    return Table(caption, ["Flag", "Cell", "Seeds"], rows, grouped=True)
