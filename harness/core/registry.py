"""Registries: name → code that is imported only when used, or a record with it."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Generic, TypeVar

from harness.core import plugins
from harness.core.errors import HarnessError, unknown
from harness.core.plugins import Plugin

T = TypeVar("T")


@dataclass(frozen=True)
class Registry(Generic[T]):
    """Names of one `kind`; an entry is "module:attribute", a record with such a `target`, or,
    in a table without code, a fact.

    Plug-ins add names to a table with a `group`: `adopt` checks what a plug-in gives and makes the
    entry. Its target is called with the plug-in, and returns what a built-in target is.
    """

    kind: str
    entries: Mapping[str, T]
    group: str = ""
    adopt: Callable[[Plugin], T] | None = None

    def __iter__(self) -> Iterator[str]:
        """The names of the package itself."""
        return iter(self.entries)

    def __contains__(self, name: str) -> bool:
        return name in self.entries or self.plugin(name) is not None

    def __getitem__(self, name: str) -> T:
        if name in self.entries:
            return self.entries[name]
        plugin = self.plugin(name)
        if plugin is None or self.adopt is None:
            raise HarnessError(unknown(self.kind, name, self.names()))
        return self.adopt(plugin)

    def plugin(self, name: str) -> Plugin | None:
        """The plug-in behind a name; None where the package itself has it, or nobody has."""
        return None if name in self.entries or not self.group else plugins.find(self.group, name)

    def names(self) -> list[str]:
        """All names, those of plug-ins last."""
        return [*self.entries, *(plugins.names(self.group) if self.group else ())]

    def check(self, name: str) -> str:
        """Return `name`, or raise an error that gives the nearest one."""
        self[name]
        return name

    def load(self, name: str) -> Any:
        """Import and return the code of `name`."""
        entry = self[name]
        module, attribute = str(getattr(entry, "target", entry)).split(":")
        code = getattr(import_module(module), attribute)
        plugin = self.plugin(name)
        return code(plugin) if plugin else code


def matching(word: str, names: Iterable[str]) -> list[str]:
    """The name `word`, or else all names of which it is a part, between their dots and `_`."""
    every = list(names)
    part = re.compile(rf"(?<![^._]){re.escape(word)}(?![^._])")
    return [word] if word in every else [name for name in every if part.search(name)]
