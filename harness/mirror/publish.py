"""Makes a workspace view and a report in W&B of a publication; needs an account and an extra."""

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

from harness.core.errors import HarnessError
from harness.core.redact import redacted
from harness.mirror.places import check_mode
from harness.mirror.publication import AXIS, GROUPED_BY, Panel, Publication, Section
from harness.mirror.wandb_library import default_entity, has_account, library

WIDE, HIGH = 24, 12  # of the grid of a report, in its units


def check(mode: str) -> None:
    """Raise an error that names everything missing, with the commands that install it."""
    check_mode(mode)
    if lacking := list(_lacking(mode)):
        raise HarnessError("to publish, W&B needs " + "; and ".join(lacking))


def _lacking(mode: str) -> Iterator[str]:
    if find_spec("wandb_workspaces") is None:
        yield "the package wandb-workspaces: pip install wandb-workspaces"
    if mode in ("offline", "disabled"):
        yield f"to be online, and WANDB_MODE is {mode}: unset WANDB_MODE"
    if not has_account():
        yield "an account, and none is configured: wandb login (or set WANDB_API_KEY)"


def save(publication: Publication) -> dict[str, str]:
    """Save view and report; the address of each."""
    library()  # silent, before the extra imports it
    try:
        entity = default_entity()
        saved = {
            "workspace": workspace(publication, entity).save(),
            "report": report(publication, entity).save(),
        }
        return {name: str(item.url) for name, item in saved.items()}
    except HarnessError:
        raise
    except Exception as error:  # noqa: BLE001
        # whatever it is, it is the server's answer or the way there, and nothing of ours is lost
        reason = redacted(f"{type(error).__name__}: {error}")
        raise HarnessError(f"W&B did not take it ({reason}); publish again later") from None


def workspace(publication: Publication, entity: str) -> Any:
    """A saved view of the project: the study's runs by cell, and its sections."""
    import wandb_workspaces.workspaces as ws
    from wandb_workspaces import expr

    sections = [
        ws.Section(name=section.title, panels=_panels(section, publication), is_open=True)
        for section in publication.sections
    ]
    return ws.Workspace(
        entity=entity,
        project=publication.project,
        name=publication.run_name,
        sections=sections,
        settings=ws.WorkspaceSettings(x_axis=AXIS, max_runs=publication.cells),
        runset_settings=ws.RunsetSettings(
            filters=publication.filters(), groupby=[expr.Metric(GROUPED_BY)]
        ),
    )


def report(publication: Publication, entity: str) -> Any:
    """A report: question, verdict, and a grid of panels a section."""
    import wandb_workspaces.reports.v2 as wr

    blocks: list[Any] = [wr.P(publication.question), wr.CalloutBlock(publication.verdict)]
    for section in publication.sections:
        # without an entity a run set is of the report's own project
        runs = wr.Runset(
            name=section.title,
            filters=publication.filters(section.runs),
            groupby=[GROUPED_BY] if section.runs == "trials" else [],
        )
        grid = wr.PanelGrid(runsets=[runs], panels=_panels(section, publication))
        blocks += [wr.H2(section.title), wr.P(section.text), grid]
    return wr.Report(
        entity=entity, project=publication.project, title=publication.title, blocks=blocks
    )


def _panels(section: Section, publication: Publication) -> list[Any]:
    import wandb_workspaces.reports.v2 as wr

    panels = [_MAKERS[panel.kind](wr, panel, publication) for panel in section.panels]
    panels[0].layout = wr.Layout(w=WIDE, h=HIGH)  # the first as wide as the page
    return panels


def _curve(wr: Any, panel: Panel, publication: Publication) -> Any:
    return wr.LinePlot(
        title=panel.title,
        x=AXIS,
        y=list(panel.keys),
        groupby=GROUPED_BY,
        groupby_aggfunc="mean",
        groupby_rangefunc="stderr",
        max_runs_to_show=publication.cells,
    )


def _media(wr: Any, panel: Panel, publication: Publication) -> Any:
    return wr.MediaBrowser(title=panel.title, media_keys=list(panel.keys))


def _table(wr: Any, panel: Panel, publication: Publication) -> Any:
    return wr.WeavePanelSummaryTable(table_name=panel.keys[0])


_MAKERS: dict[str, Callable[[Any, Panel, Publication], Any]] = {
    "curve": _curve,
    "media": _media,
    "table": _table,
}
