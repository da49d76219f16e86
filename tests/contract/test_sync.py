"""The mirror rebuilt from the record: one whole run a trial, however its attempts ended."""

import math
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import mirrored
import pytest
from mirrored import KEY, RUN_NAME

from harness.analysis import frame
from harness.analysis.scores import summarise_scores
from harness.core.errors import HarnessError
from harness.core.files import read_json, write_json
from harness.mirror import places as mirror
from harness.mirror import sync, wandb_sink
from harness.mirror.places import StudyReport
from harness.mirror.sync import sync_study
from harness.mirror.wandb_sink import WandbSink
from harness.runs.plan import read_plan

OTHER = "fedcba9876543210"


@pytest.fixture
def said():
    return []


@pytest.fixture
def study(tmp_path):
    """The study's folder, with one finished trial."""
    mirrored.write_plan(tmp_path, [KEY])
    mirrored.write_trial(tmp_path)
    return mirrored.runtime(tmp_path).study(RUN_NAME)


def synced(root, said, mode="offline", shown=None):
    return sync_study(RUN_NAME, mirrored.runtime(root, mode), said.append, summarise_scores, shown)


def tree(folder):
    return sorted((str(path), path.stat().st_mtime_ns) for path in folder.rglob("*"))


def test_every_ended_trial_is_written_once(tmp_path, said):
    endings = ["finished", "diverged", "pruned", "crashed", "going", "missing"]
    keys = dict(zip(endings, (letter * 16 for letter in "abcdef"), strict=True))
    mirrored.write_plan(tmp_path, list(keys.values()))
    for ending in endings[:-1]:
        mirrored.write_trial(tmp_path, keys[ending], ending)
    study = mirrored.runtime(tmp_path).study(RUN_NAME)

    report = synced(tmp_path, said)
    ended = [keys[ending] for ending in endings[:4]]
    assert report.written == ended
    assert report.skipped == {
        keys["going"]: "begun",
        keys["missing"]: "missing",
        "report": "no report was rendered",
    }
    assert (report.failed, said) == ({}, [])
    for ending in endings[:4]:
        folder = mirrored.only_folder(study, keys[ending])
        whole = mirrored.summary(folder)
        assert [row["_step"] for row in mirrored.history(folder)] == mirrored.STEPS
        assert whole["config"] == mirrored.config(keys[ending])
        assert whole["notes"] == mirrored.NOTES
        assert whole["summary"]["status"] == ending
        assert whole["tags"][-1] == f"status:{ending}"
        assert whole["state"] == ("failed" if ending == "crashed" else "finished")
        assert ("final" in whole["summary"]) is (ending in ("finished", "diverged"))
        assert whole["summary"]["kid_best"] == pytest.approx(0.1)
        assert mirrored.records(folder, "stats") == []  # another machine may have trained it
    assert whole["summary"]["message"] == "MemoryError"

    before = tree(study / "wandb")
    again = synced(tmp_path, said)
    assert (again.written, again.whole) == ([], ended)
    assert [e for e in tree(study / "wandb") if "/locks" not in e[0]] == [
        e for e in before if "/locks" not in e[0]
    ]


def test_what_was_whole_live_is_left_alone_and_equals_a_rewrite(tmp_path, study, said):
    sink = WandbSink.open(
        mirrored.identity(study), mirrored.settings(), mirrored.config(), said.append
    )
    mirrored.train(sink, tmp_path / "samples")
    assert sink.finish(mirrored.ending())
    live = mirrored.only_folder(study)
    report = synced(tmp_path, said)
    assert (report.whole, report.written) == ([KEY], [])
    assert mirrored.only_folder(study) == live

    logged = stripped(live)
    mirror.mark(study / "wandb", KEY, None)
    assert synced(tmp_path, said).written == [KEY]
    assert stripped(mirrored.only_folder(study)) == logged


def test_a_record_without_real_images_is_whole_without_them(tmp_path, study, said):
    """As of an earlier version, whose runs in W&B are not written again for them."""
    folder = mirrored.runtime(tmp_path).trials / KEY
    (folder / "validation.png").unlink()
    assert synced(tmp_path, said).written == [KEY]
    rows = mirrored.history(mirrored.only_folder(study))
    assert not any("validation_images.sha256" in row for row in rows)
    plan = read_plan(study / "plan.json")
    places = mirrored.runtime(tmp_path)
    content = sync._trial_content(plan, plan.trials[0], places, summarise_scores)
    assert set(content.logged) == {"training", "evaluations", "samples"}
    assert synced(tmp_path, said).whole == [KEY]


