"""The heuristics as tables and records, made from their declarations."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, get_args

from harness.core.errors import HarnessError, unknown
from harness.core.registry import matching
from harness.heuristics.conditions import describe_condition
from harness.heuristics.schema import (
    KINDS,
    Claim,
    Effect,
    Heuristic,
    Practice,
    Tip,
)
from harness.heuristics.sources import SOURCES
from harness.heuristics.table import HEURISTICS
from harness.heuristics.topics import TOPICS


def table() -> str:
    """One Markdown table per topic: tips with their two sides, practices with their kind."""
    return "\n\n".join(_topic(name, rows) for name, rows in TOPICS.items() if rows)


def _topic(name: str, rows: tuple[Heuristic, ...]) -> str:
    lines = [
        f"### {name.capitalize()}",
        "",
        "| id | statement | following | ignoring | claims | from |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        claims = "; ".join(map(describe_claim, row.claims))
        lines.append(
            f"| `{row.id}` | {row.statement} | {_sides(row)} | {claims} | {row.literature} |"
        )
    return "\n".join(lines)


def _sides(row: Heuristic) -> str:
    if isinstance(row, Tip):
        notes = {"needs": row.needs, "part of": row.part_of, "does not test": row.limits}
        remarks = "".join(f" ({name} {note})" for name, note in notes.items() if note)
        return f"{_code(row.following)}{remarks} | {_code(row.ignoring)}"
    return f"*{row.kind}*: {row.how if isinstance(row, Practice) else ''} | "


def sources() -> str:
    """The sources as a Markdown list."""
    return "\n".join(f"- **{name}** {source.full}" for name, source in SOURCES.items())


def sources_of(rows: Iterable[Heuristic]) -> list[str]:
    """The names of the sources whose claims the rows hold, ours first, in their order."""
    names = {claim.source for row in rows for claim in row.claims}
    return sorted(names, key=lambda name: (name not in SOURCES, name))


def describe_claim(claim: Claim) -> str:
    """One claim in a line."""
    quantity = "" if claim.of == "quality" else claim.of
    words = ", ".join(part for part in (quantity, describe_condition(claim.condition)) if part)
    effect = claim.effect.replace("_", " ") + (f" ({words})" if words else "")
    return f"{claim.source} {effect}: {claim.gist}"


def patch(knobs: Mapping[str, Any]) -> str:
    """The settings of one side in words."""
    return ", ".join(f"{path} = {_value(value)}" for path, value in knobs.items())


def _code(knobs: Mapping[str, Any]) -> str:
    return ", ".join(f"`{path}` = {_value(value)}" for path, value in knobs.items())


def _value(value: Any) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    return f"{value['times']} × {value.get('of', 'its baseline')}"


def marks(row: Heuristic) -> str:
    """Its kind and its sources' claims, in one line."""
    effects: dict[str, list[str]] = {}
    for claim in row.claims:
        effects.setdefault(claim.effect.replace("_", " "), []).append(claim.source)
    claimed = (f"{effect} {' '.join(dict.fromkeys(names))}" for effect, names in effects.items())
    return " · ".join([row.kind, *claimed])


def by_topic(rows: Iterable[Heuristic]) -> dict[str, list[Heuristic]]:
    """The rows by topic."""
    topics: dict[str, list[Heuristic]] = {}
    for row in rows:
        topics.setdefault(_topic_of(row), []).append(row)
    return topics


def _topic_of(row: Heuristic) -> str:
    return next((name for name, rows in TOPICS.items() if row in rows), "plug-ins")


def record(row: Heuristic) -> dict[str, Any]:
    """A heuristic as plain data."""
    claims = [{**asdict(c), "condition": describe_condition(c.condition)} for c in row.claims]
    return {**asdict(row), "claims": claims, "topic": _topic_of(row)}


def explained(row: Heuristic) -> dict[str, Any]:
    """A heuristic as plain data, with the tips that it excludes."""
    from harness.heuristics.clashes import clashing  # loads the parameter space

    return {**record(row), **({"clashes": clashing(row)} if isinstance(row, Tip) else {})}


def chosen(
    name: str | None = None,
    *,
    topic: str | None = None,
    kind: str | None = None,
    source: str | None = None,
    effect: str | None = None,
) -> list[Heuristic]:
    """The heuristic with this id, those with this word in their ids, or those that match filters.

    None: any. An unknown word is an error that suggests the nearest one.
    """
    words: dict[str, tuple[str | None, Iterable[str]]] = {
        "topic": (topic, TOPICS),
        "kind": (kind, KINDS),
        "source": (source, SOURCES),
        "effect": (effect, get_args(Effect)),
    }
    for what, (word, known) in words.items():
        if word is not None and word not in known:
            raise HarnessError(unknown(what, word, known))
    if name is not None:
        if any(word is not None for word, _ in words.values()):
            raise HarnessError(f"{name} is a single heuristic: give its id without filters")
        names = matching(name, HEURISTICS.names()) or [name]
        return [HEURISTICS[each] for each in names]
    rows = [row for about, rows in TOPICS.items() if topic in (None, about) for row in rows]
    return [
        row
        for row in rows
        if kind in (None, row.kind)
        if any(
            source in (None, claim.source) and effect in (None, claim.effect)
            for claim in row.claims
        )
    ]
