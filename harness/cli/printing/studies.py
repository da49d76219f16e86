"""Output of run, report, show and agent."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from harness.cli.printing.tables import VERDICTS, Table
from harness.cli.printing.terminal import Terminal
from harness.core import format as show
from harness.core.folding import prose

if TYPE_CHECKING:
    from harness.app import Explanation
    from harness.report import Summary
    from harness.report.summary import Ranked
    from harness.runs.rows import ScoreRow


def show_summary(summary: "Summary") -> None:
    """The ranking of a run, its verdict, and the path of the report."""
    terminal = Terminal()
    if summary.first:
        terminal.say(f"\n{summary.first}", "bold yellow")
    for ranked in summary.tables:
        terminal.say(f"\n{ranked.title}", "bold")
        terminal.print(_ranking(ranked))
    for note in summary.notes:
        terminal.say(note)
    terminal.say(summary.outcome)
    terminal.say(summary.verdict, "bold")
    terminal.print(f"Report: {summary.path}", soft_wrap=True)


def show_packed(archive: Path) -> None:
    """Where a packed report is, and its size."""
    size = show.size(archive.stat().st_size)
    Terminal().print(f"Packed: {archive} ({size})", soft_wrap=True)


def _ranking(ranked: "Ranked") -> Table:
    table = Table(ranked.columns, whole=ranked.columns[1:])  # only titles give way
    for title, *cells in ranked.rows:
        table.add_row(prose(title), *(Text(cell, VERDICTS.get(cell, "")) for cell in cells))
    return table


def show_given_up(trials: list[str], again: str) -> None:
    """Trials that crashed in every attempt, and the command line that tries them again."""
    terminal = Terminal()
    noun, them = ("trial", "it") if len(trials) == 1 else ("trials", "them")
    terminal.say(
        f"{len(trials)} {noun} crashed in every attempt; the report does not include {them}:"
    )
    for line in trials:
        terminal.say(line, indent=2)
    terminal.say("For details: harness show KEY")
    terminal.print(f"To try again: {again}", soft_wrap=True)


def show_left(trials: int, further: int, why: str, again: str) -> None:
    """How many trials a run that was stopped has left, and the command line that continues."""
    follow = f", and up to {show.count(further, 'further one')} may follow" if further else ""
    be = "is" if trials == 1 else "are"
    terminal = Terminal()
    terminal.say(f"{why}: {show.count(trials, 'trial')} {be} left{follow}.")
    terminal.print(f"Everything that was trained is kept; to continue: {again}", soft_wrap=True)


def show_score(row: "ScoreRow") -> None:
    """An evaluation of the trial that is trained in this process."""
    text = f"{show.number(row.kimg)} kimg: KID {show.kid(row.kid)} × 10⁻³"
    Terminal().say(text)


def show_end(status: str, message: str) -> None:
    """How it ended, and why."""
    Terminal().say(f"{status}: {message}" if message else status)


def show_trial(trial: "Explanation") -> None:
    """One trial in words."""
    terminal = Terminal()
    terminal.say(f"{trial.key}: {trial.state}", "bold")
    for use in trial.used_by:
        typed = "" if use.cell == use.title else f" (--cell {use.cell})"
        terminal.say(f"used by {use.run}: {use.title}, seed {use.seed}{typed}", indent=2)
    terminal.say("Differs from the defaults in:")
    for path, value in trial.changes.items():
        terminal.say(f"{path} = {value}", indent=2)
    for name, kid in trial.metrics.items():
        terminal.say(f"Last KID × 10³: {'none' if kid is None else show.kid(kid, 2)} ({name})")
    if trial.result:
        done = trial.result
        terminal.say(f"{done.iteration} iterations in {show.duration(done.seconds or 0.0)}")
        terminal.say(f"Flags: {', '.join(flag.flag for flag in done.flags) or 'none'}")
        if done.message:
            terminal.say(done.message)
    _show_remains(trial, terminal)


def _show_remains(trial: "Explanation", terminal: Terminal) -> None:
    """Its last crash, what is damaged, and the end of its log, line for line."""
    if trial.failure:
        terminal.say(f"Failed: {trial.failure.error}")
        terminal.print(trial.failure.log_tail, soft_wrap=True)
    for line in trial.damaged:
        terminal.say(line, "yellow")
    if trial.log:
        terminal.say("End of its log:")
        terminal.print("\n".join(trial.log), soft_wrap=True)