def stripped(folder):
    """History without the clock of W&B itself."""
    own = ("_runtime", "_timestamp", "samples.path", "samples.sha256", "validation_images.path")
    return [{k: v for k, v in row.items() if k not in own} for row in mirrored.history(folder)]


def test_a_killed_attempt_becomes_one_whole_run(tmp_path, study, said):
    process = mirrored.start(study, "offline", "hang")
    assert process.stdout is not None
    assert process.stdout.readline() == "mid-run\n"
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=10)
    process.stdout.close()
    fragment = mirrored.only_folder(study)
    assert mirrored.summary(fragment)["exit_code"] is None

    assert synced(tmp_path, said).written == [KEY]
    folder = mirrored.only_folder(study)
    assert len(mirrored.history(folder)) == len(mirrored.STEPS)
    assert mirrored.summary(folder)["exit_code"] == 0


def test_a_trial_with_more_rows_is_written_again(tmp_path, study, said):
    assert synced(tmp_path, said).written == [KEY]
    scores = mirrored.runtime(tmp_path).trials / KEY / "evaluations" / f"{mirrored.METRIC}.jsonl"
    late = {**mirrored.EVALUATIONS[0], "iteration": 45, "kimg": 2.88, "kid": 0.05}
    rows = [*mirrored.EVALUATIONS[:2], late, mirrored.EVALUATIONS[2]]
    mirrored.lines(scores, rows)
    assert synced(tmp_path, said).written == [KEY]
    whole = mirrored.summary(mirrored.only_folder(study))
    assert whole["summary"]["kid_best"] == 0.05


# objective → (evaluations in KID, what its trial comes to)
OBJECTIVES = {
    "final": ([0.4, 0.3, 0.1, 0.2, 0.15, 0.25], 0.25),
    "best": ([0.4, 0.3, 0.1, 0.2, 0.15, 0.25], 0.11),
    "area": ([0.4, 0.2, 0.2, 0.2, 0.2, 0.2], 0.2),
    "time_to_threshold": ([0.4, 0.3, 0.1, 0.2, 0.15, 0.25], 2.0),
}


@pytest.mark.parametrize("ending", ["finished", "diverged"])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_summary_holds_the_objective_under_its_name(tmp_path, study, said, objective, ending):
    runtime = mirrored.runtime(tmp_path)
    plan = read_json(study / "plan.json") | {"objective": objective, "threshold": 0.12}
    plan["cells"][0] |= {"config": {}}
    write_json(study / "plan.json", plan)
    folder = mirrored.write_trial(tmp_path, KEY, ending)
    write_json(folder / "config.json", mirrored.KNOBS | {"training.evaluations": 5})
    kids, found = OBJECTIVES[objective]
    rows = [
        {"evaluation": n, "iteration": 10 * n, "kimg": float(n), "seconds": n, "kid": kid,
         "kid_half_a": kid, "kid_half_b": kid + 0.01}
        for n, kid in enumerate(kids)
    ]  # fmt: skip
    mirrored.lines(folder / "evaluations" / f"{mirrored.METRIC}.jsonl", rows)
    (final,) = frame.load(RUN_NAME, runtime).trials["final"]
    assert ending == "diverged" or final == pytest.approx(found)

    assert synced(tmp_path, said).written == [KEY]
    whole = mirrored.summary(mirrored.only_folder(study))["summary"]
    assert whole[objective] == pytest.approx(final)
    assert whole["objective"] == objective
    assert not whole.keys() & (OBJECTIVES.keys() - {objective})
    assert (whole["kid_last"], whole["kid_best"]) == (kids[-1], min(kids))

    write_json(study / "plan.json", plan | {"objective": "area"})  # declared anew: written anew
    assert synced(tmp_path, said).written == ([] if objective == "area" else [KEY])


