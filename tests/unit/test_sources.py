"""Each source has its name where it is mentioned first: in the terminal, the report, the README."""

import re
import sys
from pathlib import Path

import pytest

from harness import cli
from harness.heuristics.sources import CITED, SOURCES, introduced, mentioned
from harness.report.blocks import Code, Heading, Items, Label, Table, Tag, Terms, Text
from harness.report.cited import with_sources
from harness.report.html import Front, breakable
from harness.report.markdown import render_markdown

ROOT = Path(__file__).parents[2]
FRONT = Front("run", "Title", "Which tips of S0 and S1 help, from S0's recipe?", [], [])
S0, S1, S2 = (f"{name} ({SOURCES[name].short})" for name in ("S0", "S1", "S2"))
PAGES = [
    path
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    if mentioned(path.read_text("utf-8"))
]


def test_what_is_not_known_of_a_source_is_said():
    before, links = zip(*(CITED[name].rsplit(", ", 1) for name in SOURCES), strict=True)
    assert before[0].endswith("Keras example, 2021")
    assert before[1].endswith("Machine Learning Mastery, 2019")
    assert before[3] == "Making GANs train, notes on Pix2Pix, author and year unknown"
    assert all(link.startswith("https://") for link in links)
    assert [source.short for source in SOURCES.values()] == [
        "A. Béres 2021",
        "J. Brownlee 2019",
        "J. Hui 2018",
        "Making GANs train",
        "Beating the GAN Game",
    ]


def test_a_text_explains_a_source_once_and_no_other_word():
    assert introduced("S0's recipe, and S0") == "S0's (A. Béres 2021) recipe, and S0"
    assert introduced("S0 and S1", ["S0"]) == f"S0 and {S1}"
    assert introduced("S05, _S0, S9 and CS1") == "S05, _S0, S9 and CS1"


def test_a_page_explains_each_source_where_it_is_read_first_and_lists_them():
    blocks = [
        Items("Advice", ["S2 asks", "S2 answers"]),
        Table("Claims", ["Tip", "Source"], [["one", "S1"], [Label("S2", "S0"), Tag("S3", "good")]]),
        Terms("Study", [("Sources", "S0; S1")]),
        Code("harness heuristics --source S4"),
        Text("S1"),
    ]
    front, page = with_sources(FRONT, blocks)
    assert front.question == f"Which tips of {S0} and {S1} help, from S0's recipe?"
    assert page[0].items == [f"{S2} asks", "S2 answers"]
    assert page[1].rows == [["one", "S1"], [Label("S2", "S0"), Tag("S3", "good")]]
    assert (page[2], page[3], page[4]) == tuple(blocks[2:])
    assert page[5] == Heading("Sources", "sources")
    assert page[6].terms == [(name, CITED[name]) for name in ("S0", "S1", "S2")]


LINKED = {name: f'<a href="{SOURCES[name].link}">{SOURCES[name].short}</a>' for name in SOURCES}


@pytest.mark.parametrize("name", SOURCES)
def test_what_explains_a_source_is_a_link_in_html_and_markdown(name):
    short, link = SOURCES[name].short, SOURCES[name].link
    for text in (f"{name} and {short}", f"{name}'s view", f"as {name}, S4 and <b>"):
        told = introduced(text)
        assert breakable(told).count(f"({LINKED[name]})") == 1
        assert render_markdown(FRONT, [Text(told)]).count(f"([{short}]({link}))") == 1
    assert breakable(f"{short} ({short})") == f"{short} ({short})"  # nothing introduces it


def test_a_page_that_names_no_source_stays_as_it_is():
    front, blocks = FRONT._replace(question="Does it help?"), [Text("It does.")]
    assert with_sources(front, blocks) == (front, blocks)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_document_explains_each_source_that_it_names(page):
    text = page.read_text("utf-8")
    linked = re.search(r"\[[^]]*(S0 to S4|sources)[^]]*\]\(heuristics.md\)", text)
    for name in () if linked else mentioned(text):
        assert SOURCES[name].short in text or CITED[name] in text, name


def test_the_readme_and_the_definition_agree():
    text = (ROOT / "README.md").read_text("utf-8")
    written = dict(re.findall(r"\*\*(S\d)\*\* (.*?)(?:;|\.$)", text, re.MULTILINE))
    assert written == {name: CITED[name] for name in mentioned(text)}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["plan", "quickstart"], ["S0", "S1", "S2", "S3"]),
        (["heuristics", "hinge_loss"], ["S0"]),
        (["heuristics", "--source", "S4"], None),
        (["knobs", "--source", "S3"], ["S3"]),
    ],
)
def test_the_terminal_explains_each_source_that_it_names(
    arguments, named, monkeypatch, capsys, tmp_path
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["harness", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code in (0, None)
    output = capsys.readouterr().out
    assert named is None or mentioned(output) == named
    for name in mentioned(output):
        assert f"{name}: {CITED[name]}" in output
