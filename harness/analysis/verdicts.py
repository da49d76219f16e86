"""Verdict on a contrast: better, worse, equivalent, inconclusive, or not judged, and why."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from harness.core import format as show
from harness.plan.reach import EXACT, smallest_p

BETTER, WORSE, EQUIVALENT = "better", "worse", "equivalent"
INCONCLUSIVE, NOT_JUDGED = "inconclusive", "not judged"
UNLEARNT = "the reference has not learnt"
UNLOOKED = "no look has decided"  # begins the reason of what waits for one
SMALL = "smaller than the margin of equivalence"
FOLLOWS, IGNORES = "the side that follows it", "the side that ignores it"  # the tip, or level

Words = tuple[str, str]  # verdict, reason


class Rules(NamedTuple):
    """The rules by which all contrasts of a study are judged."""

    alpha: float
    exact: bool  # whether the test is the one that needs six seeds
    evidence: bool
    contrasts: int
    reference: str  # why it has not learnt; empty: it has
    decisions: Mapping[str, Words] | None = None  # of a sequential run, by contrast
    finished: int = EXACT  # seeds without divergence from which they can veto by giving no verdict


def verdict(
    n: int, effect: float, p_adjusted: float, alpha: float, equivalent: bool, exact: bool
) -> Words:
    """The verdict by the adjusted p, and the reason where there can be none.

    `equivalent` counts where the p tells no difference; `exact` says that the test is one that
    needs six seeds.
    """
    if n < 2:
        return INCONCLUSIVE, f"n = {n}"
    if exact and n < EXACT:
        return INCONCLUSIVE, f"n = {n}: the exact test needs n ≥ {EXACT}"
    if p_adjusted <= alpha:
        return (BETTER if effect < 0 else WORSE), ""
    if equivalent:
        return EQUIVALENT, ""
    least = smallest_p(n)
    if exact and least > alpha:
        return INCONCLUSIVE, f"n = {n}: the exact test has no p below {show.digits(least, 2)}"
    return INCONCLUSIVE, ""


def judge(row: Any, rules: Rules) -> tuple[str, str, str]:
    """Verdict, reason, and the verdict over the seeds in which no side diverged.

    `row` is one of `effects`. What has not learnt is never better than something, nor equivalent;
    where that is the reference, or both sides, nothing is judged.
    """
    if not rules.evidence:
        return NOT_JUDGED, "", NOT_JUDGED
    if rules.reference:
        return NOT_JUDGED, f"{UNLEARNT}: {rules.reference}", NOT_JUDGED
    followed, ignored = row.unlearnt_following, row.unlearnt_ignoring
    if followed and ignored:
        return NOT_JUDGED, f"neither side has learnt ({_both(followed, ignored)})", NOT_JUDGED
    word, reason, without = _tested(row, rules)
    nothing = _one(followed, ignored)
    if (word == EQUIVALENT and nothing) or {BETTER: followed, WORSE: ignored}.get(word):
        return NOT_JUDGED, nothing, without
    reasons = [reason, "" if row.diverged_alone else nothing, _diverged(row)]
    return word, "; ".join(filter(None, reasons)), without


def reason(row: Any, half: float, looked: bool) -> str:
    """The reason of a verdict, and what its interval adds; `row` has all of the ranking.

    An effect is small if its interval is within `half`, what equivalence is tested with; NaN: it
    is not known to be. Where looks decided (`looked`), the interval is known only now.
    """
    doubt = disagreement(row.verdict, row.low, row.high) if looked else ""
    if row.verdict not in (BETTER, WORSE):
        return "; ".join(filter(None, [row.reason, doubt]))
    inside = SMALL if -half < row.low and row.high < half else ""
    return "; ".join(filter(None, [row.reason, doubt, inside]))


def favoured_unlearnt(row: Any) -> bool:
    """Whether the side with the lower values has not learnt, so that it takes no place."""
    return bool(row.unlearnt_following if row.effect < 0 else row.unlearnt_ignoring)


def _one(followed: str, ignored: str) -> str:
    """Which side of a contrast has not learnt, and by what criterion; empty: both have."""
    if not followed and not ignored:
        return ""
    return f"{FOLLOWS if followed else IGNORES} has not learnt ({followed or ignored})"


def _both(followed: str, ignored: str) -> str:
    """The criteria of both sides, once where it is the same."""
    return followed if followed == ignored else f"following: {followed}; ignoring: {ignored}"


def _diverged(row: Any) -> str:
    """In how many seeds which side diverged; empty where none did."""
    counts = {FOLLOWS: row.diverged_following, IGNORES: row.diverged_ignoring}
    phrases = [f"{side} diverged in {count} of {row.n} seeds" for side, count in counts.items()
            if count]  # fmt: skip
    return ", ".join(phrases) if row.n > 1 else ""


def _tested(row: Any, rules: Rules) -> tuple[str, str, str]:
    """Verdict by the test or the count of divergences, its reason, and that of finished seeds.

    That one vetoes only if it is the opposite, or none although there are as many seeds as the
    exact test needs: a divergence is a result, and most often it is not the reason of an effect.
    """
    if rules.decisions is not None:
        return _sequential(row, rules, *rules.decisions[row.contrast])
    if row.diverged_alone:  # values of failures have no scatter that a test could go by
        word = WORSE if row.diverged_following else BETTER
        sure = by_count(row.n, rules.contrasts) <= rules.alpha
        return (word if sure else INCONCLUSIVE), "", INCONCLUSIVE
    args = (rules.alpha, row.equivalent, rules.exact)
    word, reason = verdict(row.n, row.effect, row.p_adjusted, *args)
    # adjusting over the finished seeds may move contrasts of which no trial diverged
    without = word
    if row.diverged:
        finished = (row.n_finished, row.effect_finished, row.p_adjusted_finished)
        without, _ = verdict(*finished, rules.alpha, False, rules.exact)
    if _vetoed(word, without, row.n_finished, rules.finished):
        return INCONCLUSIVE, _veto(row, word, without), without
    if word == INCONCLUSIVE and without in (BETTER, WORSE):
        return word, f"{without} without the seeds in which a side diverged", without
    return word, reason or disagreement(word, row.low, row.high), without


def _sequential(row: Any, rules: Rules, word: str, reason: str) -> tuple[str, str, str]:
    """The decision of the looks. A test of the finished seeds, as of fixed ones, can only veto."""
    if not row.diverged or row.diverged_alone or word not in (BETTER, WORSE):
        return word, reason, word
    finished = (row.n_finished, row.effect_finished, row.p_adjusted_finished)
    without, _ = verdict(*finished, rules.alpha, False, rules.exact)
    if _vetoed(word, without, row.n_finished, rules.finished):
        return INCONCLUSIVE, f"{reason}: {_veto(row, word, without)}", without
    return word, reason, without


def _veto(row: Any, word: str, without: str) -> str:
    trials = "trial" if row.diverged == 1 else "trials"
    return f"{word} with the diverged {trials}, {without} without"


def _vetoed(word: str, without: str, finished: int, enough: int) -> bool:
    if word == INCONCLUSIVE or without == word:
        return False
    if without == INCONCLUSIVE:  # which it also is of what is equivalent
        return word != EQUIVALENT and finished >= enough
    return True


def by_count(n: int, contrasts: int) -> float:
    """How likely it is, at most, that one side diverges in all n seeds and the other in none.

    If both diverge with the same probability q, 2 (q (1 − q))ⁿ ≤ 2 / 4ⁿ; for all contrasts
    together by Bonferroni. No value of a failure, nor what other contrasts scatter, enters it.
    """
    return min(1.0, contrasts * 2 / float(4**n))


def disagreement(word: str, low: float, high: float) -> str:
    """Where test and interval do not say the same: one is exact, the other parametric."""
    outside = bool(low > 0 or high < 0)
    if word in (BETTER, WORSE) and not outside:
        return "the test decides, though the interval includes zero"
    if word in (EQUIVALENT, INCONCLUSIVE) and outside:
        return "the test decides, though the interval leaves out zero"
    return ""
