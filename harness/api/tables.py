"""The tips and the hyper-parameters as tables."""

from fnmatch import fnmatchcase

import pandas as pd

from harness.api.keywords import checked
from harness.config import describe as parameters
from harness.config.patch import DEFAULTS, KNOBS
from harness.core.errors import HarnessError, unknown
from harness.heuristics import Tip
from harness.heuristics import describe as heuristics

TIPS = ("topic", "title", "statement", "following", "ignoring", "claims", "literature")
KNOB = ("meaning", "unit", "bounds", "default", "source")


@checked
def tips(
    topic: str | None = None, source: str | None = None, effect: str | None = None
) -> pd.DataFrame:
    """The tips that a study can test, one row a tip, indexed by its id.

    Columns: `topic`, `title`, `statement`; `following` and `ignoring`, the hyper-parameters that
    each side sets (a dictionary); `claims`, what each source says (text, one claim a line);
    `literature`. Of one topic, source (S0 to S4) or claimed effect (helps, hurts, no_effect,
    depends), if one is given; an unknown one is an error with the nearest.
    """
    rows = [
        {
            **heuristics.record(row),
            "claims": "\n".join(heuristics.describe_claim(claim) for claim in row.claims),
        }
        for row in heuristics.chosen(topic=topic, source=source, effect=effect)
        if isinstance(row, Tip)
    ]
    index = pd.Index([row["id"] for row in rows], name="tip")
    return pd.DataFrame(rows, columns=list(TIPS), index=index)


@checked
def knobs(pattern: str = "*") -> pd.DataFrame:
    """The hyper-parameters of a trial (knobs), one row each, indexed by dotted name.

    Columns: `meaning`, `unit`, `bounds` (text), `default` (the value), `source`. `pattern` chooses
    by name: `knobs("optimizer.*")`; one that matches none is an error with the nearest name.
    """
    rows = [row for row in parameters.rows() if fnmatchcase(row["knob"], str(pattern))]
    if not rows:
        raise HarnessError(f"knobs: {unknown('knob', pattern, KNOBS)}")
    index = pd.Index([row["knob"] for row in rows], name="knob")
    table = pd.DataFrame(rows, columns=list(KNOB), index=index)
    return table.assign(default=pd.Series({name: DEFAULTS[name] for name in index}, dtype=object))
