"""The page of a report: links, words, privacy, and that nothing half-written is ever seen."""

import base64
import gzip
import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from harness.analysis.frame import load
from harness.heuristics.sources import SOURCES
from harness.metrics.neighbours import SCORES
from harness.report import html, page, render
from harness.report.data import analyse
from harness.report.sections import cells
from tests.synthetic import Recipe, build

RUN = Recipe.run_name
ADDRESSES = {source.link for source in SOURCES.values()}  # which a reader may follow


def test_every_link_resolves_inside_the_page(text, parse):
    parsed = parse(text)
    inside = [link for link in parsed.links if link not in ADDRESSES]
    assert len(inside) > 10
    for link in inside:
        assert link.startswith("#")
        assert link[1:] in parsed.ids


def test_the_page_holds_every_table_of_the_folder(folder, text):
    packed = re.search(r'id="packed-tables" data-paths="[^"]*">(.*?)</script>', text)[1]
    held = json.loads(gzip.decompress(base64.b64decode(packed)))
    files = {f"tables/{path.name}": path.read_text() for path in folder.glob("tables/*")}
    assert held == files
    asked = set(re.findall(r'data-path="([^"]*)"', text))
    assert asked == {*files, *(f"figures/{path.name}" for path in folder.glob("figures/*.svg"))}
    assert html.packed(held) == packed  # no time of day is in it
    assert text.count('<button type="button" class="file"') == text.count("hidden>") - 1 > 10


def test_the_page_asks_no_server(text, parse):
    parsed = parse(text)
    assert parsed.sources
    assert all(source.startswith("data:") for source in parsed.sources)
    # ours, and the policy of the page lets no other run; curves and tables are none
    assert parsed.tags.count("script") == 3
    assert "@import" not in text
    assert set(re.findall(r'(?:href|src)="(https?:[^"]*)"', text)) <= ADDRESSES
    assert not any(source in ADDRESSES for source in parsed.sources)


def test_ids_are_unique(text, parse):
    ids = parse(text).ids
    assert len(ids) == len(set(ids))


def test_figures_and_pictures_have_words(text, parse):
    parsed = parse(text)
    # the reference at both ends; of five cells six moments each (one diverged in its other seed),
    # best and worst, a way between
    assert len(parsed.images) == 2 + 5 * 6 + 5 * 2 + 5
    assert all(len(image["alt"]) > 20 for image in parsed.images)
    assert text.count('role="img"') == 2 * 3


def test_words_of_others_are_escaped(folder, text):
    assert "alert(1)" in text
    assert text.count("<script>") == 1
    assert text.count('<script type="application/json"') == text.count("<script") - 2 == 1
    assert "<script>alert" not in text
    assert not re.search(r"(?<!\\)<script", (folder / "report.md").read_text())


def test_machine_names_and_credentials_stay_at_home(folder):
    for path in folder.rglob("*"):
        if path.is_file():
            assert b"hidden-host" not in path.read_bytes(), path


def test_tables_hold_all_digits(folder):
    ranking = pd.read_csv(folder / "tables" / "ranking.csv")
    assert len(ranking) == 4
    assert abs(ranking["effect"].iloc[0]) < 1  # KID as measured, not × 10³
    trials = pd.read_csv(folder / "tables" / "trials.csv")
    assert set(trials["status"]) == {"finished", "diverged", "crashed", "missing"}
    assert len(pd.read_csv(folder / "tables" / "cells.csv")) == 5
    curves = pd.read_csv(folder / "tables" / "curves.csv")
    assert {"cell", "seed", "kimg", "kid", *SCORES} <= set(curves)


def test_what_is_beside_kid_has_a_column_where_it_was_measured(runtime):
    """FID of the last evaluations; no encoder with classes, so no inception score."""
    data = analyse(load(RUN, runtime))
    *_, note, table = cells.build(data)
    assert "Inception score" not in table.columns
    assert "FID, the Fréchet Inception Distance, compares" in note.text
    assert "Inception score" not in note.text
    place, curves = table.columns.index("FID"), data.frames.curves
    last = curves[curves["evaluation"] == curves["evaluation"].max()]
    for row, shown in zip(data.cells.itertuples(), table.rows, strict=True):
        assert row.fid == pytest.approx(last.loc[last["cell"] == row.cell, "fid"].mean())
        assert shown[place] == f"{row.fid:.2f}"
    early = curves["evaluation"] <= 0.8 * curves["evaluation"].max()
    assert curves.loc[early, "fid"].isna().all()
    assert data.cells["inception_score"].isna().all()
    scored = data.cells.assign(fid=math.nan, inception_score=2.0)
    *_, note, table = cells.build(replace(data, cells=scored))
    assert "FID" not in note.text
    assert "The Inception score is high where" in note.text
    table = cells.build(replace(data, cells=data.cells.assign(fid=math.nan)))[-1]
    assert table.columns == ["Cell", "n", *(name.capitalize() for name in SCORES)]
    assert all(len(row) == len(table.columns) for row in table.rows)


