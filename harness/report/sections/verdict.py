"""The first screen: the verdict, the key numbers, what weakens them, and the forest plot."""

import math
from collections.abc import Iterator

import pandas as pd

from harness.analysis.convergence import last_kid
from harness.analysis.effects import NOT_JUDGED
from harness.analysis.equivalence import resolution
from harness.analysis.frame import each_row
from harness.analysis.objectives import FINAL
from harness.analysis.poolable import name_images
from harness.analysis.remedies import SEEDS, WORTH
from harness.core import format as show
from harness.plan.naming import titled
from harness.plan.path import changes
from harness.report import second, throughout, words
from harness.report.blocks import Block, Figure, Items, Numbers, Text
from harness.report.data import ReportData
from harness.report.glimpse import show_reference
from harness.report.plots.forest import Forest, draw_forest, forest_info
from harness.report.sketch import Sketch
from harness.runs.status import Status

KIMG = "training.kimg"
MOST = 40  # rows that one plot holds; the table has them all


def build(data: ReportData) -> list[Block]:
    """The verdict in a sentence, the numbers at a glance, the checks, and the effects."""
    tone = "lead" if data.plan.evidence and not data.unlearnt else "warning"
    blocks: list[Block] = [Text(words.headline(data), tone)]
    if data.plan.evidence and data.plan.note:
        blocks.append(Text(data.plan.note, "note"))
    if not data.plan.evidence and (look := words.interim(data)):
        blocks.append(Text(f"{look}.", "note"))
    blocks.append(Numbers([_reference(data), _trained_on(data), _ended(data), _took(data)]))
    blocks += [*show_reference(data), Text(words.measured(data), "measured"), *_weakened(data)]
    if agreed := second.agreements(data):
        blocks.append(Text(" ".join(agreed), "remark"))
    groups = data.ranking[data.ranking["n"] > 0].groupby("identity", sort=False)
    for number, (identity, _) in enumerate(groups, 1):
        blocks.append(_forest(data, str(identity), number, len(groups)))
    if risk := words.looking(data):
        blocks.append(Text(risk, "note"))
    if sure := _uncertainty(data):
        blocks.append(Text(sure, "note"))
    return blocks


def _weakened(data: ReportData) -> Iterator[Block]:
    """Remarks that weaken the comparison, the most important first; none is folded away."""
    others = [*second.few(data), *filter(None, [second.alone(data)])]
    if items := [*words.remarks(data), *data.checks, *others]:
        yield Items("Before you read the numbers", items, "warning")
    if not data.checks:
        balanced = "cells are balanced, " if data.plan.stages.balanced else ""
        checked = f"Checked: no trial is missing, {balanced}hardware and arithmetic alike."
        yield Text(checked, "note")


def _uncertainty(data: ReportData) -> str:
    """How much of the scatter is noise of scoring, and what would narrow the intervals."""
    known = data.noise[(data.noise["advice"] != "")]
    if known.empty or data.unlearnt:  # what has not learnt is not worth more seeds
        return ""
    shares = 100 * (known["evaluation"] / known["variance"]).clip(upper=1)  # estimates
    low, high = (show.number(share, 0) for share in (shares.min(), shares.max()))
    span = f"{low} %" if low == high else f"{low} to {high} %"
    return (
        "Of the variance of a contrast's differences between seeds, scoring makes up "
        f"{span}; {_narrower(known)}."
    )


def _narrower(known: pd.DataFrame) -> str:
    """How intervals would narrow: the settings that most contrasts are advised to have."""
    advised = known[known["advice"] != SEEDS]
    if advised.empty:
        return f"more seeds would narrow the intervals, {_other_settings(known)}"
    advice = advised["advice"].mode().iloc[0]
    rows, others = known[known["advice"] == advice], known[known["advice"] != advice]
    intervals = "intervals" if others.empty else f"interval of “{'”, “'.join(rows['title'])}”"
    sentence = f"{advice} would give the same {intervals} in {_saved(rows)}"
    if others.empty:
        return sentence
    if set(others["advice"]) == {SEEDS}:
        return f"{sentence}; the others need more seeds"
    return f"{sentence}; advice on the others is in the table of the noise"


def _other_settings(known: pd.DataFrame) -> str:
    """Whether other settings would narrow intervals, too, where more seeds are advised.

    They may save much where too few seeds or images are there to advise them.
    """
    settings = "other settings of the evaluations"
    saving = known[known[["more_samples", "more_evaluations"]].min(axis=1) <= 1 - WORTH]
    if saving.empty:
        return f"{settings} hardly"
    table = "(“Samples × 2” and “Window × 2” in the table of the noise)"
    if len(saving) == len(known):
        return f"and so would {settings} {table}"
    return f"{settings} only that of “{'”, “'.join(saving['title'])}” {table}"


def _saved(rows: pd.DataFrame) -> str:
    """How many trial hours a remedy saves: the least and the most of its contrasts."""
    ends = (rows["factor"].max(), rows["factor"].min())
    least, most = (show.number(100 * (1 - factor), 0) for factor in ends)
    span = least if least == most else f"{least} to {most}"
    return f"{span} % fewer trial hours"


def _ended(data: ReportData) -> tuple[str, str, str]:
    return "Trials finished", data.outcomes.finished_of, data.outcomes.others


