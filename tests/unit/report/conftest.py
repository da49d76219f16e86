"""Reports that the tests of this folder read and do not change, each rendered once."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from harness.core.registry import Registry
from harness.report import page, render, summarise_run
from harness.report.plots import marks, style
from tests.pages import read_page
from tests.synthetic import BASELINE, TIDY, TIPS, Recipe, build

QUICK = BASELINE | {"training.evaluations": 5, "training.kimg": 32.0}
SMALL = replace(TIDY, tips=TIPS[:2], seeds=range(2), baseline=QUICK)


class Page(HTMLParser):
    """Collects what the tests ask of a page."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.sources, self.images, self.tags = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append(tag)
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "a":
            self.links.append(values["href"])
        if "src" in values:
            self.sources.append(values["src"])
        if tag == "img":
            self.images.append(values)


@pytest.fixture
def parse():
    """A function that parses a page."""
    return Page


@pytest.fixture
def small():
    """Two tips, two seeds, five evaluations."""
    return SMALL


@pytest.fixture
def no_figures(monkeypatch):
    """For tests of the folder, which need no figure drawn."""
    sections = {"ranking": "harness.report.sections.ranking:build"}
    monkeypatch.setattr(page, "SECTIONS", Registry("report section", sections))


@pytest.fixture
def draft(monkeypatch):
    """Each figure is drawn once and not three times, where a test is about other things."""
    draw = style.svg
    monkeypatch.setattr(style, "drawing", lambda build: style.Drawing(draw(build, marks.WIDE), b""))
    monkeypatch.setattr(style, "svg", lambda build, width: "<svg></svg>")


@pytest.fixture(scope="session")
def runtime(tmp_path_factory):
    """One trial diverged, one crashed, one is missing."""
    return build(tmp_path_factory.mktemp("record"))


@pytest.fixture(scope="session")
def folder(runtime):
    return render(Recipe.run_name, runtime).path.parent


@pytest.fixture(scope="session")
def text(folder):
    return read_page(folder / "index.html")


@pytest.fixture(scope="session")
def found(runtime):
    """The summary for a terminal."""
    return summarise_run(Recipe.run_name, runtime)
