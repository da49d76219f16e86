"""The verdict in a sentence."""

from pathlib import PurePath
from typing import Any

from harness.analysis import convergence
from harness.analysis.closed import unlooked
from harness.analysis.frame import each_row
from harness.analysis.moderated import moderates
from harness.analysis.objectives import KIMG
from harness.core import format as show
from harness.report import second
from harness.report.conclusion import compared, conclude, seen, stains
from harness.report.data import ReportData
from harness.report.leaning import doubtful
from harness.runs.status import Status

FREE_LOOKS, FREE_ERROR = 5, 0.14  # benchmarks/looks.py: .1405 of 2,000 studies
NO_EVIDENCE = "This profile shows the path; its numbers are no evidence."


def interim(data: ReportData) -> str:
    """A sentence for an interim analysis: how many trials have ended; empty once all have."""
    if unfinished := tuning(data):
        return unfinished
    total, waiting = len(data.frames.trials), data.count(Status.MISSING)
    looks = data.plan.looks
    if looks and not looks.ended:
        standing = f"; {looks.standing}"
    elif waiting and not lost(data):
        standing = ""
    else:
        return ""
    return f"Interim analysis: {total - waiting} of {total} trials have ended{standing}"


def lost(data: ReportData) -> str:
    """Says that trials are gone of a sequential run whose looks have ended; empty: none is."""
    looks, gone = data.plan.looks, data.count(Status.MISSING)
    if not gone or looks is None or not looks.taken or not looks.ended:
        return ""
    return (
        f"The record lacks {gone} of {show.count(len(data.frames.trials), 'trial')}; what the "
        "looks decided is kept."
    )


def looking(data: ReportData) -> str:
    """How often a fixed plan errs that is stopped by such a report; empty where it is none."""
    judged = data.plan.evidence and data.plan.contrasts and data.count(Status.FINISHED)
    if data.plan.looks or not judged or unlearnt(data) or not interim(data):
        return ""
    return (
        f"Tested at 0.05, about {show.percent(FREE_ERROR)} of studies without any effect find one "
        f"if they are stopped as soon as one of {FREE_LOOKS} such reports shows it; the key "
        "`sequential` declares a valid stopping rule."
    )


def tuning(data: ReportData) -> str:
    """Says how far the tuning is; empty where there is none, or when its values are chosen."""
    if data.points is None or data.points["chosen"].any():
        return ""
    total, waiting = int(data.points["trials"].sum()), int(data.points["open"].sum())
    ended = f"{total - waiting} of {total} trials" if waiting else "its values are not chosen yet"
    return (
        f"Tuning is not finished ({ended}), so no cell is tuned yet, "
        "and what is ranked here is the cells as they are written"
    )


def unlearnt(data: ReportData) -> str:
    """Says that the reference has not learnt; empty where it has. Goes before all else."""
    if not data.unlearnt:
        return ""
    so = "" if data.suggestions is not None else ", so nothing here is judged"
    return f"The reference has not learnt ({data.unlearnt}){so}."


def measured(data: ReportData) -> str:
    """A definition of KID, and the number that judges, for a stranger."""
    encoders = [_encoder(data, about) for about in each_row(data.frames.metrics)][:1]
    features = f", in the features of the {encoders[0]}" if encoders else ""
    return (
        "KID, the Kernel Inception Distance, measures how far generated images are from real ones; "
        f"0 is best. Judged: {data.objective.what}{features}."
    )


def _encoder(data: ReportData, about: Any) -> str:
    """The encoder of a metric by its name, that of its file or, of an unknown one, its digest."""
    if file := data.encoder_file(about):
        return f"encoder {PurePath(file).stem}{show.pixels(about.resolution)}"
    name = second.encoder_name(about)
    return name if name.startswith("encoder ") else f"encoder {name}"


def verdict(data: ReportData) -> str:
    """The result of the study, or why there is none, and remarks on it."""
    return " ".join(filter(None, (headline(data), *remarks(data))))


def headline(data: ReportData) -> str:
    """The result of the study, or why there is none."""
    first, look = unlearnt(data), interim(data)
    if not data.plan.evidence:
        sentences = [first, data.plan.note or NO_EVIDENCE]
    elif first and data.suggestions is None:
        sentences = [first, look and f"{look}."]
    else:
        sentences = [
            first,
            look and f"{look}.",
            lost(data),
            conclude(data),
            second.disagreement(data),
        ]
    return " ".join(filter(None, sentences))


