"""Verdicts by further metrics in words: where they disagree, and how to have a second one."""

import math
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from harness.analysis.frame import each_row
from harness.analysis.further import Further, Match, Second
from harness.analysis.verdicts import BETTER, EQUIVALENT, NOT_JUDGED, WORSE
from harness.core import format as show
from harness.report.blocks import Cell, Tag
from harness.report.data import CUSTOM, ReportData
from harness.runs.plan import PlanRecord

TONES = {BETTER: "good", WORSE: "bad", EQUIVALENT: "neutral"}

# what a study is scored by → another built-in encoder, with a protocol that takes any image
_SECOND = {"inception_v3": ("--metric", "fidelity299", "--encoder", "inception_2015")}
_FIRST = ("--metric", "subsets", "--encoder", "inception_v3", "--resolution", "75")  # of all others


def labels(data: ReportData) -> list[str]:
    """Names of the further metrics, in the order of `data.further`.

    Encoder and size; where that is the name of several metrics, with what they may differ in.
    """
    every: list[Any] = [*each_row(data.frames.metrics), *(each.about for each in data.further)]
    named = [encoder_name(about) for about in every]
    for field in ("protocol", "resizer", "n", "encoder_digest"):
        named = [
            f"{text}, {getattr(about, field)}" if named.count(text) > 1 else text
            for text, about in zip(named, every, strict=True)
        ]
    return named[len(data.frames.metrics) :]


def encoder_name(about: Any) -> str:
    """Encoder of a metric (a row of `Frames.metrics`) and size of the images that it is given."""
    name = about.encoder
    if name == CUSTOM:
        digest = f"encoder {about.encoder_digest}"
        name = PurePath(about.file).stem if isinstance(about.file, str) and about.file else digest
    return f"{name}{show.pixels(about.resolution)}"


def disagreement(data: ReportData) -> str:
    """Says which verdicts turn round by another metric, or stand by this one alone; else empty.

    A verdict that only loses its significance is no disagreement, unless the effect changes sign.
    """
    sentences = [
        sentence
        for label, further in zip(labels(data), data.further, strict=True)
        for sentence in _disagreements(data, label, further)
    ]
    return " ".join(sentences)


def _disagreements(data: ReportData, label: str, further: Further) -> Iterator[str]:
    turned = further.having(Match.REVERSED, Match.DIFFERENT)
    lost = [each for each in further.having(Match.LOST) if each.turned]
    if turned:
        turns = [f"{_named(data, each)} is {each.verdict}, not {_verdict(data, each)}"
                for each in turned]  # fmt: skip
        yield f"Another metric disagrees: by {label}, {show.listed(turns)}."
    if lost:
        names = show.listed(_named(data, each) for each in lost)
        words = {_verdict(data, each) for each in lost}
        verdicts = f"the verdict{'s' * (len(lost) > 1)} ({show.listed(sorted(words))}) on {names}"
        hold = "hold" if len(lost) > 1 else "holds"
        have = "effects have" if len(lost) > 1 else "effect has"
        is_ = "are" if len(lost) > 1 else "is"
        open_ = sorted({each.verdict for each in lost})
        yield (
            f"{verdicts[0].upper()}{verdicts[1:]} {hold} for this metric alone: by {label} the "
            f"{have} the other sign, and {is_} {show.listed(open_)}."
        )


def agreements(data: ReportData) -> list[str]:
    """A sentence for each further metric: which verdicts it shares, and whether orders agree."""
    return [
        _agreement(data, label, further)
        for label, further in zip(labels(data), data.further, strict=True)
    ]


def _agreement(data: ReportData, label: str, further: Further) -> str:
    parts = []
    if same := further.having(Match.SAME):
        parts.append(f"the same verdict on {show.listed(_named(data, each) for each in same)}")
    if data.plan.looks:
        parts.append(f"{NOT_JUDGED}, since the looks of the study's metric decided on the seeds")
    elif lost := further.having(Match.LOST):
        there = [f"{_named(data, each)} is {each.verdict} (here {_verdict(data, each)})"
                for each in lost]  # fmt: skip
        parts.append(show.listed(there))
    if gained := further.having(Match.GAINED):
        there = [f"{_named(data, each)} is {each.verdict} (here {_verdict(data, each)})"
                for each in gained]  # fmt: skip
        parts.append(show.listed(there))
    if not parts and further.having(Match.OPEN):
        parts.append("nothing is better, worse or equivalent, as here")
    return f"By {label}: {'; '.join([*parts, _order(further)])}."


