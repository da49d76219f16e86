"""The section on the looks of a sequential run."""

from dataclasses import replace

import pandas as pd
import pytest

from harness import app
from harness.analysis.equivalence import learnt
from harness.analysis.frame import load
from harness.analysis.pooling import share
from harness.analysis.verdicts import EQUIVALENT
from harness.app import running
from harness.core import format as show
from harness.execution.options import Options
from harness.report import page, words
from harness.report.data import analyse
from harness.report.sections import looks, provenance
from tests.sequential_run import LARGE, NULL, Trained, folders


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A run of two tips with looks at 7, 9 and 12 seeds, as it ended."""
    places = folders(tmp_path_factory.mktemp("looks"))
    plan, _ = app.plan("one", places)
    workers = Trained(places)
    workers.plan = plan
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("harness.execution.driver.drive", workers)
        running.run(plan, places, Options())
    return analyse(load("one", places))


def _until(data, taken):
    """The report after so many looks, with the trials up to the next one."""
    record, plan = data.plan.looks, data.plan
    known = record.seeds[: record.planned[taken]]
    trials = tuple(trial for trial in plan.trials if trial.seed in known)
    now = plan.replaced(looks=record.replaced(taken=record.taken[:taken]), trials=trials)
    return replace(data, frames=replace(data.frames, plan=now))


def test_trials_figure_and_table(data):
    head, trials, figure, table = looks.build(data)
    assert head.title == "Looks"
    assert trials.text == (
        "The study took 31 of at most 36 trials, 14 % fewer than a fixed design of 12 seeds (36)."
    )
    titles = {row.contrast: row.names[1] for row in data.ranked}
    assert figure.name == "looks"
    assert f"{titles[LARGE]}: better at 7 seeds" in figure.alt
    assert f"{titles[NULL]}: open after 12 seeds" in figure.alt
    assert "repeated 95 % interval" in figure.caption
    assert table.rows == [
        ["1", "7", "2", f"better: {titles[LARGE]}", "21"],
        ["2", "9", "1", "none", "25"],
        ["3", "12", "1", "none", "31"],
    ]


def test_the_table_of_decisions_has_all_digits(data, tmp_path):
    tables = dict(page._tables(data))
    path = page.publish(tmp_path, page._front(data), looks.build(data), tables, lambda folder: None)
    folder = path.parent
    table = pd.read_csv(folder / "tables/looks.csv", keep_default_na=False, na_values=[""])
    assert list(zip(table["contrast"], table["seeds"], table["state"], strict=True)) == [
        (LARGE, 7, "better"), (NULL, 7, "open"), (NULL, 9, "open"), (NULL, 12, "open")
    ]  # fmt: skip
    seen = data.plan.looks.taken[1].contrasts[NULL]
    row = table.iloc[2]
    for name, value in {**seen.decision, "margin": seen.margin}.items():
        assert pd.isna(row[name]) if value is None else row[name] == value, name
    text = (folder / "report.md").read_text()
    assert "## Looks" in text
    assert "(figures/looks.png)" in text
    assert 'data-path="tables/looks.csv"' in (folder / "index.html").read_text()


def test_between_two_looks(data):
    text = looks.build(_until(data, 1))[1].text
    assert text == (
        "Up to look 2 of 3, at 9 seeds, the study takes 25 of at most 36 trials; a fixed "
        "design of 12 seeds takes all of them."
    )


def test_before_the_first_look_there_is_no_picture(data):
    early = _until(data, 0)
    _, text = looks.build(early)
    assert text.text.startswith("Up to look 1 of 3, at 7 seeds, the study takes 21 of at most 36")
    assert "looks" not in dict(page._tables(early))


def test_many_contrasts_are_several_figures(data, monkeypatch):
    monkeypatch.setattr(looks, "ROOM", 1)
    figures = [block for block in looks.build(data) if block.kind == "figure"]
    assert [figure.name for figure in figures] == ["looks-1", "looks-2"]
    assert [figure.alt.count(" seeds") for figure in figures] == [1, 1]


def test_a_verdict_that_is_not_that_of_the_looks_is_named(data):
    row = next(row for row in data.ranked if row.contrast == LARGE)
    other = replace(row, verdict="not judged", reason="a side has not learnt")
    ranked = [other if one is row else one for one in data.ranked]
    note = looks.build(replace(data, ranked=ranked))[-1].text
    title = row.names[1]
    assert note == (
        f"The ranking does not follow all looks: {title} is not judged (a side has not learnt)."
    )


def test_no_section_without_looks(data):
    static = data.plan.replaced(looks=None)
    scored = data.plan.replaced(looks=data.plan.looks.replaced(taken=(), seeds_of="other"))
    for plan in (static, scored):
        assert looks.build(replace(data, frames=replace(data.frames, plan=plan))) == []


def test_of_many_seeds_the_first_are_named(data):
    many = replace(
        data, frames=replace(data.frames, plan=data.plan.replaced(seeds=tuple(range(24))))
    )
    assert "(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)" in str(provenance.build(data))
    assert "24 (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, …)" in str(
        provenance.build(many)
    )


def test_a_size_is_a_share_of_what_all_seeds_learnt_as_in_pooled_effects(data):
    """The margin is fixed at the first look, so the page says that it is a share of another."""
    trials = data.frames.trials.copy()
    late = trials["seed"].isin(data.plan.looks.seeds[7:])
    trials["untrained"] = trials["final"] + 0.5 + 0.5 * late
    frames, row = replace(data.frames, trials=trials), data.row(LARGE)
    pooled = share(pd.Series(data.differences[LARGE]), learnt(frames, row.identity))
    whole = float(learnt(frames, row.identity).mean())
    assert 0.5 < whole < 1.0
    assert pooled.effect == pytest.approx(row.effect / whole)
    said = words.headline(replace(data, frames=frames))
    assert f"KID falls by {show.percent(-pooled.effect, 0)} of what the reference learnt" in said
    assert "the reference's improvement in the seeds of the first look (" in words.region(data)
    other = [replace(each, verdict=EQUIVALENT) for each in data.ranked]
    assert "of what the reference had learnt in the seeds of the first look, ±" in words.headline(
        replace(data, ranked=other)
    )
