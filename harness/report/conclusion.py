"""The verdicts of a study in a few sentences: which way its effects go, how far, how sure."""

from collections.abc import Sequence

from harness.analysis.closed import unlooked
from harness.analysis.effects import BETTER, EQUIVALENT, INCONCLUSIVE, NOT_JUDGED, WORSE
from harness.analysis.equivalence import learnt
from harness.analysis.objectives import KIMG
from harness.analysis.ranked import RankedRow
from harness.analysis.verdicts import SMALL
from harness.core import format as show
from harness.report.data import ReportData
from harness.report.leaning import looked_best, quoted
from harness.report.suggested import best_suggestion
from harness.runs.status import Status

NAMED = 3  # contrasts of which the sentence says more
LEARNT = "of what the reference learnt"


def seen(data: ReportData) -> bool:
    """Whether there is anything to tell: a trial, or a look that was taken of trials."""
    return bool(data.count(Status.FINISHED) or (data.plan.looks and data.plan.looks.taken))


def compared(data: ReportData) -> list[RankedRow]:
    """The contrasts of which some seed has both sides, or of which a look found none."""
    looks = data.plan.looks
    return [row for row in data.ranked if row.n > 0 or (looks and row.verdict == NOT_JUDGED)]


def conclude(data: ReportData) -> str:
    """The verdicts in a few sentences, or why there is none."""
    if not seen(data):
        why = f" ({data.outcomes.others})" if data.outcomes.failures else ""
        return f"No trial has finished{why}, so there is nothing to rank."
    if data.suggestions is not None:
        return best_suggestion(data, data.suggestions)
    rows = compared(data)
    if not data.plan.contrasts:
        return "This study declares no contrast, so there is nothing to rank."
    if not any(row.n for row in rows):
        yet = " yet" if data.count(Status.MISSING) and not rows else ""
        reasons = {row.reason for row in rows}
        told = [_sentence(*reasons)] if len(reasons) == 1 else stains(rows)
        nothing = f"No seed has both sides of a contrast{yet}, so there is nothing to rank."
        return " ".join([nothing, *told])
    if data.plan.looks and (why := unlooked(data.plan.looks)):
        return " ".join(filter(None, [f"Nothing is judged: {why}.", looked_best(rows, data)]))
    if max(row.n for row in rows) < 2:
        one = "No contrast has more than one seed, and from one seed nothing can be told."
        return " ".join(filter(None, [one, looked_best(rows, data)]))
    if len(rows) == 1:
        return f"{rows[0].title}: {_single(rows[0], data)}"
    return _several(rows, data)


def _single(row: RankedRow, data: ReportData) -> str:
    unit, level = data.objective.unit, show.percent(1 - data.plan.alpha)
    sure = f"{level} interval {row.interval_text}, n = {row.n}" if row.n > 1 else "n = 1"
    why = f" ({row.reason})" if row.reason and row.n > 1 else ""
    if row.verdict == NOT_JUDGED:
        return f"not judged: {row.reason}."
    mean = f"{unit} differs by {row.effect_text} on average ({sure}){why}."
    if row.verdict == EQUIVALENT:
        return f"{row.verdict}, {_within([row], data)}; {mean}"
    if row.verdict == INCONCLUSIVE:
        looked = "better" if row.effect < 0 else "worse"
        return f"{row.verdict}, the seeds cannot tell; following it looked {looked}: {mean}"
    way, moves = _ways(data)[row.verdict]
    share = _share(row, data)
    size = f"{row.size_text}, {share} {LEARNT}" if share else row.size_text
    return f"{row.verdict}; following it {way[0]}: {unit} {moves} by {size} ({sure}){why}."


def _ways(data: ReportData) -> dict[str, tuple[tuple[str, str], str]]:
    """Verdict → what one side does and several do to the images, and what the number does."""
    if data.objective.unit == KIMG:
        return {
            BETTER: (("reaches the threshold sooner", "reach the threshold sooner"), "falls"),
            WORSE: (("reaches the threshold later", "reach the threshold later"), "rises"),
        }
    closer, further = (
        "generated images closer to real ones",
        "generated images further from real ones",
    )
    return {
        BETTER: ((f"brings {closer}", f"bring {closer}"), "falls"),
        WORSE: ((f"moves {further}", f"move {further}"), "rises"),
    }


