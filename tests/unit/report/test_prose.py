"""Sentences with code in them, and where long names may break, on the page and in Markdown."""

import re
from dataclasses import replace

from harness.core import format as show
from harness.report.blocks import Items, Table, Terms, Text
from harness.report.html import Front, fragment, labelled, linked, prose
from harness.report.markdown import render_markdown

COMMAND = "harness evaluate my_study --metric subsets"


def test_code_in_a_sentence_breaks_between_its_words_alone():
    assert prose(f"Then: `{COMMAND}`") == (
        "Then: <code><span>harness</span> <span>evaluate</span> <span>my_study</span> "
        "<span>--metric</span> <span>subsets</span></code>"
    )
    assert prose("<b>a `b") == "&lt;b&gt;a `b"


def test_labels_of_the_cells_of_a_phone_break_where_names_have_parts():
    assert labelled("optimizer.learning_rate") == "optimizer.\u200blearning_\u200brate"
    assert labelled("Trials") == "Trials"


def test_a_folded_table_is_named_once():
    table = Table("All of them", ["Cell"], [["a_b=c"]], csv="tables/t.csv")
    for folded in (True, False):
        text = re.sub('="[^"]*"', "", fragment([replace(table, folded=folded)]))
        assert text.count("All of them") == 1
        assert "CSV</button></caption>" in text
    assert "<caption" not in fragment([replace(table, folded=True, csv="")])


def test_addresses_in_markdown_are_as_they_are():
    """An escaped one would be another address."""
    terms = Terms("Sources", [("S_0", "A_b, https://keras.io/gan_ada/; c_d")])
    text = render_markdown(Front("a", "T", "Q", [], []), [terms])
    assert "- S\\_0: A\\_b, <https://keras.io/gan_ada/>; c\\_d" in text


def test_markdown_has_the_facts_and_flags_of_the_page_and_code_as_code():
    front = Front("a_run", "Title", "Question?", ["4 cells × 3 seeds"], ["no evidence"])
    text = render_markdown(front, [Text("An answer.", "lead"), Items("Mind", [f"`{COMMAND}`"])])
    assert text.splitlines()[:7] == [
        "# Title", "", "Question?", "", "a\\_run · 4 cells × 3 seeds · **no evidence**", "",
        "**An answer.**",
    ]  # fmt: skip
    assert f"- `{COMMAND}`" in text


def test_wrapped_text_is_whole_and_no_word_of_it_is_cut():
    title = "Spectral normalisation of the discriminator"
    assert show.wrapped(title, 20).split("\n") == [
        "Spectral", "normalisation of the", "discriminator",
    ]  # fmt: skip
    name = "optimizer.generator.learning_rate"
    assert show.wrapped(name, 20).split("\n") == ["optimizer.generator.", "learning_rate"]
    assert show.wrapped("beta_1=0.5", 3) == "beta_1=0.5"


def test_addresses_are_links_and_nothing_else_becomes_markup():
    text = 'A. <b>, 2021, https://keras.io/a_b/"x; http://other.org'
    assert linked(text) == (
        "A. &lt;b&gt;, 2021, "
        '<a href="https://keras.io/a_b/&#34;x">https://keras.io/a_b/&#34;x</a>; http://other.<wbr>org'
    )
