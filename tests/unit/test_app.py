"""The use cases that need no training: plans, states, explanations, cleaning, one-off changes."""

import json
import sys
from types import SimpleNamespace

import pytest

from harness import app
from harness.app import running, scoring
from harness.config.patch import flatten
from harness.config.runtime import Runtime
from harness.core.errors import HarnessError
from harness.core.files import append_line, write_json
from harness.execution.devices import Machine
from harness.execution.local import Outcome
from harness.execution.options import Options
from harness.runs.plan import read_plan
from harness.runs.trial import Trial

STUDY = """title: A study
question: Q?
baseline: {data.name: digits, data.image_size: 16, training.kimg: 6.4, training.evaluations: 5}
heuristics: [generator_ema]
seeds: 2
"""


@pytest.fixture
def runtime(tmp_path):
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies/one.yaml").write_text(STUDY)
    two = STUDY.replace("generator_ema", "spectral_norm")
    (tmp_path / "studies/two.yaml").write_text(two)
    return Runtime(
        runs=tmp_path / "runs", reports=tmp_path / "reports", studies=tmp_path / "studies"
    )


def begin(runtime, name):
    """A run of a study that has been asked for."""
    plan, _ = app.plan(name, runtime)
    write_json(runtime.study(plan.run_name) / "plan.json", plan.to_json())
    return plan


def trained(runtime, trial, status="finished"):
    folder = runtime.trials / trial.key
    config = trial.cell.trial(trial.seed)
    write_json(folder / "config.json", flatten(config))
    write_json(folder / "result.json", {"status": status, "flags": []})
    for name in ("generators", "checkpoint"):
        (folder / name).mkdir()
        (folder / name / "last.npz").write_bytes(b"x" * 100)
    return folder


PROFILES = "profiles:\n  smoke: {}\n  cpu: {}\n  full: {}\n"


@pytest.mark.parametrize(
    ("profiles", "gpus", "asked", "chosen", "why"),
    [
        ("", [], None, None, "the study has no profiles"),
        (PROFILES, [], None, "cpu", "profile cpu, since this machine has no GPU"),
        (PROFILES, ["0", "1"], None, "full", "profile full, since this machine has 2 GPU(s)"),
        (PROFILES, [], "smoke", "smoke", "profile smoke, as asked"),
        ("profiles: {b: {}, a: {}}\n", [], None, "b", "profile b, the study's first"),
    ],
)
def test_the_profile_is_said_and_why(runtime, monkeypatch, profiles, gpus, asked, chosen, why):
    machine = Machine(gpus, 2, 8.0)
    monkeypatch.setattr(Machine, "here", classmethod(lambda cls: machine))
    (runtime.studies / "one.yaml").write_text(STUDY + profiles)
    plan, said = app.plan("one", runtime, asked)
    assert (plan.profile, said) == (chosen, why)


def test_a_run_without_a_study_file_goes_by_its_own_name(runtime):
    run = begin(runtime, "one")
    assert app.name("one", runtime, None, {"training.kimg": 12.8}).startswith("one-")
    (runtime.studies / "one.yaml").unlink()
    assert app.name("one", runtime, None, None) == run.run_name == "one"
    with pytest.raises(HarnessError, match="unknown study 'tow'; did you mean 'two'"):
        app.name("tow", runtime, None, None)


@pytest.mark.parametrize(
    ("profiles", "said"),
    [
        (PROFILES, "unknown profile 'smok'; did you mean 'smoke'?"),
        ("", "unknown profile 'smok'; there are none here"),
    ],
)
def test_an_unknown_profile(runtime, profiles, said):
    (runtime.studies / "one.yaml").write_text(STUDY + profiles)
    with pytest.raises(HarnessError) as error:
        app.plan("one", runtime, "smok")
    assert str(error.value) == said


