"""A search: its best suggestions, its history, and what seems to matter. No tip is ranked here."""

import pandas as pd

from harness.analysis.search import SUGGESTED, ranked
from harness.core import format as show
from harness.plan.search import ENOUGH
from harness.report.blocks import Block, Cell, Code, Figure, Heading, Items, Table, Text
from harness.report.data import ReportData
from harness.report.pasted import baseline
from harness.report.plots.parallel import draw_parallel, parallel_info
from harness.report.plots.search import (
    draw_history,
    draw_slices,
    history_info,
    shown_of,
    slices_info,
)
from harness.report.sketch import Sketch
from harness.report.suggested import (
    ENDS,
    beside_reference,
    edge_phrase,
    edges_of,
    knob_value,
    reference_value,
    unranked,
    worse,
)
from harness.runs.stages import Search
from harness.runs.status import Status

SEVERAL = 2  # suggestions that finished and have learnt, from which values can be compared
MOST = 15  # of the best that the page lists; the CSV has all suggestions


def build(data: ReportData) -> list[Block]:
    """Nothing where the study has another design."""
    table, search = data.suggestions, data.plan.search
    if table is None or search is None:
        return []
    learnt = len(ranked(table))
    blocks: list[Block] = [Heading("Search", "search"), Text(_how(search, table))]
    if missing := _missing(table, learnt):
        blocks.append(Text(missing))
    if learnt:
        blocks += [*_wider(search, table), _best(data, search, table)]
        blocks += _advice(data, search, table)
    if learnt >= SEVERAL:
        blocks.append(_parallel(data, search, table))
    if table["final"].notna().any():
        blocks.append(_history(data, table))
    if learnt >= SEVERAL:
        blocks += [_slices(data, search, table), *_importances(data, table)]
    return blocks


def _missing(table: pd.DataFrame, learnt: int) -> str:
    """The parts that the section lacks, and why; empty where it is whole."""
    if learnt >= SEVERAL:
        return ""
    why = unranked(table)
    because = f" ({why})" if why else ""
    if not learnt:
        return (
            f"No suggestion has both finished and learnt{because}, so there is none to rank: the "
            "table of the best, the values to paste, the comparison of values and the importances "
            "are left out."
        )
    return (
        f"One suggestion alone has finished and learnt{because}, so there is nothing to compare it "
        "with: the comparison of values and the importances are left out."
    )


def _how(search: Search, table: pd.DataFrame) -> str:
    ends = [f"{n} {name}" for name in ENDS if (n := int((table["status"] == name).sum()))]
    pruner = f" The pruner “{search.pruner.replace('_', ' ')}” stopped "
    if (table["status"] == Status.PRUNED).any():
        pruned = f"{pruner}unpromising ones; they are never ranked among finished ones."
    else:
        pruned = f"{pruner}none." if search.pruner != "none" else ""
    refused = ""
    if (table["refused"] != "").any():
        refused = " Refused ones break a rule between knobs and were never trained."
    return (
        f"The sampler “{search.sampler.replace('_', ' ')}” made {len(table)} suggestions within "
        f"a budget of {search.trials} trials ({', '.join(ends) or 'none has ended'}), each "
        f"trained once, with seed {search.seed}.{refused}{pruned} A search explores: it gives "
        "no verdict on any tip."
    )


def _wider(search: Search, table: pd.DataFrame) -> list[Block]:
    """At which edges of the space the best suggestion lies."""
    best = ranked(table).head(1).iterrows()
    edges = [f"{edge_phrase(edge)}." for _, row in best for edge in edges_of(search, row)]
    return [Items("Search wider: the best suggestion lies at an edge", edges)] if edges else []


def _advice(data: ReportData, search: Search, table: pd.DataFrame) -> list[Block]:
    """The worst suggestion, and the best one to paste into a study, if it beats the reference."""
    learnt = ranked(table)
    if learnt.empty:
        return []
    label = learnt.iloc[0]["cell"]
    worst = [Text(_worst(data, search, learnt))] if len(learnt) > 1 else []
    if worse(data, learnt.iloc[0]):
        nothing = f"The best, {label}, is worse than the reference, so there is nothing to paste."
        return [*worst, Text(nothing)]
    paste = f"The best, {label}, to paste into a study that confirms it on other seeds:"
    return [*worst, Text(paste), Code(baseline(data.plan.cell(label).config))]


