"""What a driver shows: the ledger's rows and the trials' progress as one snapshot."""

from datetime import UTC, datetime, timedelta

import pytest

from harness.config.runtime import Runtime
from harness.core.files import append_line, write_json
from harness.execution.view.poll import Poll
from harness.queue.base import Job, Row
from harness.queue.lease import Lease
from harness.runs.plan import PlanRecord, write_plan
from harness.runs.status import Status

DOCUMENT = {
    **dict.fromkeys(("study", "profile", "title", "question"), ""),
    "run_name": "bn-cpu",
    "seeds": [0, 1],
    "cells": [
        {"label": "reference", "request": "11111111", "config": {"training.kimg": 10.0}},
        {"label": "off", "request": "11111111", "config": {"training.kimg": 20.0}},
    ],
    "trials": [
        {"cell": cell, "seed": seed, "key": f"{cell}-{seed}"}
        for seed in (0, 1)
        for cell in ("reference", "off")
    ],
}
PLAN = PlanRecord.model_validate(DOCUMENT)
# reference-0 was trained before this run
JOBS = [Job("off-0", "off", 0, 0), Job("reference-1", "reference", 1, 1), Job("off-1", "off", 1, 2)]


class Ledger:
    """Rows that the test sets."""

    def __init__(self):
        self.content = []

    def rows(self):
        return list(self.content)

    def add(self, key, status, attempt=1, message="", **more):
        cell, seed = key.split("-")
        number = len(self.content)
        row = Row(number, key, cell, int(seed), 0, attempt, status, None, message)
        self.content.append(row._replace(**more))


@pytest.fixture
def ledger():
    return Ledger()


@pytest.fixture
def runtime(tmp_path):
    return Runtime(runs=tmp_path)


def test_before_anything_ran(ledger, runtime):
    found = Poll(PLAN, JOBS, ledger, runtime).snapshot()
    assert (found.run_name, found.total, found.done, found.crashed) == ("bn-cpu", 4, 1, 0)
    assert (found.images, found.images_total) == (10_000, 60_000)
    assert found.active == found.ended == ()
    assert [(one.cell, one.kimg) for one in found.waiting] == [
        ("off", 20.0),
        ("reference", 10.0),
        ("off", 20.0),
    ]


def test_what_runs_ended_or_was_given_up_does_not_wait(ledger, runtime):
    poll = Poll(PLAN, JOBS, ledger, runtime)
    ledger.add("off-0", Status.RUNNING)
    ledger.add("reference-1", Status.FINISHED)
    ledger.add("off-1", Status.CRASHED, attempt=3)
    assert poll.snapshot().waiting == ()
    ledger.add("off-1", Status.WAITING)
    found = poll.snapshot()
    assert [one.cell for one in found.waiting] == ["off"]
    # the cells differ in what a speed does not depend on
    assert found.waiting[0].program == found.active[0].program


def test_a_running_trial_is_its_last_progress(ledger, runtime):
    poll = Poll(PLAN, JOBS, ledger, runtime)
    ledger.add("off-0", Status.RUNNING, attempt=2)
    [first] = poll.snapshot().active
    assert (first.phase, first.kimg, first.kimg_total, first.kid) == ("loading", 0.0, 20.0, None)
    progress = {"phase": "training", "kimg": 5.0, "kid": 0.2, "images_per_second": 100.0}
    write_json(runtime.trials / "off-0/progress.json", progress)
    found = poll.snapshot()
    [active] = found.active
    assert (active.cell, active.seed, active.attempt) == ("off", 0, 2)
    assert (active.phase, active.kimg, active.kid) == ("training", 5.0, 0.2)
    assert active.seconds_left == pytest.approx(150.0)
    assert found.images == 15_000
    (runtime.trials / "off-0/progress.json").write_text('{"phase": "tr')
    assert poll.snapshot().active[0].phase == "loading"  # half written: the next poll reads it


def test_trials_that_ended_here_are_counted_and_told_once(ledger, runtime):
    ledger.add("reference-1", Status.LOST)  # an earlier driver's: history
    poll = Poll(PLAN, JOBS, ledger, runtime)
    folder = runtime.trials / "off-0"
    write_json(folder / "result.json", {"status": "finished", "seconds": 12.0})
    write_json(folder / "evaluations/kid-a.json", {"requests": ["11111111"]})
    append_line(folder / "evaluations/kid-a.jsonl", {"kid": 0.5})
    append_line(folder / "evaluations/kid-a.jsonl", {"kid": 0.25})
    ledger.add("off-0", Status.FINISHED)
    ledger.add("off-1", Status.CRASHED, message="OSError: full")
    found = poll.snapshot()
    assert (found.done, found.crashed, found.images) == (2, 1, 30_000)
    finished, crashed = found.ended
    assert (finished.status, finished.kid, finished.seconds) == ("finished", 0.25, 12.0)
    assert (crashed.status, crashed.kid, crashed.message) == ("crashed", None, "OSError: full")
    assert poll.snapshot().ended == found.ended


BEGAN = datetime(2026, 5, 1, 12, tzinfo=UTC)
WORKER, DEAD = (Lease("here", pid, "boot", 7, "w0") for pid in (101, 102))


