"""A sequential run without training: it grows look by look, closes contrasts, and ends."""

import json
import random
import re
import shutil
from functools import partial

import pytest

from harness import app
from harness.analysis.closed import by_look, unlooked
from harness.analysis.effects import estimate_effects
from harness.analysis.frame import load
from harness.analysis.ranking import rank_contrasts
from harness.api.plan import Plan
from harness.api.run import Run
from harness.app import running
from harness.core import files
from harness.core.errors import HarnessError
from harness.execution.local import Outcome
from harness.execution.options import Options
from harness.report import words
from harness.report.blocks import Table
from harness.report.data import analyse
from harness.report.latex import ranking_tex
from harness.report.page import _front as page_head
from harness.report.sections import methods, provenance, ranking, verdict
from harness.report.summary import summarise
from harness.runs.plan import read_plan
from tests.records import record
from tests.sequential_run import LARGE, NULL, STUDY, Trained, folders, value


def run_study(runtime, patch, text=STUDY, workers=None, options=None, **changes):
    """Run a study with these workers; returns its plan record."""
    (runtime.studies / "one.yaml").write_text(text)
    plan, _ = app.plan("one", runtime)
    workers = workers or Trained(runtime, **changes)
    workers.plan = plan
    patch.setattr("harness.execution.driver.drive", workers)
    assert running.run(plan, runtime, options or Options()) is Outcome.DONE
    return read_plan(runtime.study("one") / "plan.json")


@pytest.fixture
def runtime(tmp_path):
    return folders(tmp_path)


@pytest.fixture
def start(runtime, monkeypatch):
    return partial(run_study, runtime, monkeypatch)


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """A run that has ended, for tests that only read it: its folders and its plan record."""
    runtime = folders(tmp_path_factory.mktemp("ended"))
    with pytest.MonkeyPatch.context() as patch:
        return runtime, run_study(runtime, patch)


def seeds_of(plan):
    counts = dict.fromkeys(plan.labels, 0)
    for trial in plan.trials:
        counts[trial.cell] += 1
    return counts


def test_seeds_go_to_what_is_open_and_the_run_ends_by_itself(ended):
    runtime, plan = ended
    looks = plan.looks
    assert [len(look.seeds) for look in looks.taken] == [7, 9, 12]
    assert looks.closed[LARGE] == 7
    assert looks.ended
    assert seeds_of(plan) == {"reference": 12, f"{LARGE}=off": 7, f"{NULL}=on": 12}
    assert list(plan.seeds) == list(range(12))
    seeds = [trial.seed for trial in plan.trials]
    assert seeds == sorted(seeds)
    rows = estimate_effects(load("one", runtime)).set_index("contrast")
    assert rows.loc[LARGE, ["verdict", "reason", "n"]].tolist() == [
        "better",
        "closed at 7 seeds",
        7,
    ]
    assert rows.loc[NULL, ["verdict", "n"]].tolist() == ["inconclusive", 12]
    assert rows.loc[NULL, "reason"] == "not decided by 12 seeds"
    fixed = [name for name in rows if re.match("p_|p$|t_(low|high)|(low|high)_finished", name)]
    assert len(fixed) == 16
    assert rows[fixed].isna().all(axis=None)
    seen = looks.last[LARGE].decision
    assert rows.loc[LARGE, ["low", "high"]].tolist() == [seen["low"], seen["high"]]
    points = by_look(looks)
    assert [(one.contrast, one.seeds) for one in points] == [
        (LARGE, 7), (NULL, 7), (NULL, 9), (NULL, 12)
    ]  # fmt: skip
    assert rank_contrasts(load("one", runtime))["place"].tolist() == [1, 2]


def test_the_report_says_what_the_looks_decided(ended):
    runtime, _ = ended
    data = analyse(load("one", runtime))
    assert words.interim(data) == ""
    assert "3 cells × up to 12 seeds" in page_head(data).facts
    assert "Seeds, at most" in str(provenance.build(data))
    plan, why = app.plan("one", runtime)
    assert repr(Plan(plan, why, runtime)) == "Plan(one: 3 cells × up to 12 seeds = 31 trials)"
    assert "repeated 95 % intervals for all 2 contrasts and all looks" in words.intervals(data)
    page = " ".join(str(block) for block in [*ranking.build(data), *methods.build(data)])
    assert "the looks at 7, 9 and 12 seeds" in page
    assert "group-sequential sign-flip tests at 7, 9 and 12 seeds" in page
    assert "closed at 7 seeds" in page
    assert "max-|t|" not in page
    table = next(block for block in ranking.build(data) if isinstance(block, Table))
    assert table.columns == ["#", "Tip", "Effect", "Interval", "n", "Wins", "Verdict"]
    assert table.numeric == {0, 2, 3, 4, 5}
    assert {len(row) for row in table.rows} == {len(table.columns)}
    tex = ranking_tex(data)
    assert "$p$" not in tex
    assert "12 & inconclusive" in tex
    assert not any("different numbers of seeds" in line for line in data.checks)
    (row,) = app.status(runtime)
    assert row["standing"] == "ended at look 3 of 3, 1 of 2 contrasts undecided"


