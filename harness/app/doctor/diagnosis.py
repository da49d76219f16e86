"""Looking at record, queue, mirror and installation, and mending what is safe to mend."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.app.doctor.examine import examine
from harness.app.doctor.finding import Finding
from harness.config.runtime import Runtime
from harness.runs.layout import run_names

Progress = Callable[[str, int, int], None]  # what is looked at, how many before it, of how many


@dataclass
class Diagnosis:
    """What was looked at, and what was found."""

    runs: Sequence[str]
    trials: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong, or all of it was mended."""
        return not any(finding.open for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """For other programs."""
        return {
            "healthy": self.healthy,
            "runs": list(self.runs),
            "trials": self.trials,
            "findings": [finding.to_json() for finding in self.findings],
        }


def doctor(
    runtime: Runtime,
    run_name: str | None = None,
    fix: bool = False,
    progress: Progress = lambda what, before, total: None,
) -> Diagnosis:
    """Look at one run, or at all of `runs`; with `fix`, do what is safe. Else nothing is written.

    Safe is: removing what killed processes left, setting damaged things aside (kept beside the
    record, never deleted), cutting a torn line of the queue, removing marks of what is not there.
    """
    names = [run_name] if run_name else run_names(runtime)
    found = Diagnosis(names)
    for part in examine(runtime, names, whole=run_name is None, progress=progress):
        found.trials += part.trials
        for finding in part.findings:
            if fix and finding.mend:
                finding.done = finding.mend()
            found.findings.append(finding)
    return found