@pytest.mark.parametrize("place", range(6))
def test_the_best_of_a_trial_does_not_depend_on_where_a_score_is_missing(
    tmp_path, study, said, place
):
    folder = mirrored.runtime(tmp_path).trials / KEY
    kids = [0.4, 0.3, 0.1, 0.2, 0.15, 0.25]
    kids[place] = None
    rows = [{"evaluation": n, "iteration": n, "kimg": n, "kid": kid} for n, kid in enumerate(kids)]
    mirrored.lines(folder / "evaluations" / f"{mirrored.METRIC}.jsonl", rows)
    assert synced(tmp_path, said).written == [KEY]
    whole = mirrored.summary(mirrored.only_folder(study))["summary"]
    assert whole["kid_best"] == (0.15 if place == 2 else 0.1)
    assert whole.get("kid_last") == kids[-1]


def test_fragments_go_and_all_else_stays(tmp_path, study, said):
    assert synced(tmp_path, said).written == [KEY]
    wandb, run_id = study / "wandb", f"{RUN_NAME}-{KEY}"
    kept = [
        f"offline-run-20260101_000000-other-{run_id}",
        f"offline-run-20260101_000000-{run_id}x",
        f"run-20260101_000000-{run_id}",
    ]
    gone = [f"offline-run-20260101_000000-{run_id}", f"offline-run-20260101_000000-{run_id}-1"]
    for name in kept + gone:
        (wandb / name).mkdir()
    assert synced(tmp_path, said).whole == [KEY]
    names = {path.name for path in wandb.iterdir()}
    assert set(kept) <= names
    assert not names & set(gone)
    mirrored.only_folder(study)


def test_a_run_that_is_gone_is_written_again(tmp_path, study, said):
    assert synced(tmp_path, said).written == [KEY]
    mirrored.only_folder(study).rename(tmp_path / "elsewhere")
    assert synced(tmp_path, said).written == [KEY]


def test_a_run_that_is_being_written_is_left_alone(tmp_path, study, said):
    live = WandbSink.open(
        mirrored.identity(study), mirrored.settings(), mirrored.config(), said.append
    )
    assert "another process" in synced(tmp_path, said).failed[KEY]
    mirrored.train(live, tmp_path / "samples")
    assert live.finish(mirrored.ending())
    assert synced(tmp_path, said).whole == [KEY]


def reported(root, effect=-0.03):
    """The report of a study, as it is shown."""
    folder = mirrored.runtime(root).reports / RUN_NAME
    mirrored.picture(folder / "figures" / "forest.png")
    (folder / "index.html").write_text("<p>The page</p>")
    (folder / ".hidden").write_text("nobody's business")
    table = {
        "name": ["beta_1", "batch_norm"],
        "effect": [effect, math.nan],
        "n": [8, 0],
        "verdict": ["better, surely", "not judged"],
        "reason": ["", ""],
    }
    return StudyReport.of(table, folder, "beta_1 helps")


def test_the_run_of_the_finished_study(tmp_path, study, said):
    assert synced(tmp_path, said, shown=reported(tmp_path)).written == [KEY, "report"]
    folder = mirrored.only_folder(study, "report")
    run = mirrored.records(folder, "run")[-1]
    assert (run["run_id"], run["job_type"]) == (f"{RUN_NAME}-report", "report")
    assert run["notes"] == mirrored.NOTES
    config = mirrored.summary(folder)["config"]
    assert (config["study"], config["profile"], config["objective"]) == ("beta1", "smoke", "final")
    whole = mirrored.summary(folder)["summary"]
    assert whole["verdict"] == "beta_1 helps"
    assert whole["verdicts"] == {"better, surely": 1, "not judged": 1}
    assert (whole["trials"]["finished"], whole["trials"]["failures"]) == (1, 0)
    assert whole["outcome"] == "1 of 1 trial finished, no failure, 1 with a flag"
    assert (whole["ranking"]["nrows"], whole["ranking"]["ncols"]) == (2, 5)
    table = read_json(folder / "files" / whole["ranking"]["path"])
    assert table["columns"] == ["name", "effect", "n", "verdict", "reason"]
    assert table["data"] == [
        ["beta_1", -0.03, 8.0, "better, surely", None],
        ["batch_norm", None, 0.0, "not judged", None],
    ]
    assert (folder / "files" / whole["figures/forest"]["path"]).exists()
    table, artifact = mirrored.records(folder, "artifact")
    assert (artifact["type"], artifact["name"]) == ("report", f"{RUN_NAME}-report")
    held = [entry["path"] for entry in artifact["manifest"]["contents"]]
    assert sorted(held) == ["figures/forest.png", "index.html"]
    for entry in table["manifest"]["contents"] + artifact["manifest"]["contents"]:
        assert Path(entry["local_path"]).is_relative_to(folder)  # an upload finds it there

    assert synced(tmp_path, said, shown=reported(tmp_path)).written == []
    other = reported(tmp_path, effect=-0.04)
    assert synced(tmp_path, said, shown=other).written == ["report"]
    (other.folder / "index.html").write_text("<p>Another page</p>")
    assert synced(tmp_path, said, shown=other).written == ["report"]
    mirrored.only_folder(study, "report")
    assert said == []


