"""Where the numbers come from, and how to make them again."""

import json
from collections.abc import Sequence

from harness.analysis.frame import each_row
from harness.config.inputs.facts import terms
from harness.core import format as show
from harness.report.blocks import Block, Cell, Code, Heading, Table, Terms, Text
from harness.report.data import ReportData
from harness.report.plugged import plugins
from harness.report.private import place, shareable
from harness.report.read_files import list_files
from harness.report.sections.failures import word

LISTED = 20  # seeds that are named
MOST = 200  # trials listed in the page; the CSV has them all


def build(data: ReportData) -> list[Block]:
    """The declared study, the metric, machines and versions, configuration, trial keys."""
    return [
        Heading("Provenance", "provenance"),
        Terms("Study", _study(data)),
        Terms("Metric", _metric(data)),
        Terms("Images", _images(data)),
        *_plugins(data),
        Terms("Where it was trained", _surroundings(data)),
        Terms("The reference, where it differs from the defaults", _knobs(data), folded=True),
        _keys(data),
        Text(
            "Run it again, with the path of the study file where it is not in studies/; what is "
            "trained already is not trained twice:"
        ),
        Code(_commands(data)),
        *list_files(data),
    ]


def _study(data: ReportData) -> list[tuple[str, str]]:
    plan = data.plan
    seeds = "Seeds, at most" if plan.looks else "Seeds"
    return [
        ("Run name", plan.run_name),
        ("Profile", plan.profile or "none"),
        ("Design", plan.design.replace("_", " ")),
        (seeds, f"{len(plan.seeds)} ({_first(plan.seeds)})"),
        ("Objective", plan.objective),
        ("Level of significance", show.plain(plan.alpha)),
        ("Declared analysis", plan.analysis_digest),
        ("Sources", "; ".join(plan.sources) or "none named"),
        *(plan.plugins.sources if plan.plugins else {}).items(),
    ]


def _first(seeds: Sequence[int]) -> str:
    named = [str(seed) for seed in seeds[:LISTED]]
    return ", ".join(named + [show.ELLIPSIS] * (len(seeds) > LISTED))


def _plugins(data: ReportData) -> list[Block]:
    """Where the code and the tips come from that are none of the harness."""
    rows = [
        (f"{kind} {name}", f"{file}, content {digest}")
        for kind, name, digest, file in plugins(data)
    ]
    return [Terms("Plug-ins", rows)] if rows else []


def _metric(data: ReportData) -> list[tuple[str, str]]:
    metrics = data.frames.metrics
    if metrics.empty:
        return [("Identity", "nothing has been scored yet")]
    terms = []
    for row in each_row(metrics):
        terms.append(("Identity", row.identity))
        encoder = data.encoder(row) + show.pixels(row.resolution)
        asked = f"{row.protocol}, encoder {encoder}, {row.n} generated against {row.m} real images"
        terms.append(("Description", f"KID by {asked}; {show.count(row.trials, 'trial')}"))
    terms += [("Further metric", further.about.identity) for further in data.further]
    return terms


def _images(data: ReportData) -> list[tuple[str, str]]:
    """Of each data set that was trained on, with its cells where there are several."""
    cells_of: dict[str, list[str]] = {}
    for cell, facts in data.frames.images.items():
        cells_of.setdefault(json.dumps(facts, sort_keys=True), []).append(cell)
    if not cells_of:
        count = data.trained_on
        size = f"{show.number(count, 0)} by the catalogue" if count else "not recorded"
        return [("Training images", size)]
    rows: list[tuple[str, str]] = []
    for text, cells in cells_of.items():
        facts = json.loads(text)
        named = ", ".join(data.names[cell] for cell in cells)
        whose = f" ({named})" if len(cells_of) > 1 else ""
        rows += [("Data set", facts["name"] + whose), *terms(facts)]
    return rows


def _surroundings(data: ReportData) -> list[tuple[str, str]]:
    rows = data.frames.environments
    if rows.empty:
        return [("Trained", "nothing yet")]
    commits = rows[["commit", "dirty"]].drop_duplicates()
    code = [
        (str(row.commit)[:12] or "no commit") + (" with uncommitted changes" if row.dirty else "")
        for row in each_row(commits)
    ]
    terms = [("Code (git commit)", "; ".join(code))]
    for title, name in (
        ("Hardware", "device"),
        ("Arithmetic", "arithmetic"),
        ("Platform", "platform"),
        ("Python", "python"),
        ("Libraries", "versions"),
    ):
        terms.append((title, "; ".join(sorted(set(rows[name])))))
    first, last = min(rows["at"]), max(rows["at"])
    terms.append(
        ("Trained", first[:10] if first[:10] == last[:10] else f"{first[:10]} to {last[:10]}")
    )
    return terms


def _knobs(data: ReportData) -> list[tuple[str, str]]:
    changed = [(path, place(value)) for path, value in data.changed.items()]
    return changed or [("All knobs", "at their defaults")]


def _keys(data: ReportData) -> Table:
    trials = data.frames.trials
    places = show.decimals(trials["final"])
    rows: list[list[Cell]] = [
        [
            data.names[row.cell],
            str(row.seed),
            word(row.status),
            show.kid(row.final, places),
            row.key,
        ]
        for row in each_row(trials.head(MOST))
    ]
    more = f" (the first {MOST} of {len(trials)})" if len(trials) > MOST else ""
    columns = ["Cell", "Seed", "Status", "KID × 10³", "Key"]
    caption = f"Trials and their keys{more}"
    return Table(caption, columns, rows, frozenset({1, 3}), "tables/trials.csv", folded=True)


def _commands(data: ReportData) -> str:
    changes = {path: shareable(value) for path, value in data.plan.changes.items()}
    plan = data.plan.replaced(changes=changes)
    return "\n".join(map(plan.command, ("run", "report")))
