"""The driver of a cluster without one: its workers are objects that die, lie and pause."""

import asyncio
import json
import random
from functools import partial
from itertools import count

import pytest

from harness import app
from harness.app import running
from harness.config.runtime import Runtime
from harness.core.errors import HarnessError
from harness.execution import driver
from harness.execution.cluster import home, outpost
from harness.execution.cluster.fleet import Gone
from harness.execution.cluster.home import Home
from harness.execution.cluster.messages import End, Report
from harness.execution.local import Outcome, Signals
from harness.execution.search.source import Source
from harness.queue.base import LIMIT, Job
from harness.queue.optuna_ledger import OptunaLedger
from harness.runs.recorder import Recorder
from harness.runs.status import Status
from harness.runs.transfer import Action, Part
from harness.runs.trial import Trial
from tests.light import STEPS, Light

STUDY = """title: A study
question: Q?
baseline: {data.name: digits, data.image_size: 16, training.batch_size: 16, training.kimg: 0.08,
  training.evaluations: 2}
heuristics: [generator_ema, adam_beta_1_half]
design: one_at_a_time
seeds: 4
"""


class Hired:
    """A worker in this process, each call of which may be its last."""

    def __init__(self, folder, dies):
        self._light, self._dies = Light(folder), dies
        self.about, self.ended = self._light.about(), False

    async def call(self, method, *args):
        await asyncio.sleep(0)
        if self._dies(method):
            raise Gone("the worker process died (as it should)")
        if method in ("start", "poll"):
            args = (*args[:-1], 0.02)  # seconds
            return await asyncio.to_thread(getattr(self._light, method), *args)
        return getattr(self._light, method)(*args)

    async def leave(self):
        self._light.stop()
        self.ended = True


class Hall:
    """A cluster of so many workers."""

    def __init__(self, folder, room=2, dies=lambda method: False, worker=Hired):
        self.folder, self.size, self.dies, self.worker = folder, room, dies, worker
        self.numbers, self.hired, self.words = count(), [], ""

    def room(self):
        return self.size

    def trouble(self):
        return self.words

    async def hire(self):
        folder = self.folder / f"node-{next(self.numbers)}"
        self.hired.append(self.worker(folder, self.dies))
        return self.hired[-1]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    for name in ("IDLE", "JOINS"):
        monkeypatch.setattr(home, name, 0.01)
    monkeypatch.setattr(outpost, "ANSWER", 0.01)


class Run:
    """A study that was queued, and its driver."""

    def __init__(self, place, fleet):
        (place / "studies").mkdir()
        (place / "studies/one.yaml").write_text(STUDY)
        self.runtime = Runtime(place / "runs", place / "reports", place / "studies")
        planned, _ = app.plan("one", self.runtime)
        self.plan = running.write_plan(planned, self.runtime)
        self.ledger = OptunaLedger.open("one", self.runtime.study("one"), self.runtime.trials)
        self.jobs = [Job(t.key, t.cell, t.seed, n) for n, t in enumerate(self.plan.trials)]
        driver.queue(self.jobs, self.runtime, self.ledger, retry_crashed=False)
        left = partial(driver.work_left, self.plan, self.runtime, self.ledger)
        self.home = Home(self.plan, self.runtime, self.ledger, Source(), fleet, False, left)
        self.signals, self.notices = Signals(), []

    def go(self, deadline=None):
        return asyncio.run(self.home.run(self.signals, deadline, self.tick))

    def tick(self, notice):
        self.notices.append(notice)

    def folders(self):
        return [self.runtime.trials / trial.key for trial in self.plan.trials]

    def whole(self):
        for folder in self.folders():
            assert Trial(folder).result().status is Status.FINISHED
            steps = [json.loads(line) for line in (folder / "steps.jsonl").read_text().splitlines()]
            assert [step["iteration"] for step in steps] == list(range(1, STEPS + 1))
            assert {step["key"] for step in steps} == {folder.name}

    def attempts(self):
        return sum(len(json.loads((f / "attempts.json").read_text())) for f in self.folders())


def test_a_cluster_that_does_not_answer_is_told_while_trials_run(tmp_path):
    hall = Hall(tmp_path)
    hall.words = "the head does not answer"
    run = Run(tmp_path, hall)
    assert run.go() is Outcome.DONE
    assert set(run.notices) == {hall.words}


def test_all_trials_are_trained_once(tmp_path):
    hall = Hall(tmp_path, room=3)
    run = Run(tmp_path, hall)
    assert run.go() is Outcome.DONE
    run.whole()
    assert run.attempts() == 12
    assert len(hall.hired) == 3
    assert all(worker.ended for worker in hall.hired)
    assert {row.status for row in run.ledger.rows()} == {Status.FINISHED}
    assert {row.lease.worker for row in run.ledger.rows()} == {
        f"w{n} on {hall.hired[0].about.node}" for n in range(3)
    }
    assert "waiting for a node with room for a trial" not in run.notices


def test_workers_stay_while_trials_follow_from_results(tmp_path):
    hall = Hall(tmp_path, room=2)
    run = Run(tmp_path, hall)
    first, rest = run.jobs[:5], [run.jobs[5:]]
    run.ledger.withdraw({job.key for job in first})

    def goes_on():
        assert not run.home.training
        return bool(rest and run.ledger.enqueue(rest.pop()))

    run.home.goes_on = goes_on
    assert run.go() is Outcome.DONE
    run.whole()
    assert len(hall.hired) == 2


