"""What a study says of the sources' claims."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from harness.analysis.effects import (
    BETTER,
    EQUIVALENT,
    INCONCLUSIVE,
    MAX_T,
    WORSE,
    differences,
    estimates,
    primary,
    verdict,
)
from harness.analysis.failures import failure_effects
from harness.analysis.frame import Frames, each_row
from harness.analysis.learning import of_reference
from harness.analysis.verdicts import NOT_JUDGED as UNTESTED

SUPPORTED, CONTRADICTED, UNDECIDED = "supported", "contradicted", "undecided"
NOT_TESTED, NOT_JUDGED = "not tested here", "not judged"

_JUDGEMENTS = {
    ("helps", BETTER): SUPPORTED,
    ("helps", WORSE): CONTRADICTED,
    ("helps", EQUIVALENT): CONTRADICTED,
    ("hurts", BETTER): CONTRADICTED,
    ("hurts", EQUIVALENT): CONTRADICTED,
    ("hurts", WORSE): SUPPORTED,
    ("no_effect", EQUIVALENT): SUPPORTED,
    ("no_effect", BETTER): CONTRADICTED,
    ("no_effect", WORSE): CONTRADICTED,
}
_COLUMNS = ("contrast", "title", "design", "source", "effect", "of", "condition", "quote")


def judge(claim: Mapping[str, Any], found: str, n: int) -> str:
    """What a verdict says of a claim; `met` is whether its condition holds here (None: unknown)."""
    if claim["effect"] == "depends":
        return NOT_JUDGED
    if claim.get("condition") and claim.get("met") is None:
        return NOT_JUDGED  # "supported" would say that the condition holds
    if n == 0 or claim.get("met") is False or found not in _VERDICTS:
        return NOT_TESTED
    return _JUDGEMENTS.get((claim["effect"], found), UNDECIDED)


_VERDICTS = (BETTER, WORSE, EQUIVALENT, INCONCLUSIVE)


def claims(frames: Frames, ranking: pd.DataFrame) -> pd.DataFrame:
    """One row a claim of a ranked contrast, in the order of the ranking.

    What a claim is `of` decides by what it is judged: quality by the ranking, stability by failure
    rates, variety by coverage; for the fidelity of single images there is no metric.
    """
    said = {contrast["name"]: contrast.get("claims", []) for contrast in frames.plan["contrasts"]}
    found = _verdicts(frames, ranking)
    unlearnt = of_reference(frames.plan, frames.trials)  # nothing is told by what learns nothing
    rows = []
    for row in each_row(ranking):
        for claim in said[row.contrast]:
            of = claim.get("of", "quality")
            word, n = found.get(of, {}).get(row.contrast, ("", 0))
            if unlearnt or (row.unlearnt_following and row.unlearnt_ignoring):
                word = UNTESTED
            values = (row.contrast, row.title, row.design, claim["source"], claim["effect"], of,
                      claim.get("condition", ""), claim.get("quote", ""))  # fmt: skip
            rows.append((*values, word, judge(claim, word, n)))
    return pd.DataFrame(rows, columns=[*_COLUMNS, "verdict", "judgement"])


def _verdicts(frames: Frames, ranking: pd.DataFrame) -> dict[str, dict[str, tuple[str, int]]]:
    quality = {row.contrast: (str(row.verdict), int(row.n)) for row in each_row(ranking)}
    if not frames.plan["evidence"]:
        return dict.fromkeys(("quality", "stability", "variety"), quality)
    stability = {
        row.contrast: (str(row.verdict), int(row.n)) for row in each_row(failure_effects(frames))
    }
    return {"quality": quality, "stability": stability, "variety": _variety(frames)}


def _variety(frames: Frames) -> dict[str, tuple[str, int]]:
    """Verdicts on the coverage of the last evaluation, each contrast by itself."""
    trials = frames.trials.assign(final=-frames.trials["coverage"])  # more is better
    alpha, exact = float(frames.plan["alpha"]), primary(len(frames.plan["seeds"])) == MAX_T
    found = {}
    for contrast in frames.plan["contrasts"]:
        values = differences(trials, contrast["weights"])["difference"].to_numpy(float)
        row = estimates(values[:, None], alpha, exact).iloc[0]
        word, _ = verdict(len(values), row["effect"], row["p_adjusted"], alpha, False, exact)
        found[contrast["name"]] = (word, len(values))
    return found
