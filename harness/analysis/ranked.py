"""A row of the ranking, typed, with its text: page, Markdown, LaTeX and terminal print the same."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

from harness.analysis.verdicts import BETTER, EQUIVALENT, NOT_JUDGED, SMALL, WORSE, disagreement
from harness.core import format as show
from harness.plan.leave_one_out import LEFT_OUT
from harness.plan.naming import apart, titled


@dataclass(frozen=True)
class RankedRow:
    """One contrast: columns of `ranking` under their names, as numbers and as text.

    Effects and intervals are in KID (or what else is judged); texts are in the scale of the
    objective, all to as many decimals as the table has.
    """

    contrast: str
    title: str
    design: str
    identity: str | None
    n: int
    planned: int
    effect: float
    low: float
    high: float
    margin: float
    wins: float
    p_adjusted: float
    place: float
    rank_low: float
    rank_high: float
    verdict: str
    reason: str
    diverged: int
    unlearnt_following: str
    unlearnt_ignoring: str
    n_finished: int
    effect_finished: float
    low_finished: float
    high_finished: float
    verdict_finished: str
    decimals: int
    scale: float

    @property
    def names(self) -> tuple[str, str]:
        """Id and title; its design is in the title where it is not one change from a baseline."""
        return self.contrast.removesuffix(LEFT_OUT), titled(self.title, self.design)

    @property
    def effect_text(self) -> str:
        """The effect with its sign."""
        return self._kid(self.effect, signed=True)

    @property
    def size_text(self) -> str:
        """The effect without its sign."""
        return self._kid(abs(self.effect))

    @property
    def interval_text(self) -> str:
        """The simultaneous interval; a dash of fewer than two seeds."""
        return show.interval(self.low, self.high, self.decimals, self.scale)

    @property
    def estimate_text(self) -> str:
        """The effect and, where there is one, its interval."""
        known = math.isfinite(self.low)
        return f"{self.effect_text} {self.interval_text}" if known else self.effect_text

    @property
    def n_text(self) -> str:
        """How many seeds have both sides, and of how many where some are missing."""
        return str(self.n) if self.n == self.planned else f"{self.n} of {self.planned}"

    @property
    def wins_text(self) -> str:
        """In how many seeds the side that follows is better."""
        return f"{show.number(self.wins * self.n, 0)} of {self.n}" if self.n else show.NONE

    @property
    def p_text(self) -> str:
        """The adjusted p."""
        return show.p_value(self.p_adjusted)

    @property
    def verdict_text(self) -> str:
        """The verdict; a dash where a profile judges nothing: there is no reason then."""
        return _judged(self.verdict, self.reason)

    @property
    def starred_verdict(self) -> str:
        """The verdict for tables without reasons: with an asterisk where its interval differs."""
        return starred(self.verdict_text, disagreement(self.verdict, self.low, self.high))

    @property
    def place_text(self) -> str:
        """Its place, and those that it may hold among the contrasts of its design."""
        if not math.isfinite(self.place):
            return show.NONE
        place = str(int(self.place))
        if not math.isfinite(self.rank_low):
            return place
        low, high = int(self.rank_low), int(self.rank_high)
        return f"{place} ({low})" if low == high else f"{place} ({low}–{high})"

    @property
    def finished_text(self) -> str:
        """Effect, interval and verdict over the seeds where no side diverged."""
        effect = self._kid(self.effect_finished, signed=True)
        span = show.interval(self.low_finished, self.high_finished, self.decimals, self.scale)
        return f"{effect} {span}, n = {self.n_finished}, {_judged(self.verdict_finished)}"

    @property
    def small(self) -> bool:
        """Whether there is an effect, but one that is smaller than the margin."""
        return SMALL in self.reason

    @property
    def stained(self) -> bool:
        """Whether there is a verdict although a trial diverged or a side has not learnt."""
        lost = self.diverged or self.unlearnt_following or self.unlearnt_ignoring
        return bool(lost) and self.verdict in (BETTER, WORSE, EQUIVALENT)

    def _kid(self, value: float, signed: bool = False) -> str:
        return show.kid(value, self.decimals, signed, self.scale)


_COLUMNS = [field.name for field in fields(RankedRow) if field.name not in ("decimals", "scale")]


def ranked_rows(table: pd.DataFrame, scale: float, beside: Iterable[float] = ()) -> list[RankedRow]:
    """The rows of a ranking; `beside`: effects that are shown in one table with these."""
    decimals = show.decimals([*table["effect"], *beside], scale)
    rows: list[dict[Any, Any]] = table[_COLUMNS].to_dict("records")
    return [RankedRow(**row, decimals=decimals, scale=scale) for row in rows]


def starred(verdict: str, doubt: str) -> str:
    """A verdict, with an asterisk where a table has no room for a `doubt`."""
    return f"{verdict}*" if doubt else verdict


def contrast_titles(rankings: Iterable[pd.DataFrame]) -> dict[str, str]:
    """Id → title of every contrast of some runs, by the first run that has it; no two are alike."""
    titles: dict[str, str] = {}
    for ranking in rankings:
        for contrast, title, design in ranking[["contrast", "title", "design"]].to_numpy(str):
            titles.setdefault(contrast, titled(title, design))
    return apart(titles)


def _judged(verdict: str, reason: str = "") -> str:
    return show.NONE if verdict == NOT_JUDGED and not reason else verdict
