"""What a report has beside its page: the LaTeX table, the methods, and the list of reports."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.frame import load
from harness.core.files import read_json, write_json
from harness.report import overview, render
from harness.report.data import analyse
from harness.report.latex import escaped, ranking_tex
from harness.report.sections import methods
from tests.latex import typeset
from tests.synthetic import Recipe, build
from tests.undrawn import undraw

RUN = Recipe.run_name


@pytest.fixture(scope="module")
def data(runtime):
    return analyse(load(RUN, runtime))


@pytest.fixture(scope="module")
def folder(runtime, tmp_path_factory):
    """A report without its figures, of which nothing here is about."""
    with pytest.MonkeyPatch.context() as patch:
        undraw(patch)
        apart = replace(runtime, reports=tmp_path_factory.mktemp("reports"))
        return render(RUN, apart).path.parent


def test_the_ranking_is_a_booktabs_table(data, folder):
    text = (folder / "ranking.tex").read_text()
    assert text == ranking_tex(data)
    body = text[text.index("\\midrule") : text.index("\\bottomrule")].splitlines()[1:]
    assert len(body) == len(data.ranking) == 4
    for line, title in zip(body, data.ranking["title"], strict=True):
        assert line.startswith(r"\raggedright " + escaped(title))
        assert line.endswith(r" \\")
        assert len(re.findall(r"(?<!\\)&", line)) == 5
    assert text.count("\\begin{") == text.count("\\end{") == 2
    assert text.isascii()


@pytest.mark.slow
def test_latex_sets_the_table_within_the_column_of_an_article(folder, tmp_path):
    typeset(folder / "ranking.tex", tmp_path)


def test_latex_is_given_no_letter_that_it_would_read():
    assert escaped("50 % of beta_1 & {x} #1 $2") == r"50 \% of beta\_1 \& \{x\} \#1 \$2"
    assert escaped("a\\b ~ ^ <1>") == (
        r"a\textbackslash{}b \textasciitilde{} \textasciicircum{} \textless{}1\textgreater{}"
    )
    assert escaped("[\u22121\u202f000.0") == r"{[}$-$1\,000.0"


def test_numbers_without_evidence_say_so_in_the_table(tmp_path: Path, small):
    runtime = build(tmp_path, replace(small, evidence=False))
    assert "These numbers are no evidence." in ranking_tex(analyse(load(RUN, runtime)))


def test_the_methods_say_what_was_done(data):
    _, _, paragraph = methods.build(data)
    for said in (
        "5 configurations of a generative adversarial network on cifar10 at 16 × 16 pixels",
        "each from 8 seeds (one at a time design)",
        "the non-saturating loss by Adam (learning rate 0.0002, beta 1 0.5, beta 2 0.999) in both",
        "128 thousand real images in batches of 64",
        "evaluated before the training and 10 times",
        "protocol keras75, features of inception_v3 at 75 px) of 5\u202f760 generated images",
        "counts by the mean KID over the evaluations in the last fifth",
        "95 % intervals for all 4 contrasts at once",
        "step-down max-|t| sign-flip tests (Westfall & Young 1993) with moderated t (Smyth 2004)",
        "Of 40 trials, 37 finished; 1 diverged, with the larger",
        "1 crashed (each takes its seed out of its contrasts); 1 not ended.",
        "commit 3f2a9c1d5e7b",
        "Python 3.11.7; Keras 3.15.1, NumPy 2.4.6, TensorFlow 2.21.0, on CPU (2 cores).",
    ):
        assert said in paragraph.text, said
    assert "hidden-host" not in paragraph.text


def test_the_methods_name_what_the_reference_changes(tmp_path: Path, small):
    changed = small.baseline | {
        "discriminator.spectral_norm": True,
        "optimizer.generator.name": "sgd",
        "optimizer.generator.momentum": 0.9,
        "training.evaluations": 8,
        "training.final_evaluations": 4,
    }
    runtime = build(tmp_path, replace(small, baseline=changed, tips=()))
    text = methods.build(analyse(load(RUN, runtime)))[-1].text
    changes = "generator.depth = 2, discriminator.depth = 2 and discriminator.spectral_norm = True"
    assert "The reference differs from the Keras example “Data-efficient GANs with" in text
    assert f"Augmentation” (A. Béres, 2021) in {changes}." in text
    assert "before the training and 8 times in its course, 4 of them in its last fifth." in text
    assert "SGD (learning rate 0.0002, momentum 0.9) in the generator and Adam" in text


def test_the_list_has_all_reports_and_what_they_found(tmp_path: Path, small, parse):
    runtime = build(tmp_path, small)
    older = runtime.reports / "an older run"
    older.mkdir(parents=True)
    (older / "index.html").write_text("<h1>Old</h1>")
    broken = runtime.reports / "broken"
    broken.mkdir()
    (broken / "index.html").write_text("<h1>Broken</h1>")
    (broken / overview.SUMMARY).write_text('{"title": "half a')
    newer = runtime.reports / "newer"
    newer.mkdir()
    (newer / "index.html").write_text("<h1>Newer</h1>")
    future = {"title": "Of the <future>", "trained": "2031-01-01", "trials": "many", "more": [1]}
    write_json(newer / overview.SUMMARY, future)
    render(RUN, runtime)
    text = (runtime.reports / "index.html").read_text()
    parsed = parse(text)
    links = [link.replace("%20", " ") for link in parsed.links]
    assert all((runtime.reports / link).is_file() for link in links)
    order = [link.split("/")[0] for link in dict.fromkeys(links)]
    assert order == ["newer", RUN, "an older run", "broken"]
    assert "Of the &lt;future&gt;" in text
    said = read_json(runtime.reports / RUN / overview.SUMMARY)
    assert said["trials"] == said["finished"] == 6
    assert said["verdict"]
    assert said["trained"] == "2026-11-22"
    assert text.count("does not say what it found") == 3
    assert len(parsed.images) == 1
    assert parsed.sources[0].startswith("data:image/webp;base64,")
    assert "script" not in parsed.tags


def test_a_summary_is_json_for_others(folder):
    said = json.loads((folder / overview.SUMMARY).read_text())
    assert set(said) == {*overview.Entry._fields, "outcomes"} - {"name", "picture"}
    assert (folder / overview.PICTURE).read_bytes()[8:12] == b"WEBP"
