"""The tips as a table, from their own declarations: nothing is said twice."""

from collections.abc import Mapping
from typing import Any

from harness.heuristics.schema import SOURCES, Claim
from harness.heuristics.table import HEURISTICS


def table() -> str:
    """One row a tip, as a Markdown table: statement, the two sides in knobs, claims, literature."""
    lines = [
        "| tip | statement | following | ignoring | claims | from |",
        "|---|---|---|---|---|---|",
    ]
    for name in HEURISTICS:
        tip = HEURISTICS[name]
        said = "; ".join(_claim(claim) for claim in tip.claims)
        sides = f"{_patch(tip.following)} | {_patch(tip.ignoring)}"
        lines.append(f"| `{tip.id}` | {tip.statement} | {sides} | {said} | {tip.literature} |")
    return "\n".join(lines)


def sources() -> str:
    """The sources by their names, as a Markdown list."""
    return "\n".join(f"- **{name}** {title}" for name, title in SOURCES.items())


def _patch(patch: Mapping[str, Any]) -> str:
    return ", ".join(f"`{path}` = {value}" for path, value in patch.items())


def _claim(claim: Claim) -> str:
    condition = f" ({claim.condition})" if claim.condition else ""
    return f"{claim.source} {claim.effect.replace('_', ' ')}{condition}: {claim.gist}"
