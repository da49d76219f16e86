"""Findings and progress of the doctor."""

from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.text import Text

from harness.cli.printing.terminal import Terminal
from harness.core import format as show

if TYPE_CHECKING:
    from harness.app.doctor import Diagnosis


class Looking:
    """A progress line on a terminal; nothing elsewhere."""

    def __init__(self) -> None:
        self._status = Terminal(stderr=True).status("Checking …")

    def __enter__(self) -> Self:
        self._status.start()
        return self

    def __call__(self, what: str, before: int, total: int) -> None:
        """Show that `before` of `total` are done, and the current one."""
        self._status.update(Text(f"{before} of {total}: {what}"))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._status.stop()


def show_diagnosis(diagnosis: "Diagnosis", fixed: bool) -> None:
    """Every finding in one or two lines, faults first in each area, and a summary."""
    terminal = Terminal()
    for area in dict.fromkeys(finding.area for finding in diagnosis.findings):
        terminal.say(area, "bold")
        findings = [finding for finding in diagnosis.findings if finding.area == area]
        for finding in sorted(findings, key=lambda finding: not finding.wrong):
            mark, style = ("!", "yellow") if finding.wrong else ("-", "")
            terminal.say(f"{mark} {finding.place}: {finding.what}", style, indent=2)
            for line in (finding.remedy, finding.done and f"done: {finding.done}"):
                if line:
                    terminal.say(line, indent=6)
    wrong = [finding for finding in diagnosis.findings if finding.wrong]
    left = sum(finding.open for finding in wrong)
    terminal.say(
        f"{show.count(len(diagnosis.runs), 'run')}, {show.count(diagnosis.trials, 'trial')}: "
        f"{_said(len(wrong), left, fixed)}"
    )


def _said(wrong: int, left: int, fixed: bool) -> str:
    if not wrong:
        return "nothing is wrong"
    if not fixed:
        are = "thing is" if wrong == 1 else "things are"
        return f"{wrong} {are} wrong; harness doctor --fix repairs what is safe to repair"
    were = "thing was" if wrong == 1 else "things were"
    return f"{wrong} {were} wrong, {left or 'none'} left"
