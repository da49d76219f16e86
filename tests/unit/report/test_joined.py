"""No line of a page parts a number and its unit, the sides of a sign, or a name and its number."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from harness.app import analysis
from harness.report import html, render
from harness.report.blocks import Table
from harness.report.html import fragment, labelled
from harness.report.joined import join
from tests.pages import read_page
from tests.synthetic import TIDY, build
from tests.undrawn import undraw

RUNS = {"one": "Four tips on CIFAR-10", "two": "Four tips on Fashion-MNIST"}
PARTED = re.compile(
    r"\d (?:%|px\b|kimg\b|s\b|min\b|h\b)|[±→−] |\b\w+ = \S|< \d|\d ×|× \d|\[[−+\d.\u202f]+, "
    r"|CIFAR-10|Fashion-MNIST"
)


class Nodes(HTMLParser):
    """Text that may wrap, and text that is kept on one line."""

    def __init__(self, page):
        super().__init__()
        self.stack, self.free, self.kept, self.mixed = [], [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if self.stack and self.stack[-1][0] == "td":
            self.stack[-1][1].append(tag)
        if tag not in ("meta", "link", "br", "wbr", "img", "input"):
            name = "whole" if dict(attrs).get("class") == "whole" else tag
            self.stack.append((name, []))

    def handle_endtag(self, tag):
        name, parts = self.stack.pop()
        if name == "td" and len(parts) > 1:
            self.mixed.append(parts)

    def handle_data(self, data):
        names = {name for name, _ in self.stack}
        if names & {"script", "style", "svg", "pre", "code", "title"}:
            return
        if self.stack and self.stack[-1][0] == "td" and data.strip():
            self.stack[-1][1].append(data)
        (self.kept if "whole" in names else self.free).append(data)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two runs whose titles name their data, with further numbers in titles and questions."""
    root = tmp_path_factory.mktemp("joined")
    base = {**TIDY.baseline, "training.evaluations": 5, "training.kimg": 32.0}
    for name, title in RUNS.items():
        made = build(root, replace(TIDY, run_name=name, seeds=range(3), baseline=base, grids=2))
        path = made.study(name) / "plan.json"
        plan = json.loads(path.read_text())
        question = "Does it help within ± 5 % on CIFAR-10 at 16 × 16 pixels?"
        path.write_text(json.dumps({**plan, "title": title, "question": question}))
    return made


@pytest.fixture
def pages(made, monkeypatch):
    """A function that renders a study's page, a comparison's and the list of reports."""
    undraw(monkeypatch)

    def rendered():
        study = render("one", made).path
        _, comparison = analysis.compare([*RUNS], made)
        return [study, comparison, made.reports / "index.html"]

    return rendered


def test_no_line_of_a_page_ends_amid_a_number_with_its_unit_a_sign_or_a_name(pages):
    for page in pages():
        nodes = Nodes(page.read_text())
        parted = [text for text in nodes.free if PARTED.search(text)]
        assert parted == [], page
        assert nodes.mixed == []
        kept = " ".join(nodes.kept)
        for words in ("CIFAR-10", "± 5 %", "beta_1 = 0.5"):
            assert words in kept or page.parent.name == "reports"


def test_words_are_copied_as_they_were(pages, monkeypatch):
    before = [read_page(page) for page in pages()]
    monkeypatch.setattr(html, "join", str)
    assert [page.read_text() for page in pages()] == before


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("is ± 22.2 % of it", ["± 22.2 %"]),
        ("less than 1 %", ["1 %"]),
        ("Adam with beta_1 = 0.5", ["beta_1 = 0.5"]),
        ("on CIFAR-10, not on tips_on_digits-12634d", ["CIFAR-10,"]),
        ("took 2 h 05 min (p &lt; 0.001)", ["2 h 05 min", "(p &lt; 0.001)"]),
        ("−31.3 [−277.1, +214.5] % of what", ["[−277.1, +214.5] %"]),
        ("untrained → end: following − ignoring", ["→ end:", "− ignoring"]),
        ("KID × 10³ of 4 cells × 6 seeds", ["KID × 10³", "× 6"]),
        ("best: seed 7, KID × 10³ 131.7", ["KID × 10³ 131.7"]),
        ("a t-interval, one-sided, of 3 seeds", ["t-interval,"]),
        ("what_is_longer_than_half_a_phone = 0.5", []),
        ("<code>a = 1</code><pre>b = 2</pre><svg><text>5 %</text></svg><p title='c = 3'>d</p>", []),
    ],
)
def test_what_is_kept_on_one_line(text, kept):
    joined = join(text)
    assert re.findall('<span class="whole">(.*?)</span>', joined) == kept
    assert re.sub('<span class="whole">(.*?)</span>', r"\1", joined) == text


def test_labels_of_the_cells_of_a_phone_have_spaces_that_do_not_break():
    assert labelled("KID × 10³ at 16 px") == "KID\u00a0×\u00a010³ at 16\u00a0px"


def test_a_cell_of_a_notebook_is_one_element():
    shown = fragment([Table("All", ["Tip"], [["Adam with beta_1 = 0.5"], ["plain"]])])
    assert '<td role="cell" data-label="Tip"><span>Adam with <span class="whole">' in shown
    assert ">plain</td>" in shown
