"""The report: sentences, tables, page, and that nothing half-written is ever seen."""

import math
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from harness.analysis.frame import load
from harness.files import read_json, write_json
from harness.registry import Registry
from harness.report import format as show
from harness.report import page, render, summary, words
from harness.report.data import analyse
from harness.report.sections import samples
from tests.synthetic import BASELINE, TIPS, Recipe, all_trials, build

RUN = "card_tips-cpu"
TIDY = Recipe(diverged=(), crashed=(), missing=())
QUICK = BASELINE | {"training.evaluations": 5, "data.image_size": 16, "training.kimg": 32.0}
SMALL = replace(TIDY, tips=TIPS[:2], seeds=range(2), baseline=QUICK)


def _recipes():
    one = replace(SMALL, seeds=[0])
    return {
        "smoke": replace(SMALL, evidence=False),
        "one seed": one,
        "empty": replace(SMALL, missing=all_trials(SMALL)),
        "all diverged": replace(SMALL, diverged=all_trials(SMALL)),
        "all crashed": replace(SMALL, crashed=all_trials(SMALL)),
        "no contrast": replace(SMALL, tips=()),
    }


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
def no_figures(monkeypatch):
    """For tests of the folder, which need no figure drawn."""
    sections = {"ranking": "harness.report.sections.ranking:build"}
    monkeypatch.setattr(page, "SECTIONS", Registry("report section", sections))


@pytest.fixture(scope="module")
def runtime(tmp_path_factory):
    return build(tmp_path_factory.mktemp("record"))


@pytest.fixture(scope="module")
def folder(runtime):
    return render(RUN, runtime).parent


@pytest.fixture(scope="module")
def text(folder):
    return (folder / "index.html").read_text()


def test_every_link_resolves_inside_the_report(folder, text):
    parsed = Page(text)
    for link in parsed.links:
        if link.startswith("#"):
            assert link[1:] in parsed.ids
        else:
            assert (folder / link).is_file(), link


def test_the_page_asks_no_server(text):
    parsed = Page(text)
    assert parsed.sources
    assert all(source.startswith("data:") for source in parsed.sources)
    assert "script" not in parsed.tags
    assert "@import" not in text
    hrefs = re.findall(r'(?:href|src)="(https?:[^"]*)"', text)
    assert hrefs == []


def test_ids_are_unique(text):
    ids = Page(text).ids
    assert len(ids) == len(set(ids))


def test_figures_and_pictures_have_words(text):
    parsed = Page(text)
    assert len(parsed.images) == 10  # five cells, early and last
    assert all(len(image["alt"]) > 20 for image in parsed.images)
    assert text.count('role="img"') == 2 * 3


def test_words_of_others_are_escaped(folder, text):
    assert "alert(1)" in text
    assert "<script" not in text
    assert not re.search(r"(?<!\\)<script", (folder / "report.md").read_text())


def test_machine_names_and_credentials_stay_at_home(folder):
    for path in folder.rglob("*"):
        if path.is_file():
            assert b"hidden-host" not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("postgresql://user:pw@db/x is down", "postgresql://…@db/x is down"),
        ("WANDB_API_KEY=abc123 was refused", "WANDB_API_KEY=… was refused"),
        ("token: abc", "token: …"),
        ("loss is nan at step 3", "loss is nan at step 3"),
    ],
)
def test_redact(text, kept):
    assert show.redact(text) == kept


def test_tables_hold_all_digits(folder):
    ranking = pd.read_csv(folder / "tables" / "ranking.csv")
    assert len(ranking) == 4
    assert abs(ranking["effect"].iloc[0]) < 1  # KID as measured, not × 10³
    trials = pd.read_csv(folder / "tables" / "trials.csv")
    assert set(trials["status"]) == {"finished", "diverged", "crashed", "missing"}
    assert len(pd.read_csv(folder / "tables" / "cells.csv")) == 5
    curves = pd.read_csv(folder / "tables" / "curves.csv")
    assert {"kimg", "kid", "coverage", "identity"} <= set(curves)


def test_markdown_links_the_figures(folder):
    markdown = (folder / "report.md").read_text()
    for name in re.findall(r"\]\((figures/[^)]+)\)", markdown):
        assert (folder / name).is_file()
    assert "## Provenance" in markdown


def test_the_lead_says_interim_and_names_the_verdicts(runtime):
    sentence = summary(RUN, runtime).verdict
    assert sentence.startswith("Interim look: 29 of 30 trials have ended.")
    assert "“Spectral normalisation in the discriminator” lowers KID" in sentence
    assert "“Batch normalisation in the discriminator” raises it" in sentence
    assert "The other 2 are inconclusive." in sentence


def test_summary_is_the_ranking_as_text(runtime):
    found = summary(RUN, runtime)
    assert found.path == runtime.reports / RUN / "index.html"
    assert all(len(row) == len(found.columns) for row in found.rows)
    assert found.rows[1][1] == "Spectral normalisation in the discriminator"
    assert found.rows[1][-1] == "better"
    assert found.rows[1][2].startswith("−")  # a true minus sign