def test_the_state_of_every_run(runtime):
    assert app.status(runtime) == []
    one = begin(runtime, "one")
    trained(runtime, one.trials[0])
    trained(runtime, one.trials[1], "diverged")
    write_json(runtime.trials / one.trials[2].key / "failure.json", {"error": "x"})
    two = begin(runtime, "two")  # shares the reference, of which seed 0 is trained
    write_json(runtime.trials / two.trials[1].key / "config.json", {})
    counts = {"finished": 1, "collapsed": 0, "diverged": 1, "crashed": 1, "pruned": 0, "begun": 0,
              "missing": 1, "damaged": 0, "not_ended": 1, "flagged": 0, "failures": 2}  # fmt: skip
    said = "1 of 4 trials finished, 1 diverged, 1 crashed, 1 not ended"
    assert app.status(runtime) == [
        {
            "run": "one",
            "title": "A study",
            "trials": 4,
            **counts,
            "outcome": said,
            "standing": "",
            "job": None,
            "driver": "",
        },
        {
            "run": "two",
            "title": "A study",
            "trials": 4,
            **counts,
            "diverged": 0,
            "begun": 1,
            "not_ended": 2,
            "failures": 1,
            "outcome": "1 of 4 trials finished, 1 crashed, 2 not ended",
            "standing": "",
            "job": None,
            "driver": "",
        },
    ]


def test_a_trial_is_explained(runtime):
    one, two = begin(runtime, "one"), begin(runtime, "two")
    trial = one.trials[0]
    folder = trained(runtime, trial)
    write_json(folder / "evaluations/kid-a.json", {"requests": ["11111111"]})
    append_line(folder / "evaluations/kid-a.jsonl", {"kid": 0.5})
    append_line(folder / "evaluations/kid-a.jsonl", {"kid": 0.25})
    (folder / "log.txt").write_text("\n".join(f"line {n}" for n in range(30)))
    found = app.show(trial.key[:6], runtime, lines=3)
    assert (found.key, found.state) == (trial.key, "finished")
    assert found.used_by == [(run, "reference", "reference", trial.seed) for run in ("one", "two")]
    assert two.trials[0].key == trial.key
    assert found.changes["data.name"] == "digits"
    assert "generator.width" not in found.changes
    assert found.metrics == {"kid-a": 0.25}
    assert found.log == ["line 27", "line 28", "line 29"]
    document = json.loads(json.dumps(found.to_json()))
    assert document["used_by"][1] == {
        "run": "two",
        "cell": "reference",
        "title": "reference",
        "seed": 0,
    }
    assert document["result"]["status"] == "finished"
    assert (document["failure"], document["log"]) == (None, found.log)


def test_a_trial_names_its_cell_by_title_and_side(runtime):
    plan = begin(runtime, "one")
    trial = next(trial for trial in plan.trials if trial.cell.label == "generator_ema=off")
    trained(runtime, trial)
    [use] = app.show(trial.key, runtime).used_by
    assert use == ("one", "generator_ema=off", "Moving average of the generator: off", 0)


def test_which_trial_is_meant_must_be_clear(runtime):
    for key in ("abc1", "abd2"):
        (runtime.trials / key).mkdir(parents=True)
    for key, said in [
        ("ab", "give more digits: several trials match"),
        ("abd9", "unknown trial 'abd9'; did you mean 'abd2'?"),
        ("", "give more digits: several trials match"),
        ("../x", "unknown trial '../x'"),
    ]:
        with pytest.raises(HarnessError) as error:
            app.show(key, runtime)
        assert str(error.value).startswith(said)


def test_cleaning_frees_weights_and_leaves_what_another_run_uses(runtime):
    one = begin(runtime, "one")
    begin(runtime, "two")
    folders = {trial.cell.label: trained(runtime, trial) for trial in one.trials[:2]}
    assert app.clean(one, runtime, whole=False) == 200
    shared, own = folders["reference"], folders["generator_ema=off"]
    assert (shared / "generators/last.npz").exists()
    assert not (own / "generators").exists()
    assert not (own / "checkpoint").exists()
    assert Trial(own).result().status == "finished"
    assert app.clean(one, runtime, whole=True) > 0
    assert not own.exists()
    assert shared.exists()


def test_a_run_without_work_starts_nothing(runtime, monkeypatch):
    plan, _ = app.plan("one", runtime)
    monkeypatch.setattr(running, "missing", lambda of, trials: ())
    assert app.run(plan, runtime, Options()) is Outcome.DONE
    assert read_plan(runtime.study("one") / "plan.json") == plan.record()
    assert not (runtime.study("one") / "ledger.journal").exists()


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (
            lambda r: app.report("one", r),
            "unknown run 'one'; there are none here; a study has a run once `harness run` has "
            "started it",
        ),
        (
            lambda r: app.evaluate("one", {"evaluation.protocol": "blocks"}, r, None),
            "one: no trial has been trained yet; train them with: harness run one",
        ),
        (
            lambda r: app.samples(app.plan("one", r)[0], r, "reference", 7, 1, r.runs),
            "one: reference has no seed 7 (seeds: 0, 1)",
        ),
        (
            lambda r: app.samples(app.plan("one", r)[0], r, "referenz", 0, 1, r.runs),
            "unknown cell 'referenz'; did you mean 'reference'?",
        ),
    ],
)
def test_what_cannot_be_done_yet_says_what_to_do(runtime, act, said):
    with pytest.raises(HarnessError) as error:
        act(runtime)
    assert str(error.value) == said