def _reference(data: ReportData) -> tuple[str, str, str]:
    """How far it got, of the first metric identity; the table of the cells has them all."""
    unit, scale = data.objective.unit, data.objective.scale
    reference = data.plan.reference
    row, *_ = each_row(data.cells[data.cells["cell"] == reference])
    if not row.n:
        return f"Reference {unit}", show.NONE, "no value yet"
    trials = data.frames.trials[
        (data.frames.trials["cell"] == reference) & (data.frames.trials["identity"] == row.identity)
    ]
    before, last = trials["untrained"].mean(), last_kid(data.frames, reference, row.identity)
    value = show.kid(row.mean, show.decimals([row.mean], scale), scale=scale)
    about = [words.window(data, row.identity)]
    if unit == FINAL.unit:
        end, more = value, f"last {_kid(last)}"
    else:
        end, more = _kid(last), f"{value} {unit} to the threshold"
    detail = "; ".join(filter(None, (*about, more)))
    if lost := int((trials["status"] == Status.DIVERGED).sum()):
        detail = f"{lost} of {row.n} diverged, and count with their failure value; {detail}"
    detail = f"{FINAL.unit}; {detail}"
    return "Reference, untrained → end", f"{_kid(before)} → {end}", detail


def _kid(value: float) -> str:
    return show.kid(value, show.decimals([value]))


def _trained_on(data: ReportData) -> tuple[str, str, str]:
    count = throughout.images(data)
    images = f"{count} images, " if count else ""
    size = f"{throughout.span(data, 'data.image_size')} px"
    differ = not throughout.alike(data, KIMG)
    kimg = f"{throughout.span(data, KIMG)} kimg {'by cell' if differ else 'each'}"
    return "Trained on", name_images(data.reference), f"{images}{size}, {kimg}"


def _took(data: ReportData) -> tuple[str, str, str]:
    trials = data.frames.trials
    training, evaluation = trials["seconds"].sum(), trials["evaluation_seconds"].sum()
    took = show.duration(training + evaluation)
    return "Computing time", took, f"{show.duration(evaluation)} of it evaluation"


def _forest(data: ReportData, identity: str, number: int, identities: int) -> Figure:
    rows = _ordered(data, data.ranking[data.ranking["identity"] == identity].head(MOST))
    texts = data.by_identity[identity]
    notes = {row.contrast: f"{row.estimate_text} · n = {row.n}" for row in texts}
    titles = [titled(row.title, row.design) for row in each_row(rows)]
    judged = bool((rows["verdict"] != NOT_JUDGED).any())
    zones = rows["margin"] - resolution(data.frames) if judged else math.nan
    named = rows.assign(title=titles, margin=zones)
    info = forest_info(named, data.differences, notes, data.objective, data.deciding)
    told = [f"{row.title}: {row.note}, {row.verdict}" for row in info.rows]
    name = "forest" if identities == 1 else f"forest-{number}"
    alt = f"Forest plot of effects on {data.objective.unit}. {'; '.join(told)}."
    caption = _caption(data, info, judged)
    metric = f" Metric identity {identity}." if identities > 1 else ""
    return Figure(name, Sketch(draw_forest, info), alt, f"{caption}{metric}")


def _ordered(data: ReportData, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows by effect, or those of a path in its order."""
    if not changes(data.plan.contrasts):
        return rows
    places = {contrast.name: place for place, contrast in enumerate(data.plan.contrasts)}
    return rows.sort_values("contrast", key=lambda names: names.map(places))


def _caption(data: ReportData, info: Forest, judged: bool) -> str:
    spans = words.intervals(data)
    drawn = f" with {spans}" if spans else f", and no interval, {data.no_interval}"
    sentences = [
        f"Effect of each tip on {data.objective.unit}, following − ignoring, paired by seed: mean"
        f"{drawn}; the ticks below are single seeds, arrowheads what lies outside.",
        _MARKS if judged else "Nothing is judged.",
        *(_deciding(data, info) if judged else ()),
    ]
    return " ".join(sentences)


_MARKS = (
    "Triangle down, blue: better; triangle up, orange: worse; square, green: equivalent; open "
    "circle, grey: inconclusive (tested, but the seeds cannot tell) or not judged (not tested; the "
    "ranking says why)."
)


_CROSSING = (
    "It inverts exact sign-flip tests, the thin line is a t-interval: where few seeds differ much "
    "from the others, as those of failures do, the thick one can reach further."
)


def _deciding(data: ReportData, info: Forest) -> Iterator[str]:
    """Sentences on the parts of the figure that decide on better and worse, and on equivalent."""
    if data.plan.looks:
        yield "Tests at each look decide (section “Looks”); intervals may differ from them."
    elif words.intervals(data):
        yield "Better and worse: the interval is clear of zero (a test decides in doubt)."
    if info.bounded:
        yield f"Shaded: the zone of equivalence, {_zone(info)}."
    if info.tested:
        level = show.percent(1 - 2 * data.plan.alpha)
        wider = ", widened by Holm's correction for several tips" if len(info.rows) > 1 else ""
        yield (
            f"Thick, where neither better nor worse: the interval of its two one-sided tests "
            f"({level}{wider}); a tip is equivalent if this lies in the zone."
        )
        if info.crossing:
            yield _CROSSING
    elif info.bounded and not data.plan.looks and not data.deciding:
        yield "There are too few seeds to show that a tip is equivalent."


def _zone(info: Forest) -> str:
    """How far it reaches; contrasts whose first looks differ have their own."""
    halves = sorted({row.margin for row in info.rows if row.margin > 0})
    ends = [show.number(half, show.decimals([half], 1)) for half in dict.fromkeys(halves)]
    texts = list(dict.fromkeys(ends))
    return f"± {texts[0]}" if len(texts) == 1 else f"± {texts[0]} to ± {texts[-1]}"