def remarks(data: ReportData) -> list[str]:
    """Sides that have not learnt or diverged, and that a ranking is one of speed; mostly empty."""
    if not data.plan.evidence or not seen(data):
        return []
    late = list(filter(None, [speed(data)]))
    if data.suggestions is not None:
        return late
    if unlearnt(data):
        return []
    rows = compared(data)
    several = len(rows) > 1 and max(row.n for row in rows) > 1
    if data.plan.looks and unlooked(data.plan.looks):
        return late  # one reason for all, which the headline gives
    return [*doubtful(rows, data), *(stains(rows) if several else []), *late]


def intervals(data: ReportData) -> str:
    """Level and kind of the intervals of the ranking; empty where no contrast has one."""
    level = show.percent(1 - data.plan.alpha)
    count = int(data.ranking["low"].notna().sum())
    if data.plan.looks:
        every = f"all {len(data.ranking)} contrasts and " if len(data.ranking) > 1 else ""
        return f"repeated {level} intervals for {every}all looks at once" if count else ""
    if count < 2:
        return f"the {level} t-interval of the one contrast{_of(data)}" if count else ""
    return f"{level} intervals for all {count} contrasts at once (Šidák)"


def moderated(data: ReportData) -> bool:
    """Whether p are of the moderated t."""
    return moderates(int(data.ranking["p_max_t"].notna().sum()))


def _of(data: ReportData) -> str:
    """Which contrast has an interval, where others have none."""
    return " that has two seeds or more" if len(data.ranking) > 1 else ""


def region(data: ReportData) -> str:
    """Within what an effect is called equivalent: the declared share, and what it is here."""
    share = f"± {show.percent(data.plan.equivalence)} of"
    if data.objective.unit == KIMG:
        return f"{share} the reference's time, less the longest time between two evaluations"
    first = " in the seeds of the first look" if data.plan.looks and data.plan.looks.taken else ""
    region_text = (
        f"{share} the reference's improvement{first} (its untrained KID less its objective"
    )
    margins = data.ranking["margin"].dropna().unique()
    if len(margins) != 1 or data.unlearnt:  # a share of nothing is no number to go by
        return f"{region_text})"
    half, final = float(margins[0]), _reference(data)
    places = show.decimals([half], data.objective.scale)
    here = f": ± {show.kid(half, places, scale=data.objective.scale)} × 10⁻³"
    beside = f", or {_rounded(half / final)} of its objective" if final > 0 else ""
    return f"{region_text}{here}{beside})"


def _rounded(share: float) -> str:
    """A share as a whole percentage; below one, by its first digit."""
    return show.percent(share, 0) if share >= 0.01 else f"{show.digits(100 * share, 1)} %"


def _reference(data: ReportData) -> float:
    """The mean objective of its finished trials."""
    trials = data.frames.trials
    finished = trials[
        (trials["cell"] == data.plan.reference) & (trials["status"] == Status.FINISHED)
    ]
    return float(finished["final"].mean())


def speed(data: ReportData) -> str:
    """Says that the ranking is one of speed, where the reference still learns; else empty."""
    falling = data.falling
    if falling is None:
        return ""
    places = show.decimals([falling.fall])
    margin = f", more than the margin of equivalence ({show.kid(falling.margin, places)})"
    beyond = "" if data.suggestions is not None else margin  # a search judges nothing by one
    return (
        f"The reference has not converged: its KID × 10³ still falls by "
        f"{show.kid(falling.fall, places)} between {show.digits(falling.start, 4)} and "
        f"{show.digits(falling.end, 4)} kimg{beyond}, so this compares how fast the cells "
        "learn, not their final quality."
    )


def window(data: ReportData, identity: str | None) -> str:
    """Over what part of the training its number is the mean; empty of other objectives."""
    averaged = convergence.window(data.frames, data.plan.reference, identity)
    if averaged is None:
        return ""
    if averaged.first == averaged.last:
        return f"at {show.digits(averaged.end, 4)} kimg"
    return f"mean over {show.digits(averaged.start, 4)} to {show.digits(averaged.end, 4)} kimg"
