"""From a study file to a report, on the real command line: real workers, real data, real kills."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import time
from contextlib import suppress

import numpy as np
import psutil
import pytest
from PIL import Image

from harness.config.identity import key
from harness.config.patch import unflatten
from tests.e2e.nodes import until
from tests.e2e.place import Place, beyond_threads, one_core, rows, timeless
from tests.pages import read_page

pytestmark = pytest.mark.tf


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


ITERATIONS, KIMG = 300, 4.8  # long enough to be met in the middle
QUIET = {"WANDB_MODE": "disabled"}  # where W&B is not what is tested


@pytest.fixture(scope="module")
def place(tmp_path_factory, cache):
    """A place with the data and the encoder that all tests of a session share."""
    return cached(tmp_path_factory.mktemp("study"), cache)


def cached(folder, cache):
    made = Place(folder)
    made.share(cache)
    return made


@pytest.mark.drawn  # what is written again is compared with what a process has written
def test_a_study_runs_to_its_report_and_a_second_run_trains_nothing(place):
    place.study("first", kimg=KIMG)
    assert place.plan("first")["to_train"] == 4
    output = place.run("run", "first", one_core=True)
    assert "Report: reports/first/index.html" in output
    page = (place.folder / "reports/first/index.html").read_text()
    assert "Does it work?" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert (place.folder / "reports/first/tables/ranking.csv").exists()
    for folder in place.trials():
        result = json.loads((folder / "result.json").read_text())
        assert result["status"] == "finished"
        assert result["iteration"] == ITERATIONS
        [scores] = folder.glob("evaluations/*.jsonl")
        assert [row["evaluation"] for row in rows(scores)] == [0, 1, 2, 3, 4, 5]
        assert rows(folder / "metrics.jsonl")[-1]["iteration"] == ITERATIONS
        grids = sorted(folder.glob("samples/*.png"))
        assert len(grids) == 6
        assert pixels(grids[-1]).shape == pixels(folder / "validation.png").shape == (96, 96)
        assert pixels(folder / "nearest.png").shape == (96, 192)
        assert not list(folder.glob("checkpoint/*.npz"))
        assert sorted(folder.glob("generators/*.npz"))[-1].name == f"{ITERATIONS:08}.npz"
        [attempt] = json.loads((folder / "env.json").read_text())
        assert attempt["arithmetic"]["threads"] >= 1

    before = {path: path.stat().st_mtime_ns for path in place.folder.glob("runs/trials/*/*.json*")}
    again = place.look("run", "first")
    assert "4 already trained, 0 to train" in again
    assert "5 already complete" in again  # in W&B: the trials, and the report
    assert "5 already complete" in place.look("sync", "first")
    after = {path: path.stat().st_mtime_ns for path in place.folder.glob("runs/trials/*/*.json*")}
    assert before == after


def _begun(place, iteration):
    """Wait until a trial has a checkpoint and is in the middle of its training."""
    for _ in range(2400):
        for path in place.folder.glob("runs/trials/*/progress.json"):
            beat = json.loads(path.read_text())
            if beat["iteration"] >= iteration and (path.parent / "checkpoint/last.npz").exists():
                return
        time.sleep(0.05)
    pytest.fail("no trial got that far")


def kill_all(process, place, name):
    """kill -9 of the driver and of its workers, which are sessions of their own; all have ended.

    On a busy machine that takes a while, and until then they hold their trials.
    """
    found = subprocess.run(
        ["pgrep", "-f", f"harness work {name}"], capture_output=True, text=True, check=False
    ).stdout.split()
    process.kill()
    workers = []
    for pid in found:
        with suppress(psutil.NoSuchProcess):  # one that has just ended by itself
            worker = psutil.Process(int(pid))
            if worker.cwd() == str(place.folder):
                worker.kill()
                workers.append(worker)
    process.communicate()
    until(lambda: not any(map(_lives, workers)))


def _lives(process):
    with suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def test_killed_at_any_moment_and_run_again_it_is_as_if_nothing_had_happened(
    place, tmp_path, cache
):
    """kill -9 of driver and workers, a torn line, then a resume: the record is the same."""
    whole, killed = place, cached(tmp_path / "killed", cache)
    killed.study("first", kimg=KIMG)
    process = killed.start("run", "first", **QUIET)
    _begun(killed, ITERATIONS * 3 // 10)  # behind the checkpoint of its first fifth
    kill_all(process, killed, "first")
    torn = [path for path in killed.trials() if not (path / "result.json").exists()]
    assert torn
    for folder in torn:
        if (folder / "metrics.jsonl").exists():
            with (folder / "metrics.jsonl").open("a") as file:
                file.write('{"iteration": 59')
    with one_core():
        killed.drive("run", "first", **QUIET)
    assert killed.plan("first")["to_train"] == 0
    resumed = [
        folder
        for folder in killed.trials()
        if len(json.loads((folder / "env.json").read_text())) > 1
    ]
    logs = [(folder / "log.txt").read_text() for folder in resumed]
    assert any(re.search("continues after iteration [1-9]", log) for log in logs)
    for folder in killed.trials():
        twin = whole.folder / "runs/trials" / folder.name
        for path in (folder / "metrics.jsonl", *folder.glob("evaluations/*.jsonl")):
            assert timeless(path) == timeless(twin / path.relative_to(folder))
        last = f"generators/{ITERATIONS:08}.npz"
        with np.load(folder / last) as a, np.load(twin / last) as b:
            assert all(np.array_equal(a[name], b[name]) for name in a.files)
        for grid in folder.glob("samples/*.png"):
            assert grid.read_bytes() == (twin / "samples" / grid.name).read_bytes()


def test_ctrl_c_stops_cleanly_and_continued_only_what_is_new_is_trained(place):
    old = set(place.trials())
    place.study("first", kimg=KIMG, seeds=3)
    assert place.plan("first")["to_train"] == 2
    place.study("second", kimg=KIMG, tips="generator_ema")
    # its reference cell is the first study's
    assert place.plan("second")["to_train"] == 2
    process = place.start("run", "second", one_core=True, **QUIET)
    _begun(place, ITERATIONS // 5)
    os.kill(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 130, output
    assert "to continue: harness run second" in output
    assert "Interim analysis" in output
    assert subprocess.run(["pgrep", "-f", "harness work second"], check=False).returncode == 1
    assert place.plan("second")["to_train"] > 0

    code, output, errors = place.here("run", "second")
    assert (code, errors) == (0, "")
    assert "Report: reports/second/index.html" in output
    new = set(place.trials()) - old
    assert len(new) == 2
    for folder in new:
        assert json.loads((folder / "config.json").read_text())["training.ema"] == 0.0
    assert place.plan("second")["to_train"] == 0


@pytest.mark.slow
def test_without_its_queue_a_run_goes_on_from_the_record(tmp_path, cache):
    """Ended trials are left as they are, and the one that was killed is continued."""
    lost = cached(tmp_path / "lost", cache)
    lost.study("lost", kimg=KIMG, seeds=1)
    assert lost.here("run", "lost")[0] == 0
    ended = lost.trials()
    before = [(path, path.stat().st_mtime_ns) for folder in ended for path in folder.rglob("*")]
    lost.study("lost", kimg=KIMG, seeds=2)
    process = lost.start("run", "lost", one_core=True, **QUIET)
    _begun(lost, ITERATIONS * 3 // 10)
    kill_all(process, lost, "lost")
    (lost.folder / "runs/studies/lost/ledger.log").unlink()
    assert lost.plan("lost")["to_train"] == 2
    assert lost.here("run", "lost")[0] == 0
    assert lost.plan("lost")["to_train"] == 0
    assert len(lost.trials()) == 4
    logs = [folder / "log.txt" for folder in lost.trials() if folder not in ended]
    said = "".join(log.read_text() for log in logs if log.exists())
    assert re.search("continues after iteration [1-9]", said)
    assert before == [(path, path.stat().st_mtime_ns) for path, _ in before]
    queued = (lost.folder / "runs/studies/lost/ledger.log").read_text()
    assert not any(folder.name in queued for folder in ended)


def test_a_second_metric_is_in_the_report_of_the_training(place):
    """Scored again by a verb, or as a further metric of the study: by both ways once."""
    place.study("first", kimg=KIMG)
    command = ("evaluate", "first", "--metric", "blocks", "--encoder", "classifier")
    code, output, errors = place.here(*command, "--workers", "1")
    assert (code, beyond_threads(errors)) == (0, "")
    assert "Report with the verdicts by both metrics: reports/first/index.html" in output
    folder = place.folder / "runs/trials" / place.plan("first")["trials"][0]["key"]
    [blocks] = folder.glob("evaluations/*blocks128*.jsonl")
    assert {"precision", "recall", "density", "coverage"} <= set(rows(blocks)[-1])
    table = (place.folder / "reports/first/tables/ranking.csv").read_text()
    assert f"verdict {blocks.stem}" in table.splitlines()[0]
    page = read_page(place.folder / "reports/first/index.html")
    assert "By classifier at 16 px, blocks" in page

    path = place.folder / "studies/first.yaml"
    text = path.read_text()
    same = "metrics:\n- {protocol: blocks, encoder: classifier, samples: 256}\n"
    path.write_text(text + same)
    assert place.plan("first")["to_score"] == 0
    path.write_text(f"{text}{same}- {{protocol: blocks, resizer: bicubic, samples: 256}}\n")
    todo = place.plan("first")
    assert (todo["to_train"], todo["to_score"]) == (0, len(todo["trials"]))
    code, output, errors = place.here("run", "first", "--workers", "1")
    assert (code, beyond_threads(errors)) == (0, "")
    assert place.plan("first")["to_score"] == 0
    assert len(list(folder.glob("evaluations/*bicubic*.jsonl"))) == 1
    for made in folder.parent.glob("*/evaluations/*bicubic*"):
        made.unlink()


def test_a_trained_trial_is_scored_again_sampled_and_explained(place):
    place.study("first", kimg=KIMG)
    blocks = ("--metric", "blocks", "--encoder", "classifier", "--workers", "1")
    code, output, errors = place.here("evaluate", "first", *blocks)
    assert (code, beyond_threads(errors)) == (0, "")
    assert "Adam with beta_1 = 0.5" in output
    [table] = place.folder.glob("reports/first-*/tables/ranking.csv")
    [row] = csv.DictReader(table.read_text().splitlines())
    assert (row["planned"], row["n"]) == ("2", "2")  # both seeds have an objective by this metric
    name = place.plan("second")["trials"][0]["key"]
    folder = place.folder / "runs/trials" / name
    specs = [json.loads(path.read_text()) for path in folder.glob("evaluations/*.json")]
    assert {spec["protocol"] for spec in specs} == {"blocks", "subsets"}
    [blocks] = folder.glob("evaluations/*blocks128*.jsonl")
    assert rows(blocks)[0]["evaluation"] == 0
    assert rows(blocks)[-1]["iteration"] == ITERATIONS
    assert {"precision", "recall", "density", "coverage"} <= set(rows(blocks)[-1])

    # the same metric in other words neither scores again nor loses a point of the curve
    code, _, errors = place.here("evaluate", "first", "--metric", "subsets", "--resolution", "16")
    assert (code, beyond_threads(errors)) == (0, "")
    [subsets] = folder.glob("evaluations/*subsets*.jsonl")
    assert [row["evaluation"] for row in rows(subsets)] == [0, 1, 2, 3, 4, 5]
    assert place.plan("first")["to_score"] == 0

    assert_sampled(place)
    shown = place.look("show", name[:8])
    assert "finished" in shown
    assert "data.name = digits" in shown
    states = json.loads(place.look("status", "--json"))
    assert {row["run"] for row in states} >= {"first", "second"}
    # what is cleaned away cannot be scored, and says so
    assert place.look("clean", "second", "--yes").endswith(" freed\n")
    code, _, errors = place.here("evaluate", "second", "--metric", "blocks")
    assert code == 2
    assert "generators were removed" in errors
    assert place.plan("second")["to_train"] == 0


def assert_sampled(place):
    place.look("samples", "first", "--count", "5", "--out", "images.npz")
    assert np.load(place.folder / "images.npz")["images"].shape == (5, 16, 16, 1)
    said = place.look("samples", "first", "--beside", "--out", "all.png")
    assert "Validation images and images of 2 cells in all.png" in said
    assert pixels(place.folder / "all.png").shape[0] == 3 * (28 + 48)


@pytest.mark.slow
def test_a_study_that_is_edited_in_mid_run_trains_what_it_says_now(place):
    """Trials queued by the old file are withdrawn; every folder holds the trial of its name."""
    place.study("edited", tips="adam_beta_1_zero", seeds=1)
    code, said, _ = place.call("run", "edited", "--max-hours", "0")
    assert code == 1
    assert re.search(r"The time is up: \d trials are left\.", said)  # another test trains some
    path = place.folder / "studies/edited.yaml"
    text = path.read_text()
    path.write_text(text.replace("baseline:", "baseline:\n  loss.label_smoothing: 0.2"))
    assert place.here("run", "edited")[0] == 0
    assert place.plan("edited")["to_train"] == 0
    for folder in place.trials():
        config = unflatten(json.loads((folder / "config.json").read_text()))
        assert key(config) == folder.name


@pytest.mark.slow
def test_a_trial_run_second_in_a_warm_worker_has_the_bits_of_a_fresh_process(place, tmp_path):
    """One worker takes two trials in turn; on two cores each has a process of its own."""
    warm = Place(tmp_path / "warm")
    shutil.copytree(place.folder / "runs/cache", warm.folder / "runs/cache")
    for each in (place, warm):
        each.study("warm", tips="spectral_norm", seeds=1)
    place.drive("run", "warm", **QUIET)
    with one_core():
        warm.drive("run", "warm", **QUIET)
    assert len(list(warm.folder.glob("runs/studies/warm/worker-*.log"))) == 1
    assert len(warm.trials()) == 2
    for folder in warm.trials():
        last = "generators/00000050.npz"
        twin = place.folder / "runs/trials" / folder.name
        with np.load(folder / last) as a, np.load(twin / last) as b:
            assert all(np.array_equal(a[name], b[name]) for name in a.files)


@pytest.mark.slow
def test_two_studies_at_once_train_a_shared_trial_once(place):
    """Two drivers need the same reference trial: the folder's lock decides, the other waits."""
    for name, tip in (("left", "separate_real_and_fake_batches"), ("right", "generator_ema")):
        place.study(name, kimg=1.6, tips=tip, seeds=1)
    drivers = [place.start("run", name) for name in ("left", "right")]
    for driver in drivers:
        output, _ = driver.communicate(timeout=400)
        assert driver.returncode == 0, output
    keys = [{trial["key"] for trial in place.plan(name)["trials"]} for name in ("left", "right")]
    [shared] = keys[0] & keys[1]
    attempts = json.loads((place.folder / "runs/trials" / shared / "env.json").read_text())
    assert len(attempts) == 1
