"""The level of each factor that a cell has, as record and W&B say it."""

import pytest

RATE, BATCH = "optimizer.generator.learning_rate", "training.batch_size"
FACTORS = f"""factors:
  {RATE}: [1.0e-4, 2.0e-4]
  size:
    small: {{{BATCH}: {{times: 0.5}}}}
    large: {{{BATCH}: {{times: 2}}}}
"""


def levels(plan):
    return {cell.label: dict(cell.levels) for cell in plan.record().cells}


def test_every_cell_has_one_level_of_each_tip(expanded):
    plan = expanded("heuristics: [generator_ema, hinge_loss]\ndesign: one_at_a_time\n")
    assert levels(plan) == {
        "reference": {"generator_ema": "on", "hinge_loss": "off"},
        "generator_ema=off": {"generator_ema": "off", "hinge_loss": "off"},
        "hinge_loss=on": {"generator_ema": "on", "hinge_loss": "on"},
    }


def test_a_factor_is_left_out_where_a_cell_has_none_of_its_levels(expanded):
    plan = expanded("heuristics: [hinge_loss, least_squares_loss]\ndesign: one_at_a_time\n")
    made = levels(plan)
    assert made["reference"] == {"hinge_loss": "off", "least_squares_loss": "off"}
    assert made["hinge_loss=on"] == {"hinge_loss": "on"}  # that loss is neither side of the other


def test_multiples_are_those_of_the_baseline(expanded):
    made = levels(expanded(f"{FACTORS}design: factorial\n"))
    assert "size" not in made["reference"]
    combined = {tuple(one.values()) for label, one in made.items() if label != "reference"}
    assert combined == {
        (rate, size) for rate in ("0.0001", "0.0002") for size in ("small", "large")
    }


@pytest.mark.parametrize("length", ["training.epochs", "training.kimg"])
def test_a_length_may_be_given_in_epochs(expanded, length):
    made = levels(expanded(f"factors: {{{length}: [2, 5]}}\ndesign: one_at_a_time\n"))
    assert [one.get(length) for one in made.values()] == [None, "2", "5"]


def test_a_tuned_cell_keeps_its_level(expanded):
    tune = f"tune:\n  values: {{{RATE}: [1.0e-4, 4.0e-4]}}\n  seeds: [7]\n"
    made = levels(expanded(f"heuristics: [generator_ema]\ndesign: one_at_a_time\n{tune}"))
    assert made[f"generator_ema=off at {RATE}=0.0004"] == {"generator_ema": "off"}


def test_the_command_names_the_run(expanded):
    record = expanded("heuristics: [generator_ema]\n").record()
    assert record.command("run") == f"harness run {record.study}"
    changed = record.replaced(profile="smoke", changes={"data.path": "my images", RATE: 1e-3})
    assert changed.command("report") == (
        f"harness report {record.study} --profile smoke --set 'data.path=\"my images\"' "
        f"--set {RATE}=0.001"
    )
    itself = record.replaced(run_name=f"{record.run_name}-self_check")
    assert itself.command("run").startswith("harness self-check ")