def trained(runtime, key, seconds=12.0, ended=30):
    """The record of a training that ended so many seconds after its attempt began."""
    at = (BEGAN + timedelta(seconds=ended)).isoformat(timespec="seconds")
    result = {"status": "finished", "kimg": 20.0, "seconds": seconds, "evaluation_seconds": 3.0}
    write_json(runtime.trials / key / "result.json", {**result, "finished_at": at})


@pytest.mark.parametrize(
    ("record", "known"),
    [
        ({}, True),
        ({"seconds": 300.0}, False),  # most of it was trained in an earlier attempt
        ({"ended": -500}, False),  # it was trained before, and now scored by another metric
    ],
)
def test_the_time_of_an_end_is_that_of_its_record(ledger, runtime, record, known):
    poll = Poll(PLAN, JOBS, ledger, runtime)
    trained(runtime, "off-0", **record)
    ledger.add("off-0", Status.FINISHED, began=BEGAN.timestamp(), seconds=31.0)
    [end] = poll.snapshot().ended
    assert (end.timing is not None) is known
    if known:
        assert end.timing[:3] == ("off-0", 1, "off")
        assert end.timing[4:] == (20.0, 15.0, 31.0)


def test_ends_before_count_where_the_same_processes_train_now(ledger, runtime):
    for key, lease in (("off-0", WORKER), ("reference-1", DEAD)):
        trained(runtime, key)
        ledger.add(key, Status.FINISHED, lease=lease, began=BEGAN.timestamp(), seconds=31.0)
    ledger.add("off-1", Status.RUNNING, lease=WORKER._replace(worker="w1"))
    poll = Poll(PLAN, JOBS[2:], ledger, runtime)
    found = poll.snapshot()
    assert [timing.key for timing in found.earlier] == ["off-0"]
    assert found.ended == ()
    (runtime.trials / "off-0/result.json").write_text("{")
    assert Poll(PLAN, JOBS[2:], ledger, runtime).snapshot().earlier == ()


def test_cells_are_named_for_people(ledger, runtime):
    tip = {"name": "off", "kind": "tip", "title": "A title", "following": "off",
           "ignoring": "reference", "design": "one_at_a_time", "heuristic": "off",
           "weights": {"off": 1, "reference": -1}}  # fmt: skip
    plan = PlanRecord.model_validate({**DOCUMENT, "contrasts": [tip]})
    poll = Poll(plan, JOBS, ledger, runtime)
    ledger.add("off-0", Status.RUNNING)
    ledger.add("off-1", Status.CRASHED)
    found = poll.snapshot()
    names = {(one.cell, one.name) for one in (*found.active, *found.ended)}
    assert names == {("off", "A title")}


def test_a_trial_that_is_tried_again_is_not_given_up(ledger, runtime):
    poll = Poll(PLAN, JOBS, ledger, runtime)
    ledger.add("off-1", Status.CRASHED)
    assert poll.snapshot().crashed == 1
    ledger.add("off-1", Status.WAITING, attempt=2)
    found = poll.snapshot()
    assert (found.crashed, len(found.ended)) == (0, 1)


def test_a_stopped_trial_has_not_ended(ledger, runtime):
    poll = Poll(PLAN, JOBS, ledger, runtime)
    ledger.add("off-1", Status.STOPPED)
    ledger.add("off-1", Status.WAITING)
    assert poll.snapshot().ended == ()


def test_trials_that_follow_from_results_are_added(ledger, runtime):
    begun = PLAN.only({"reference-0", "off-0"})
    poll = Poll(begun, JOBS[:1], ledger, runtime)
    ledger.add("off-0", Status.FINISHED)
    before = poll.snapshot()
    assert (before.total, before.done) == (2, 2)
    poll.expect(PLAN, JOBS[1:])
    after = poll.snapshot()
    assert (after.total, after.done, after.images) == (4, 2, 30_000)
    assert after.ended == before.ended
    assert [one.cell for one in after.waiting] == ["reference", "off"]


def test_a_search_grows_while_it_is_watched(ledger, runtime):
    search = {"layers": [], "space": {}, "factors": {}, "trials": 3, "sampler": "tpe",
              "pruner": "none", "seed": 0, "suggestions": []}  # fmt: skip
    begun = {"cells": DOCUMENT["cells"][:1], "trials": DOCUMENT["trials"][:1], "search": search}
    plan = PlanRecord.model_validate({**DOCUMENT, **begun})
    path = runtime.study("bn-cpu") / "plan.json"
    write_plan(path, plan)
    poll = Poll(plan, [], ledger, runtime)
    found = poll.snapshot()
    assert (found.total, found.done, found.images_total) == (4, 1, 40_000)
    made = [
        {"params": {}, "cell": "off", "refused": ""},
        {"params": {}, "cell": "", "refused": "x"},
    ]
    grown = {"trials": DOCUMENT["trials"][:2], "search": {**search, "suggestions": made}}
    write_plan(path, PlanRecord.model_validate({**DOCUMENT, **grown}))
    ledger.add("off-0", Status.PRUNED)
    found = poll.snapshot()
    assert (found.total, found.done, found.crashed) == (4, 2, 0)
    assert found.images_total == 50_000
    assert [end.status for end in found.ended] == ["pruned"]