def test_the_library_has_the_looks(ended):
    runtime, plan = ended
    looks = Run("one", runtime).looks
    assert looks[["contrast", "look", "seeds"]].to_numpy().tolist() == [
        [LARGE, 1, 7], [NULL, 1, 7], [NULL, 2, 9], [NULL, 3, 12]
    ]  # fmt: skip
    assert looks["low"][0] == plan.looks.last[LARGE].decision["low"]


def test_a_second_start_trains_and_decides_nothing(start, runtime):
    start()
    path = runtime.study("one") / "plan.json"
    before, again = path.read_bytes(), Trained(runtime)
    start(workers=again)
    assert (again.trained, path.read_bytes()) == ([], before)


def test_an_early_report_gives_no_verdict(start, runtime, monkeypatch):
    monkeypatch.setattr(running, "_decide", lambda planned, runtime: planned)
    plan = start()
    assert (plan.looks.taken, len(plan.trials)) == ((), 21)
    rows = estimate_effects(load("one", runtime))
    assert set(rows["verdict"]) == {"not judged"}
    assert set(rows["reason"]) == {"no look has decided yet; the first is at 7 seeds"}
    assert rows["low"].isna().all()
    data = analyse(load("one", runtime))
    page = " ".join(str(block) for block in [*verdict.build(data), *ranking.build(data)])
    assert "no interval, since no look was taken" in page
    assert "want of two seeds" not in page
    rescored = plan.looks.replaced(seeds_of="other")
    assert unlooked(rescored) == "no look has decided, since the seeds follow from those of other"
    notes = summarise(data, runtime).notes
    assert notes.count("no look has decided yet; the first is at 7 seeds") == 1  # not one a tip
    assert not [note for note in notes if note.endswith("7 seeds") and ": " in note]
    said = words.headline(data)
    assert "Nothing is judged: no look has decided yet; the first is at 7 seeds. “" in said
    assert said.endswith("but that is not decided.")
    assert said.startswith("Interim analysis: 21 of 21 trials have ended; look 1 of 3 at 7 seeds")
    assert plan.stages.standing == "look 1 of 3 at 7 seeds, 2 of 2 contrasts open"


def test_a_late_repair_changes_no_look(start, runtime):
    lost = f"{NULL}=on", 3
    first = start(crashed=[lost])
    frozen = first.looks.taken[0].contrasts[NULL]
    assert frozen.differences[3] is None
    assert frozen.decision["n"] == 6
    again = Trained(runtime)
    after = start(workers=again, options=Options(retry_crashed=True))
    assert again.trained == [lost]
    assert after.looks == first.looks
    rows = estimate_effects(load("one", runtime)).set_index("contrast")
    assert rows.loc[NULL, "n"] == 11


def test_a_repair_between_two_looks_counts_from_the_next(start, runtime, monkeypatch):
    """What a look saw stays what it saw, also where the record of a trial is another now."""
    place, decide = (f"{NULL}=on", 3), running._decide
    looks = []

    def once(planned, runtime):
        if len(planned.stages.looks.taken) == 1 and not looks:
            looks.append(planned)
            return planned
        return decide(planned, runtime)

    monkeypatch.setattr(running, "_decide", once)
    first = start(crashed=[place]).looks.taken[0]
    other = load("one", runtime).plan.trials[0]
    rewritten = next(trial for trial in looks[0].trials if trial.key == other.key)
    record(runtime, rewritten, 0.9)  # seed 0 of the reference
    taken = start(options=Options(retry_crashed=True)).looks.taken
    assert taken[0] == first
    before, after = (look.contrasts[NULL].differences for look in taken[:2])
    assert before[3] is None
    assert after[3] is not None
    assert before[:3] == after[:3]