def test_a_record_without_precision_recall_and_density_is_read(tmp_path: Path, small):
    runtime = build(tmp_path, small)
    for path in runtime.trials.glob("*/evaluations/*.jsonl"):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        kept = [{n: v for n, v in row.items() if n not in SCORES[:3]} for row in rows]
        path.write_text("".join(json.dumps(row) + "\n" for row in kept))
    data = analyse(load(RUN, runtime))
    assert data.frames.curves[list(SCORES[:3])].isna().all(axis=None)
    assert data.cells["coverage"].notna().all()
    assert cells.build(data)[-1].columns == ["Cell", "n", "Coverage", "FID"]


def test_markdown_links_the_figures(folder):
    markdown = (folder / "report.md").read_text()
    for name in re.findall(r"\]\((figures/[^)]+)\)", markdown):
        assert (folder / name).is_file()
    assert "## Provenance" in markdown


def test_rendering_again_keeps_what_others_put_there(tmp_path: Path, no_figures, small):
    runtime = build(tmp_path, small)
    folder = render(RUN, runtime).path.parent
    (folder / "record").mkdir()
    (folder / "record" / "note.txt").write_text("kept")
    (folder / "figures" / "stale.svg").write_text("old")
    render(RUN, runtime)
    assert (folder / "record" / "note.txt").read_text() == "kept"
    assert not (folder / "figures" / "stale.svg").exists()
    assert {entry.name for entry in runtime.reports.iterdir()} == {RUN, "index.html"}


def test_a_failed_rendering_leaves_the_old_report(tmp_path: Path, no_figures, small, monkeypatch):
    runtime = build(tmp_path, small)
    path = render(RUN, runtime).path
    before = path.read_text()

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(page, "render_html", fail)
    with pytest.raises(OSError, match="disk full"):
        render(RUN, runtime)
    assert path.read_text() == before
    assert {entry.name for entry in runtime.reports.iterdir()} == {RUN, "index.html"}


def test_the_first_screen_holds_the_key_numbers(text):
    numbers = text[text.index('<dl class="numbers">') : text.index("</dl>")]
    found = re.findall(r"<dt>(.*?)</dt><dd><strong>(.*?)</strong> <small>(.*?)</small>", numbers)
    reference, trained_on, trials, _ = found
    assert re.fullmatch(r"900\.0 → 1[45]\d\.\d", reference[1])
    assert reference[2] == "KID × 10³; mean over 115.2 to 128 kimg; last 148.0"
    assert trained_on[1:] == ("cifar10", "50\u202f000 images, 16 px, 128 kimg each")
    assert trials[1:] == ("37 of 40", "1 diverged, 1 crashed, 1 not ended, 5 with a flag")


def test_what_weakens_it_is_not_folded_away(text):
    first = text[text.index('aria-label="Verdict"') : text.index("<nav")]
    assert "<details" not in first
    aside = first[first.index("<aside") : first.index("</aside>")]
    assert aside.index("Not ended: 1 of 40") < aside.index("Crashed: 1 of 40")
    assert aside.count("<li>") == 6
    assert aside.count("interval includes zero") == 1
    assert "All verdicts are by this one metric" in aside


def test_the_first_screen_says_what_kid_is_and_shows_what_the_reference_makes(text):
    first = text[text.index('aria-label="Verdict"') : text.index("<nav")]
    assert "KID, the Kernel Inception Distance, measures how far" in first
    assert "0 is best" in first
    assert re.findall(r'<img [^>]*alt="([^"]*)"', first) == [
        "Images of the reference, seed 0, untrained",
        "Images of the reference, seed 0, 128 kimg",
    ]
    sizes = [len(image) for image in re.findall(r'src="(data:[^"]*)"', first)]
    assert max(sizes) < 10_000


def test_effect_without_the_diverged_trial_stands_beside_the_verdict(text):
    place = text.index(">better</span> <small>")
    row = text[text.rindex("<tr", 0, place) : text.index("</tr>", place)]
    assert "the side that ignores it diverged in 1 of 8 seeds" in row
    assert re.search(r"without: −[\d.]+ \[.*\], n = 7, better", row)


def test_the_list_of_trials_has_the_names_and_words_of_the_page(text):
    """And not labels of cells, or another word for a trial that has not ended."""
    listed = text[text.index("Trials and their keys") : text.index('id="sources"')]
    name = Recipe().name("spectral_norm=following")
    assert re.search(rf">{name}</span>.*?>5</td>.*?not ended", listed)
    assert "spectral_" not in listed
    assert not re.search(">missing</", text)


def test_long_names_break_after_their_joints_only():
    assert html.breakable("batch_norm=off") == "batch_<wbr>norm=<wbr>off"
    assert html.breakable("52.25") == "52.25"
    assert html.breakable("beta_1 = 0.5 <b>") == "beta_1 = 0.5 &lt;b&gt;"
