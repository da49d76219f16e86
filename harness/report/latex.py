"""The ranking as a LaTeX table, to be read into a paper by \\input."""

from collections.abc import Iterator, Mapping, Sequence

from harness.analysis.ranked import RankedRow
from harness.core import format as show
from harness.report import words
from harness.report.data import ReportData

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
    groups = data.by_identity.values()
    lines = [f"% {data.plan.run_name}: needs \\usepackage{{booktabs,tabularx}}"]
    for number, rows in enumerate(groups, 1):
        label = data.plan.run_name + (f"-{number}" if len(groups) > 1 else "")
        lines += _table(data, rows, label)
    return "\n".join(lines) + "\n"


def _table(data: ReportData, rows: Sequence[RankedRow], label: str) -> Iterator[str]:
    title = escaped(data.plan.title)
    unit = f"on {escaped(data.objective.unit)}, paired by seed; negative helps"
    spans = words.intervals(data)
    caption = f"{title}: effects {unit}{escaped(f', with {spans}' if spans else '')}."
    if not data.plan.evidence:
        caption += " These numbers are no evidence."
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
    for row in rows:
        yield r"\raggedright " + " & ".join(map(escaped, _cells(row))) + r" \\"
    yield from ("\\bottomrule", "\\end{tabularx}", "\\end{table}")


def _cells(row: RankedRow) -> tuple[str, ...]:
    _, title = row.names
    return title, row.effect_text, row.interval_text, row.n_text, row.p_text, row.verdict_text
