"""The plug-ins of a study: modules next to its file; no other module is imported by name."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.config.catalog import (
    ARCHITECTURES,
    DATASETS,
    DESIGNS,
    ENCODERS,
    LOSSES,
    PENALTIES,
)
from harness.config.inputs.sent import located
from harness.config.trial import TrialConfig
from harness.core import plugins
from harness.core.errors import HarnessError, shown, unknown
from harness.core.plugins import NAME, Plugin
from harness.core.registry import Registry

MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")
OPEN: Mapping[str, Registry[Any]] = {
    table.group: table for table in (LOSSES, PENALTIES, DATASETS, ENCODERS, ARCHITECTURES, DESIGNS)
}
TABLES = {name.upper(): name for name in (*OPEN, "tips", "sources")}
"""Name of a table in a module → the group that it adds to."""


@dataclass(frozen=True)
class Module:
    """A module next to a study, imported."""

    file: Path
    digest: str
    plugins: tuple[Plugin, ...]


def beside(study: Path, names: Sequence[Any], where: Any) -> tuple[Module, ...]:
    """The modules that a study file names, imported; `where` gives the line of the n-th name."""
    modules = []
    for index, name in enumerate(names):
        try:
            if name in names[:index]:
                raise HarnessError(f"{shown(name)} is given twice")
            modules.append(_named(study.parent, name))
        except HarnessError as error:
            raise HarnessError(f"{where(index)}: plugins: {error}") from None
    return tuple(modules)


def _named(folder: Path, name: Any) -> Module:
    if not isinstance(name, str) or not MODULE.fullmatch(name):
        raise HarnessError(
            f"{shown(name)} is no module: give the name of a .py file or of a package next to the "
            "study, without its ending or any folder"
        )
    for file in (folder / f"{name}.py", folder / name / "__init__.py"):
        if file.is_file():
            return imported(file)
    near = [path.stem for path in folder.glob("*.py") if path.is_file()]
    near += [path.parent.name for path in folder.glob("*/__init__.py")]
    raise HarnessError(f"{folder / name}.py: is not there; {unknown('module', name, near)}")


def imported(file: Path) -> Module:
    """Import a module and check what its tables give."""
    digest = plugins.source_digest(file)
    module = plugins.load_module(file, digest)
    offers = [(table, group) for table, group in TABLES.items() if table in vars(module)]
    if not offers:
        raise HarnessError(f"{file}: adds nothing: it has none of the tables {', '.join(TABLES)}")
    provided = [
        Plugin(group, name, value, str(file), digest)
        for table, group in offers
        for name, value in _items(getattr(module, table), f"{file}: {table}")
    ]
    for plugin in provided:
        _check(plugin)
    return Module(file, digest, tuple(provided))


def _items(table: Any, where: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(table, Mapping):
        raise HarnessError(f"{where}: must be a dictionary (given: {type(table).__name__})")
    for name, value in table.items():
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise HarnessError(
                f"{where}: {shown(name)}: a name is made of letters, digits and _, a letter first"
            )
        yield name, value


def _check(plugin: Plugin) -> None:
    table = OPEN.get(plugin.group)
    if table is None:
        return  # tips and sources, which `harness.heuristics` knows
    if plugin.name in table.entries:
        raise HarnessError(
            f"{plugin.place}: the harness has a {table.kind} of that name: choose another"
        )
    assert table.adopt is not None
    table.adopt(plugin)


def activate(modules: Iterable[Module], tips: Iterable[Plugin] = ()) -> None:
    """Let the tables of names hold what these modules and tips give, and no others."""
    given: dict[tuple[str, str], Plugin] = {}
    for plugin in (*(plugin for module in modules for plugin in module.plugins), *tips):
        other = given.setdefault((plugin.group, plugin.name), plugin)
        if other is not plugin:
            raise HarnessError(f"{plugin.place}: {other.source} gives that name, too")
    plugins.activate(given.values())


def used(config: TrialConfig) -> Iterator[Plugin]:
    """The plug-ins that a configuration names."""
    named: list[tuple[Registry[Any], str]] = [
        (LOSSES, config.loss.name),
        (DATASETS, config.data.name),
        (ENCODERS, config.evaluation.encoder or ""),
        (ARCHITECTURES, config.generator.architecture),
        (ARCHITECTURES, config.discriminator.architecture),
        *((PENALTIES, name) for name in config.penalties.plugged),
    ]
    plugins = (table.plugin(name) for table, name in named)
    return iter(dict.fromkeys(plugin for plugin in plugins if plugin is not None))


def contents(config: TrialConfig) -> dict[str, str]:
    """Dotted name → digest of the plug-ins that a configuration names, as it holds them."""
    return {f"plugins.{each.group}.{each.name}": each.digest for each in used(config)}


def check_contents(config: TrialConfig) -> None:
    """Raise an error where a plug-in is not the one that a configuration was made with."""
    now = {(each.group, each.name): each for each in used(config)}
    for group, names in config.plugins.items():
        for name, digest in names.items():
            plugin = now.get((group, name))
            if plugin is None or plugin.digest != digest:
                raise HarnessError(_changed(group, name, digest, plugin))


def _changed(group: str, name: str, digest: str, plugin: Plugin | None) -> str:
    if plugin is None:
        return f"the plug-in {name!r} of {group} ({digest}) is not here"
    return (
        f"{plugin.source} has changed: {name!r} of {group} was {digest} when the run was planned, "
        f"and is {plugin.digest} now; run `harness run` again"
    )


def from_here(place: Path | str) -> str:
    """A path as workers find it, who start where the command was given; anything else as it is."""
    path = Path(place)
    here = path.is_absolute() and path.is_relative_to(Path.cwd())
    return str(path.relative_to(Path.cwd()) if here else place)


def recall(run_name: str, recorded: Iterable[tuple[str, str]]) -> None:
    """Import and activate the modules that a run was planned with: files and digests of their code.

    An error names a file that is gone, or that holds other code, which is then not imported.
    """
    modules = []
    for name, planned in recorded:
        file = located(name, Path(name))
        if not file.is_file():
            raise HarnessError(
                f"{file}: the plug-in ({planned}) that {run_name} was planned with is not there"
            )
        if (digest := plugins.source_digest(file)) != planned:
            raise HarnessError(
                f"{file}: has changed since {run_name} was planned (then {planned}, now {digest}); "
                "run `harness run` again"
            )
        modules.append(imported(file))
    activate(modules)
