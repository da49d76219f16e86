"""The plug-ins of a study in its plan: activated before any name is looked up, and recorded."""

from collections.abc import Iterable, Sequence
from typing import Any

from harness.config.catalog import DESIGNS
from harness.config.plugins import activate, from_here, used
from harness.config.study import StudyFile
from harness.core.errors import HarnessError, unknown
from harness.core.plugins import Plugin
from harness.core.registry import Registry
from harness.heuristics import HEURISTICS
from harness.heuristics.own import check_plugins, read_tips
from harness.heuristics.sources import CITED, SOURCES
from harness.plan.cells import Cell
from harness.plan.drafts import Contrast
from harness.runs.plugins import ModuleRecord, PluginRecord, PluginsRecord


def activated(file: StudyFile) -> list[Plugin]:
    """Add the names of the study's modules and tips to the tables; the tips of its file."""
    activate(file.modules)
    check_plugins(plugin for module in file.modules for plugin in module.plugins)
    tips = _tips(file) if file.study.tips else []
    activate(file.modules, tips)
    return tips


def _tips(file: StudyFile) -> list[Plugin]:
    folder, name = file.document.file.parent, file.study.tips or ""
    if not (folder / name).is_file():
        near = {path.name for path in folder.glob("*.y*ml")} - {file.document.file.name}
        raise HarnessError(f"{file.document.where('tips')}: {unknown('file of tips', name, near)}")
    return read_tips(folder / name)


def plugin_record(
    file: StudyFile, tips: Sequence[Plugin], cells: Iterable[Cell], contrasts: Sequence[Contrast]
) -> PluginsRecord | None:
    """The plug-ins as `plan.json` holds them; None for a plan without any."""
    named = [plugin for cell in cells for plugin in used(cell.config)]
    asked: list[tuple[Registry[Any], str]] = [(DESIGNS, file.study.design)]
    asked += [(HEURISTICS, contrast.tip.id) for contrast in contrasts if contrast.tip]
    named += [plugin for table, name in asked if (plugin := table.plugin(name))]
    if not named and not file.modules and not tips:
        return None
    claims = (claim for item in contrasts if item.tip for claim in item.tip.claims)
    cited = dict.fromkeys(claim.source for claim in claims if claim.source not in SOURCES)
    rows = dict.fromkeys(
        (each.group, each.name, from_here(each.source), each.digest) for each in named
    )
    return PluginsRecord(
        modules=tuple(
            ModuleRecord(file=from_here(each.file), digest=each.digest) for each in file.modules
        ),
        used=tuple(
            PluginRecord(kind=kind, name=name, origin=origin, digest=digest)
            for kind, name, origin, digest in rows
        ),
        sources={name: CITED[name] for name in cited},
    )
