"""The ranking as a LaTeX table, to be read into a paper by \\input."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from harness.analysis.frame import each_row
from harness.core import format as show
from harness.report import words
from harness.report.data import ReportData
from harness.report.summary import judged, titled

COLUMNS = ("Tip", "Effect", "Interval", "$n$", "$p$ (adj.)", "Verdict")
# as wide as the text, whatever that is: titles are broken into what the numbers leave
FITTED = (
    "\\small",
    "\\setlength{\\tabcolsep}{4pt}",
    "\\begin{tabularx}{\\linewidth}{@{}Xrrrrl@{}}",
)
_ESCAPES: Mapping[int, str] = str.maketrans(
    {
        **{letter: f"\\{letter}" for letter in "&%$#_{}"},
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "[": "{[}",  # or it would be an option of the line break before it
        show.MINUS: "$-$",
        "\u00d7": "$\\times$",
        "\u00b3": "$^3$",
        show.THIN: r"\,",
        show.NONE: "--",
        show.ELLIPSIS: r"\dots{}",
        "\u0160": r"\v{S}",  # Šidák
        "\u00e1": r"\'a",
        "\n": " ",
    }
)


def escaped(text: str) -> str:
    """Text that LaTeX sets as it is."""
    return text.translate(_ESCAPES)


def ranking_tex(data: ReportData) -> str:
    """A table a metric identity; it needs the packages booktabs and tabularx."""
    groups = list(data.ranking.groupby("identity", sort=False, dropna=False))
    lines = [f"% {data.plan['run_name']}: needs \\usepackage{{booktabs,tabularx}}"]
    for number, (_, rows) in enumerate(groups, 1):
        label = data.plan["run_name"] + (f"-{number}" if len(groups) > 1 else "")
        lines += _table(data, rows, label)
    return "\n".join(lines) + "\n"


def _table(data: ReportData, rows: pd.DataFrame, label: str) -> Iterator[str]:
    title = escaped(data.plan["title"])
    unit = f"on {escaped(data.objective.unit)}, paired by seed; negative helps"
    spans = words.intervals(data)
    caption = f"{title}: effects {unit}{escaped(f', with {spans}' if spans else '')}."
    if not data.plan["evidence"]:
        caption += " These numbers are no evidence."
    scale = data.objective.scale
    places = show.decimals(rows["effect"], scale)
    yield from (
        "\\begin{table}",
        "\\centering",
        f"\\caption{{{caption}}}",
        f"\\label{{tab:{label}}}",
        *FITTED,
        "\\toprule",
        " & ".join(COLUMNS) + r" \\",
        "\\midrule",
    )
    for row in each_row(rows):
        yield r"\raggedright " + " & ".join(map(escaped, _cells(row, places, scale))) + r" \\"
    yield from ("\\bottomrule", "\\end{tabularx}", "\\end{table}")


def _cells(row: Any, places: int, scale: float) -> tuple[str, ...]:
    return (
        titled(row.title, row.design),
        show.kid(row.effect, places, True, scale),
        show.interval(row.low, row.high, places, scale),
        str(row.n) if row.n == row.planned else f"{row.n} of {row.planned}",
        show.p_value(row.p_adjusted),
        judged(row.verdict, row.reason),
    )
