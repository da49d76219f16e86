"""The study of docs/plugins.md on the command line: a loss and a tip of one's own, ranked."""

import json
import shutil
from pathlib import Path

import pytest

import harness as h
from harness.core.plugins import activate
from tests.e2e.test_study import Place

pytestmark = [pytest.mark.tf, pytest.mark.slow]
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
NAME = "squared_hinge-smoke"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = Place(tmp_path_factory.mktemp("plugins"))
    place.environment["WANDB_MODE"] = "disabled"
    shutil.copytree(EXAMPLES, place.folder / "mine", ignore=shutil.ignore_patterns("__pycache__"))
    return place


def run(place, code=0, verb="run"):
    workers = ("--workers", "2") if verb == "run" else ()
    return place.run(verb, "mine/squared_hinge.yaml", "--profile", "smoke", *workers, code=code)


def test_a_loss_nobody_has_heard_of_is_ranked_by_two_workers(place):
    output = run(place)
    assert "6 of 6 trials finished" in output
    assert "Squared hinge loss" in output
    plan = json.loads((place.folder / f"runs/studies/{NAME}/plan.json").read_text())
    [module] = plan["plugins"]["modules"]
    keys = {row["key"]: row["cell"] for row in plan["trials"]}
    for key, cell in keys.items():
        [attempt] = json.loads((place.folder / f"runs/trials/{key}/env.json").read_text())
        used = {"losses": {"squared_hinge": module["digest"]}}
        assert attempt.get("plugins", {}) == (used if "squared_hinge" in cell else {})
    page = (place.folder / f"reports/{NAME}/index.html").read_text().replace("<wbr>", "")
    assert "Notes on hinges" in page
    assert "loss squared_hinge" in page
    assert module["digest"] in page
    # what is trained is not trained again
    assert "finished" not in run(place).split("W&B")[0]


def test_a_loss_of_the_wrong_shape_is_found_before_any_training(place, tmp_path):
    broken = Place(tmp_path)
    broken.environment["WANDB_MODE"] = "disabled"
    shutil.copytree(EXAMPLES, tmp_path / "mine", ignore=shutil.ignore_patterns("__pycache__"))
    module = tmp_path / "mine" / "my_losses.py"
    text = module.read_text()
    module.write_text(text.replace("tf.reduce_mean(tf.square(above))", "tf.square(above)"))
    said = run(broken, code=2)
    assert "losses: squared_hinge: discriminator must give a scalar of float32" in said
    assert not (tmp_path / "runs" / "trials").exists()


def test_python_has_the_generator_of_a_trial_whose_study_it_has_not_read(place, monkeypatch):
    run(place)
    monkeypatch.chdir(place.folder)
    monkeypatch.delenv("HARNESS_RUNS", raising=False)
    activate([])
    try:
        generator = h.open_run(NAME).trial("squared_hinge_loss=on").generator()
        assert generator(generator.latents(2)).shape == (2, 16, 16, 1)
    finally:
        activate([])


def test_a_plug_in_that_fails_is_one_message_and_leaves_no_result(place):
    file = place.folder / "mine" / "my_losses.py"
    whole = file.read_text()
    file.write_text(whole.replace("return -tf.reduce_mean(fake)", "return -fake"))
    try:
        output = run(place, code=2)
    finally:
        file.write_text(whole)
    assert "my_losses.py has changed since squared_hinge-smoke was planned before" in output
    assert "losses: squared_hinge: generator must give a scalar of float32" in output
    assert len([*place.folder.glob("runs/trials/*/result.json")]) == 6
    assert "6 of 6 trials finished" in run(place)


def test_a_run_is_reported_where_its_plug_in_is_gone(place):
    file = place.folder / "mine" / "my_losses.py"
    gone = file.rename(file.with_suffix(".gone"))
    try:
        assert "6 of 6 trials finished" in run(place, verb="report")
        assert "my_losses.py: is not there" in run(place, code=2)
        [key] = [path.name for path in place.trials() if "squared_hinge" in
                 (path / "config.json").read_text()][:1]  # fmt: skip
        assert "loss.name" in place.run("show", key)
        assert "damaged" not in place.run("doctor")
    finally:
        gone.rename(file)