def _share(row: RankedRow, data: ReportData) -> str:
    """An effect as a share of what the reference learnt; empty of a time, or where unknown.

    Of all its seeds, as in pooled effects; a margin of a sequential run is of its first look.
    """
    whole = float(learnt(data.frames, row.identity).mean())
    if data.objective.unit == KIMG or not whole > 0:
        return ""
    share = abs(row.effect) / whole
    return show.percent(share, 0) if share >= 0.01 else "less than 1 %"


def _several(rows: list[RankedRow], data: ReportData) -> str:
    by_word = {word: [row for row in rows if row.verdict == word]
          for word in (BETTER, WORSE, EQUIVALENT, INCONCLUSIVE, NOT_JUDGED)}  # fmt: skip
    parts = [_moved(by_word[word], data) for word in (BETTER, WORSE) if by_word[word]]
    decided = bool(parts or by_word[EQUIVALENT])
    best = looked_best(by_word[INCONCLUSIVE], data, decided)
    if not any(row.effect < 0 for row in rows):
        best = f"None lowered {data.objective.unit} on average."
    if not decided:
        return " ".join(filter(None, [_nothing(len(rows) - len(by_word[NOT_JUDGED])), best]))
    if same := by_word[EQUIVALENT]:
        make = "makes" if len(same) == 1 else "make"
        parts.append(f"{quoted(same)} {make} no difference that matters ({_within(same, data)})")
    sentences = [f"{_once('; '.join(parts))}."]
    if undecided := len(by_word[INCONCLUSIVE]):
        rest = "The other is" if undecided == 1 else f"The other {undecided} are"
        sentences.append(f"{rest} inconclusive: the seeds cannot tell.")
    sentences += filter(None, [best])
    if small := [row for row in rows if row.small]:
        effects_are = "effect of {} is" if len(small) == 1 else "effects of {} are"
        sentences.append(f"The {effects_are.format(quoted(small))} {SMALL}.")
    return " ".join(sentences)


def _once(text: str) -> str:
    """Of what the sizes are shares stands with the first."""
    head, phrase, rest = text.partition(f" {LEARNT}")
    return head + phrase + (rest.replace(phrase, "") if phrase else "")


def _moved(rows: Sequence[RankedRow], data: ReportData) -> str:
    """Which way some contrasts move the images, and how far."""
    way, moves = _ways(data)[rows[0].verdict]
    shares = [_share(row, data) for row in rows]
    if all(shares):
        what, size = "KID", f"{list_sizes(shares)} {LEARNT}"
    else:
        what, size = data.objective.unit, list_sizes([row.size_text for row in rows])
    return f"{quoted(rows)} {way[len(rows) > 1]} ({what} {moves} by {size})"


def list_sizes(texts: Sequence[str]) -> str:
    """Sizes of several effects in a sentence, one that all have but once."""
    alike = len(texts) > 1 and len(set(texts)) == 1
    return f"{texts[0]} each" if alike else show.listed(texts)


def _nothing(tested: int) -> str:
    if not tested:
        return "No contrast is judged."
    none = (
        f"For none of the {tested} contrasts can the seeds tell"
        if tested > 1
        else "For the one contrast that is judged the seeds cannot tell"
    )
    return f"{none} whether it helps or hurts; that is not “no effect”."


def _within(rows: Sequence[RankedRow], data: ReportData) -> str:
    """How large an effect that does not matter may be: the declared share, as it is here."""
    halves = {row.margin for row in rows if row.verdict == EQUIVALENT}
    scale = data.objective.scale
    sizes = [show.kid(half, show.decimals([half], scale), scale=scale) for half in sorted(halves)]
    here = f"± {show.listed(sizes)} on {data.objective.unit}"
    looked = data.plan.looks and data.plan.looks.taken
    base = "of what the reference had learnt in the seeds of the first look" if looked else LEARNT
    share = f"± {show.percent(data.plan.equivalence)} {base}, "
    return f"significantly within {'' if data.objective.unit == KIMG else share}{here}"


def stains(rows: list[RankedRow]) -> list[str]:
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
