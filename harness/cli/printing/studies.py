"""Output of run, status, show and heuristics."""

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.cli.printing.tables import VERDICTS, Name, listing, new_table
from harness.core import format as show

if TYPE_CHECKING:
    from harness.app import Explanation
    from harness.heuristics import Heuristic
    from harness.report import Summary
    from harness.report.summary import Ranked
    from harness.runs.rows import ScoreRow


def show_studies(studies: list[dict[str, str]]) -> None:
    """Names, never broken, each with its question and where its file is."""
    table = listing([(study["name"], study["question"], study["file"]) for study in studies])
    Console(highlight=False).print(table)


def show_summary(summary: "Summary") -> None:
    """The ranking of a run, its verdict, and the path of the report."""
    console = Console(highlight=False, markup=False)
    if summary.first:
        console.print(f"\n{summary.first}", style="bold yellow")
    for ranked in summary.tables:
        console.print(f"\n{ranked.title}", style="bold")
        console.print(_ranking(ranked))
    for note in summary.notes:
        console.print(note)
    console.print(summary.outcome)
    console.print(summary.verdict, style="bold")
    console.print(f"Report: {summary.path}", soft_wrap=True)


def _ranking(ranked: "Ranked") -> Table:
    table = new_table(ranked.columns)
    for column in table.columns[1:]:  # only names give way where room is short
        column.no_wrap = True
    for name, *cells in ranked.rows:
        table.add_row(Name(name), *(Text(cell, VERDICTS.get(cell, "")) for cell in cells))
    return table


def show_given_up(trials: list[str], again: str) -> None:
    """Trials that crashed in every attempt, and the command line that tries them again."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    noun, them = ("trial", "it") if len(trials) == 1 else ("trials", "them")
    console.print(
        f"{len(trials)} {noun} crashed in every attempt; the report does not include {them}:"
    )
    for line in trials:
        console.print(f"  {line}")
    console.print(f"For details: harness show KEY. To try again: {again}")


def show_left(trials: int, further: int, why: str, again: str) -> None:
    """How many trials a run that was stopped has left, and the command line that continues."""
    follow = f", and up to {show.count(further, 'further one')} may follow" if further else ""
    be = "is" if trials == 1 else "are"
    Console(highlight=False, markup=False, soft_wrap=True).print(
        f"{why}: {show.count(trials, 'trial')} {be} left{follow}. "
        f"What was trained is kept; to continue: {again}"
    )


def show_score(row: "ScoreRow") -> None:
    """An evaluation of the trial that is trained in this process."""
    text = f"{show.number(row.kimg)} kimg: KID {show.kid(row.kid)} × 10⁻³"
    Console(highlight=False).print(text)


def show_end(status: str, message: str) -> None:
    """How it ended, and why."""
    Console(highlight=False, markup=False, soft_wrap=True).print(
        f"{status}: {message}" if message else status
    )


def show_status(rows: list[dict[str, Any]]) -> None:
    """One line per run."""
    if not rows:
        Console().print("No study has been run here yet; start with: harness run quickstart")
        return
    table = new_table(("Run", "Title", "Trials"))
    for run in rows:
        outcome = "; ".join(filter(None, (run["outcome"], run["standing"])))
        table.add_row(Name(run["run"]), Text(run["title"]), Text(outcome))
    Console().print(table)
    if any(run["damaged"] for run in rows):
        Console().print("Some records are damaged: harness doctor names them, --fix repairs them")


def show_trial(trial: "Explanation") -> None:
    """One trial in words."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[bold]{trial.key}[/bold]: {trial.state}")
    for user in trial.used_by:
        console.print(f"  used by {user}")
    console.print("Differs from the defaults in:")
    for path, value in trial.changes.items():
        console.print(f"  {path} = {value}")
    for name, kid in trial.metrics.items():
        console.print(f"Last KID × 10³: {'none' if kid is None else show.kid(kid, 2)} ({name})")
    if trial.result:
        done = trial.result
        console.print(f"{done.iteration} iterations in {show.duration(done.seconds or 0.0)}")
        console.print(f"Flags: {', '.join(flag.flag for flag in done.flags) or 'none'}")
        if done.message:
            console.print(done.message)
    _show_remains(trial, console)


def _show_remains(trial: "Explanation", console: Console) -> None:
    """Its last crash, what is damaged, and the end of its log."""
    if trial.failure:
        console.print(f"Failed: {trial.failure.error}", markup=False)
        console.print(trial.failure.log_tail, markup=False)
    for line in trial.damaged:
        console.print(line, markup=False, style="yellow")
    if trial.log:
        console.print("End of its log:")
        console.print("\n".join(trial.log), markup=False)


def show_heuristics(rows: "list[Heuristic]") -> None:
    """One table per topic: ids (never cut), advice and sources."""
    from harness.heuristics.describe import by_topic, marks

    console = Console(highlight=False)
    if not rows:
        console.print("No heuristic matches these filters")
    width = max((len(row.id) for row in rows), default=0)
    for topic, members in by_topic(rows).items():
        table = listing([(row.id.ljust(width), row.statement, marks(row)) for row in members])
        console.print(Text(topic.capitalize(), "bold"), table, "", sep="\n")


def show_knobs(rows: list[dict[str, str]]) -> None:
    """Names, each with its meaning, and bounds, default and source, below it."""
    console = Console(highlight=False)
    for knob in rows:
        unit = f" [{knob['unit']}]" if knob["unit"] else ""
        facts = filter(None, (knob["bounds"], f"default {knob['default']}", knob["source"]))
        below = Text(f"{knob['meaning']}{unit}\n").append("; ".join(facts), "dim")
        console.print(Text(knob["knob"], "bold"), Padding(below, (0, 0, 0, 2)), sep="\n")


def show_heuristic(row: "Heuristic") -> None:
    """One heuristic with its claims, and its settings or why it has none."""
    from harness.heuristics import Practice, Tip
    from harness.heuristics.clashes import clashing
    from harness.heuristics.describe import describe_claim, patch

    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(Text(row.title, "bold"), f"({row.id}, {row.kind})\n{row.statement}")
    for claim in row.claims:
        console.print(f"  {describe_claim(claim)}")
    if isinstance(row, Tip):
        console.print(f"following: {patch(row.following)}\nignoring: {patch(row.ignoring)}")
        console.print(f"Needs: {row.needs or 'nothing else'}")
        if row.limits:
            console.print(f"Does not test: {row.limits}")
        if row.part_of:
            console.print(f"Tests a part of the claims of {row.part_of}")
        console.print(f"Cannot be combined with: {', '.join(clashing(row)) or 'none'}")
    elif isinstance(row, Practice):
        console.print(row.how)
        if row.test:
            console.print(f"Tested by {row.test}")
    console.print(f"Source: {row.literature}")
