"""results/*/*.json → the tables in benchmarks/README.md, between their markers."""

import json
import re
from pathlib import Path
from typing import Any

from benchmarks.measure import RESULTS, ROOT, ROWS

README = ROOT / "benchmarks" / "README.md"
BLOCK = re.compile(r"(?<=<!-- generated -->\n).*?(?=<!-- end -->)", re.DOTALL)


def main() -> None:
    """Write the tables anew."""
    README.write_text(BLOCK.sub(lambda _: tables(), README.read_text("utf-8")), "utf-8")


def results(machine: Path) -> dict[str, dict[str, Any]]:
    """The results of one machine, its folder given, by row."""
    found = {name: machine / f"{name}.json" for name in ROWS}
    return {name: json.loads(path.read_text()) for name, path in found.items() if path.exists()}


def tables() -> str:
    """All that is generated: a machine at a time its lines, then what each row has to say."""
    machines = [results(path) for path in sorted(RESULTS.iterdir())]
    return "\n\n".join([part for found in machines for part in _parts(found)]) + "\n"


def _parts(found: dict[str, dict[str, Any]]) -> list[str]:
    head = ("what", "unit", "ours", "baseline", "ratio", "target", "met")
    rows = [_cells(line, result["quick"]) for result in found.values() for line in result["lines"]]
    of = next(iter(found.values()))["machine"]
    cards = "".join(f", {card}" for card in of.get("gpus", []))
    return [
        f"### {of['cpu']}, {of['cores']} cores{cards}",
        *([_table(head, rows)] if rows else []),
        *(_section(result) for result in found.values()),
    ]


def _section(result: dict[str, Any]) -> str:
    parts = [f"#### {result['title']}", f"`{result['row']}`: {_machine(result)}"]
    parts += result["notes"]
    for table in result["tables"]:
        parts += [f"**{table['title']}**", _table(table["columns"], table["rows"])]
    parts += [f"![{plot['title']}](results/{plot['file']})" for plot in result["plots"]]
    return "\n\n".join(parts)


def _machine(result: dict[str, Any]) -> str:
    of = result["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in of["versions"].items())
    changed = " with uncommitted changes" if of["uncommitted"] else ""
    has = f", {' '.join(of['instructions'])}" if "instructions" in of else ""
    quick = " **Quick run: few repeats, so take it as a sketch.**" if result["quick"] else ""
    return (
        f"{of['date']}, commit {of['commit']}{changed}, {of['memory_gb']:g} GB{has}, "
        f"Python {of['python']}, {versions}; took {result['seconds']:.0f} s.{quick}"
    )


def _cells(line: dict[str, Any], quick: bool) -> list[str]:
    target = line.get("target")
    wanted = f"{target['relation']} {target['value']:g}" if target else ""
    if target and target["of"] == "ratio":
        wanted += " ×"
    ratio = line.get("ratio")
    return [
        f"{line['what']} (quick run)" if quick else line["what"],
        line["unit"],
        _spread(line["ours"]),
        _spread(line["baseline"]) if "baseline" in line else "",
        f"**{number(ratio['median'])} ×** ({_range(ratio)})" if ratio else "",
        wanted.replace(">=", "≥").replace("<=", "≤"),
        {True: "yes", False: "**no**", None: ""}[line.get("met")],
    ]


def _spread(of: dict[str, Any]) -> str:
    return number(of["median"]) if of["n"] == 1 else f"{number(of['median'])} ({_range(of)})"


def _range(of: dict[str, Any]) -> str:
    return f"{number(of['q1'])} to {number(of['q3'])}"


def number(value: float) -> str:
    """Three significant digits, and never an exponent."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    digits = 2 if abs(value) >= 1 else 3
    return f"{value:.{digits}f}" if abs(value) < 10 else f"{value:.1f}"


def _table(columns: Any, rows: Any) -> str:
    shown = [
        [number(cell) if isinstance(cell, float) else str(cell) for cell in row] for row in rows
    ]
    lines = [columns, ["---"] * len(columns), *shown]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
