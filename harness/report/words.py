"""The verdict in a sentence."""

from collections.abc import Sequence

from harness.analysis import convergence
from harness.analysis.closed import unlooked
from harness.analysis.effects import BETTER, EQUIVALENT, INCONCLUSIVE, NOT_JUDGED, WORSE
from harness.analysis.moderated import moderates
from harness.analysis.objectives import KIMG
from harness.analysis.ranked import RankedRow
from harness.analysis.verdicts import SMALL
from harness.core import format as show
from harness.report.data import ReportData
from harness.report.second import disagreement
from harness.report.suggested import best_suggestion
from harness.runs.status import Status

NAMES = {"KID × 10³": "KID"}  # in a sentence that gives no number
NAMED = 3  # contrasts of which the sentence says more
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


def verdict(data: ReportData) -> str:
    """The result of the study, or why there is none, and remarks on it."""
    return " ".join(filter(None, (headline(data), remarks(data))))


def headline(data: ReportData) -> str:
    """The result of the study, or why there is none."""
    first, look = unlearnt(data), interim(data)
    if not data.plan.evidence:
        sentences = [first, data.plan.note or NO_EVIDENCE]
    elif first and data.suggestions is None:
        sentences = [first, look and f"{look}."]
    else:
        sentences = [first, look and f"{look}.", lost(data), _verdict(data), disagreement(data)]
    return " ".join(filter(None, sentences))


def remarks(data: ReportData) -> str:
    """Sides that have not learnt or diverged, and that a ranking is one of speed; mostly empty."""
    if not data.plan.evidence or not _seen(data):
        return ""
    if data.suggestions is not None:
        return speed(data)
    if unlearnt(data):
        return ""
    rows = _compared(data)
    several = len(rows) > 1 and max(row.n for row in rows) > 1
    return " ".join(filter(None, [*(_named(rows) if several else []), speed(data)]))


def _seen(data: ReportData) -> bool:
    """Whether there is anything to tell: a trial, or a look that was taken of trials."""
    return bool(data.count(Status.FINISHED) or (data.plan.looks and data.plan.looks.taken))


