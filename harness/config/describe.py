"""The parameter space as a table, made from its declarations."""

from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from harness.config.patch import PLUGINS
from harness.config.trial import TrialConfig
from harness.config.trial.base import OneOf

_BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def rows() -> list[dict[str, str]]:
    """One row per knob: name, meaning, unit, bounds, default, source."""
    return _rows(TrialConfig, "")


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
