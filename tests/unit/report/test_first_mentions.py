"""On a whole page, each source has name, author, year and a link where it is first mentioned."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from harness.heuristics.sources import SOURCES, mentioned
from harness.report import render
from tests.synthetic import TIDY, TIPS, build

QUESTION = "Do S2's tips help, or those of S4?"
ASIDE = ("script", "style", "title")  # no text of the page
QUICK = TIDY.baseline | {"training.evaluations": 5, "training.kimg": 32.0}


class Words(HTMLParser):
    """The text of a page as it is read, with links as Markdown has them."""

    def __init__(self, text):
        super().__init__()
        self.text, self.aside, self.link = "", [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag in ASIDE:
            self.aside.append(tag)
        if tag not in ("a", "wbr", "code", "span"):
            self.text += "\n"
        if tag == "a":
            self.link = dict(attrs)["href"]
            self.text += "["

    def handle_endtag(self, tag):
        if tag in ASIDE:
            self.aside.pop()
        if tag == "a":
            self.text += f"]({self.link})"

    def handle_data(self, data):
        self.text += "" if self.aside else data


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """The folder of the reports of two studies that name sources in question, texts and tables."""
    root = tmp_path_factory.mktemp("sources")
    for name, question in (("one", QUESTION), ("two", "And S1?")):
        made = replace(TIDY, tips=TIPS, seeds=range(2), baseline=QUICK, grids=1, run_name=name)
        runtime = build(root, made)
        path = runtime.study(name) / "plan.json"
        plan = json.loads(path.read_text()) | {"question": question}
        path.write_text(json.dumps(plan))
        render(name, runtime)
    return runtime.reports


@pytest.mark.parametrize(
    ("page", "least"),
    [("one/index.html", 4), ("two/index.html", 4), ("one/report.md", 4), ("index.html", 3)],
)
def test_the_first_mention_of_a_source_is_explained_and_linked(reports, page, least):
    text = (reports / page).read_text("utf-8")
    text = Words(text).text if page.endswith("html") else text
    names = mentioned(text)
    assert len(names) >= least
    for name in names:
        source = SOURCES[name]
        first = re.search(rf"\b{name}\b(?:'s)?(.*)", text)[1]
        assert first.startswith(f" ([{source.short}]({source.link}))"), (name, first[:90])


def test_a_mention_without_its_link_is_seen():
    assert Words('<td>S2</td><td>by <a href="u">J. H<wbr>.</a></td>').text == "\nS2\nby [J. H.](u)"