def _worst(data: ReportData, search: Search, learnt: pd.DataFrame) -> str:
    worst = learnt.iloc[-1]
    values = "; ".join(f"{name} {knob_value(worst[f'{SUGGESTED}{name}'])}" for name in search.space)
    unit, scale = data.objective.unit, data.objective.scale
    value = show.kid(worst["final"], show.decimals(learnt["final"], scale), scale=scale)
    edges = "; ".join(map(edge_phrase, edges_of(search, worst)))
    at = f" At an edge: {edges}." if edges else ""
    who = f"The worst of the {len(learnt)} that finished and have learnt is {worst['cell']}"
    return f"{who}, with {unit} of {value}: {values}.{at}"


def _best(data: ReportData, search: Search, table: pd.DataFrame) -> Table:
    names = list(search.space)
    ended = ranked(table).head(MOST)
    unit, scale = data.objective.unit, data.objective.scale
    places = show.decimals(ended["final"], scale)
    rows: list[list[Cell]] = []
    for place, best in enumerate(ended.to_dict("records"), 1):
        values = [knob_value(best[f"{SUGGESTED}{name}"]) for name in names]
        value = show.kid(best["final"], places, scale=scale)
        rows.append([str(place), best["cell"], value, *values])
    columns = ["#", "Suggestion", unit, *names]
    caption = f"The best finished suggestions, of {int((table['status'] == Status.FINISHED).sum())}"
    caption += beside_reference(data, places, scale)
    if nothing := int((table["unlearnt"] != "").sum()):
        caption += f"; {nothing} that {'has' if nothing == 1 else 'have'} not learnt left out"
    numbers = {place for place, span in enumerate(search.space.values(), 3) if "low" in span}
    return Table(caption, columns, rows, frozenset({0, 2} | numbers), "tables/search.csv")


def _parallel(data: ReportData, search: Search, table: pd.DataFrame) -> Figure:
    info = parallel_info(table, search.space, data.objective)
    caption = (
        "Each suggestion as a line through its values, from the top down to its objective: the "
        "stronger the line, the better; the thick one is the best. Dotted lines have no place: "
        "pruned or not learnt (grey), diverged (orange)."
    )
    alt = f"{caption} Scales: {', '.join(scale.name for scale in info.scales)}."
    return Figure("search-parallel", Sketch(draw_parallel, info), alt, caption)


def _history(data: ReportData, table: pd.DataFrame) -> Figure:
    info = history_info(table, reference_value(data), data.objective)
    best = f"The best so far ends at {show.number(info.best[-1][1])}." if info.best else ""
    caption = (
        "Each suggestion in its order: dots finished, triangles pruned (their last KID), crosses "
        "diverged (with their failure value); the steps are the best finished so far"
    )
    caption += "." if info.reference is None else ", the dashed line the reference."
    caption += _EDGE if info.cut else ""
    return Figure(
        "search-history",
        Sketch(draw_history, info, data.objective.unit),
        f"{caption} {best}",
        caption,
    )


_EDGE = " Those at the edge, none of them finished, lie beyond it."


def _slices(data: ReportData, search: Search, table: pd.DataFrame) -> Figure:
    panels = slices_info(table, search.space, data.objective)
    caption = (
        "The objective by each dimension alone. The sampler looks more where it found low values, "
        "so densities say nothing, and dimensions are confounded with each other."
    )
    caption += _EDGE if shown_of(panels)[1] else ""
    alt = f"{caption} Panels: {', '.join(panel.name for panel in panels)}."
    return Figure("search-slices", Sketch(draw_slices, panels, data.objective.unit), alt, caption)


def _importances(data: ReportData, table: pd.DataFrame) -> list[Block]:
    n = int(((table["status"] == Status.FINISHED) & table["final"].notna()).sum())
    if not data.frames.importances:
        count = show.count(n, "finished suggestion")
        how = f"`harness report` estimates them from {ENOUGH} that differ"
        return [Text(f"Importances are not shown for {count}: {how}.", "note")]
    rows: list[list[Cell]] = [
        [name, show.number(share, 2)] for name, share in data.frames.importances.items()
    ]
    caption = (
        f"Exploration only: share of the variance of KID by dimension (fANOVA, Optuna's, over {n} "
        "finished suggestions). It has no sign and no interval, and is no ranking of tips"
    )
    return [Table(caption, ["Dimension", "Importance"], rows, frozenset({1}))]
