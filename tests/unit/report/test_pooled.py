"""Pooled effects on the page, in tables, LaTeX, terminal, figure and library."""

import json
import math
import re
from dataclasses import replace
from functools import partial

import pandas as pd
import pytest
from typer.testing import CliRunner

import harness as h
from harness.app import analysis
from harness.cli import app
from harness.core.errors import HarnessError
from harness.report.plots import style
from harness.report.plots.marks import NARROW, WIDE
from harness.report.plots.pooled import draw_pooled, pooled_info
from harness.report.pooled import sentence
from tests.latex import typeset
from tests.pages import read_page
from tests.synthetic import TIDY, TIPS, build
from tests.undrawn import undraw

RUNS = ("eight", "sixteen", "thirty")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Three runs of one tip at three sizes; the report's figures are drawn once for all tests."""
    root = tmp_path_factory.mktemp("pooled")
    for name, size, effect in zip(RUNS, (8, 16, 32), (-0.30, -0.31, -0.32), strict=True):
        tips = [replace(TIPS[1], effect=effect), TIPS[2]]
        base = {**TIDY.baseline, "training.evaluations": 5, "training.kimg": 32.0}
        made = replace(TIDY, run_name=name, tips=tips, seeds=range(3), grids=1)
        build(root, replace(made, baseline={**base, "data.image_size": size}))
    return root


@pytest.fixture
def here(root, monkeypatch, draft):
    monkeypatch.chdir(root)
    return root


def test_the_page_of_a_pooled_comparison(here, parse):
    shown = CliRunner().invoke(app, ["compare", *RUNS, "--pool"])
    assert shown.exit_code == 0, shown.output
    assert "Pooled, in % of what the reference learnt on each set" in shown.stdout
    assert "warning: eight has 3 seeds in a contrast" in " ".join(shown.stdout.split())
    folder = here / "reports" / f"compared-{'-'.join(RUNS)}"
    text = read_page(folder / "index.html")
    parsed = parse(text)
    assert "pooled" in parsed.ids
    assert all(link.startswith("#") or (folder / link).is_file() for link in parsed.links)
    assert "Over 3 sets together, “Spectral normalisation in the discriminator” (−" in text
    for part in ("cifar10, 8 px", "SD between sets", "On a further set", "Weight",
                 "with its 95 % interval, which holds for all tips at once"):  # fmt: skip
        assert part in text
    assert "Generated images of cell reference, cifar10 at 8 px: seed " in text
    tips = pd.read_csv(folder / "tables" / "pooled.csv")
    assert tips["contrast"].to_list() == ["spectral_norm", "label_smoothing"]
    assert len(pd.read_csv(folder / "tables" / "pooled_sets.csv")) == 6
    assert (folder / "figures" / "pooled.svg").is_file()
    markdown = (folder / "report.md").read_text()
    assert "| Spectral normalisation in the discriminator | 3 |" in markdown
    assert "| Spectral normalisation in the discriminator | cifar10 at 8 px | 3 |" in markdown
    tex = (folder / "pooled.tex").read_text()
    assert r"Spectral normalisation in the discriminator & 3 & $-$" in tex
    assert "& better \\\\" in tex
    CliRunner().invoke(app, ["compare", *RUNS])
    assert "Pooled" not in (folder / "index.html").read_text()
    assert not (folder / "pooled.tex").exists()


def test_a_set_has_one_name_and_one_preposition(tmp_path, monkeypatch):
    """That of the titles, in the reasons for not pooling, too; what happens there is "on" it."""
    undraw(monkeypatch)
    names = ("cats", "dogs", "owls")
    for name, size, tips in zip(names, (8, 16, 32), (TIPS[:3], TIPS[:3], TIPS[1:3]), strict=True):
        base = {**TIDY.baseline, "training.evaluations": 5, "data.image_size": size}
        run = replace(TIDY, run_name=f"run-{name}", tips=tips, seeds=range(3), grids=1)
        runtime = build(tmp_path, replace(run, baseline={**base, "training.kimg": 32.0}))
        path = runtime.study(f"run-{name}") / "plan.json"
        margin = 0.01 if name == "owls" else 0.05
        titled = {"title": f"Tips on {name}", "equivalence": margin}
        path.write_text(json.dumps(json.loads(path.read_text()) | titled))
    _, page = analysis.compare([f"run-{name}" for name in names], runtime, pool=True)
    text = read_page(page)
    body = text[text.index("<main") : text.index('id="again"')]
    assert "Adam with beta_1 = 0.5 instead of 0.9: only cats and dogs have it." in body
    assert "of what the reference learnt on cats and dogs; ± 1 %" in body
    assert not re.search("run-(?!.{4}</small>)", body)
    assert not re.search("in (cats|dogs|owls)", body)
    assert re.search("(better|equivalent|inconclusive) on cats", body)
    markdown = (page.parent / "report.md").read_text()
    assert "| Spectral normalisation in the discriminator | cats | 3 |" in markdown


