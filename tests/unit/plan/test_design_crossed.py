"""Factorial and fractional studies: cells, what is dropped and why, contrasts, order, errors."""

import pytest

from harness.core.errors import HarnessError
from harness.runs.crossed import Crossed

BN, SN, LS = "batch_norm_in_discriminator", "spectral_norm", "one_sided_label_smoothing"
HALF, ZERO = "adam_beta_1_half", "adam_beta_1_zero"
FACTORIAL, FRACTIONAL = "design: factorial\n", "design: fractional\n"


def tips(*names):
    return f"heuristics: [{', '.join(names)}]\n"


def weights(plan):
    return {item.name: dict(item.weights) for item in plan.contrasts}


def test_a_factorial_is_all_combinations_with_the_baseline_as_the_reference(expanded):
    plan = expanded(tips(BN, SN) + FACTORIAL)
    assert {cell.label: dict(cell.patch) for cell in plan.cells} == {
        "reference": {},
        "on,on": {"discriminator.spectral_norm": True},
        "off,on": {"discriminator.normalization": "none", "discriminator.spectral_norm": True},
        "off,off": {"discriminator.normalization": "none"},
    }
    assert weights(plan) == {
        BN: {"on,on": 0.5, "reference": 0.5, "off,on": -0.5, "off,off": -0.5},
        SN: {"on,on": 0.5, "reference": -0.5, "off,on": 0.5, "off,off": -0.5},
    }
    assert plan.crossed.cells == {
        "on,on": (0, 0), "reference": (0, 1), "off,on": (1, 0), "off,off": (1, 1),
    }  # fmt: skip
    assert plan.crossed.interactions == ((0, 1),)
    assert plan.crossed.efficiency == 1
    assert [item.tip.id for item in plan.contrasts] == [BN, SN]


def test_levels_are_compared_with_the_baselines_and_averaged_over_the_rest(expanded):
    plan = expanded(
        f"heuristics: [{SN}]\nfactors: {{discriminator.dropout: [0.2, 0.4, 0.6]}}\n" + FACTORIAL
    )
    assert len(plan.cells) == 6
    found = weights(plan)
    assert set(found) == {SN, "discriminator.dropout=0.2", "discriminator.dropout=0.6"}
    assert found["discriminator.dropout=0.6"] == {
        "on,0.6": 0.5, "off,0.6": 0.5, "on,0.4": -0.5, "reference": -0.5,
    }  # fmt: skip
    thirds = {"on,0.2": 1, "on,0.4": 1, "on,0.6": 1, "off,0.2": -1, "reference": -1, "off,0.6": -1}
    assert found[SN] == pytest.approx({cell: sign / 3 for cell, sign in thirds.items()})


def test_a_reference_that_is_no_combination_stands_beside_them(expanded):
    plan = expanded("factors: {training.ema: [0.5, 0.6]}\n" + tips(SN) + FACTORIAL)
    assert [cell.label for cell in plan.cells] == ["reference", *plan.crossed.cells]
    assert len(plan.crossed.cells) == 4
    # no level is the baseline's: the first is what the other is compared with
    assert "training.ema=0.6" in weights(plan)


def test_illegal_combinations_are_dropped_with_the_reason(expanded):
    plan = expanded(tips(LS, "hinge_loss", SN) + FACTORIAL)
    assert [dict(one.levels) for one in plan.crossed.dropped] == [
        {LS: "on", "hinge_loss": "on", SN: level} for level in ("on", "off")
    ]
    assert "loss.label_smoothing clashes with loss.name" in plan.crossed.dropped[0].why
    # what was not trained cannot be an interaction
    assert [plan.crossed.named(term) for term in plan.crossed.lost] == [f"{LS} × hinge_loss"]
    assert plan.crossed.efficiency < 1
    # each is compared where the other is ignored, over both sides of the third
    half = {"on,off,on": 0.5, "on,off,off": 0.5, "off,off,on": -0.5, "reference": -0.5}
    assert weights(plan)[LS] == half
    assert sum(weights(plan)[SN].values()) == pytest.approx(0)


def test_tips_that_set_a_knob_to_different_values_are_not_laid_over_each_other(expanded):
    """Both ignore at 0.9, and follow at 0.5 and 0: three of the four combinations mean nothing."""
    with pytest.raises(HarnessError, match=rf"a\.yaml.*3 of 4 .*{HALF} and {ZERO} both set"):
        expanded(tips(HALF, ZERO) + FACTORIAL)


def test_combinations_that_train_the_same_are_trained_and_counted_once(expanded):
    """Without batch normalisation nothing reads its momentum."""
    plan = expanded(tips(BN, "batch_norm_momentum", SN) + FACTORIAL)
    whys = {one.why for one in plan.crossed.dropped}
    assert all(why.startswith("trains the same as ") for why in whys)
    assert len({trial.key for trial in plan.trials}) == len(plan.trials)


