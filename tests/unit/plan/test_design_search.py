"""Searches: what may be declared, what a suggestion trains, and what counts when it goes on."""

import json

import pytest

from harness.core.errors import HarnessError
from harness.runs.stages import Search, Suggestion

RATE = "optimizer.generator.learning_rate"
STUDY = f"""design: search
heuristics: [spectral_norm]
search:
  space:
    {RATE}: {{low: 1.0e-5, high: 1.0e-3, log: true}}
    generator.width: {{low: 8, high: 32, step: 8}}
    loss.name: {{choices: [hinge, non_saturating]}}
  trials: 3
"""
ONE = STUDY + "profiles:\n  p: {seeds: 1}\n"
PARAMS = {RATE: 1e-4, "generator.width": 16, "loss.name": "hinge", "spectral_norm": "on"}


def test_its_plan_begins_with_the_reference_alone(expanded):
    plan = expanded(ONE, "p")
    assert [trial.cell.label for trial in plan.trials] == ["reference"]
    assert plan.contrasts == ()
    search = plan.stages.search
    assert (search.trials, search.sampler, search.pruner, search.seed) == (3, "tpe", "none", 0)
    assert search.left == 3
    assert search.space == {
        RATE: {"low": 1e-5, "high": 1e-3, "log": True, "step": None, "whole": False},
        "generator.width": {"low": 8, "high": 32, "log": False, "step": 8, "whole": True},
        "loss.name": {"choices": ["hinge", "non_saturating"]},
        "spectral_norm": {"choices": ["on", "off"]},
    }


def suggestion(params, cell, refused=""):
    return Suggestion(params=params, cell=cell, refused=refused)


def test_a_suggestion_is_a_cell_over_the_baseline_and_its_tips(expanded, tmp_path):
    plan = expanded(ONE, "p")
    made = (
        suggestion(PARAMS, "suggestion 1"),
        suggestion({**PARAMS, "generator.width": 24}, "", "not allowed"),
        suggestion(PARAMS, "suggestion 1"),
    )
    grown = plan.stages.suggested(plan, plan.stages.search.replaced(suggestions=made), tmp_path)
    assert [trial.cell.label for trial in grown.trials] == ["reference", "suggestion 1"]
    config = grown.cells[1].config
    assert (config.generator.width, config.loss.name) == (16, "hinge")
    assert config.optimizer.generator.learning_rate == 1e-4
    assert config.discriminator.spectral_norm is True
    assert config.data.name == "digits"
    assert grown.stages.search.left == 1  # what is refused costs nothing


def test_it_goes_on_with_a_larger_budget_and_begins_anew_in_another_space(expanded):
    search = expanded(ONE, "p").stages.search
    read = Search.model_validate(json.loads(json.dumps(search.to_json())))
    assert read == search
    begun = read.replaced(suggestions=(suggestion(PARAMS, "suggestion 1"),))
    assert search.resumes(begun)
    assert expanded(ONE.replace("trials: 3", "trials: 9"), "p").stages.search.resumes(begun)
    for other in (
        ONE.replace("high: 32", "high: 40"),
        ONE.replace("trials: 3", "trials: 3\n  sampler: random"),
        ONE.replace("seeds: 1", "seeds: [4]"),
        ONE.replace("p: {", "p: {patch: {training.ema: 0.5}, "),
    ):
        assert not expanded(other, "p").stages.search.resumes(begun)


WIDTH = "{low: 8, high: 32, step: 8}"
MISTAKES = {
    "unknown knob": (("loss.name", "loss.nam"), "unknown knob 'loss.nam'; did you mean"),
    "of another type than the knob": (("[hinge,", "[3,"), "loss.name: Input should be a valid"),
    "out of the knob's bounds": ((WIDTH, "{low: 0, high: 8}"), "generator.width: Input should be"),
    "not one of the knob's choices": (("[hinge,", "[hing,"), "unknown loss 'hing'; did you mean"),
    "ends in the wrong order": ((WIDTH, "{low: 8, high: 4}"), "low must be below high (given: 8"),
    "half a range": ((WIDTH, "{low: 8}"), "give low and high, or choices"),
    "both kinds": ((WIDTH, "{low: 8, choices: [8, 9]}"), "give choices, or low and high, not both"),
    "one choice": ((WIDTH, "{choices: [8]}"), "give two or more choices, all different"),
    "a step that is too long": ((WIDTH, "{low: 8, high: 9, step: 4}"), "step must be above 0"),
    "half a filter": ((WIDTH, "{low: 8, high: 9, step: 0.5}"), "generator.width is a whole"),
    "log from zero": (("low: 1.0e-5", "low: 0.0"), "a logarithmic range needs low above 0"),
    "unknown key": (("step: 8", "steps: 8"), "unknown key 'steps'; did you mean 'step'?"),
    "unknown sampler": (("trials: 3", "trials: 3\n  sampler: tp"), "unknown sampler 'tp'; did you"),
    "unknown pruner": (("trials: 3", "trials: 3\n  pruner: med"), "unknown pruner 'med'; did you"),
    "a pruner and several schedules": (
        ("trials: 3", "  training.final_evaluations: {low: 1, high: 4}\n  trials: 3\n"
         "  pruner: median"),
        "so training.final_evaluations must be the same in all: write pruner: none"),
    "no budget": (("trials: 3", "sampler: tpe"), "the key 'trials' is missing"),
    "several seeds": (("seeds: 1", "seeds: 2"), "a search trains each suggestion with one seed"),
    "a knob twice": (("loss.name: {choices: [hinge, non_saturating]}",
                      "discriminator.spectral_norm: {choices: [true, false]}"),
                     "the space and spectral_norm both set discriminator.spectral_norm"),
    "another design": (("design: search", "design: ablation"), "needs the key `search`"),
    "a tuning": (("trials: 3", "trials: 3\ntune: {values: {generator.width: [8, 9]}, seeds: [9]}"),
                 "a search does not use `tune`"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_refused_with_its_place(expanded, name):
    (old, new), said = MISTAKES[name]
    assert old in ONE
    with pytest.raises(HarnessError) as error:
        expanded(ONE.replace(old, new), "p")
    assert said in str(error.value)
    assert "a.yaml:" in str(error.value)


def test_a_design_without_its_key_is_refused(expanded):
    with pytest.raises(HarnessError, match="needs the key `search`"):
        expanded("design: search\nheuristics: [spectral_norm]\n")
