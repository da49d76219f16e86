"""Tables as LaTeX, to be read into a paper by \\input."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from harness.analysis.ranked import RankedRow
from harness.core import format as show
from harness.report import second, words
from harness.report.data import ReportData

_P = "$p$ (adj.)"
STARRED = "An asterisk marks verdicts that do not follow from the interval; the report says why."
COLUMNS = ("Tip", "Effect", "Interval", "$n$", _P, "Verdict")
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


class Tabular(NamedTuple):
    """A table: a title first, numbers, and words at the end; caption and columns are LaTeX."""

    caption: str
    label: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]  # text, not escaped
    words: int = 1  # columns at the end


def document(name: str, tables: Iterable[Tabular]) -> str:
    """Tables in one file; it needs the packages booktabs and tabularx."""
    lines = [f"% {name}: needs \\usepackage{{booktabs,tabularx}}"]
    for table in tables:
        lines += _lines(table)
    return "\n".join(lines) + "\n"


def _lines(table: Tabular) -> Iterator[str]:
    numbers = len(table.columns) - 1 - table.words
    yield from (
        "\\begin{table}",
        "\\centering",
        f"\\caption{{{table.caption}}}",
        f"\\label{{tab:{table.label}}}",
        "\\small",
        "\\setlength{\\tabcolsep}{4pt}",
        # as wide as the text, whatever that is: titles are broken into what the numbers leave
        f"\\begin{{tabularx}}{{\\linewidth}}{{@{{}}X{'r' * numbers}{'l' * table.words}@{{}}}}",
        "\\toprule",
        " & ".join(table.columns) + r" \\",
        "\\midrule",
    )
    for row in table.rows:
        yield r"\raggedright " + " & ".join(map(escaped, row)) + r" \\"
    yield from ("\\bottomrule", "\\end{tabularx}", "\\end{table}")


def ranking_tex(data: ReportData) -> str:
    """The ranking, a table a metric identity."""
    groups = data.by_identity.values()
    tables = []
    for number, rows in enumerate(groups, 1):
        label = data.plan.run_name + (f"-{number}" if len(groups) > 1 else "")
        drop = {COLUMNS.index(_P)} if data.plan.looks else set()  # looks give no p
        named = (*COLUMNS, *(f"By $M_{place}$" for place, _ in _further(data)))
        every = [named, *(_cells(data, row) for row in rows)]
        columns, *cells = [
            [text for place, text in enumerate(row) if place not in drop] for row in every
        ]
        tables.append(Tabular(_caption(data), label, columns, cells, 1 + len(data.further)))
    return document(data.plan.run_name, tables)


def _caption(data: ReportData) -> str:
    title = escaped(data.plan.title)
    unit = f"on {escaped(data.objective.unit)}, paired by seed; negative helps"
    spans = words.intervals(data)
    caption = f"{title}: effects {unit}{escaped(f', with {spans}' if spans else '')}."
    if any(row.starred_verdict != row.verdict_text for row in data.ranked):
        caption += f" {STARRED}"
    if data.further:
        names = (f"$M_{place}$, {escaped(name)}" for place, name in _further(data))
        caption += f" Verdicts by further metrics: {'; '.join(names)}."
    return caption if data.plan.evidence else f"{caption} These numbers are no evidence."


def _further(data: ReportData) -> Iterator[tuple[int, str]]:
    """Number and name of each further metric."""
    return enumerate(second.labels(data), 1)


def _cells(data: ReportData, row: RankedRow) -> tuple[str, ...]:
    _, title = row.names
    numbers = row.effect_text, row.interval_text, row.n_text, row.p_text
    return title, *numbers, row.starred_verdict, *second.words(data, row.contrast)