def test_pruned_trials_leave_no_study_unfinished(tmp_path, said):
    mirrored.write_plan(tmp_path, [KEY, OTHER])
    mirrored.write_trial(tmp_path)
    mirrored.write_trial(tmp_path, OTHER, "pruned")
    assert synced(tmp_path, said, shown=reported(tmp_path)).written == [KEY, OTHER, "report"]


def test_no_report_before_the_study_is_finished(tmp_path, said):
    mirrored.write_plan(tmp_path, [KEY, OTHER])
    mirrored.write_trial(tmp_path)
    skipped = synced(tmp_path, said, shown=reported(tmp_path)).skipped
    assert skipped["report"] == "the study is not finished"


def test_an_online_study(tmp_path, study, said, monkeypatch):
    started, logged = [], []
    run = SimpleNamespace(
        dir=str(study.resolve() / "wandb" / "run-20260101_000000-x" / "files"),
        summary={},
        define_metric=lambda *_, **__: None,
        log=lambda values, step: logged.append(step),
        finish=lambda **_: None,
    )
    server = SimpleNamespace(
        init=lambda **asked: started.append(asked) or run,
        Settings=lambda **_: None,
        Image=lambda path: path,
    )
    assert synced(tmp_path, said).written == [KEY]  # offline, before there was an account
    monkeypatch.setattr(wandb_sink, "library", lambda: server)
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    assert synced(tmp_path, said, mode="").written == [KEY]
    assert [(a["id"], a["mode"], a["resume"]) for a in started] == [
        (f"{RUN_NAME}-{KEY}", "online", "allow")
    ]
    assert logged == sorted(logged)
    assert set(logged) == set(mirrored.STEPS)
    assert mirror.offline_folders(study.resolve() / "wandb", f"{RUN_NAME}-{KEY}") == []
    assert synced(tmp_path, said, mode="").whole == [KEY]
    assert synced(tmp_path, said, mode="offline").whole == [KEY]  # the server has it


def test_a_tracker_that_fails_is_reported(tmp_path, said, monkeypatch):
    keys = [letter * 16 for letter in "abcde"]
    mirrored.write_plan(tmp_path, keys)
    for key in keys:
        mirrored.write_trial(tmp_path, key)
    tried = []

    def fail(**asked):
        tried.append(asked["id"])
        raise OSError("no space left")

    broken = SimpleNamespace(
        init=fail, Settings=lambda **_: None, setup=lambda: SimpleNamespace(_connection=None)
    )
    monkeypatch.setattr(wandb_sink, "library", lambda: broken)
    report = synced(tmp_path, said)
    assert list(report.failed) == keys
    assert "no space left" in report.failed[keys[0]]
    assert len(tried) == sync.ENOUGH
    assert report.written == []


def test_disabled_and_unknown(tmp_path, study, said):
    report = synced(tmp_path, said, mode="disabled")
    assert (report.mode, report.written) == ("disabled", [])
    assert not (study / "wandb").exists()
    with pytest.raises(HarnessError, match=f"did you mean '{RUN_NAME}'"):
        sync_study("beta1-smok", mirrored.runtime(tmp_path), said.append, summarise_scores, None)


def test_marks_of_runs_that_end_together(tmp_path):
    entry = mirror.Entry(digest="0", folder="f", mode="offline")
    keys = [str(number) for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: mirror.mark(tmp_path, key, entry), keys))
    assert sorted(mirror.entries(tmp_path)) == sorted(keys)
