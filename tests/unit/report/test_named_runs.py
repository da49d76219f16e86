"""Runs of a comparison under names that a reader understands, and their margins of equivalence."""

import json
from dataclasses import replace

import pandas as pd
import pytest

from harness.analysis.compare import margins_apart
from harness.app import analysis
from harness.cli.printing.analysis import show_comparison
from harness.report.compared import headline, run_by_run
from harness.report.named_runs import name_runs
from tests.pages import read_page
from tests.synthetic import TIDY, TIPS, build
from tests.undrawn import undraw

QUICK = TIDY.baseline | {"training.evaluations": 5, "training.kimg": 32.0}
PLAIN = replace(TIDY, tips=TIPS[:2], seeds=range(6), baseline=QUICK, grids=1)
TITLES = {"cats_01": "Two tips on cats", "dogs_02": "Two tips on dogs"}


def _runs(*rows):
    return pd.DataFrame(rows, columns=["run", "title", "data", "pixels"])


@pytest.mark.parametrize(
    ("rows", "names", "title", "where"),
    [
        (  # titles, without the words that all of them begin with
            [("a", "Six tips on CIFAR-10", "cifar10", 16), ("b", "Six tips on flowers", "f", 16)],
            ["CIFAR-10", "flowers"], "Six tips on CIFAR-10 and flowers", "on",
        ),
        (  # which end where titles may differ
            [("a", "Tips on photographs of cats", "c", 8),
             ("b", "Tips on photographs of dogs", "d", 8)],
            ["photographs of cats", "photographs of dogs"],
            "Tips on photographs of cats and photographs of dogs", "on",
        ),
        (
            [("a", "Losses", "c", 8), ("b", "Penalties", "d", 8)],
            ["Losses", "Penalties"], "Losses and Penalties", "in",
        ),
        (  # one of which another one begins with
            [("a", "Tips on", "c", 8), ("b", "Tips on dogs", "d", 8)],
            ["Tips on", "Tips on dogs"], "Tips on and Tips on dogs", "in",
        ),
        (  # one study: its images
            [("a", "Quick", "digits", 8), ("b", "Quick", "cifar10", 8)],
            ["digits", "cifar10"], "Quick: digits and cifar10", "on",
        ),
        (
            [("a", "Quick", "digits", 8), ("b", "Quick", "digits", 16)],
            ["digits at 8 px", "digits at 16 px"], "Quick: digits at 8 px and digits at 16 px",
            "on",
        ),
        (  # the same images, too
            [("a", "Quick", "digits", 8), ("b", "Quick", "digits", 8)],
            ["a", "b"], "Quick: a and b", "in",
        ),
        (
            [("a", "Tips on cats", "c", 8), ("b", "Tips on dogs", "d", 8),
             ("b-1", "Tips on dogs", "d", 8)],
            ["cats", "dogs (b)", "dogs (b-1)"], "Tips on cats, dogs (b) and dogs (b-1)", "on",
        ),
    ],
)  # fmt: skip
def test_runs_are_named_after_what_differs(rows, names, title, where):
    named = name_runs(_runs(*rows))
    assert list(named.names.values()) == names
    assert list(named.names) == [run for run, *_ in rows]
    assert (named.title, named.where) == (title, where)


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """Two studies of other images, of which the second has a narrower margin; their comparison."""
    root = tmp_path_factory.mktemp("margins")
    for run, title in TITLES.items():
        runtime = build(root, replace(PLAIN, run_name=run))
        path = runtime.study(run) / "plan.json"
        plan = json.loads(path.read_text()) | {"title": title}
        path.write_text(json.dumps(plan | ({"equivalence": 0.005} if run == "dogs_02" else {})))
    with pytest.MonkeyPatch.context() as patch:
        undraw(patch)
        return analysis.compare([*TITLES], runtime)


def test_a_comparison_is_named_after_its_studies_and_run_names_stand_below(compared):
    _, page = compared
    text = read_page(page)
    assert "<h1>Two tips on cats and dogs</h1>" in text
    assert text.index("<h1>") < text.index('<p class="meta">')
    assert '<span class="label">cats <small>cats_01</small></span>' in text
    body = text[text.index("<main") : text.index('id="again"')]
    body = body.replace("<small>cats_01</small>", "").replace("dogs_02</small>", "")
    assert "cats_" not in body
    assert "helps in both runs" in body
    assert "harness compare cats_01 dogs_02" in text
    assert set(pd.read_csv(page.parent / "tables/runs.csv")["run"]) == {*TITLES}
    summary = json.loads((page.parent / "summary.json").read_text())
    assert summary["title"] == "Two tips on cats and dogs"
    assert "cats_" not in summary["verdict"] + summary["outcome"]


def test_a_tip_helps_on_the_images_of_a_study_or_in_a_run(compared):
    effects = compared[0].effects
    alone = effects.assign(verdict=["better" if run == "cats_01" else "inconclusive"
                                    for run in effects["run"]])  # fmt: skip
    comparison = compared[0]._replace(effects=alone)
    for where in ("in", "on"):
        assert run_by_run(comparison, where)[0].endswith(f" help {where} cats_01.")
        assert f" help {where} cats_01." in headline(comparison, where)


def test_margins_that_differ_are_in_words_and_in_the_tables(compared, capsys):
    found, page = compared
    text = read_page(page)
    words = (
        "± 5 % of what the reference learnt {0} {1}; ± 0.5 % of what the reference learnt {0} {2}"
    )
    assert f"no common margin: it is {words.format('on', 'cats', 'dogs')}." in text
    assert text.index("no common margin") < text.index('id="runs"')
    markdown = (page.parent / "report.md").read_text()
    assert "| Tip | Run | Effect | Interval | Equivalent within | n | Verdict |" in markdown
    margins = found.effects.groupby("run")["margin"].first()
    for run, name in zip(TITLES, ("cats", "dogs"), strict=True):
        assert f"| {name} |" in markdown
        assert f"| ± {1000 * margins[run]:.1f} |" in markdown
    assert "| ± 0.5 % (of what the reference learnt) |" in markdown
    show_comparison(found, page)
    shown = " ".join(capsys.readouterr().out.split())
    assert f"it is {words.format('in', *TITLES)}." in shown


def test_one_margin_needs_no_words(compared):
    found, _ = compared
    assert margins_apart(found.runs.assign(equivalence=0.05)) == []
    times = found.runs.assign(equivalence=0.05, objective=["final", "time_to_threshold 0.3"])
    (sentence,) = margins_apart(times)
    assert "± 5 % of the reference's time in dogs_02" in sentence
