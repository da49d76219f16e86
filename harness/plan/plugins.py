"""The plug-ins of a study in its plan: activated before any name is looked up, and recorded."""

from collections.abc import Iterable, Sequence
from typing import Any

from harness.config.catalog import DESIGNS
from harness.config.plugins import activate, record, used
from harness.config.study import StudyFile
from harness.core.errors import HarnessError, unknown
from harness.core.plugins import Plugin
from harness.core.registry import Registry
from harness.heuristics import HEURISTICS
from harness.heuristics.own import check_plugins, read_tips
from harness.heuristics.schema import CITED, SOURCES
from harness.plan.cells import Cell
from harness.plan.drafts import Contrast


def activated(file: StudyFile) -> list[Plugin]:
    """Let names mean what the study's modules and tips give; the tips of its own file."""
    activate(file.modules)
    check_plugins(plugin for module in file.modules for plugin in module.plugins)
    tips = _tips(file) if file.study.tips else []
    activate(file.modules, tips)
    return tips


def _tips(file: StudyFile) -> list[Plugin]:
    folder, name = file.document.file.parent, file.study.tips or ""
    if not (folder / name).is_file():
        near = [path.name for path in folder.glob("*.y*ml")]
        raise HarnessError(f"{file.document.where('tips')}: {unknown('file of tips', name, near)}")
    return read_tips(folder / name)


def plugin_record(
    file: StudyFile, tips: Sequence[Plugin], cells: Iterable[Cell], contrasts: Sequence[Contrast]
) -> dict[str, Any] | None:
    """What plan.json holds of plug-ins; None of a plan that uses none."""
    named = [plugin for cell in cells for plugin in used(cell.config)]
    asked: list[tuple[Registry[Any], str]] = [(DESIGNS, file.study.design)]
    asked += [(HEURISTICS, contrast.tip.id) for contrast in contrasts if contrast.tip]
    named += [found for table, name in asked if (found := table.plugin(name))]
    if not named and not file.modules and not tips:
        return None
    claims = (claim for item in contrasts if item.tip for claim in item.tip.claims)
    cited = dict.fromkeys(claim.source for claim in claims if claim.source not in SOURCES)
    return {**record(file.modules, named), "sources": {name: CITED[name] for name in cited}}
