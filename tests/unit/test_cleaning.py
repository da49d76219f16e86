"""Cleaning is refused while its trials are used, and removes each of them in one step."""

import sys
from types import SimpleNamespace

import pytest
from test_app import begin, runtime, trained

from harness import app
from harness.core import leftovers
from harness.core.errors import HarnessError
from harness.core.lock import Busy
from harness.execution.local import Outcome
from harness.execution.use import driven
from harness.runs.recorder import Recorder
from harness.runs.removal import sweep_trial
from harness.runs.rows import Result
from harness.runs.status import Status
from harness.runs.trial import Trial

__all__ = ["runtime"]


@pytest.fixture
def plan(runtime):
    plan = begin(runtime, "one")
    for trial in plan.trials:
        trained(runtime, trial)
    return plan


@pytest.mark.parametrize("whole", [False, True])
def test_a_run_that_is_going_on_keeps_its_trials(runtime, plan, whole):
    refused = pytest.raises(HarnessError, match="the run one is in progress")
    with driven(runtime.study("one")), driven(runtime.study("one")), refused:
        app.clean(plan, runtime, whole)
    assert all((runtime.trials / t.key / "generators/last.npz").exists() for t in plan.trials)
    assert app.clean(plan, runtime, whole) > 0


def test_another_run_of_the_study_keeps_the_trials_that_it_shares(runtime, plan):
    folder = runtime.study("one-evaluated")
    folder.mkdir()
    (folder / "plan.json").write_text((runtime.study("one") / "plan.json").read_text())
    with driven(folder), pytest.raises(HarnessError, match="the run one-evaluated is in progress"):
        app.clean(plan, runtime, whole=False)


@pytest.mark.parametrize("hold", [Recorder.acquire, Recorder.read])
def test_one_trial_that_is_trained_or_sampled_keeps_all(runtime, plan, hold):
    folder = runtime.trials / plan.trials[-1].key
    with hold(Recorder(folder)), pytest.raises(HarnessError, match=folder.name):
        app.clean(plan, runtime, whole=True)
    assert all(Trial(runtime.trials / trial.key).result() for trial in plan.trials)


def test_readers_share_a_trial_and_keep_writers_out(tmp_path):
    one, two = Recorder(tmp_path / "key"), Recorder(tmp_path / "key")
    with one.read(), two.read(), pytest.raises(Busy):
        Recorder(tmp_path / "key").acquire()
    with Recorder(tmp_path / "key"), pytest.raises(Busy):
        Recorder(tmp_path / "key").read()


def test_a_lock_on_a_folder_that_was_removed_meanwhile_is_no_lock(tmp_path, monkeypatch):
    """Removed between opening and locking: the lock is taken in the folder that is there now."""
    from harness.core import lock as locks

    folder, real, calls = tmp_path / "key", locks.fcntl.flock, []

    def late(file, kind):
        if not calls:
            calls.append(kind)
            leftovers.discard(folder)
        real(file, kind)

    monkeypatch.setattr(locks.fcntl, "flock", late)
    with Recorder(folder), pytest.raises(Busy):
        Recorder(folder).acquire()


def test_a_cleaning_that_is_cut_off_leaves_trials_whole_or_gone(runtime, plan, monkeypatch):
    monkeypatch.setattr(leftovers, "_remove", lambda path: None)  # it dies before each removal
    app.clean(plan, runtime, whole=True)
    assert [path for path in runtime.trials.glob("[!.]*") if path.is_dir()] == []
    assert {item["missing"] for item in app.status(runtime)} == {4}


def test_a_run_is_not_driven_while_it_is_cleaned(tmp_path):
    with driven(tmp_path / "run"), pytest.raises(Busy), driven(tmp_path / "run", alone=True):
        pass
    with driven(tmp_path / "run", alone=True):
        pass


def test_states_that_were_to_go_with_the_end_go_when_it_was_killed_before(tmp_path):
    for keeps in (False, True):
        folder = tmp_path / str(keeps)
        with Recorder(folder) as recorder:
            recorder.checkpoint.parent.mkdir()
            recorder.checkpoint.write_bytes(b"x")
            recorder.result(Result(status=Status.FINISHED), keeps)
        sweep_trial(folder)
        assert recorder.checkpoint.exists() is keeps


def test_a_run_holds_what_it_drives_and_lets_it_go(runtime, plan, monkeypatch):
    from harness.execution import driver as drive

    (runtime.trials / plan.trials[0].key / "result.json").unlink()
    asked = []

    def driving(first, further, runtime, options):
        with pytest.raises(HarnessError, match="the run one is in progress"):
            app.clean(plan, runtime, whole=True)
        asked.extend(job.key for job in first.jobs)
        return Outcome.DONE

    monkeypatch.setattr(drive, "drive", driving)
    monkeypatch.setattr(app.running, "remember_speed", lambda of, runs: None)
    app.run(plan, runtime, drive.Options())
    assert plan.trials[0].key in asked
    assert app.clean(plan, runtime, whole=True) > 0


def test_images_are_sampled_from_weights_that_stay(runtime, plan, monkeypatch, tmp_path):
    refused = []

    def sampled(config, generators, count, target, cache):
        with pytest.raises(HarnessError, match=r"trained, scored or sampled") as error:
            app.clean(plan, runtime, whole=False)
        refused.append(error)
        return target

    # in the place of the module that imports TensorFlow
    module = SimpleNamespace(write_samples=sampled)
    monkeypatch.setitem(sys.modules, "harness.gan.sampling", module)
    app.samples(plan, runtime, "reference", 0, 1, tmp_path / "images.npz")
    assert refused
    assert app.clean(plan, runtime, whole=False) > 0
