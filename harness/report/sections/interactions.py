"""Main effects and interactions of crossed factors, and effects that the design confounds."""

from harness.analysis.frame import each_row
from harness.analysis.interactions import INTERACTION, means
from harness.core import format as show
from harness.plan.describe import aliased, summary
from harness.plan.naming import combination, named_by_title
from harness.report.blocks import Block, Cell, Figure, Heading, Items, Label, Table, Text
from harness.report.data import ReportData
from harness.report.plots.interaction import Panel, draw_interactions, interaction_panel
from harness.report.sketch import Sketch
from harness.runs.crossed import Crossed

MOST = 6  # pairs that the plot shows, and lines of a list that is not folded


def build(data: ReportData) -> list[Block]:
    """Plot, table and aliases; nothing where factors were not crossed."""
    design = data.plan.crossed
    if design is None:
        return []
    titled = named_by_title(design)
    blocks: list[Block] = [
        Heading("Main effects and interactions", "interactions"),
        Text(f"{summary(design)} {_how(data, design)}"),
    ]
    if data.interactions["effect"].notna().any():
        blocks += [*_plot(data, design), _table(data, design)]
    else:
        blocks.append(Text("There are not enough values yet to estimate effects.", "note"))
    if apart := aliased(titled):
        caption = "Confounded effects: an estimate on the left includes the effect on the right"
        rows: list[list[Cell]] = [list(row) for row in apart]
        blocks.append(Table(caption, ["Effect", "Includes"], rows, folded=len(rows) > MOST))
    if design.dropped:
        lines = [f"{combination(one, design)}: {one.why}" for one in design.dropped]
        blocks.append(Items("Combinations that are not trained", lines, folded=len(lines) > MOST))
    return blocks


def _how(data: ReportData, design: Crossed) -> str:
    interval = show.percent(1 - data.plan.alpha)
    parts = ["A main effect is the mean over the cells of one level less that of another."]
    if design.interactions:
        parts.append(
            "An interaction is the effect of the first factor where the second has the level that "
            "is compared, less its effect where the second has the other: negative means that "
            "following both brings KID lower than the two effects apart; p is adjusted by Holm "
            "over the interactions."
        )
    elif design.resolution == 3:
        parts.append(
            "Each may be that of interactions, so confirm an effect found here in another study."
        )
    parts.append(
        f"Estimated by least squares with a block for each seed, with {interval} intervals of each "
        "alone. Main effects are judged in the ranking, seed by seed. Diverged trials enter with "
        "their failure value."
    )
    if data.unlearnt:
        parts.append("The reference has not learnt, so no p here is a finding.")
    if design.dropped:
        parts.append(
            "Since combinations were dropped, the factors are not balanced, and the effects in the "
            "ranking, too, are those of this model and no plain differences of means."
        )
    return " ".join(parts)


def _titles(design: Crossed) -> dict[str, str]:
    """A term as tables on disk name it → by the titles of its factors."""
    titled = named_by_title(design)
    return {design.named(term): titled.named(term) for term in design.terms}


def _table(data: ReportData, design: Crossed) -> Table:
    table, titles = data.interactions, _titles(design)
    places = show.decimals(table["effect"])
    rows: list[list[Cell]] = [
        [
            Label(titles[row.term], row.compared),
            row.kind,
            show.kid(row.effect, places, signed=True),
            show.interval(row.low, row.high, places),
            str(row.n),
            show.p_value(row.p),
            show.p_value(row.p_adjusted),
        ]
        for row in each_row(table)
    ]
    columns = ["Factors", "Kind", "Effect", "Interval", "Trials", "p", "p (Holm)"]
    if table["p_adjusted"].isna().all():
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    caption = "Effects on KID × 10³ by the linear model"
    return Table(caption, columns, rows, frozenset(range(2, 7)), "tables/interactions.csv")


def _plot(data: ReportData, design: Crossed) -> list[Figure]:
    tested = data.interactions[data.interactions["kind"] == INTERACTION].sort_values("p")
    terms = {design.named(term): term for term in design.interactions}
    shown = [terms[name] for name in dict.fromkeys(tested["term"])][:MOST]
    if not shown:
        return []
    panels = []
    for term in shown:
        first, second = (named_by_title(design).scales[factor] for factor in term)
        panels.append(interaction_panel(first, second, means(data.frames, design, term)))
    most = f" The {MOST} with the smallest p." if len(terms) > MOST else ""
    caption = (
        "Mean KID × 10³ at each pair of levels, over all other factors: thick lines, and thin ones "
        f"for single seeds. Parallel lines mean that two factors do not interact.{most}"
    )
    alt = f"Interaction plot of mean KID × 10³. {'; '.join(_said(panel) for panel in panels)}."
    return [Figure("interactions", Sketch(draw_interactions, panels), alt, caption)]


def _said(panel: Panel) -> str:
    places = show.decimals(value / 1000 for line in panel.lines for value in line.mean)
    values = [
        f"{level} and {line.level} {show.number(value, places)}"
        for line in panel.lines
        for level, value in zip(panel.levels, line.mean, strict=True)
    ]
    return f"{panel.first} and {panel.second}: {', '.join(values)}"
