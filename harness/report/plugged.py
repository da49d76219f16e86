"""The plug-ins of a run, as methods and provenance name them."""

from collections.abc import Iterator
from pathlib import Path

from harness.report.data import ReportData

_KINDS = {"penalties": "penalty", "losses": "loss"}


def plugins(data: ReportData) -> Iterator[tuple[str, str, str, str]]:
    """Kind, name, digest and origin (file or package) of each plug-in of the plan."""
    for used in data.plan.plugins.used if data.plan.plugins else ():
        kind = _KINDS.get(used.kind) or used.kind.removesuffix("s")
        yield kind, used.name, used.digest, Path(used.origin).name
