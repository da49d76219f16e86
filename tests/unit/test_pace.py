"""The time left: replayed from records, and by hand for what records do not hold."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest

from harness.execution.view.pace import Pace
from harness.execution.view.progress import Snapshot, Timing, TrialEnd, TrialProgress, Waiting
from harness.runs.plan import read_plan

REPORTS = Path(__file__).parents[2] / "reports"
LOOK = 0.5  # seconds between two looks


@dataclass
class Replayed:
    """A trial as its record or a test has it; seconds since the start of the run."""

    key: str
    cell: str
    kimg: float
    start: float
    loading: float
    compiling: float
    end: float
    program: str = ""
    status: str = "finished"

    def at(self, now):
        """The phase, and thousands of images that it has shown."""
        begun = self.start + self.loading + self.compiling
        if now < begun:
            return ("loading" if now < self.start + self.loading else "compiling"), 0.0
        return "training", self.kimg * (now - begun) / (self.end - begun)

    @property
    def timing(self):
        """As the record of a finished trial has it."""
        working = self.end - self.start - self.loading - self.compiling
        took = self.end - self.start
        return Timing(self.key, 1, self.cell, self.program, self.kimg, working, took)


def snapshot(trials, now, timed=False):
    active, ended, waiting = [], [], []
    for trial in trials:
        if now < trial.start:
            waiting.append(Waiting(trial.cell, trial.kimg, trial.program))
        elif now < trial.end:
            phase, kimg = trial.at(now)
            active.append(TrialProgress(trial.key, trial.cell, trial.cell, 0, phase, kimg,
                                        trial.kimg, program=trial.program))  # fmt: skip
        else:
            timing = trial.timing if timed else None
            ended.append(
                TrialEnd(trial.key, trial.cell, trial.cell, 0, trial.status, timing=timing)
            )
    total = sum(trial.kimg for trial in trials) * 1000
    return Snapshot("run", len(trials), len(ended), 0, 0.0, total,
                    tuple(active), tuple(waiting), tuple(ended))  # fmt: skip


def left_after(trials, number, timed=False):
    """The time left right after so many trials have ended: as estimated, and as it was.

    `timed`: with the times of their records.
    """
    pace, at, now = Pace(), sorted(trial.end for trial in trials)[number - 1], 0.0
    while now < at:
        pace.seconds_left(snapshot(trials, now, timed), now)
        now += LOOK
    estimate = pace.seconds_left(snapshot(trials, now, timed), now)
    return estimate, max(trial.end for trial in trials) - now


def recorded(run, seeds):
    """The trials of a committed record that were trained from the first seeds."""
    record = REPORTS / run / "record"
    plan = read_plan(record / "studies" / run / "plan.json")
    kimg = {cell.label: cell.config["training.kimg"] for cell in plan.cells}
    trials = []
    for trial in plan.trials:
        if trial.seed not in plan.seeds[:seeds]:
            continue
        folder = record / "trials" / trial.key
        result = json.loads((folder / "result.json").read_text())
        begun = json.loads((folder / "env.json").read_text())[-1]["at"]
        start, end = (datetime.fromisoformat(at).timestamp() for at in
                      (begun, result["finished_at"]))  # fmt: skip
        # the record has the seconds of training and evaluating; what else it took was loading
        loading = max(0.0, end - start - result["seconds"] - result["evaluation_seconds"])
        trials.append(Replayed(trial.key, trial.cell, kimg[trial.cell], start, loading, 0.0, end))
    first = min(trial.start for trial in trials)
    for trial in trials:
        trial.start, trial.end = trial.start - first, trial.end - first
    return sorted(trials, key=lambda trial: trial.start)


# run → seeds that were trained at one speed: then the machine got other work, and slowed down two-
# and threefold for all cells alike, or the first look had come
RECORDS = {
    "card_tips_cifar10": 2,
    "tips_on_cifar10": 9,
    "tips_on_flowers": 9,
    "tips_on_digits": 2,
}
# runs on two cores: start, end, seconds of training and evaluating, cell. An earlier quickstart,
# while the machine had other work at first:
LONGER = [
    (0, 29, 16.8, "reference"),
    (0, 30, 17.2, "adam_beta_1_half"),
    (29, 46, 16.4, "one_sided_label_smoothing"),
    (30, 48, 16.1, "reference"),
    (46, 58, 10.6, "adam_beta_1_half"),
    (48, 58, 10.3, "one_sided_label_smoothing"),
    (58, 70, 10.1, "batch_norm_in_discriminator"),
    (59, 69, 10.4, "reference"),
    (69, 80, 10.4, "adam_beta_1_half"),
    (70, 80, 9.6, "batch_norm_in_discriminator"),
    (80, 90, 9.8, "batch_norm_in_discriminator"),
    (80, 91, 10.0, "one_sided_label_smoothing"),
]
QUICKSTART = [  # trials as short as TensorFlow's import
    (0, 6, 2.1, "reference"),
    (0, 6, 2.1, "adam_beta_1_half"),
    (6, 8, 2.0, "one_sided_label_smoothing"),
    (6, 8, 2.0, "reference"),
    (8, 11, 2.0, "adam_beta_1_half"),
    (8, 11, 2.0, "one_sided_label_smoothing"),
    (11, 13, 2.0, "reference"),
    (11, 14, 2.0, "batch_norm_in_discriminator"),
    (13, 15, 2.0, "adam_beta_1_half"),
    (14, 16, 1.8, "batch_norm_in_discriminator"),
    (15, 18, 2.0, "one_sided_label_smoothing"),
    (16, 18, 1.9, "batch_norm_in_discriminator"),
    (18, 20, 1.9, "reference"),
    (18, 20, 1.9, "adam_beta_1_half"),
    (20, 22, 1.8, "batch_norm_in_discriminator"),
    (20, 22, 1.9, "one_sided_label_smoothing"),
    (22, 24, 1.9, "adam_beta_1_half"),
    (22, 24, 1.9, "reference"),
    (24, 27, 1.9, "batch_norm_in_discriminator"),
    (24, 27, 2.0, "one_sided_label_smoothing"),
    (27, 29, 2.1, "reference"),
    (27, 29, 2.1, "adam_beta_1_half"),
    (29, 31, 1.9, "batch_norm_in_discriminator"),
    (29, 31, 2.0, "one_sided_label_smoothing"),
]


@pytest.mark.parametrize("timed", [False, True])
@pytest.mark.parametrize("run", [*RECORDS, "longer", "quickstart"])
def test_after_two_trials_the_time_left_is_right_within_a_factor_of_one_and_a_half(run, timed):
    watched = {"longer": replayed(48, LONGER), "quickstart": replayed(9.6, QUICKSTART)}
    trials = watched[run] if run in watched else recorded(run, RECORDS[run])
    estimate, actual = left_after(trials, 2, timed)
    assert 1 / 1.5 < estimate / actual < 1.5, (estimate, actual)


def row(seconds, cells, workers=1, loading=0.0, compiling=()):
    """Trials one after the other on each worker; `compiling`: programs that take 20 s to compile.

    A worker loads before its first trial alone.
    """
    free, trials, compiled = [0.0] * workers, [], set()
    for at, cell in enumerate(cells):
        worker = at % workers
        compiles = 20.0 if cell in compiling and (worker, cell) not in compiled else 0.0
        compiled.add((worker, cell))
        first = loading if free[worker] == 0 else 0.0
        end = free[worker] + first + compiles + seconds[cell]
        trials.append(Replayed(str(at), cell, 10.0, free[worker], first, compiles, end, cell))
        free[worker] = end
    return trials


def test_what_the_first_trial_of_a_worker_loads_is_not_expected_of_the_next():
    estimate, actual = left_after(row({"a": 20.0}, "a" * 10, loading=60.0), 1)
    assert estimate == pytest.approx(actual, rel=0.1)


def test_each_worker_compiles_each_program_once():
    seconds = {"a": 20.0, "b": 20.0}
    trials = row(seconds, "aabbaabbaabb", workers=2, compiling="ab")
    estimate, actual = left_after(trials, 2)
    assert actual == pytest.approx(2 * 20 + 10 * 20 / 2 - 20, abs=LOOK)  # b is still compiled
    assert estimate == pytest.approx(actual, rel=0.05)


def test_cells_are_as_slow_as_they_were():
    estimate, actual = left_after(row({"a": 10.0, "b": 40.0}, "ababababab"), 2)
    assert estimate == pytest.approx(actual, rel=0.05)


def test_the_last_trials_do_not_use_all_workers():
    estimate, actual = left_after(row({"a": 20.0}, "a" * 9, workers=4), 4)
    assert actual == pytest.approx(40.0, abs=LOOK)  # four at once, then one
    assert estimate == pytest.approx(actual, rel=0.05)


def test_before_the_first_end_a_part_of_a_training_tells():
    pace, trials = Pace(), row({"a": 40.0}, "aaaa", loading=10.0)
    assert pace.seconds_left(snapshot(trials, 5.0), 5.0) is None
    for now in (9.9, 10.0, 20.0, 30.0):
        estimate = pace.seconds_left(snapshot(trials, now), now)
    assert estimate == pytest.approx(140.0, rel=0.01)


def test_what_crashed_says_nothing_of_how_long_a_trial_takes():
    trials = row({"a": 2.0, "b": 20.0}, "abbbb")
    trials[0].status = "crashed"
    estimate, actual = left_after(trials, 2)
    assert estimate == pytest.approx(actual, rel=0.05)


def replayed(kimg, rows):
    return [Replayed(str(at), cell, kimg, start, max(0, end - start - working), 0, end)
            for at, (start, end, working, cell) in enumerate(rows)]  # fmt: skip


@pytest.mark.parametrize("opened", [0.0, 5.0, 31.0, 59.5, 75.0])
@pytest.mark.parametrize("every", [2.0, 11.0])
def test_a_view_that_is_opened_later_and_looks_rarely_has_the_time_of_the_first(opened, every):
    trials, first, second = replayed(48, LONGER), Pace(), Pace()
    before = [trial for trial in trials if trial.end <= opened]
    now, compared = 0.0, 0
    for at in range(int(90 / LOOK)):
        now = at * LOOK
        left = first.seconds_left(snapshot(trials, now, timed=True), now)
        if now >= opened and (now - opened) % every == 0:
            view = snapshot(trials, now, timed=True)
            since = tuple(end for end in view.ended if end.timing not in
                          [trial.timing for trial in before])  # fmt: skip
            view = replace(view, ended=since, earlier=tuple(trial.timing for trial in before))
            seen = second.seconds_left(view, now)
            if any(trial.end < now for trial in trials):
                assert seen == pytest.approx(left, rel=0.2, abs=3.0), now
                compared += 1
    assert compared > 1


def test_a_trial_that_ends_between_two_looks_is_known_by_its_record():
    trials, pace = row({"a": 2.0}, "aaaaa"), Pace()
    pace.seconds_left(snapshot(trials, 0.0, timed=True), 0.0)
    assert pace.seconds_left(snapshot(trials, 5.0, timed=True), 5.0) == pytest.approx(5.0, rel=0.1)


def test_a_trial_that_was_seen_once_counts_with_all_that_it_showed_until_its_end():
    trials, pace = row({"a": 20.0}, "aaaaa"), Pace()
    for now in (5.0, 21.0):  # the first one is at a quarter, then it has ended
        estimate = pace.seconds_left(snapshot(trials, now), now)
    assert estimate == pytest.approx(79.0, rel=0.1)


def test_before_any_was_watched_the_present_speed_tells():
    trials = row({"a": 40.0}, "aaaa")
    view = snapshot(trials, 20.0)
    fast = replace(view.active[0], images_per_second=250.0)
    assert Pace().seconds_left(replace(view, active=(fast,)), 20.0) == pytest.approx(140.0)
    assert Pace().seconds_left(view, 20.0) is None


def test_at_the_end_nothing_is_left():
    trials = row({"a": 20.0}, "aa")
    estimate, _ = left_after(trials, 2)
    assert estimate == 0.0
