"""The report of a search: its own section, exploration labelled, nothing ranked but what ended."""

import shutil
from dataclasses import replace

import pytest

from harness import app
from harness.analysis.frame import load
from harness.config.runtime import Runtime
from harness.core.files import read_json, write_json
from harness.plan.stages import Static
from harness.report import words
from harness.report.blocks import Code, Figure, Items, Table, Text
from harness.report.data import analyse
from harness.report.plots.search import history_info, slices_info
from harness.report.sections import cells, failures, methods, ranking, search
from harness.runs.stages import Suggestion
from tests.records import record

RATE = "optimizer.generator.learning_rate"
STUDY = f"""title: Hunt
question: Where?
baseline: {{data.name: digits, data.image_size: 16, training.kimg: 6.4, training.evaluations: 5}}
heuristics: [spectral_norm]
design: search
seeds: 1
search:
  space:
    {RATE}: {{low: 1.0e-5, high: 1.0e-3, log: true}}
  trials: 14
  pruner: median
"""


@pytest.fixture
def runtime(tmp_path):
    folders = {name: tmp_path / name for name in ("runs", "reports", "studies")}
    folders["studies"].mkdir()
    (folders["studies"] / "hunt.yaml").write_text(STUDY)
    return Runtime(**folders)


def begun(runtime, count):
    """A plan with so many suggestions, the lower rates first; the last one is refused."""
    plan, _ = app.plan("hunt", runtime)
    made = [
        Suggestion(
            params={RATE: 1e-5 * 1.3**n, "spectral_norm": ("on", "off")[n % 2]},
            cell=f"suggestion {n}",
            refused="",
        )
        for n in range(1, count + 1)
    ]
    refused = Suggestion(
        params={RATE: 1e-3, "spectral_norm": "on"}, cell="", refused="it may not be"
    )
    grown = plan.stages.search.replaced(suggestions=(*made, refused))
    plan = plan.stages.suggested(plan, grown, runtime.cache)
    write_json(runtime.study("hunt") / "plan.json", plan.to_json())
    return plan


def data_of(runtime):
    return analyse(load("hunt", runtime))


@pytest.fixture
def whole(runtime):
    """Twelve suggestions, the fourth best; one diverged, one pruned at the lowest KID."""
    plan = begun(runtime, 12)
    record(runtime, plan.trials[0], 0.5)
    for number, trial in enumerate(plan.trials[1:11], 1):
        record(runtime, trial, 0.3 + 0.02 * abs(number - 4))
    record(runtime, plan.trials[11], 0.3, "diverged")
    record(runtime, plan.trials[12], 0.01, "pruned", evaluations=2)
    return runtime


def one(blocks, kind):
    """The first block of a kind."""
    return next(block for block in blocks if isinstance(block, kind))


def test_it_begins_empty(runtime):
    write_json(runtime.study("hunt") / "plan.json", app.plan("hunt", runtime)[0].to_json())
    data = data_of(runtime)
    assert [block.kind for block in search.build(data)] == ["heading", "text", "text"]
    assert words.verdict(data).startswith("Interim analysis: 0 of 1 trials have ended. No trial")


@pytest.mark.drawn
def test_the_best_are_finished_ones_and_say_that_they_were_selected(whole):
    data = data_of(whole)
    blocks = search.build(data)
    how, note = blocks[1], blocks[-1]
    best = one(blocks, Table)
    parallel, history, slices = (block for block in blocks if isinstance(block, Figure))
    assert "13 suggestions within a budget of 14 trials" in how.text
    assert "(10 finished, 1 pruned, 1 diverged, 1 refused)" in how.text
    assert [row[1] for row in best.rows][:3] == ["suggestion 4", "suggestion 3", "suggestion 5"]
    assert "suggestion 12" not in {row[1] for row in best.rows}  # pruned
    assert all(figure.draw.narrow.startswith("<svg") for figure in (parallel, history, slices))
    assert history.caption.endswith("none of them finished, lie beyond it.")  # pruned at 10
    assert "not shown" in note.text  # nobody asked for importances yet
    assert "confirm it on other seeds" in words.verdict(data)
    assert "suggestion 4" in words.verdict(data)
    assert ranking.build(data) == cells.build(data) == []
    assert data.labels[:2] == ["reference", "suggestion 4"]
    assert len(data.labels) == 9