@pytest.mark.parametrize(("name", "recipe"), _recipes().items(), ids=_recipes())
def test_reports_of_every_state_are_written(tmp_path: Path, name, recipe):
    runtime = build(tmp_path, recipe)
    path = render(RUN, runtime)
    parsed = Page(path.read_text())
    assert "h1" in parsed.tags
    assert parsed.tags.count("h2") == 8
    assert all(link.startswith("#") or (path.parent / link).is_file() for link in parsed.links)
    assert [entry.name for entry in runtime.reports.iterdir()] == [RUN]
    said = {
        "smoke": "its numbers are no evidence",
        "one seed": "None of the 2 contrasts can be told from zero",
        "empty": "Interim look: 0 of 6 trials have ended. No trial has finished",
        "all diverged": "No trial has finished (6 diverged)",
        "all crashed": "No trial has finished (6 crashed)",
        "no contrast": "nothing to rank",
    }
    assert said[name] in summary(RUN, runtime).verdict


def test_a_profile_without_evidence_shows_no_verdict(tmp_path: Path, no_figures):
    runtime = build(tmp_path, replace(SMALL, evidence=False))
    page_text = render(RUN, runtime).read_text()
    assert not re.search(r">(better|worse|inconclusive|supported|contradicted)<", page_text)
    assert {row[-1] for row in summary(RUN, runtime).rows} == {"–"}


def test_a_single_contrast_is_put_in_numbers(tmp_path: Path):
    runtime = build(tmp_path, replace(TIDY, tips=TIPS[1:2]))
    sentence = words.verdict(analyse(load(RUN, runtime)))
    pattern = r"better; following it lowers KID by [\d.]+ × 10⁻³ \(95 % interval \[−.*\], n = 6\)"
    # the sentence gives the interval in the unit of the effect
    assert re.search(pattern.replace(r"\]", r"\] × 10⁻³"), sentence)


def test_rendering_again_keeps_what_others_put_there(tmp_path: Path, no_figures):
    runtime = build(tmp_path, SMALL)
    folder = render(RUN, runtime).parent
    (folder / "record").mkdir()
    (folder / "record" / "note.txt").write_text("kept")
    (folder / "figures" / "stale.svg").write_text("old")
    render(RUN, runtime)
    assert (folder / "record" / "note.txt").read_text() == "kept"
    assert not (folder / "figures" / "stale.svg").exists()
    assert [entry.name for entry in runtime.reports.iterdir()] == [RUN]


def test_a_failed_rendering_leaves_the_old_report(tmp_path: Path, no_figures, monkeypatch):
    runtime = build(tmp_path, SMALL)
    path = render(RUN, runtime)
    before = path.read_text()

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(page, "html", fail)
    with pytest.raises(OSError, match="disk full"):
        render(RUN, runtime)
    assert path.read_text() == before
    assert [entry.name for entry in runtime.reports.iterdir()] == [RUN]


def test_paths_on_a_machine_are_not_told(tmp_path: Path):
    runtime = build(tmp_path, SMALL)
    for path in runtime.trials.glob("*/config.json"):
        write_json(path, read_json(path) | {"data.path": "/home/me/private/photos"})
    folder = render(RUN, runtime).parent
    for path in folder.rglob("*.*"):
        assert b"/home/me" not in path.read_bytes(), path


def test_two_metric_identities_stand_in_tables_of_their_own(tmp_path: Path):
    runtime = build(tmp_path, SMALL)
    plan = read_json(runtime.study(RUN) / "plan.json")
    for row in plan["trials"]:
        if row["cell"] == SMALL.label(TIPS[0]):
            scores = runtime.trials / row["key"] / "evaluations"
            (spec,) = scores.glob("*.json")
            write_json(spec, read_json(spec) | {"identity": "another.metric"})
            for path in list(scores.iterdir()):
                path.rename(scores / f"another.metric{path.suffix}")
    text = render(RUN, runtime).read_text()
    ids = Page(text).ids
    assert len(ids) == len(set(ids))
    assert "scored in 2 ways" in text
    assert text.count("<caption>Objective by cell; metric identity") == 2
    (curves,) = runtime.reports.glob("*/figures/curves-2.svg")
    assert SMALL.label(TIPS[1]) not in curves.read_text()


def test_samples_are_of_a_seed_that_the_cells_finished(tmp_path: Path):
    recipe = replace(SMALL, diverged=[(cell, 0) for cell in SMALL.cells()])
    data = analyse(load(RUN, build(tmp_path, recipe)))
    _, text, *galleries = samples.build(data)
    assert text.text.startswith("Seed 1.")
    assert [len(gallery.pictures) for gallery in galleries] == [3, 3]
    assert {picture.when for picture in galleries[0].pictures} == {"32 kimg"}
    assert {picture.when for picture in galleries[1].pictures} == {"6.4 kimg"}


def test_rendering_imports_no_training_library():
    code = (
        "import sys, harness.report, harness.catalog as c; "
        "[c.SECTIONS.load(name) for name in c.SECTIONS]; "
        "print([m for m in ('tensorflow', 'keras', 'optuna', 'wandb') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.0123, "−12.3"),
        (0.0123, "+12.3"),
        (-0.00001, "0.0"),
        (math.nan, "–"),
        (1.5, "+1\u2009500.0"),
    ],
)
def test_kid_is_shown_times_1000(value, text):
    assert show.kid(value, 1, signed=True) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(12.4, "12 s"), (600, "10 min"), (3 * 3600 + 65, "3 h 01 min")]
)
def test_duration(seconds, text):
    assert show.duration(seconds) == text


def test_small_tables_get_more_decimals():
    assert show.decimals([0.2, 0.01]) == 1
    assert show.decimals([0.005, math.nan]) == 2
    assert show.decimals([0.0005]) == 3
    assert show.p_value(0.00001) == "< 0.001"
