"""Results that plans grow from, as an interface: the plan does not read trials itself."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from harness.runs.plan import PlanRecord
from harness.runs.stages import LookRecord

if TYPE_CHECKING:
    from harness.plan.expand import Plan


class Results(Protocol):
    """Results that a plan grows from; `harness.analysis.stages` reads them from the record."""

    @property
    def cache(self) -> Path:
        """The folder of decoded images and prepared encoders."""

    def written(self, run_name: str) -> PlanRecord | None:
        """The plan of a run as it was written last."""

    def chosen(self, plan: PlanRecord) -> Mapping[str, str]:
        """Of a tuned plan: cell → best point; empty until every tuning trial has a value."""

    def ended(self, plan: "Plan") -> bool:
        """Whether no trial that is due is in the queue, in training, or still to be queued."""

    def look(self, plan: PlanRecord) -> LookRecord:
        """Of a sequential plan whose due trials have ended: what its next look sees and decides."""
