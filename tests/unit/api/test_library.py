"""`import harness`: its names, what a plan and a run show, and results from elsewhere."""

import re
from pathlib import Path

import matplotlib.figure
import numpy as np
import pandas as pd
import pytest
from PIL import Image

import harness as h
from harness import api
from harness.analysis.fields import Columns
from harness.app import analysis as cases
from harness.core.files import write_json
from harness.core.grids import GRID, spaced
from tests.synthetic import TIDY, Recipe, build

ROOMS = {path.stem for path in Path(h.__file__).parent.iterdir() if path.name[0] != "_"}
RUN = Recipe.run_name


def mistake(call):
    with pytest.raises(h.HarnessError) as error:
        call()
    return str(error.value)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Eight seeds of four tips; one trial diverged, one crashed, one is missing."""
    folder = tmp_path_factory.mktemp("library")
    build(folder)
    return folder


def _enter(folder, patch):
    patch.chdir(folder)
    for name in ("RUNS", "REPORTS", "STUDIES"):
        patch.delenv(f"HARNESS_{name}", raising=False)


@pytest.fixture(scope="module")
def opened(folder):
    with pytest.MonkeyPatch.context() as patch:
        _enter(folder, patch)
        return h.open_run(RUN)


@pytest.fixture
def run(opened, folder, monkeypatch):
    """The same object for all tests, which analyses its run once."""
    _enter(folder, monkeypatch)
    return opened


def test_no_name_of_the_library_hides_a_room():
    assert h.__all__ == api.__all__
    assert not set(h.__all__) & ROOMS
    assert set(h.__all__) <= set(dir(h))
    ours = ROOMS | set(h.__all__)
    assert [name for name in dir(h) if not name.startswith("__") and name not in ours] == []


def test_a_wrong_name_is_told_with_the_nearest():
    with pytest.raises(AttributeError, match="unknown name 'Studdy'; did you mean 'Study'"):
        h.Studdy  # noqa: B018
    with pytest.raises(ImportError):
        from harness import open_runs  # noqa: F401


def test_a_run_has_tables_as_its_report_has_them(run, folder):
    page = run.report()
    assert page == Path(f"reports/{RUN}/index.html")
    for name in ("ranking", "cells", "claims"):
        written = pd.read_csv(folder / page.parent / f"tables/{name}.csv")
        own = getattr(run, name)
        assert list(own.columns) == list(written.columns)
        assert len(own) == len(written)
        numbers = own.select_dtypes(float)
        assert np.allclose(numbers, written[numbers.columns], equal_nan=True)
    assert len(run.trials) == 40
    assert run.outcomes.loc[0, ["trials", "diverged", "crashed", "not_ended"]].tolist() == [
        40,
        1,
        1,
        1,
    ]
    assert run.verdict.startswith("Interim analysis")


def test_figures_are_figures_and_leave_pyplot_alone(run):
    import matplotlib.pyplot as plt

    assert run.figures == ["forest", "curves", "dynamics"]
    for figure in (run.forest(), run.kid_curves(), run.dynamics()):
        assert isinstance(figure, matplotlib.figure.Figure)
        assert figure._repr_png_()[:4] == b"\x89PNG"
    assert plt.get_fignums() == []
    assert run.forest() is not run.forest()  # a change of one changes no other
    assert mistake(lambda: run.figure("forst")) == (
        f"{RUN}: unknown figure 'forst'; did you mean 'forest'?"
    )


def test_every_object_fits_a_line(run):
    plan = h.Study("S" * 90, tips=["hinge_loss", "generator_ema"]).plan()
    frame = pd.DataFrame({"method": list("abab"), "seed": [0, 0, 1, 1], "fid": [1, 2, 1, 3.0]})
    ranked = h.rank(frame, treatment="method", block="seed", value="fid")
    for one in (run, run.trial(), plan, ranked):
        assert "\n" not in repr(one)
        assert len(repr(one)) < 100
    assert repr(run).startswith("Run(card_tips-cpu: 37 of 40 trials finished, 1 diverged")


def test_a_notebook_shows_the_ranking_with_its_verdicts(run):
    shown = run._repr_html_()
    assert "Four tips of the card (card_<wbr>tips-cpu)" in shown
    assert re.search(r'class="tag good">better<', shown)
    assert shown.count("<table") == 1
    assert "href" not in shown  # there are no files beside a notebook


def test_a_trial_has_its_settings_curves_and_pictures(run):
    trial = run.trial("spectral_norm=following", seed=2)
    assert trial.status == "finished"
    assert trial.config["discriminator.spectral_norm"] is True
    assert trial.curves["evaluation"].tolist() == list(range(11))
    assert set(trial.curves["cell"]) == {"spectral_norm=following"}
    with Image.open(trial.samples[-1]) as last:
        assert np.array_equal(trial.grid(), spaced(last, GRID).convert("RGB"))
    assert "there is no sample grid 17 of 6" in mistake(lambda: trial.grid(17))
    for wrong in ("x", 1.5, True):
        assert mistake(lambda number=wrong: trial.grid(number)).startswith("grid(number): a whole")


def test_wrong_names_of_runs_cells_and_seeds(run):
    assert mistake(lambda: h.open_run("card_tip-cpu")).startswith(
        f"unknown run 'card_tip-cpu'; did you mean '{RUN}'?"
    )
    assert mistake(lambda: run.trial("refrence")) == (
        f"{RUN}: unknown cell 'refrence'; did you mean 'reference'?"
    )
    assert mistake(lambda: run.trial(seed=9)).startswith(
        f"{RUN}: reference has no seed 9 (seeds: 0"
    )
    assert mistake(lambda: run.trial(sed=1)) == (
        "Run.trial: unknown keyword 'sed'; did you mean 'seed'?"
    )
    missing = run.trial("spectral_norm=following", 5)
    assert "missing, so it has no generator yet" in mistake(missing.generator)


def test_runs_are_listed(run, tmp_path, monkeypatch):
    assert h.list_runs()["run"].tolist() == [RUN]
    monkeypatch.chdir(tmp_path)
    assert h.list_runs().empty
    assert "trials" in h.list_runs()


def test_a_plan_says_what_is_trained_and_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = h.Study(
        "A study",
        tips=["generator_ema"],
        baseline={"data.name": "digits", "data.image_size": 16, "training.kimg": 6.4,
                  "training.evaluations": 5},
        design="one_at_a_time",
        seeds=6,
    )  # fmt: skip
    plan = study.plan()
    first = plan.trials.iloc[0]
    folder = tmp_path / "runs/trials" / first["key"]
    write_json(folder / "result.json", {"status": "finished", "flags": []})
    assert plan.trials["trained"].tolist() == [True] + [False] * 11
    assert plan.cells["trained"].tolist() == [1, 0]
    assert plan.cells["trials"].tolist() == [6, 6]
    (changes,) = plan.cells["changes"][1:]
    assert list(changes) == ["training.ema"]
    assert plan.cost.loc[0, ["to_train", "to_score"]].tolist() == [11, 1]
    assert plan.findable.loc[0, "smallest_p"] == 1 / 32
    assert repr(plan) == "Plan(a_study: 2 cells × 6 seeds = 12 trials)"
    assert "generator_ema=off" in plan._repr_html_().replace("<wbr>", "")
    assert mistake(lambda: plan.run(worker=2)) == (
        "Plan.run: unknown keyword 'worker'; did you mean 'workers'?"
    )
    assert "1 to 256" in mistake(lambda: plan.run(workers=0))
    assert not (tmp_path / "runs/studies").exists()  # nothing half-written


def test_a_plan_tells_what_is_advised_against(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    baseline = {"data.name": "digits", "data.image_size": 16, "loss.name": "wasserstein"}
    plan = h.Study("Unbounded", baseline=baseline, tips=["generator_ema"], seeds=1).plan()
    assert plan.warnings
    assert all("Wasserstein" in line for line in plan.warnings)
    assert "Warning: reference: the Wasserstein" in plan._repr_html_()


NUMBERS = np.random.default_rng(0).normal(size=(8, 3)).round(3)


def frame_of(numbers):
    rows = [
        {"method": name, "seed": seed, "fid": numbers[seed, place]}
        for seed in range(len(numbers))
        for place, name in enumerate("abc")
    ]
    return pd.DataFrame(rows)


def test_a_frame_is_ranked_as_a_file_is(tmp_path):
    frame = frame_of(NUMBERS)
    frame.loc[4, "fid"] = np.nan
    frame.to_csv(tmp_path / "a.csv", index=False)
    asked = {"treatment": "method", "block": "seed", "value": "fid"}
    filed = cases.rank(tmp_path / "a.csv", Columns(**asked), lower=True, alpha=0.05)
    ranked = h.rank(frame, **asked, lower_is_better=True)
    pd.testing.assert_frame_equal(ranked.table, filed.treatments)
    pd.testing.assert_frame_equal(ranked.pairs, filed.pairs)
    assert ranked.notes == list(filed.notes)
    shown = ranked._repr_html_()
    assert shown.count("<table") == 2
    assert "fid: lower is better, as asked" in shown


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"treatment": "methud"}, "rank(treatment): unknown column 'methud'; did you mean "
         "'method'?"),
        ({"block": "method"}, "treatment and block are one column, 'method'; name two"),
        ({"alpha": 1.5}, "alpha 1.5: a significance level lies between 0.0001 and 0.5"),
        ({"lower": True}, "rank: unknown keyword 'lower'; did you mean 'lower_is_better'?"),
        ({"frame": "a.csv"}, "rank: 'a.csv' is no DataFrame; pandas.read_csv makes one"),
        ({"frame": frame_of(NUMBERS).replace(NUMBERS[0, 0], np.inf)}, "the frame, row 0: fid is "
         "no number: 'inf' (is infinite: leave the field empty)"),
        ({"frame": pd.concat([frame_of(NUMBERS)] * 2)}, "the frame, row 0: a second value of "
         "method 'a' in seed '0', whose first is in row 0"),
    ],
)  # fmt: skip
def test_what_cannot_be_ranked(change, said):
    asked = {"frame": frame_of(NUMBERS), "treatment": "method", "block": "seed", "value": "fid"}
    asked |= change
    assert mistake(lambda: h.rank(asked.pop("frame"), **asked)).startswith(said)


@pytest.mark.parametrize("nothing", [None, np.nan, pd.NA, "", "n/a"])
def test_whatever_says_that_there_is_no_result_is_none(nothing):
    frame = frame_of(NUMBERS).astype({"fid": object})
    frame.loc[4, "fid"] = nothing
    ranked = h.rank(frame, treatment="method", block="seed", value="fid")
    assert sorted(ranked.table["n"]) == [7, 8, 8]
    told = [note for note in ranked.notes if note.startswith("fid: read as no result")]
    assert bool(told) is (str(nothing) == "n/a")


def test_a_name_that_does_not_tell_which_way_is_better_is_warned_of():
    frame = frame_of(NUMBERS).rename(columns={"fid": "thing"})
    (doubt,) = h.rank(frame, treatment="method", block="seed", value="thing").notes
    assert "(set lower_is_better=True or lower_is_better=False)" in doubt


@pytest.mark.parametrize("option", [{"lower_is_better": "x"}, {"alpha": "x"}, {"alpha": None}])
def test_options_of_a_ranking_that_are_none(option):
    asked = {"treatment": "method", "block": "seed", "value": "fid", **option}
    said = mistake(lambda: h.rank(frame_of(NUMBERS), **asked))
    assert said.startswith(f"rank({next(iter(option))})")


@pytest.mark.parametrize("name", [None, 3, "", "../a", "a" * 3000])
def test_what_is_no_name_of_a_run(name):
    assert mistake(lambda: h.open_run(name)).endswith("is not a run name")
    assert mistake(lambda: h.compare(name, "b")).endswith("is not a run name")


def test_runs_are_compared(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("one-cpu", "two-cpu"):
        build(tmp_path, Recipe(run_name=name, seeds=range(3), diverged=(), crashed=(), missing=()))
    both = h.compare("one-cpu", h.open_run("two-cpu"))
    assert set(both.table["run"]) == {"one-cpu", "two-cpu"}
    assert len(both.table) == 2 * len(TIDY.tips)
    assert repr(both) == "Comparison(one-cpu and two-cpu: 4 common contrasts, 0 changed sign)"
    assert both._repr_html_().count("<table") == 1
    assert not (tmp_path / "reports").exists()
    assert both.report().is_file()
    assert "two different runs" in mistake(lambda: h.compare("one-cpu", "one-cpu"))


def test_tips_and_knobs_are_tables():
    tips = h.tips()
    assert tips.index.is_unique
    assert tips.loc["hinge_loss", "following"] == {"loss.name": "hinge"}
    assert set(h.tips(topic="losses")["topic"]) == {"losses"}
    assert len(h.tips(source="S1")) < len(tips)
    assert mistake(lambda: h.tips(topic="loses")).startswith("unknown topic 'loses'; did you mean")
    knobs = h.knobs("optimizer.*")
    assert set(knobs.index.str.split(".").str[0]) == {"optimizer"}
    assert h.knobs().loc["training.batch_size", "default"] == 128
    assert mistake(lambda: h.knobs("trainig.kimg")) == (
        "knobs: unknown knob 'trainig.kimg'; did you mean 'training.kimg'?"
    )