def test_the_metric_of_the_study_is_no_second_one(runtime):
    """It would be a further run of the same title."""
    said = r"one: this is the metric of the study itself \(protocol subsets, encoder classifier"
    with pytest.raises(HarnessError, match=said):
        app.evaluate("one", {"evaluation.protocol": "subsets"}, runtime, None)


def test_an_untrained_trial_has_no_samples(runtime):
    plan, _ = app.plan("one", runtime)
    with pytest.raises(HarnessError, match="not trained yet; train it with: harness run one"):
        app.samples(plan, runtime, "reference", 0, 1, runtime.runs)


def test_a_comparison_is_one_picture_of_trained_cells(runtime):
    plan, _ = app.plan("one", runtime)
    for count, target, said in (
        (1, runtime.runs / "a.npz", r"a\.npz: is no name of a picture; give a \.png file"),
        (1001, runtime.runs / "a.png", "--count 1001: with `--beside` at most 1000"),
        (1, runtime.runs / "a.png", "not trained yet; train it with: harness run one"),
    ):
        with pytest.raises(HarnessError, match=said):
            app.compare_samples(plan, runtime, ["reference"], 0, count, target)


def test_a_comparison_names_cells_by_title_and_side(runtime, monkeypatch):
    plan, _ = app.plan("one", runtime)
    kept, left = ("generator_ema=off", "reference")
    trained(runtime, plan.trial(kept, 0))
    shown = []
    writer = SimpleNamespace(  # without TensorFlow
        Trained=lambda name, *rest: name,
        write_comparison=lambda names, *_, **__: shown.extend(names),
    )
    monkeypatch.setitem(sys.modules, "harness.gan.sampling", writer)
    monkeypatch.setattr(Trial, "config", lambda self: None)
    _, missing = app.compare_samples(plan, runtime, [kept, left], 0, 1, runtime.runs / "a.png")
    assert shown == ["Moving average of the generator: off"]
    assert missing == ["reference"]


def test_one_off_changes_are_read_as_yaml():
    assert app.one_off(
        [
            "optimizer.generator.learning_rate=2e-4",
            "discriminator.normalization=none",
            "loss.name=hinge",
            "generator.width={times: 2}",
            "data.path=a=b",
        ]
    ) == {
        "optimizer.generator.learning_rate": 2e-4,
        "discriminator.normalization": "none",
        "loss.name": "hinge",
        "generator.width": {"times": 2},
        "data.path": "a=b",
    }


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("generator.width", "write it as name=value"),
        ("generator.widht=3", "unknown knob 'generator.widht'; did you mean 'generator.width'?"),
        ("generator.width=wide", "generator.width: Input should be a valid integer"),
        ("generator.width=", "generator.width: Input should be a valid integer"),
        ("discriminator.dropout=1.5", "discriminator.dropout: Input should be less than 1"),
        ("generator.width=[1", "'[1' is not a value"),
        ("seed=3", "seed: set the study's key `seeds`"),
        ("training.epochs=-1", "training.epochs: must be a positive number"),
    ],
)
def test_a_wrong_one_off_change_is_named(setting, said):
    with pytest.raises(HarnessError) as error:
        app.one_off(["training.ema=0.5", setting])
    assert str(error.value).startswith(f"--set {setting}: {said}")


def test_a_report_has_both_metrics_only_where_there_are_two(runtime):
    plan = begin(runtime, "one")
    assert scoring.compared("one", {}, runtime, None) is None
    folder = trained(runtime, plan.trials[0]) / "evaluations"
    about = {"requests": ["a"], "identity": "m", "protocol": "blocks"}
    write_json(folder / "m.json", about)
    assert scoring.compared("one", {}, runtime, None) is None
    write_json(folder / "n.json", {**about, "identity": "n", "requests": ["b"]})
    path = scoring.compared("one", {"evaluation.protocol": "blocks"}, runtime, None)
    assert path == runtime.reports / "one/index.html"