def test_a_suggestion_that_collapsed_is_never_the_best(whole):
    trial = begun(whole, 12).trials[7]
    record(whole, trial, 0.02)
    path = whole.trials / trial.key / "result.json"
    flags = [{"flag": "collapsed", "kimg": 5.0, "identity": "m"}]
    write_json(path, read_json(path) | {"flags": flags})
    data = data_of(whole)
    assert data.suggestions["unlearnt"][6] == "1 of 1 trials collapsed"
    assert data.suggestions["best_so_far"].min() == pytest.approx(0.3)
    best = one(search.build(data), Table)
    assert "suggestion 7" not in {row[1] for row in best.rows}
    assert best.rows[0][1] == "suggestion 4"
    assert best.caption.endswith("1 that has not learnt left out")
    assert "suggestion 7" not in data.labels
    said = words.verdict(data)
    assert said.startswith("The reference has not learnt (its final KID is 56 % of its untrained")
    assert "The best of 10 finished suggestions is suggestion 4" in said
    assert said.endswith("1 suggestion has not learnt, and has no place.")


def test_the_methods_count_all_configurations_and_speak_of_no_effect(whole):
    (quote,) = (
        block for block in methods.build(data_of(whole)) if getattr(block, "tone", "") == "quote"
    )
    assert quote.text.startswith("We trained 13 configurations ")
    assert "A trial counts by the mean KID" in quote.text
    assert "effect" not in quote.text


def test_what_is_refused_is_explained_where_something_was(whole):
    data = data_of(whole)
    why = "Refused ones break a rule"
    assert why in search.build(data)[1].text
    assert why not in search._how(data.plan.search, data.suggestions.assign(refused=""))


def test_flags_are_in_the_order_of_the_cells(whole):
    plan = begun(whole, 12)
    for trial in plan.trials[1:12]:
        path = whole.trials / trial.key / "result.json"
        flags = [{"flag": "rebound", "kimg": 5.0, "identity": "m"}]
        write_json(path, read_json(path) | {"flags": flags})
    table = [block for block in failures.build(data_of(whole)) if isinstance(block, Table)][-1]
    assert [row[1:] for row in table.rows] == [
        [f"suggestion {number}", "seed 0"] for number in range(1, 12)
    ]


def test_the_best_is_a_baseline_that_trains_the_same(whole, tmp_path):
    blocks = search.build(data_of(whole))
    paste = one(blocks, Code).text
    assert RATE in paste
    assert "evaluation" not in paste.replace("training.evaluations", "")  # it follows from the data
    tips = "heuristics: [generator_ema]\nseeds: [0, 9]\n"
    (whole.studies / "confirm.yaml").write_text(f"title: T\nquestion: Q?\n{tips}{paste}")
    hunted, confirmed = (app.plan(name, whole)[0] for name in ("hunt", "confirm"))
    assert confirmed.trial("reference", 0).key == hunted.trial("suggestion 4", 0).key
    assert confirmed.cells[0].identity == hunted.cell("suggestion 4").identity


def test_a_best_value_at_an_edge_says_to_search_wider(whole):
    data = data_of(whole)
    assert not [block for block in search.build(data) if isinstance(block, Items)]
    assert "search wider" not in words.verdict(data)
    plan = begun(whole, 12)
    record(whole, plan.trials[1], 0.2)  # suggestion 1, at 1.3e-5 of 1e-5 to 1e-3: not yet
    assert "search wider" not in words.verdict(data_of(whole))
    path = whole.study("hunt") / "plan.json"
    narrow = read_json(path)
    narrow["search"]["space"][RATE]["low"] = 1.2e-5
    write_json(path, narrow)
    data = data_of(whole)
    (edge,) = one(search.build(data), Items).items
    assert edge == f"{RATE} 1.3e-05 is at the lower end of 1.2e-05 to 0.001."
    wider = f"on other seeds. Its {RATE} lies at an edge of what was searched: search wider."
    assert words.verdict(data).endswith(wider)


def test_a_best_one_that_is_worse_than_the_reference_is_not_offered(whole):
    assert "worse than the reference" not in words.verdict(data_of(whole))
    record(whole, begun(whole, 12).trials[0], 0.25)
    data = data_of(whole)
    said = words.verdict(data)
    assert (
        "is suggestion 4, with KID × 10³ of 300.0, which is worse than the reference (250" in said
    )
    assert "no suggestion is recommended" in said
    assert "confirm it" not in said
    blocks = search.build(data)
    assert one(blocks, Table).caption == "The best finished suggestions, of 10 (reference: 250.0)"
    assert not [block for block in blocks if isinstance(block, Code)]
    assert any(isinstance(b, Text) and "worse than the reference" in b.text for b in blocks)


def test_the_worst_is_told_with_its_values(whole):
    worst = [block.text for block in search.build(data_of(whole)) if isinstance(block, Text)][1]
    assert worst.startswith("The worst of the 10 that finished and have learnt is suggestion 10")
    assert "with KID × 10³ of 420.0:" in worst
    assert f"{RATE} 0.000138; spectral_norm on." in worst