def _compared(data: ReportData) -> list[RankedRow]:
    """The contrasts of which some seed has both sides, or of which a look found none."""
    looks = data.plan.looks
    return [row for row in data.ranked if row.n > 0 or (looks and row.verdict == NOT_JUDGED)]


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
    region_text = f"{share} the reference's improvement (its untrained KID less its objective"
    margins = data.ranking["margin"].dropna().unique()
    if len(margins) != 1:
        return f"{region_text})"
    half, final = float(margins[0]), _reference(data)
    places = show.decimals([half], data.objective.scale)
    here = f": ± {show.kid(half, places, scale=data.objective.scale)} × 10⁻³"
    beside = f", or {show.percent(half / final, 0)} of its objective" if final > 0 else ""
    return f"{region_text}{here}{beside})"


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
    return (
        f"The reference has not converged: its KID × 10³ still falls by "
        f"{show.kid(falling.fall, places)} between {show.digits(falling.start, 4)} and "
        f"{show.digits(falling.end, 4)} kimg, more than the margin of equivalence "
        f"({show.kid(falling.margin, places)}), so this compares how fast the cells "
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


def _verdict(data: ReportData) -> str:
    if not _seen(data):
        why = f" ({data.outcomes.others})" if data.outcomes.failures else ""
        return f"No trial has finished{why}, so there is nothing to rank."
    if data.suggestions is not None:
        return best_suggestion(data, data.suggestions)
    rows = _compared(data)
    if not data.plan.contrasts:
        return "This study declares no contrast, so there is nothing to rank."
    if not any(row.n for row in rows):
        yet = " yet" if data.count(Status.MISSING) and not rows else ""
        reasons = {row.reason for row in rows}
        told = [_sentence(*reasons)] if len(reasons) == 1 else _named(rows)
        nothing = f"No seed has both sides of a contrast{yet}, so there is nothing to rank."
        return " ".join([nothing, *told])
    if data.plan.looks and (unlooked_yet := unlooked(data.plan.looks)):
        return _sentence(unlooked_yet)
    if max(row.n for row in rows) < 2:
        return "No contrast has more than one seed, and from one seed nothing can be told."
    if len(rows) == 1:
        return f"{rows[0].title}: {_single(rows[0], data)}"
    return _several(rows, data)


def _single(row: RankedRow, data: ReportData) -> str:
    unit, level = data.objective.unit, show.percent(1 - data.plan.alpha)
    sure = f"{level} interval {row.interval_text}, n = {row.n}" if row.n > 1 else "n = 1"
    why = f" ({row.reason})" if row.reason and row.n > 1 else ""
    if row.verdict == NOT_JUDGED:
        return f"not judged: {row.reason}."
    if row.verdict in (INCONCLUSIVE, EQUIVALENT):
        inside = f", {_within([row], data)}" if row.verdict == EQUIVALENT else ""
        mean = f"the mean difference of {unit} is {row.effect_text}"
        return f"{row.verdict}{inside}; {mean} ({sure}){why}."
    way = "lowers" if row.verdict == BETTER else "raises"
    return f"{row.verdict}; following it {way} {unit} by {row.size_text} ({sure}){why}."


def _several(rows: list[RankedRow], data: ReportData) -> str:
    unit = NAMES.get(data.objective.unit, data.objective.what)
    named = {
        word: [f"“{row.names[1]}”" for row in rows if row.verdict == word]
        for word in (BETTER, WORSE, EQUIVALENT, INCONCLUSIVE, NOT_JUDGED)
    }
    effects = ((BETTER, "lower"), (WORSE, "raise"))
    parts = [f"{show.listed(named[w])} {_verb(named[w], verb)}" for w, verb in effects if named[w]]
    same = named[EQUIVALENT]
    if not parts and not same:
        tested = len(rows) - len(named[NOT_JUDGED])
        if not tested:
            return "No contrast is judged."
        none = (
            f"None of the {tested} contrasts" if tested > 1 else "The one contrast that is judged"
        )
        none += " is" if tested > 1 else " is not"
        return f"{none} distinguishable from zero; that is not “no effect”."
    clauses = [f"{part} {unit if not number else 'it'}" for number, part in enumerate(parts)]
    if same:
        clauses.append(f"{show.listed(same)} {'makes' if len(same) == 1 else 'make'} no difference "
                    f"that matters ({_within(rows, data)})")  # fmt: skip
    sentences, undecided = [f"{'; '.join(clauses)}."], len(named[INCONCLUSIVE])
    if undecided:
        rest = "The other is" if undecided == 1 else f"The other {undecided} are"
        sentences.append(f"{rest} inconclusive.")
    if small := [f"“{row.names[1]}”" for row in rows if row.small]:
        effects_are = "effect of {} is" if len(small) == 1 else "effects of {} are"
        sentences.append(f"The {effects_are.format(show.listed(small))} {SMALL}.")
    return " ".join(sentences)


def _within(rows: Sequence[RankedRow], data: ReportData) -> str:
    """How large an effect that does not matter may be: the declared share, as it is here."""
    halves = {row.margin for row in rows if row.verdict == EQUIVALENT}
    scale = data.objective.scale
    sizes = [show.kid(half, show.decimals([half], scale), scale=scale) for half in sorted(halves)]
    return f"significantly within ± {show.listed(sizes)} on {data.objective.unit}"


def _named(rows: list[RankedRow]) -> list[str]:
    """Remarks on verdicts: sides that have not learnt, and divergences."""
    sentences = [
        f"“{row.names[1]}”{' is not judged' if row.verdict == NOT_JUDGED else ''}: {row.reason}."
        for row in rows
        if row.reason and (row.verdict == NOT_JUDGED or row.stained)
    ]
    left = len(sentences) - NAMED
    more = [f"The same goes for {left} more: see the ranking."] if left > 0 else []
    return sentences[:NAMED] + more


def _sentence(reason: str) -> str:
    return f"{reason[0].upper()}{reason[1:]}."


def _verb(subjects: list[str], verb: str) -> str:
    return f"{verb}s" if len(subjects) == 1 else verb
