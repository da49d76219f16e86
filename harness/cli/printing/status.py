"""Output of status: one line a run, however long its name."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from harness.cli.printing.terminal import Terminal
from harness.core import format as show
from harness.core.folding import prose

_GAP = "  "


def show_status(rows: Sequence[Mapping[str, Any]]) -> None:
    """Name, finished trials, state and title; what has no room falls off the end, word by word.

    Jobs that drive runs have a line below the table.
    """
    terminal = Terminal()
    if not rows:
        terminal.say("No study has been run here yet; start with: harness run quickstart")
        return
    table = [("Run", "Trials", "State", "Title"), *map(_line, rows)]
    *widths, _ = (max(map(cell_len, column)) for column in zip(*table, strict=True))
    for number, line in enumerate(table):
        text = Text("", "bold" if number == 0 else "")
        for cell, width in zip(line, (*widths, 0), strict=True):
            text.append(cell + " " * (width - cell_len(cell)) + _GAP)
        whole = cell_len(line[0]) if terminal.is_terminal else cell_len(text.plain)
        terminal.print(_fitting(text, max(whole + 2, terminal.width)), soft_wrap=True)
    for row in rows:
        if row["driver"]:
            terminal.say(f"{row['run']}: {row['driver']}")
    if any(row["damaged"] for row in rows):
        terminal.say("Some records are damaged: harness doctor names them, --fix repairs them")


def _line(run: Mapping[str, Any]) -> tuple[str, str, str, str]:
    from harness.runs.outcomes import Outcomes

    ends = Outcomes(**{name: run[name] for name in Outcomes._fields})
    state = ", ".join([*ends.short, *filter(None, [run["standing"]])]) or "finished"
    return run["run"], f"{ends.finished}/{ends.trials}", state, run["title"]


def _fitting(line: Text, width: int) -> Text:
    """The words of a line that fit, and a sign that there were more."""
    line.rstrip()
    if cell_len(line.plain) <= width:
        return line
    first = prose(line.plain).lines(width - len(show.ELLIPSIS) - 1)[0]
    return Text(f"{first.plain.rstrip()} {show.ELLIPSIS}", line.style)
