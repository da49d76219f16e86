"""Checks of record, queue, W&B folders and installation, and safe repairs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.app.doctor.examine import examine_places
from harness.app.doctor.finding import Finding
from harness.config.runtime import Runtime
from harness.runs.layout import run_names

Progress = Callable[[str, int, int], None]  # what is looked at, how many before it, of how many


@dataclass
class Diagnosis:
    """The checked runs and trials, and the findings."""

    runs: Sequence[str]
    trials: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong, or everything was repaired."""
        return not any(finding.open for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
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
    """Check one run, or all of `runs`; with `fix`, make safe repairs. Else nothing is written.

    Safe repairs: removing temporary files of killed processes, moving damaged files to `damaged/`
    (never deleting them), removing an incomplete line of the queue, and removing markers of missing
    W&B runs.
    """
    names = [run_name] if run_name else run_names(runtime)
    diagnosis = Diagnosis(names)
    for part in examine_places(runtime, names, whole=run_name is None, progress=progress):
        diagnosis.trials += part.trials
        for finding in part.findings:
            if fix and finding.mend:
                finding.done = finding.mend()
            diagnosis.findings.append(finding)
    return diagnosis