def _order(further: Further) -> str:
    """Kendall's tau-b of the effects by both metrics."""
    count = len(further.contrasts)
    if not math.isfinite(further.tau):
        return f"{show.count(count, 'effect')}, so there is no order to compare"
    return (
        f"Kendall's τ-b of the {count} effects is {show.number(further.tau, 2)} (1: the same "
        f"order, −1: the reverse; p {show.p_value(further.p)})"
    )


def _named(data: ReportData, each: Second) -> str:
    return f"“{data.row(each.contrast).names[1]}”"


def _verdict(data: ReportData, each: Second) -> str:
    return data.row(each.contrast).verdict


def cell(data: ReportData, further: Further, contrast: str) -> Cell:
    """The verdict on a contrast by a further metric, and whether its effect has the same sign."""
    each = further.contrasts.get(contrast)
    if each is None:
        return show.NONE
    detail = "other sign" if each.turned else "same sign"
    return Tag(_word(data, each), TONES.get(each.verdict, "neutral"), detail)


def words(data: ReportData, contrast: str) -> list[str]:
    """The verdicts on a contrast by the further metrics."""
    seconds = (further.contrasts.get(contrast) for further in data.further)
    return [_word(data, each) if each else show.NONE for each in seconds]


def columns(data: ReportData) -> dict[str, list[str]]:
    """The same for all rows of the ranking, by the metric identity, for its table."""
    return {
        f"verdict {further.about.identity}": [
            words(data, name)[place] for name in data.ranking["contrast"]
        ]
        for place, further in enumerate(data.further)
    }


def _word(data: ReportData, each: Second) -> str:
    return NOT_JUDGED if data.plan.looks else each.verdict


def few(data: ReportData) -> list[str]:
    """A sentence for each further metric that saw less than the study's: images, or seeds."""
    first = data.frames.metrics
    sentences = []
    for label, further in zip(labels(data), data.further, strict=True):
        parts = []
        for name, what in (("n", "generated"), ("m", "validation")):
            count, usual = getattr(further.about, name), first[name].max()
            if count and usual and count < usual:
                usual_text = show.whole(int(usual))
                parts.append(f"{show.whole(count)} {what} images (the study's metric {usual_text})")
        by_it = {row.contrast: row.n for row in each_row(further.ranking)}
        lacking = [row for row in data.ranked if by_it.get(row.contrast, 0) < row.n]
        if lacking:
            least = min(by_it.get(row.contrast, 0) for row in lacking)
            most = max(row.n for row in lacking)
            parts.append(
                f"fewer seeds of {show.count(len(lacking), 'contrast')} (at least "
                f"{least}, by the study's metric up to {most})"
            )
        if parts:
            sentences.append(
                f"The second opinion by {label} rests on less: {show.listed(parts)}. Where it is "
                "inconclusive, that may be all."
            )
    return sentences


def alone(data: ReportData) -> str:
    """Says that verdicts hold for the one encoder that has judged, with a command for another.

    Empty where there are several, or no verdicts. Another protocol or size is no other encoder.
    """
    judged = data.plan.evidence and not data.unlearnt and data.ranking["n"].gt(0).any()
    first = {_encoder(about) for about in each_row(data.frames.metrics)}
    if not judged or not first or any(_encoder(each.about) not in first for each in data.further):
        return ""
    by = "by one encoder" if data.further else "by this one metric"
    command = _command(data.plan, str(data.frames.metrics["encoder"].iloc[0]))
    return f"All verdicts are {by}. To have those by another encoder next to them: `{command}`"


def _encoder(about: Any) -> tuple[str, str]:
    """Which encoder a metric has: files of users differ by their content."""
    return about.encoder, about.encoder_digest if about.encoder == CUSTOM else ""


def _command(plan: PlanRecord, encoder: str) -> str:
    # values of --set may be paths, which a page does not show
    command = plan.replaced(changes={}).command("evaluate", *_SECOND.get(encoder, _FIRST))
    return command + ("  # with the same --set" if plan.changes else "")
