"""Configurations as YAML to paste into a study file."""

from collections.abc import Mapping
from typing import Any

from harness.config.load import dump
from harness.config.patch import NOT_PATCHED, unresolved
from harness.report.private import shareable
from harness.runs.plan import PlanRecord
from harness.runs.stages import TuningRecord


def baseline(knobs: Mapping[str, Any]) -> str:
    """A study's baseline that resolves to these knobs; of folders only the last part is shown."""
    return dump({"baseline": _shown(unresolved(knobs))})


def tuned(plan: PlanRecord, tuning: TuningRecord) -> str:
    """The reference at its chosen point as a baseline, and the other cells at theirs as factors.

    With `design: one_at_a_time` they are the cells that were judged. Each factor has one level,
    which bears the name of the point.
    """
    cells = {label: plan.cell(label) for label in tuning.points}
    text = baseline(cells[plan.reference].config)
    factors = {
        label: {tuning.chosen[label]: _shown(cell.patch)}
        for label, cell in cells.items()
        if cell.patch
    }
    return text + (dump({"factors": factors}) if factors else "")


def _shown(patch: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a patch that a study may set; of a folder only the last part of its path."""
    return {path: shareable(value) for path, value in patch.items() if path not in NOT_PATCHED}
