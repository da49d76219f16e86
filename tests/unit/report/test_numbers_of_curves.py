"""The numbers of a chart in a page: whole, where a script may read them, and nothing else."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from harness.analysis.frame import load
from harness.core.files import read_json, write_json
from harness.report import html
from harness.report.blocks import Figure, Text
from harness.report.data import analyse
from harness.report.html import Front, render_html
from harness.report.plots import style
from harness.report.sections import curves
from harness.report.sketch import Sketch
from tests.synthetic import build

FRONT = Front("a-run", "A run", "Q?", [], [])
HOSTILE = "</script><script>alert(1)</script><!-- <b> & \u2028 'x' \"y\""


class Scripts(HTMLParser):
    """The scripts of a page: attributes and content."""

    def __init__(self, text):
        super().__init__()
        self.scripts, self.inside = [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.inside = tag == "script"
        if self.inside:
            self.scripts.append([dict(attrs), ""])

    def handle_data(self, data):
        if self.inside:
            self.scripts[-1][1] += data

    def handle_endtag(self, tag):
        self.inside = False


@pytest.fixture
def drawn(monkeypatch):
    """A function that makes a page of a figure with these numbers."""
    monkeypatch.setattr(style, "drawing", lambda build: style.Drawing("<svg></svg>", b""))
    monkeypatch.setattr(style, "svg", lambda build, width: "<svg></svg>")

    def page(numbers):
        return render_html(
            FRONT, [Figure("curves", Sketch(lambda width: None), "alt", "", numbers)], {}
        )

    return page


def test_names_of_others_do_not_break_out(drawn):
    numbers = {"cells": [{"name": HOSTILE, "n": 1}]}
    (attributes, content), _, (own, _) = Scripts(drawn(numbers)).scripts
    assert attributes["type"] == "application/json"
    assert json.loads(content) == numbers
    assert own == {}
    assert not re.search("[<>&']", content)


def test_only_a_page_with_curves_has_their_script(drawn):
    plain = render_html(FRONT, [Text("No curves.")], {})
    for text, answers in ((drawn({"cells": []}), True), (drawn({}), False), (plain, False)):
        assert ("class Chart" in text) is answers
        assert f"'sha256-{_digest(text)}'" in text


def _digest(text):
    content = Scripts(text).scripts[-1][1]
    return html.base64.b64encode(html.hashlib.sha256(content.encode()).digest()).decode()


def test_real_images_are_the_floor_where_the_record_has_them(tmp_path, small):
    """Also where only a later trial has them; a record without them draws no floor."""
    runtime = build(tmp_path, small)
    (figure,) = [
        b for b in curves.build(analyse(load(small.run_name, runtime))) if b.kind == "figure"
    ]
    assert figure.numbers["floor"] is None
    assert "real images against" not in figure.caption
    assert "Dotted: the reference's untrained generator (" in figure.caption
    path = sorted(runtime.trials.glob("*/evaluations/*.json"))[-1]
    write_json(path, read_json(path) | {"real_kid": 0.0021})
    frames = load(small.run_name, runtime)
    (figure,) = [block for block in curves.build(analyse(frames)) if block.kind == "figure"]
    assert figure.numbers["floor"] == 2.1
    assert "two halves of the validation images (2.10, below a logarithmic axis" in figure.caption
    (identity,) = frames.metrics["identity"]
    assert frames.real_kid(identity) == 0.0021
    assert frames.real_kid("another") is None
    assert replace(frames, metrics=frames.metrics.iloc[:0]).real_kid(identity) is None
