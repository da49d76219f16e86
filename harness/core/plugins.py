"""Plug-ins: code from outside the package that adds names to its tables, known by its content.

A plug-in is an entry point of an installed package, looked up for a name that is not known
otherwise, or an item of a table in a module that a study names (`harness.config.plugins`).
"""

import hashlib
import importlib.util
import re
import sys
import traceback
from collections.abc import Iterable
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from harness.core.errors import HarnessError, told
from harness.core.quiet import without_log

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint, EntryPoints

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")


@dataclass(frozen=True, eq=False)
class Plugin:
    """One name that is added to a table."""

    group: str  # of the table: "losses" for one; entry points have it after "harness."
    name: str
    value: Any  # what the module or the package gives
    source: str  # the module's file, or the package with its version
    digest: str  # 16 hex of the source code that it comes from

    @property
    def place(self) -> str:
        """Where it is written, for messages."""
        return f"{self.source}, {self.group}: {self.name}"


_active: dict[tuple[str, str], Plugin] = {}


def activate(plugins: Iterable[Plugin]) -> None:
    """Add these names to the tables, in place of those of an earlier call."""
    by_name = {(plugin.group, plugin.name): plugin for plugin in plugins}
    _active.clear()
    _active.update(by_name)


def find(group: str, name: str) -> Plugin | None:
    """The plug-in of a name: of the active modules, else of an installed package."""
    if not NAME.fullmatch(name):
        return None
    return _active.get((group, name)) or _installed(group, name)


def names(group: str) -> list[str]:
    """All names that plug-ins add to a table here."""
    return [name for kind, name in _active if kind == group] + [*_points(group).names]


def _points(group: str) -> "EntryPoints":
    from importlib.metadata import entry_points  # takes longer than most verbs, and few need it

    return entry_points().select(group=f"harness.{group}")


def _installed(group: str, name: str) -> Plugin | None:
    points = list(_points(group).select(name=name))
    packages = sorted({_package(point) for point in points})
    if len(packages) > 1:
        raise HarnessError(f"{name!r} of harness.{group} is given by {' and by '.join(packages)}")
    return _loaded(points[0]) if points else None


def _package(point: "EntryPoint") -> str:
    dist = point.dist
    return f"{dist.name} {dist.version}" if dist else point.value


@cache
def _loaded(point: "EntryPoint") -> Plugin:
    group, package = point.group.removeprefix("harness."), _package(point)
    try:
        with without_log():
            value = point.load()
    except Exception as error:  # noqa: BLE001
        raise HarnessError(
            f"{package}, {group}: {point.name}: {point.value} does not import: {first_line(error)}"
        ) from None
    top = sys.modules[point.module.partition(".")[0]]
    file = top.__file__ or sys.modules[point.module].__file__ or ""
    return Plugin(group, point.name, value, package, source_digest(Path(file)))


def source_digest(file: Path) -> str:
    """16 hex of a module's code; of a package (its `__init__.py`), of all its Python files."""
    digest = hashlib.sha256()
    if file.name != "__init__.py":
        digest.update(file.read_bytes())
        return digest.hexdigest()[:16]
    for path in sorted(file.parent.rglob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(file.parent).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def load_module(file: Path, digest: str) -> ModuleType:
    """Import the module or package in `file`, under a name that only its content has."""
    stem = file.parent.name if file.name == "__init__.py" else file.stem
    name = f"_harness_plugin_{digest}_{stem}"
    if name in sys.modules:
        return sys.modules[name]
    folder = [str(file.parent)] if file.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=folder)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # nothing beside the study
    try:
        # what a verb prints may be read by a program; many plug-ins import TensorFlow
        with redirect_stdout(sys.stderr), without_log():
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # noqa: BLE001
        for loaded in [other for other in sys.modules if other.partition(".")[0] == name]:
            del sys.modules[loaded]
        raise HarnessError(f"{_line(file, error)}: does not import: {first_line(error)}") from None
    finally:
        sys.dont_write_bytecode = writes
    return module


def _line(file: Path, error: BaseException) -> str:
    """`file:line` where a plug-in failed."""
    folder = file.parent.absolute()
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        frames.append((error.filename, error.lineno))
    inside = [(Path(name), line) for name, line in frames if Path(name).is_relative_to(folder)]
    if not inside:
        return str(file)
    path, line = inside[-1]
    return f"{file.parent / path.relative_to(folder)}:{line}"


def first_line(error: BaseException) -> str:
    """An error of somebody else's code in a line."""
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return told(f"{type(error).__name__}: {message}" if message else type(error).__name__)
