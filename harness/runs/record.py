"""Base of all records of a run: immutable, checked when read, and written as they were read.

They are pydantic models: the checks and their places come for nothing, and a record knows which of
its keys were there (`exclude_unset`). So an older plan that lacks a key is written again without
it, and a key that a later version adds is kept.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, PlainValidator, Strict, ValidationError

from harness.core.errors import Damaged

T = TypeVar("T")


def now() -> str:
    """The time, as ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("should be a number")
    return value  # a whole number stays one, so that it is written again as it was


Number = Annotated[float, PlainValidator(_number)]
Items = Annotated[tuple[T, ...], Strict(False)]  # a list in JSON


class Record(BaseModel):
    """Immutable part of a record; keys that are not known here are kept."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)

    @classmethod
    def parse(cls, document: Mapping[str, Any], path: Path) -> Self:
        """The record in a JSON object; `path` is where it was read, for messages."""
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            raise Damaged(path, _why(error)) from None

    def replaced(self, **values: Any) -> Self:
        """The same record with other values of some fields, which are not checked again."""
        if unknown_fields := values.keys() - type(self).model_fields.keys():
            raise TypeError(f"{type(self).__name__} has no field {min(unknown_fields)!r}")
        # made anew: a copy would take what is cached of the old values with it
        known = {name: getattr(self, name) for name in self.model_fields_set} | values
        every = {**(self.model_extra or {}), **known}
        changed: Self = type(self).model_construct(set(known), **every)  # type: ignore[assignment]
        return changed

    def to_json(self) -> dict[str, Any]:
        """Plain data, in the order of the fields; what was not there is left out."""
        document: dict[str, Any] = _plain(self.model_dump(exclude_unset=True))
        return document


def _plain(value: Any) -> Any:
    """The same with lists in place of tuples, as JSON has it."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.value if isinstance(value, StrEnum) else value


def _why(error: ValidationError) -> str:
    """The first thing that is wrong, by the name of its field: "'cells[2].label' is lacking"."""
    first = error.errors()[0]
    place = "".join(f"[{at}]" if isinstance(at, int) else f".{at}" for at in first["loc"])
    name = repr(place.removeprefix("."))
    if first["type"] == "missing":
        return f"it lacks {name}"
    message = first["msg"].removeprefix("Input ").removeprefix("Value error, ")
    message = message.replace("valid tuple", "list")  # as JSON calls it
    return f"{name} {message}"