@pytest.mark.slow
def test_latex_sets_the_pooled_table_within_the_column_of_an_article(here, tmp_path):
    assert CliRunner().invoke(app, ["compare", *RUNS, "--pool"]).exit_code == 0
    typeset(here / "reports" / f"compared-{'-'.join(RUNS)}" / "pooled.tex", tmp_path)


def test_what_cannot_be_pooled_is_one_message(here, capsys):
    shown = CliRunner().invoke(app, ["compare", *RUNS[:2], "--pool"])
    assert isinstance(shown.exception, HarnessError)
    assert str(shown.exception).startswith("these runs cannot be pooled: 2 runs are named")


@pytest.fixture(scope="module")
def compared(root):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        return h.compare(*RUNS, pool=True)


def test_the_library_has_the_tables(compared):
    assert compared.pooled["contrast"].to_list() == ["spectral_norm", "label_smoothing"]
    assert compared.pooled_sets["run"].to_list() == [*RUNS] * 2
    assert "Pooled, in % of what the reference learnt on each set" in compared._repr_html_()


def test_the_library_says_what_was_not_pooled(here):
    with pytest.raises(HarnessError, match="nothing was pooled here"):
        _ = h.compare(*RUNS[:2]).pooled
    with pytest.raises(HarnessError, match=r"compare\(pool\): True or False \(given: 'all'\)"):
        h.compare(*RUNS, pool="all")
    with pytest.raises(HarnessError, match="unknown keyword 'pooled'; did you mean 'pool'"):
        h.compare(*RUNS, pooled=True)


@pytest.mark.drawn
def test_the_figure_has_a_group_a_tip_and_a_line_a_set(compared):
    tips, sets = compared.pooled, compared.pooled_sets
    info = pooled_info(tips, sets)
    assert [group.title for group in info.groups] == tips["title"].to_list()
    first = info.groups[0]
    assert [line.label for line in first.sets] == ["cifar10, 8 px", "cifar10, 16 px",
                                                   "cifar10, 32 px"]  # fmt: skip
    assert [line.effect for line in first.sets] == pytest.approx(list(100 * sets["effect"][:3]))
    assert first.pooled[1:4] == pytest.approx(tuple(100 * tips.loc[0, ["effect", "low", "high"]]))
    assert first.predicted[0] == pytest.approx(100 * tips.loc[0, "predicted_low"])
    effects = [line.effect for group in info.groups for line in (*group.sets, group.pooled)]
    assert info.low < min(effects)
    assert info.high > 0
    for width in (WIDE, NARROW):
        labels = draw_pooled(info, width).axes[0].get_yticklabels()
        assert len(labels) == 8
        assert "cifar10, 8 px" in style.svg(partial(draw_pooled, info), width)
    twice = pooled_info(tips, sets.assign(set="folder, 16 px")).groups[0]
    assert twice.sets[0].label == "folder, 16 px (eight)"


@pytest.mark.drawn
def test_a_set_without_an_interval_says_so(compared):
    sets = compared.pooled_sets.assign(low=math.nan, high=math.nan)
    (axes,) = draw_pooled(pooled_info(compared.pooled, sets), WIDE).axes
    numbers = [text.get_text() for text in axes.texts]
    assert sum(text.endswith(", no interval") for text in numbers) == len(sets)
    assert not [text for text in numbers if text.endswith("–")]


def test_a_prediction_far_off_does_not_stretch_the_figure(compared):
    wide = compared.pooled.assign(predicted_low=-50.0, predicted_high=50.0)
    info = pooled_info(wide, compared.pooled_sets)
    assert (info.low, info.high) == pooled_info(compared.pooled, compared.pooled_sets)[1:]


def test_the_sentence_names_what_helps_and_what_hurts(compared):
    pool = compared._pool
    helps = (
        "“Spectral normalisation in the discriminator” (−38.8 % of what the reference learnt) helps"
    )
    assert sentence(pool).startswith(f"Over 3 sets together, {helps}. Of the other tip it is not")
    none = pool._replace(tips=pool.tips.assign(verdict="inconclusive", sets=[3, 4]))
    assert sentence(none).startswith(
        "Over 3 to 4 sets together, it is not decided of any of the 2 tips whether it helps or "
        "hurts; “Spectral normalisation in the discriminator” looked best (−38.8 [−"
    )
    both = pool._replace(tips=pool.tips.assign(verdict=["better", "worse"]))
    assert re.search(rf"{re.escape(helps)}; “One-sided label smoothing of 0.1” \(.*\) hurts.$",
                     sentence(both))  # fmt: skip
    third = pool.tips.iloc[:1].assign(title="A third", effect=-0.01, verdict="inconclusive")
    some = pd.concat([pool.tips.iloc[:1], third])
    assert "; following “A third” looked better (−1.0" in sentence(pool._replace(tips=some))
    some = pd.concat([pool.tips.iloc[:1], third, pool.tips.iloc[1:]])
    assert "they help or hurt; of these, “A third” looked best" in sentence(
        pool._replace(tips=some)
    )