def test_figures_show_what_ended_badly_as_such(whole):
    data = data_of(whole)
    info = history_info(data.suggestions, 0.5)
    status = {point.x: point.status for point in info.panel.points}
    assert (status[11], status[12]) == ("diverged", "pruned")
    assert 13 not in status
    assert {point.x: point.kid for point in info.panel.points}[12] == pytest.approx(10)
    assert info.best[-1][1] == pytest.approx(300)
    rate, tip = slices_info(data.suggestions, data.plan.search.space)
    assert rate.log
    assert tip.ticks == ("on", "off")
    assert {point.x for point in tip.points} == {0.0, 1.0}
    assert "pruned" not in {point.status for point in rate.points}


def test_a_time_is_shown_in_kimg(whole):
    path = whole.study("hunt") / "plan.json"
    write_json(path, read_json(path) | {"objective": "time_to_threshold", "threshold": 0.35})
    data = data_of(whole)
    best = one(search.build(data), Table)
    assert best.columns[2] == "kimg"
    values = [float(row[2]) for row in best.rows]
    assert 0 < min(values) <= max(values) <= data.reference["training.kimg"]
    info = history_info(data.suggestions, 0.5, data.objective)
    assert info.best[-1][1] == pytest.approx(min(values), abs=0.06)
    assert "pruned" not in {point.status for point in info.panel.points}  # its last KID is no time


@pytest.mark.parametrize(
    ("status", "value", "why"),
    [("diverged", 0.3, "3 diverged, 1 refused"),
     ("finished", 0.85, "3 finished without having learnt, 1 refused")],
)  # fmt: skip
def test_a_search_without_a_best_one_says_what_is_missing_and_why(runtime, status, value, why):
    plan = begun(runtime, 3)
    record(runtime, plan.trials[0], 0.3)
    for trial in plan.trials[1:]:
        record(runtime, trial, value, status)
    data = data_of(runtime)
    assert f"No suggestion has finished and learnt ({why})" in words.headline(data)
    blocks = search.build(data)
    assert any(isinstance(b, Text) and f"learnt ({why}), so there is none to rank" in b.text
               for b in blocks)  # fmt: skip
    assert not [block for block in blocks if isinstance(block, Table)]
    assert [block.name for block in blocks if isinstance(block, Figure)] == ["search-history"]


def test_one_suggestion_is_compared_with_nothing(runtime):
    plan = begun(runtime, 3)
    record(runtime, plan.trials[0], 0.3)
    record(runtime, plan.trials[1], 0.2)
    blocks = search.build(data_of(runtime))
    told = [block.text for block in blocks if isinstance(block, Text)]
    assert any("(1 refused, 2 not ended), so there is nothing to compare it with" in text
               for text in told)  # fmt: skip
    assert [block.name for block in blocks if isinstance(block, Figure)] == ["search-history"]
    assert len([block for block in blocks if isinstance(block, Table)]) == 1


def test_importances_are_asked_for_with_the_report_and_labelled(whole):
    summary = app.report("hunt", whole)
    assert read_json(whole.study("hunt") / "importances.json").keys() == {RATE, "spectral_norm"}
    text = (summary.path.parent / "report.md").read_text()
    assert "Exploration only: share of the variance of KID by dimension (fANOVA" in text
    assert "is no ranking of tips" in text
    assert (summary.path.parent / "tables/search.csv").read_text().count("refused") == 2
    assert summary.tables == []


def test_what_was_pruned_is_not_missing_to_its_search_but_to_every_other_study(whole):
    plan, _ = app.plan("hunt", whole)
    assert plan.stages.search.left == 2
    assert app.cost(plan, whole).missing == ()
    assert app.cost(plan, whole).to_json()["to_suggest"] == 2
    other = replace(plan, stages=Static())
    assert [item.trial for item in app.cost(other, whole).missing] == [plan.trials[12]]
    assert app.status(whole)[0]["pruned"] == 1


def test_scoring_by_another_metric_suggests_nothing_more(whole):
    scored = app.evaluate("hunt", {"evaluation.protocol": "blocks"}, whole, None)
    assert scored.stages.search.left == 0
    assert len(scored.trials) == 12  # the reference, and what has a result
    assert scored.cells[4].label == "suggestion 4"
    assert scored.cells[4].config.evaluation.protocol == "blocks"


def test_where_the_reference_has_no_value_it_is_said_and_not_drawn(whole):
    shutil.rmtree(whole.trials / begun(whole, 12).trials[0].key)
    data = data_of(whole)
    assert "(the reference has no value)" in words.verdict(data)
    blocks = search.build(data)
    assert one(blocks, Table).caption.endswith("of 10 (the reference has no value)")
    (history,) = (b for b in blocks if isinstance(b, Figure) and b.name == "search-history")
    assert "dashed line" not in history.caption
