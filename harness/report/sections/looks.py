"""The looks of a sequential run: what each of them saw and closed, and the trials it took."""

from collections.abc import Iterator, Mapping

from harness.analysis.closed import Point, by_look
from harness.analysis.effects import INCONCLUSIVE
from harness.analysis.sequential import State
from harness.core import format as show
from harness.report.blocks import Block, Cell, Figure, Heading, Table, Text
from harness.report.data import ReportData
from harness.report.plots.looks import draw_looks, looks_info
from harness.report.sketch import Sketch
from harness.runs.stages import LooksRecord

ROOM = 12  # panels of a figure

CAPTION = (
    "Each panel is a contrast, on its own scale: mean effect (following − ignoring) and "
    "repeated {level} interval at every look that it was open at; below the line at zero, "
    "following helps. Shaded: the zone of equivalence, fixed at the first look. The last mark "
    "shows how the contrast was closed, as written above it: a triangle down for better, up for "
    "worse, a square for equivalent, a cross for futile or not judged, and a ring if it is open. "
    "Verdicts come from the tests: their level rises with each contrast that is decided, that of "
    "the intervals does not, so the interval of a tip that is better or worse may include zero."
)


def build(data: ReportData) -> list[Block]:
    """Nothing of a run that is not sequential, or that scores the trials of one."""
    looks = data.plan.looks
    if looks is None or looks.seeds_of:
        return []
    head: list[Block] = [Heading("Looks", "looks"), Text(_trials(data, looks))]
    if not looks.taken:
        return head
    titles = {row.contrast: row.names[1] for row in data.ranked}
    points = by_look(looks)
    table = _table(data, looks, points, titles)
    return [*head, *_figures(data, looks, points, titles), table, *_overruled(data, points)]


def _trials(data: ReportData, looks: LooksRecord) -> str:
    """How many trials it takes, of how many at most, and against a fixed design."""
    took, most = len(data.plan.trials), len(data.plan.cells) * len(looks.seeds)
    all_trials, fixed = show.count(most, "trial"), f"a fixed design of {len(looks.seeds)} seeds"
    if not looks.ended:
        number = len(looks.taken)
        return (
            f"Up to look {number + 1} of {len(looks.planned)}, at {looks.planned[number]} seeds, "
            f"the study takes {took} of at most {all_trials}; {fixed} takes all of them."
        )
    if took == most:
        return f"The study took all {all_trials}, as {fixed} does."
    fewer = show.percent(1 - took / most, 0)
    return f"The study took {took} of at most {all_trials}, {fewer} fewer than {fixed} ({most})."


def _figures(
    data: ReportData, looks: LooksRecord, points: list[Point], titles: Mapping[str, str]
) -> Iterator[Figure]:
    unit = data.objective.unit
    panels = looks_info(points, titles, data.objective)
    caption = CAPTION.format(level=show.percent(1 - looks.alpha))
    for start in range(0, len(panels), ROOM):
        shown = panels[start : start + ROOM]
        name = f"looks-{start // ROOM + 1}" if len(panels) > ROOM else "looks"
        ends = "; ".join(f"{panel.title}: {panel.end}" for panel in shown)
        alt = f"Effects on {unit} and repeated intervals by look. {ends}."
        yield Figure(name, Sketch(draw_looks, shown, looks.planned, unit), alt, caption)


def _table(
    data: ReportData, looks: LooksRecord, points: list[Point], titles: Mapping[str, str]
) -> Table:
    rows: list[list[Cell]] = []
    for number, look in enumerate(looks.taken, 1):
        closed: dict[str, list[str]] = {}
        for point in points:
            if point.look == number and point.state != State.OPEN:
                closed.setdefault(point.word, []).append(titles[point.contrast])
        ends = "; ".join(f"{word}: {', '.join(names)}" for word, names in closed.items())
        known = set(look.seeds)  # a cell gets its seeds in their order, and none is skipped
        trials = sum(trial.seed in known for trial in data.plan.trials)
        counts = (number, len(look.seeds), len(look.contrasts))
        rows.append([*map(str, counts), ends or "none", str(trials)])
    columns = ["Look", "Seeds", "Open before", "Closed at it", "Trials so far"]
    caption = f"{len(looks.taken)} of {show.count(len(looks.planned), 'look')} taken"
    return Table(caption, columns, rows, frozenset({0, 1, 2, 4}), "tables/looks.csv")


def _overruled(data: ReportData, points: list[Point]) -> Iterator[Text]:
    """Contrasts whose verdict is not what the looks decided: a side diverged or has not learnt."""
    words = {point.contrast: point.word for point in points}
    undecided = (State.OPEN, State.FUTILE)
    differing = [
        f"{row.names[1]} is {row.verdict} ({row.reason})"
        for row in data.ranked
        if row.verdict != (INCONCLUSIVE if (word := words[row.contrast]) in undecided else word)
    ]
    if differing:
        yield Text(f"The ranking does not follow all looks: {'; '.join(differing)}.", "note")