def test_too_many_combinations_are_refused(expanded):
    text = "".join(
        f"  k{number}: {{a: {{training.ema: 0.5}}, b: {{training.ema: 0.6}}}}\n"
        for number in range(11)
    )
    with pytest.raises(HarnessError, match=r"2\u202f048 combinations, more than 1\u202f024.*fract"):
        expanded(f"factors:\n{text}{FACTORIAL}")


def test_a_screening_is_plackett_and_burmans(expanded):
    names = [BN, SN, HALF, "discriminator_dropout", "generator_ema"]
    plan = expanded(tips(*names) + FRACTIONAL)
    assert list(plan.crossed.cells) == [f"run_{number:02d}" for number in range(1, 9)]
    assert plan.crossed.resolution == 3
    assert plan.crossed.interactions == ()
    for name, row in weights(plan).items():
        assert sorted(row.values()) == [-0.25] * 4 + [0.25] * 4
        place = names.index(name)
        following = {cell for cell, run in plan.crossed.cells.items() if run[place] == 0}
        assert {cell for cell, weight in row.items() if weight > 0} == following


def test_a_fraction_of_resolution_5_estimates_interactions(expanded):
    names = [BN, SN, HALF, "discriminator_dropout", "generator_ema"]
    plan = expanded(tips(*names) + FRACTIONAL + "resolution: 5\n")
    assert len(plan.crossed.cells) == 16
    assert len(plan.crossed.interactions) == 10
    assert plan.crossed.lost == []
    assert plan.crossed.aliases == ()


def test_dropped_runs_of_a_fraction_cost_efficiency_and_the_effect_is_the_models(expanded):
    names = [LS, "hinge_loss", SN, BN]
    plan = expanded(tips(*names) + FRACTIONAL)
    assert len(plan.crossed.dropped) == 2
    assert 0.5 < plan.crossed.efficiency < 1
    # each row gives its own factor's effect, and none of another's
    for place, row in enumerate(weights(plan).values()):
        for other in range(len(names)):
            signs = {cell: 1 - 2 * run[other] for cell, run in plan.crossed.cells.items()}
            found = sum(weight * signs[cell] for cell, weight in row.items())
            assert found == pytest.approx(2 * (other == place))
        assert sum(row.values()) == pytest.approx(0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            tips(SN) + FRACTIONAL,
            r"a\.yaml:11: 2 combinations are too few for a fraction.*factorial",
        ),
        (
            tips(SN, BN) + "factors: {discriminator.dropout: [0.2, 0.3, 0.4]}\n" + FRACTIONAL,
            r"'discriminator\.dropout' has 3 levels.*factorial",
        ),
        ("factors: {training.ema: [0.5]}\n" + FACTORIAL, "'training.ema' has only one level"),
        (tips(SN, BN) + FACTORIAL + "resolution: 5\n", "design factorial has no resolution"),
        (tips(SN, BN) + FRACTIONAL + "resolution: 6\n", r"resolution: .*\(given: 6\)"),
        (tips(SN, BN) + FACTORIAL + f"recipe: [{SN}]\n", "design factorial has no recipe"),
    ],
)
def test_what_such_a_design_cannot_be_is_an_error_that_says_what_can(expanded, text, message):
    with pytest.raises(HarnessError, match=message):
        expanded(text)


@pytest.mark.parametrize("design", [FACTORIAL, FRACTIONAL])
def test_every_prefix_of_whole_seeds_is_balanced(expanded, design):
    plan = expanded(tips(BN, SN, HALF, "generator_ema") + design)
    labels = [cell.label for cell in plan.cells]
    order = [(trial.seed, trial.cell.label) for trial in plan.trials]
    assert order == [(seed, label) for seed in (0, 1) for label in labels]
    first = [label for _, label in order[: len(labels)]]
    for place in range(4):
        levels = [
            plan.crossed.cells[label][place] for label in first if label in plan.crossed.cells
        ]
        assert levels.count(0) == levels.count(1)


def test_a_saturated_fraction_that_loses_runs_is_refused(expanded):
    with pytest.raises(
        HarnessError, match=r"2 of 8 combinations cannot be .* the effect of .* cannot be esti"
    ):
        expanded(tips(LS, "hinge_loss", SN, BN, HALF) + FRACTIONAL)


@pytest.mark.parametrize("design", [FACTORIAL, FRACTIONAL])
def test_the_plan_file_holds_what_was_crossed(expanded, design):
    plan = expanded(tips(LS, "hinge_loss", SN, BN) + design)
    document = plan.to_json()
    assert Crossed.model_validate(document["crossed"]) == plan.crossed
    found = {item["name"]: item["weights"] for item in document["contrasts"]}
    assert found == weights(plan)
    assert document["contrasts"][0]["following"].endswith(" cells")


def test_the_resolution_is_part_of_the_declared_analysis(expanded):
    text = tips(BN, SN, HALF, "generator_ema") + FRACTIONAL
    one, two = (expanded(text + more).to_json() for more in ("", "resolution: 5\n"))
    assert one["analysis_digest"] != two["analysis_digest"]
