"""The parameter space as a table, made from its declarations."""

from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from harness.config.patch import ALIASES, PLUGINS
from harness.config.study import Study
from harness.config.trial import TrialConfig
from harness.config.trial.base import OneOf
from harness.core.errors import HarnessError, unknown
from harness.core.registry import matching

_BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def rows() -> list[dict[str, str]]:
    """One row per knob: name, meaning, unit, bounds, default, source."""
    return _rows(TrialConfig, "")


def chosen(
    knob: str | None = None, *, part: str | None = None, source: str | None = None
) -> list[dict[str, str]]:
    """The row of this knob, or those that match all filters.

    None: any. `knob` may also be a word of names, as `kimg` is of training.kimg. `part` is what
    names of knobs begin with, up to a dot. An unknown word is an error that suggests the nearest
    one.
    """
    every = rows()
    if knob is not None and (part, source) == (None, None):
        return _of(knob, every)
    parts = dict.fromkeys(part for row in every for part in _parts(row["knob"]))
    words = {
        "part": (part, list(parts)),
        "source": (source, list(dict.fromkeys(row["source"] for row in every))),
    }
    for what, (word, known) in words.items():
        if word is not None and word not in known:
            raise HarnessError(unknown(what, word, known))
    if knob is not None:
        raise HarnessError(f"give either the name of a hyper-parameter ({knob}) or filters")
    return [
        row
        for row in every
        if part is None or part in _parts(row["knob"])
        if source in (None, row["source"])
    ]


def _of(name: str, every: list[dict[str, str]]) -> list[dict[str, str]]:
    """The row of this knob, or those with this word in their names."""
    if names := matching(name, (row["knob"] for row in every)):
        return [row for row in every if row["knob"] in names]
    if knob := {alias.rpartition(".")[2]: knob for alias, knob in ALIASES.items()}.get(
        name.rpartition(".")[2]
    ):
        raise HarnessError(f"{name} is another way to write {knob}: harness knobs {knob}")
    if name in Study.model_fields:
        raise HarnessError(
            f"{name} is a key of a study, and no hyper-parameter: docs/studies.md explains it"
        )
    words = {word for row in every for word in (row["knob"], *row["knob"].split("."))}
    raise HarnessError(unknown("hyper-parameter", name, {*words, *Study.model_fields}))


def _parts(knob: str) -> list[str]:
    """Every name that a knob is in: a.b.c is in a and in a.b."""
    names = knob.split(".")
    return [".".join(names[:end]) for end in range(1, len(names))]


def table() -> str:
    """The rows as a Markdown table."""
    lines = ["| knob | meaning | bounds | default | source |", "|---|---|---|---|---|"]
    for row in rows():
        unit = f" [{row['unit']}]" if row["unit"] else ""
        lines.append(
            f"| `{row['knob']}` | {row['meaning']}{unit} | {row['bounds']} | {row['default']} | "
            f"{row['source']} |"
        )
    return "\n".join(lines)


def _rows(model: type[BaseModel], prefix: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for name, field in model.model_fields.items():
        inner: Any = field.annotation
        if name == PLUGINS:
            continue  # no knob: filled in where plug-ins are used
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            rows += _rows(inner, f"{prefix}{name}.")
        else:
            rows.append(_row(f"{prefix}{name}", field))
    return rows


def _row(path: str, field: FieldInfo) -> dict[str, str]:
    extra: Any = field.json_schema_extra or {}
    choices = [*getattr(field.annotation, "__args__", ())]
    choices += [name for item in field.metadata if isinstance(item, OneOf) for name in item.names]
    words = [str(choice) for choice in choices if isinstance(choice, str)]
    limits = [
        f"{sign} {getattr(item, bound)}"
        for item in field.metadata
        for bound, sign in _BOUNDS.items()
        if getattr(item, bound, None) is not None
    ]
    default = "none" if field.default is None else str(field.default)
    return {
        "knob": path,
        "meaning": field.description or "",
        "unit": extra.get("unit", ""),
        "bounds": ", ".join(limits or words),
        "default": default,
        "source": extra.get("source", ""),
    }
