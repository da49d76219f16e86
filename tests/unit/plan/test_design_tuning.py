"""Tuning: which points each cell has, and what is trained before and after they are chosen."""

import pytest

from harness.config.identity import key
from harness.core.errors import HarnessError

RATE = "optimizer.generator.learning_rate"
BOTH = f"""heuristics: [two_rates]
tune:
  values: {{{RATE}: [1.0e-4, 2.0e-4, 4.0e-4]}}
  seeds: [7, 8]
"""
STUDY = BOTH.replace("two_rates", "generator_ema") + "design: one_at_a_time\n"


def chosen(plan, number):
    """The point of that number in every cell."""
    return {label: list(points)[number] for label, points in plan.stages.tuning.points.items()}


def test_every_cell_is_trained_at_every_point_on_the_tuning_seeds_alone(expanded):
    plan = expanded(STUDY)
    assert [cell.label for cell in plan.cells] == ["reference", "generator_ema=off"]
    assert plan.seeds == [0, 1]
    assert plan.due == plan.stages.choosing
    assert [trial.seed for trial in plan.due] == [7] * 6 + [8] * 6
    rates = [trial.cell.config.optimizer.generator.learning_rate for trial in plan.due]
    assert rates == [1e-4, 2e-4, 4e-4] * 4
    assert {trial.cell.config.training.ema for trial in plan.due[3:6]} == {0.0}
    assert {trial.seed for trial in plan.judging} == {0, 1}
    assert not {trial.key for trial in plan.due} & {trial.key for trial in plan.judging}


def test_the_chosen_points_judge_beside_the_untuned_cells(expanded):
    plan = expanded(STUDY)
    settled = plan.stages.at(plan, chosen(plan, 2))
    assert [cell.label for cell in settled.cells] == ["reference", "generator_ema=off"]
    for cell in settled.cells:
        assert cell.config.optimizer.generator.learning_rate == 4e-4
    assert dict(settled.cells[1].patch) == {"training.ema": 0.0}  # against the tuned reference
    labels = ["reference", "generator_ema=off", "reference untuned", "generator_ema=off untuned"]
    judging = settled.trials[len(settled.stages.choosing) :]
    assert [(t.seed, t.cell.label) for t in judging] == [(s, c) for s in (0, 1) for c in labels]
    assert settled.due == settled.trials
    before = {t.key for t in plan.judging}
    assert {t.key for t in judging if t.cell.label.endswith("untuned")} == before
    assert all(trial.key == key(trial.cell.trial(trial.seed)) for trial in settled.trials)
    assert settled.contrasts == plan.contrasts


def test_where_the_baseline_is_chosen_nothing_more_is_trained(expanded):
    plan = expanded(STUDY)
    settled = plan.stages.at(plan, chosen(plan, 1))
    assert {trial.key for trial in settled.trials} == {trial.key for trial in plan.trials}
    assert settled.to_json()["tuning"]["untuned"] == {
        "reference": "reference",
        "generator_ema=off": "generator_ema=off",
    }


def test_what_a_factor_sets_is_not_tuned_away_and_relations_follow(expanded):
    factors = f"""factors:
  rate: {{fixed: {{{RATE}: 3.0e-4}}, double: {{{RATE}: {{times: 2}}}}}}
design: one_at_a_time
"""
    plan = expanded(BOTH.replace("heuristics: [two_rates]\n", "") + factors)
    rates = {
        label: [
            round(cell.config.optimizer.generator.learning_rate * 1e4, 9)
            for cell in points.values()
        ]
        for label, points in plan.stages.tuning.points.items()
    }
    assert rates == {"reference": [1, 2, 4], "rate=fixed": [3], "rate=double": [2, 4, 8]}
    assert {trial.cell.label.split(" at ")[0] for trial in plan.due} == {
        "reference",
        "rate=double",
    }


def test_all_values_are_combined_and_labelled_levels_tie_knobs_together(expanded):
    values = f"""tune:
  values:
    rates: {{slow: {{{RATE}: 1.0e-4, optimizer.discriminator.learning_rate: 1.0e-4}}, same: {{}}}}
    generator.width: [8, 16, 32]
  seeds: [7]
"""
    plan = expanded(f"heuristics: [generator_ema]\ndesign: one_at_a_time\n{values}")
    points = plan.stages.tuning.points["reference"]
    assert next(iter(points)) == "rates=slow, generator.width=8"
    assert len(points) == 6
    config = points["rates=slow, generator.width=16"].config
    assert config.optimizer.discriminator.learning_rate == 1e-4
    assert config.generator.width == 16


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ("{training.ema: [0.9, 0.99], e: {a: {training.ema: 0.5}, b: {}}}",
         "training.ema is also set by 'training.ema'"),
        ("{optimizer.generator.momentum: [0.1, 0.5]}",
         "the values have no effect in any cell"),
        ("{evaluation.samples: [128, 256]}", "changes the evaluation; tune settings"),
        ("{generator.width: [8, 16], data.image_size: [16, 24]}", "data.image_size"),
    ],
)  # fmt: skip
def test_a_grid_that_means_nothing_is_an_error_with_its_place(expanded, values, said):
    text = f"heuristics: [generator_ema]\ndesign: one_at_a_time\ntune:\n  values: {values}\n"
    with pytest.raises(HarnessError) as error:
        expanded(text + "  seeds: [7]\n")
    assert said in str(error.value)
    assert ".yaml" in str(error.value)
