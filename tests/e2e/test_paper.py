"""Reports as a browser prints them: what belongs together is on one sheet of paper.

A table keeps its caption and head with its first two rows, no row stands alone on a sheet, and no
heading is the last of one. Where sheets end depends on all that is above, so each page is printed
several times, further and further down.
"""

import shutil
from collections import Counter, defaultdict
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from harness import app
from harness.app.analysis import compare
from harness.config.runtime import Runtime
from harness.core.files import write_json
from harness.report import render
from harness.runs.stages import Suggestion
from tests.records import record
from tests.synthetic import TIDY, Recipe, build

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
SHORT = 12  # rows of a table that is never parted
# sizes, and pixels by which a page is moved down on its first sheet
PAPERS = (("letter", 0), ("A4", 170), ("letter", 340), ("A4", 510))
LOOSE = """@media print { * { break-before: auto !important; break-after: auto !important;
  break-inside: auto !important; } }"""
RATE = "optimizer.generator.learning_rate"
SMALL = """question: Q?
baseline: {data.name: digits, data.image_size: 16, training.kimg: 6.4, training.evaluations: 5}
"""
CROSSED = f"""title: Crossed
{SMALL}heuristics: [batch_norm_in_discriminator, spectral_norm, adam_beta_1_half, hinge_loss]
design: factorial
seeds: 6
"""
HUNT = f"""title: Hunt
{SMALL}heuristics: [spectral_norm]
design: search
seeds: 1
search: {{space: {{{RATE}: {{low: 1.0e-5, high: 1.0e-3, log: true}}}}, trials: 30}}
"""


def _places(root, name, text):
    (root / "studies").mkdir()
    (root / "studies" / f"{name}.yaml").write_text(text)
    return Runtime(runs=root / "runs", reports=root / "reports", studies=root / "studies")


def _rendered(plan, runtime):
    write_json(runtime.study(plan.run_name) / "plan.json", plan.to_json())
    for number, trial in enumerate(plan.trials):
        record(runtime, trial, 0.2 + 0.01 * (number % 7))
    return render(plan.run_name, runtime).path


def _small(root):
    return render("small", build(root, replace(TIDY, run_name="small", seeds=range(3)))).path


def _failures(root):
    return render(Recipe.run_name, build(root)).path


def _committed(root):
    shutil.copytree(ROOT / "reports/tips_on_digits/record", root / "reports/tips_on_digits/record")
    return render("tips_on_digits", Runtime(root / "runs", root / "reports", root / "studies")).path


def _factorial(root):
    runtime = _places(root, "crossed", CROSSED)
    return _rendered(app.plan("crossed", runtime)[0], runtime)


def _search(root):
    runtime = _places(root, "hunt", HUNT)
    plan, _ = app.plan("hunt", runtime)
    made = tuple(
        Suggestion(
            params={RATE: 1e-5 * 1.15**n, "spectral_norm": ("on", "off")[n % 2]},
            cell=f"suggestion {n}",
            refused="",
        )
        for n in range(1, 30)
    )
    grown = plan.stages.search.replaced(suggestions=made)
    return _rendered(plan.stages.suggested(plan, grown, runtime.cache), runtime)


def _comparison(root):
    for name in ("one", "two", "three"):
        knobs = {**TIDY.baseline, "training.ema": {"one": 0.9, "two": 0.95, "three": 0.99}[name]}
        runtime = build(root, replace(TIDY, run_name=name, seeds=range(4), baseline=knobs))
    return compare(["one", "two", "three"], runtime)[1]


PAGES = {
    "small": _small,
    "failures": _failures,
    "committed": _committed,
    "factorial": _factorial,
    "search": _search,
    "comparison": _comparison,
}


@pytest.fixture(scope="module", params=PAGES)
def page(request, tmp_path_factory):
    return PAGES[request.param](tmp_path_factory.mktemp(request.param))


def parted(landed):
    """What is on another sheet than what it belongs to."""
    tables = defaultdict(list)
    for block in landed:
        tables[block.table].append(block)
    heads = [
        (block, following)
        for block, following in pairwise(landed)
        if block.kind in ("h2", "h3", "summary", "caption", "thead")
        and block.sheet != following.sheet
    ]
    rows = {
        number: [block for block in blocks if block.kind == "tr"]
        for number, blocks in tables.items()
        if number
    }
    sheets = {number: Counter(row.sheet for row in each) for number, each in rows.items()}
    alone = [
        (number, counted)
        for number, counted in sheets.items()
        if len(counted) > 1 and (len(rows[number]) <= SHORT or min(counted.values()) < 2)
    ]
    return heads + alone


def _printed(browser, page, more=""):
    for paper, down in PAPERS:
        style = f"@page {{ size: {paper}; }} header {{ padding-top: {down}px; }} {more}"
        yield browser.printed(page, style)


def test_what_belongs_together_is_on_one_sheet(browser, page):
    for landed in _printed(browser, page):
        assert {"h2", "caption", "thead", "tr", "figure"} <= {block.kind for block in landed}
        assert landed[-1].sheet > 3
        assert parted(landed) == []


def test_what_is_parted_is_seen(browser, tmp_path):
    """Without the rules of the style sheet."""
    assert any(map(parted, _printed(browser, _failures(tmp_path), LOOSE)))
