"""Studies whose trials follow from trials: tuned ones and searches, killed in the middle."""

import json
import shutil
import time

import pytest

from harness.queue.optuna_ledger import look
from tests.e2e.place import STUDY, Place, timeless
from tests.e2e.test_study import kill_all

pytestmark = [pytest.mark.tf, pytest.mark.slow, pytest.mark.timeout(1800)]
RATE = "optimizer.generator.learning_rate"
TUNED = f"tune:\n  values: {{{RATE}: [2.0e-4, 1.0e-3]}}\n  seeds: [100]\n"
SEARCH = f"""search:
  space:
    {RATE}: {{low: 1.0e-5, high: 1.0e-2, log: true}}
    generator.width: {{low: 8, high: 24, step: 8}}
    discriminator.spectral_norm: {{choices: [true, false]}}
  trials: 3
  pruner: successive_halving
"""
LOOKS = """
title: Looks
question: Which of the two is decided early?
sources: [S0]
baseline:
  data.name: digits
  data.image_size: 8
  generator.width: 8
  generator.noise_size: 8
  discriminator.width: 8
  optimizer.generator.learning_rate: 5.0e-3
  optimizer.discriminator.learning_rate: 5.0e-3
  training.ema: 0.9  # so that 400 steps bring KID to a fifth
  training.batch_size: 16
  training.kimg: 6.4
  training.evaluations: 2
  augmentation.policy: none
  evaluation.samples: 128
  evaluation.subset_size: 64
heuristics: [adam_beta_1_half, one_sided_label_smoothing]
design: one_at_a_time
seeds: [0, 1, 3, 4, 5]  # one tip has effects of one sign here, the other of both
alpha: 0.4
equivalence: 0.001
sequential: {looks: [4, 5], futility: 0}
"""
AT_LOOKS = [  # the first one closes a contrast
    ([0, 1, 3, 4], ["adam_beta_1_half", "one_sided_label_smoothing"]),
    ([0, 1, 3, 4, 5], ["one_sided_label_smoothing"]),
]


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path / "place")


def write(place, name, text, **values):
    path = place.folder / "studies" / f"{name}.yaml"
    path.write_text(STUDY.format(kimg=0.8, tips="adam_beta_1_half", **values) + text)


def plan_of(place, name):
    return json.loads((place.folder / f"runs/studies/{name}/plan.json").read_text())


def seen_at(looks):
    """Seeds and open contrasts of each look that was taken."""
    return [(look["seeds"], [*look["contrasts"]]) for look in looks["taken"]]


def held_by(place, name):
    """The processes that took trials."""
    return {row.lease.pid for row in look(place.folder / f"runs/studies/{name}", name) if row.lease}


def kill_after(place, name, trials, *options):
    """Start a run, and kill -9 all of it once so many trials have ended and another has begun."""
    process = place.start("run", name, *options)
    for _ in range(12000):
        ended = list(place.folder.glob("runs/trials/*/result.json"))
        if len(ended) >= trials and list(place.folder.glob("runs/trials/*/progress.json")):
            break
        time.sleep(0.05)
    kill_all(process, place, name)
    assert len(ended) >= trials
    return ended


def test_a_tuned_study_that_is_killed_goes_on_and_ends_tuned(place):
    write(place, "tuned", TUNED, seeds=2)
    asked = place.plan("tuned")
    assert (asked["tuning"]["to_train"], asked["to_train"]) == (4, 8)
    ended = kill_after(place, "tuned", 2)
    assert plan_of(place, "tuned")["tuning"]["chosen"] == {}
    said = place.look("report", "tuned")
    assert "Tuning is not finished" in said
    before = {path: path.stat().st_mtime_ns for path in ended}
    held = held_by(place, "tuned")
    place.drive("run", "tuned", "--workers", "1")
    assert len(held_by(place, "tuned") - held) == 1  # the worker stayed when points were chosen
    assert {path: path.stat().st_mtime_ns for path in ended} == before
    after = place.plan("tuned")
    assert (after["to_train"], after["tuning"]["undecided"]) == (0, 0)
    tuning = plan_of(place, "tuned")["tuning"]
    assert tuning["chosen"] == after["tuning"]["chosen"]
    assert set(tuning["chosen"]) == {"reference", "adam_beta_1_half=off"}
    rows = (place.folder / "reports/tuned/tables/tuning.csv").read_text()
    assert rows.count("True") == 2
    text = (place.folder / "reports/tuned/report.md").read_text()
    assert "## Tuning" in text
    assert "untuned" in text


def hunt(place, trials):
    write(place, "hunt", SEARCH.replace("trials: 3", f"trials: {trials}"), seeds=1)
    path = place.folder / "studies/hunt.yaml"
    path.write_text(path.read_text().replace("design: one_at_a_time", "design: search"))


def test_a_search_that_is_killed_suggests_what_it_would_have_suggested(place, tmp_path):
    """One worker, killed once, then given a larger budget: as if nothing had happened."""
    whole = Place(tmp_path / "whole")
    hunt(place, 2)
    kill_after(place, "hunt", 1, "--workers", "1")
    shutil.copytree(place.folder / "runs/cache", whole.folder / "runs/cache")
    for each in (place, whole):
        hunt(each, 3)
        each.drive("run", "hunt", "--workers", "1")
    killed, other = (plan_of(each, "hunt") for each in (place, whole))
    assert killed["search"]["suggestions"] == other["search"]["suggestions"]
    assert len(killed["search"]["suggestions"]) == 3
    assert killed["trials"] == other["trials"]
    pruned = {path.parent.name for path in place.folder.glob("runs/trials/*/pruned.json")}
    assert pruned == {path.parent.name for path in whole.folder.glob("runs/trials/*/pruned.json")}
    for folder in place.trials():
        for path in folder.glob("evaluations/*.jsonl"):
            twin = whole.folder / "runs/trials" / path.relative_to(place.folder / "runs/trials")
            assert timeless(path) == timeless(twin)
    rows = (place.folder / "reports/hunt/tables/search.csv").read_text().splitlines()
    assert len(rows) == 4
    assert sum(",pruned," in row for row in rows) == len(pruned)
    left = place.plan("hunt")
    assert (left["to_train"], left["to_suggest"]) == (0, 0)


def test_a_sequential_study_closes_what_a_look_decides_and_trains_on_for_the_rest(
    place, on_one_machine
):
    place.write(LOOKS)
    asked = place.plan("one")
    assert (asked["to_train"], asked["further"]["to_train"]) == (12, 3)
    assert (asked["course"]["least"], asked["course"]["most"]) == (12, 15)
    site = on_one_machine(LOOKS)
    looks = plan_of(site, "tiny")["looks"]
    assert seen_at(looks) == AT_LOOKS
    assert looks["taken"][0]["contrasts"]["adam_beta_1_half"]["decision"]["state"] == "worse"
    assert len(site.trials()) == 14
    assert len(held_by(site, "tiny")) == 1  # the worker stayed from look to look
    (row,) = json.loads(site.look("status", "--json"))
    assert row["standing"] == "ended at look 2 of 2, 1 of 2 contrasts undecided"
