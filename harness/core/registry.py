"""Registries: name → code that is imported only when used, or a record with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Generic, TypeVar

from harness.core.errors import HarnessError, unknown

T = TypeVar("T")


@dataclass(frozen=True)
class Registry(Generic[T]):
    """Names of one `kind`; an entry is "module:attribute", or a record with such a `target`."""

    kind: str
    entries: Mapping[str, T]

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __contains__(self, name: str) -> bool:
        return name in self.entries

    def __getitem__(self, name: str) -> T:
        return self.entries[self.check(name)]

    def check(self, name: str) -> str:
        """Return `name`, or raise an error that gives the nearest one."""
        if name not in self.entries:
            raise HarnessError(unknown(self.kind, name, self.entries))
        return name

    def load(self, name: str) -> Any:
        """Import and return the code of `name`."""
        entry = self[name]
        module, attribute = str(getattr(entry, "target", entry)).split(":")
        return getattr(import_module(module), attribute)