def test_two_drivers_agree(start, runtime, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(running, "_decide", lambda planned, runtime: planned)
        start()
    one, two = (app.plan("one", runtime)[0] for _ in range(2))
    after = running._decide(one, runtime)
    path = runtime.study("one") / "plan.json"
    written = path.read_bytes()
    stale = running._decide(two, runtime)
    assert path.read_bytes() == written
    assert len(stale.stages.looks.taken) == 1
    assert stale.trials == after.trials
    # and the next look is not taken while trials of it wait
    assert running._decide(stale, runtime) is stale


def test_no_look_is_taken_while_a_due_trial_is_in_the_queue(start, runtime, monkeypatch):
    from harness.analysis.stages import decided

    with monkeypatch.context() as patch:
        patch.setattr(running, "_decide", lambda planned, runtime: planned)
        start(crashed=[("reference", 6)])
    plan, _ = app.plan("one", runtime)
    lost = next(one.key for one in plan.trials if (one.cell.label, one.seed) == ("reference", 6))
    assert decided(plan, runtime, {lost}) is plan
    assert len(decided(plan, runtime, ()).stages.looks.taken) == 1
    (runtime.trials / lost / "failure.json").unlink()  # not tried yet
    assert decided(plan, runtime, ()) is plan


def test_nothing_is_trained_on_where_the_reference_has_not_learnt(start, runtime):
    plan = start(value=lambda trial: 0.7 + value(trial) / 10)
    assert plan.looks.ended
    assert seeds_of(plan) == dict.fromkeys(plan.labels, 7)
    reasons = {seen.reason for seen in plan.looks.last.values()}
    assert reasons == {"the reference has not learnt: its final KID is 80 % of its untrained KID"}
    rows = estimate_effects(load("one", runtime))
    assert set(rows["verdict"]) == {"not judged"}


def test_a_reference_without_values_ends_the_study_and_says_so(start, runtime):
    plan = start(crashed=[("reference", seed) for seed in range(12)])
    assert plan.looks.ended
    assert len(plan.looks.taken) == 1
    assert seeds_of(plan) == dict.fromkeys(plan.labels, 7)
    why = "the reference has no value (7 of 7 trials crashed)"
    assert {seen.reason for seen in plan.looks.last.values()} == {why}
    data = analyse(load("one", runtime))
    assert words.headline(data).endswith(f"there is nothing to rank. Closed at 7 seeds: {why}.")
    assert summarise(data, runtime).notes == [f"closed at 7 seeds: {why}"]
    page = " ".join(str(block) for block in [*verdict.build(data), *ranking.build(data)])
    assert page.count(f"closed at 7 seeds: {why}") == 2


def test_a_contrast_without_a_pair_is_closed_and_the_other_goes_on(start, runtime):
    plan = start(crashed=[(f"{LARGE}=off", seed) for seed in range(12)])
    assert plan.looks.closed[LARGE] == 7
    assert seeds_of(plan) == {"reference": 12, f"{LARGE}=off": 7, f"{NULL}=on": 12}
    why = "closed at 7 seeds: the side that ignores it has no value (7 of 7 trials crashed)"
    data = analyse(load("one", runtime))
    rows = data.ranking.set_index("contrast")
    assert rows.loc[LARGE, ["verdict", "reason"]].tolist() == ["not judged", why]
    assert f"“Moving average of the generator” is not judged: {why}." in words.verdict(data)
    told = "For the one contrast that is judged the seeds cannot tell"
    assert words.headline(data).startswith(told)
    assert f"Moving average of the generator: {why}" in summarise(data, runtime).notes


def test_the_headline_is_that_of_the_looks_where_the_trials_are_gone(start, runtime):
    start()
    before = words.headline(analyse(load("one", runtime)))
    shutil.rmtree(runtime.trials)
    data = analyse(load("one", runtime))
    # what the reference learnt is not known any more
    before = before.replace(
        "KID falls by 28 % of what the reference learnt", "KID × 10³ falls by 199.5"
    )
    assert words.headline(data) == (
        f"The record lacks 31 of 31 trials; what the looks decided is kept. {before}"
    )
    assert words.interim(data) == ""


def test_a_diverged_trial_counts_with_its_failure_value(start, runtime):
    cell = f"{LARGE}=off"
    plan = start(diverged=[(cell, seed) for seed in range(7)])
    assert plan.looks.closed[LARGE] == 7
    assert all(plan.looks.last[LARGE].failed)
    rows = estimate_effects(load("one", runtime)).set_index("contrast")
    assert rows.loc[LARGE, "verdict"] == "better"
    assert "diverged in 7 of 7 seeds" in rows.loc[LARGE, "reason"]


CHANGES = {
    "looks": (("[7, 9, 12]", "[7, 10, 12]"), r"looks was changed \(it was \[7, 9, 12\], and is"),
    "futility": (("futility: 0", "futility: 0.2"), "futility was changed"),
    "alpha": (("seeds: 12", "seeds: 12\nalpha: 0.06"), "alpha was changed"),
    "seeds": (("seeds: 12", "seeds: [7, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12]"), "seeds was changed"),
    "tips": (("[generator_ema, spectral", "[adam_beta_1_half, spectral"), "contrasts were changed"),
    "baseline": (("training.kimg: 6.4", "training.kimg: 12.8"), "cells train something else"),
    "key": (("sequential: {looks: [7, 9, 12], futility: 0}\n", ""), "sequential was removed"),
}


@pytest.fixture
def looked_at(start, monkeypatch):
    """A run whose first look is taken."""
    decide, taken = running._decide, []

    def once(planned, runtime):
        taken.append(planned)
        return decide(planned, runtime) if len(taken) == 1 else planned

    with monkeypatch.context() as patch:
        patch.setattr(running, "_decide", once)
        return start()


def test_after_the_first_look_nothing_may_change(looked_at, runtime):
    assert len(looked_at.looks.taken) == 1
    for change, message in CHANGES.values():
        text = STUDY.replace(*change)
        assert text != STUDY
        (runtime.studies / "one.yaml").write_text(text)
        with pytest.raises(HarnessError, match=message) as error:
            app.plan("one", runtime)
        assert "another name" in str(error.value)
    (runtime.studies / "one.yaml").write_text(STUDY)
    assert len(app.plan("one", runtime)[0].trials) == 7 * 3 + 2 * 2


def test_before_the_first_look_everything_may_change(start, runtime, monkeypatch):
    monkeypatch.setattr(running, "_decide", lambda planned, runtime: planned)
    start()
    changed = start(STUDY.replace("[7, 9, 12]", "[8, 12]"))
    assert changed.looks.planned == (8, 12)
    (deviation,) = changed.deviations  # trials had ended
    assert (deviation.name, deviation.now) == ("sequential", "looks at 8, 12 seeds, futility 0")


def test_a_lost_plan_takes_the_same_looks_again(start, runtime):
    before = start(crashed=[("reference", 2)]).looks
    (runtime.study("one") / "plan.json").unlink()
    again = Trained(runtime, crashed=[("reference", 2)])
    assert start(workers=again).looks == before
    assert again.trained == []


def test_the_record_reads_back(ended):
    _, plan = ended
    assert read_plan_again(plan) == plan.looks


def read_plan_again(plan):
    text = json.dumps(plan.to_json(), allow_nan=False)
    return type(plan).model_validate(json.loads(text)).looks


def test_a_further_look_is_never_taken_twice(ended):
    runtime, plan = ended
    expanded, _ = app.plan("one", runtime)
    assert not expanded.stages.decides(expanded)
    assert expanded.stages.looks == plan.looks
    assert expanded.stages.lines() == [
        "Sequential: ended at look 3 of 3, 1 of 2 contrasts undecided"
    ]


class Killed(BaseException):
    """In place of kill -9: nothing that the driver would do later is done."""


def killing(monkeypatch, at):
    """Die at the given write of a file, before it or after it in turn; how many were seen."""
    count, write = [0], files.write_atomically

    def mortal(path, content):
        count[0] += 1
        if count[0] == at and at % 2:
            raise Killed
        write(path, content)
        if count[0] == at:
            raise Killed

    monkeypatch.setattr(files, "write_atomically", mortal)
    return count


@pytest.mark.slow
def test_killed_at_twenty_moments_it_decides_as_if_it_was_not(start, runtime, monkeypatch):
    """Again and again in one run: each time it goes on from what is written."""
    crashed = [(f"{NULL}=on", 3)]
    with monkeypatch.context() as patch:
        writes = killing(patch, -1)
        whole = start(crashed=crashed).looks
    shutil.rmtree(runtime.runs)
    draw, kills = random.Random("moments"), 0
    for _ in range(20):
        with monkeypatch.context() as patch:
            killing(patch, draw.randint(1, writes[0] // 4))
            try:
                start(crashed=crashed)
            except Killed:
                kills += 1
    assert start(crashed=crashed).looks == whole
    assert kills >= 5