def test_as_many_workers_as_there_is_room_for_and_nodes_join_late(tmp_path):
    hall = Hall(tmp_path, room=0)
    run = Run(tmp_path, hall)
    ticks = count()

    def tick(notice):
        run.notices.append(notice)
        if next(ticks) == 5:
            hall.size = 2

    run.tick = tick
    assert run.go() is Outcome.DONE
    assert run.notices[0] == "waiting for a node with room for a trial"
    assert len(hall.hired) == 2


def test_each_kind_of_hardware_is_given_all_cells(tmp_path):
    """Two workers in step, two kinds: in the order of the plan each would always have the same."""

    class Mixed(Hall):
        async def hire(self):
            worker = await super().hire()
            worker.about = worker.about._replace(kind=f"kind {len(self.hired) % 2}")
            return worker

    hall = Mixed(tmp_path, room=2)
    run = Run(tmp_path, hall)
    assert run.go() is Outcome.DONE
    run.whole()
    for trained in run.home.by_kind.values():
        counts = [trained[cell.label] for cell in run.plan.cells]
        assert max(counts) - min(counts) <= 2, counts
        assert min(counts) > 0


@pytest.mark.parametrize("seed", range(5))
def test_workers_that_die_at_any_call_lose_nothing(tmp_path, seed):
    draw = random.Random(seed)
    run = Run(tmp_path, Hall(tmp_path, dies=lambda method: draw.random() < 0.05))
    for _ in range(40):  # three attempts a trial and run
        if run.go() is Outcome.DONE and not run.home.left():
            lost = [f for f in run.folders() if Trial(f).result() is None]
            if not lost:
                break
            driver.queue([j for j in run.jobs if run.runtime.trials / j.key in lost],
                         run.runtime, run.ledger, retry_crashed=True)  # fmt: skip
    run.whole()
    assert Status.LOST in {row.status for row in run.ledger.rows()}


def test_a_death_is_told_and_costs_an_attempt(tmp_path):
    run = Run(tmp_path, Hall(tmp_path, room=1, dies=lambda method: method == "start"))
    assert run.go() is Outcome.DONE  # nothing waits: every trial was given up
    rows = run.ledger.rows()
    assert len(rows) == 12 * LIMIT
    assert {row.message for row in rows} == {"the worker process died (as it should)"}
    for folder in run.folders():
        assert Trial(folder).failure().error == "the worker process died (as it should)"


def test_workers_that_never_begin_end_the_run(tmp_path):
    class Refused(Hall):
        async def hire(self):
            raise Gone("no such module")

    run = Run(tmp_path, Refused(tmp_path))
    with pytest.raises(HarnessError, match="no worker of the cluster stays up: no such module"):
        run.go()
    assert {row.status for row in run.ledger.rows()} == {Status.WAITING}


def test_a_mistake_of_the_users_ends_the_run_and_no_attempt_is_lost(tmp_path):
    class Mistaken(Hired):
        async def call(self, method, *args):
            if method == "start":
                return Report([], end=End(Status.STOPPED, "the folder is empty", mistake=True))
            return await super().call(method, *args)

    run = Run(tmp_path, Hall(tmp_path, worker=Mistaken))
    with pytest.raises(HarnessError, match="the folder is empty"):
        run.go()
    rows = run.ledger.rows()
    assert {row.attempt for row in rows} == {1}
    assert Status.RUNNING not in {row.status for row in rows}


def test_asked_to_stop_workers_leave_checkpoints_that_the_next_run_continues(tmp_path):
    run = Run(tmp_path, Hall(tmp_path))

    def tick(notice):
        run.notices.append(notice)
        run.signals.count |= any((f / "checkpoint/last.npz").exists() for f in run.folders())

    run.tick = tick
    assert run.go() is Outcome.INTERRUPTED
    assert home.STOPPING in run.notices
    begun = [f for f in run.folders() if (f / "checkpoint/last.npz").exists()]
    assert begun
    for folder in begun:
        steps = (folder / "steps.jsonl").read_text().splitlines()
        assert (folder / "checkpoint/last.npz").read_text().split()[0] == str(len(steps))
    run.signals.count, run.home.stopping = 0, False
    run.tick = run.notices.append
    assert run.go() is Outcome.DONE
    run.whole()
    assert {row.attempt for row in run.ledger.rows()} == {1}  # a stop costs none


def test_the_deadline_stops_a_run(tmp_path):
    assert Run(tmp_path, Hall(tmp_path)).go(deadline=0.0) is Outcome.TIME


def test_a_trial_that_another_run_trains_is_waited_for(tmp_path):
    run = Run(tmp_path, Hall(tmp_path, room=1))
    held = Recorder(run.folders()[0]).acquire()

    def tick(notice):
        if len(run.notices) == 20:
            held.__exit__(None, None, None)
        run.notices.append(notice)

    run.tick = tick
    assert run.go() is Outcome.DONE
    run.whole()


def test_parts_that_do_not_fit_cost_the_attempt_and_change_nothing(tmp_path):
    class Odd(Hired):
        async def call(self, method, *args):
            report = await super().call(method, *args)
            if method in ("start", "poll") and any(
                part.name == "result.json" for part in report.parts
            ):
                return report._replace(parts=[Part("steps.jsonl", Action.APPEND, b"{}\n", 10**6)])
            return report

    run = Run(tmp_path, Hall(tmp_path, worker=Odd))
    assert run.go() is Outcome.DONE
    assert {row.status for row in run.ledger.rows()} == {Status.LOST}
    assert "does not fit the record" in run.ledger.rows()[0].message
    assert not any((f / "result.json").exists() for f in run.folders())
