"""Design `path`: each change added to those before it, cell by cell and worked out by hand."""

import pytest

from harness.core.errors import HarnessError
from harness.plan.path import changes, order, placed

BN, SN, HALF = "batch_norm_in_discriminator", "spectral_norm", "adam_beta_1_half"
PLAIN = {"discriminator.normalization": "none"}
BATCH, NORMED = {"discriminator.normalization": "batch"}, {"discriminator.spectral_norm": True}
HIGH = {"optimizer.generator.beta_1": 0.9, "optimizer.discriminator.beta_1": 0.9}


def cells(plan):
    return {cell.label: dict(cell.patch) for cell in plan.cells}


def contrasts(plan):
    return [(item.name, item.following, item.ignoring) for item in plan.contrasts]


def test_each_cell_has_the_changes_of_the_one_before_and_one_more(expanded):
    plan = expanded(f"heuristics: [{BN}, {SN}]\ndesign: path\n", changes=PLAIN)
    one, two = f"step_01,{BN}=on", f"step_02,{SN}=on"
    assert cells(plan) == {"reference": {}, one: BATCH, two: BATCH | NORMED}
    assert contrasts(plan) == [
        (f"{BN} (step 1)", one, "reference"),
        (f"{SN} (step 2)", two, one),
    ]
    assert [item.weights for item in plan.contrasts] == [
        {one: 1, "reference": -1},
        {two: 1, one: -1},
    ]
    titles = [item.title.split(":")[0] for item in plan.contrasts]
    assert titles == ["Step 1", "Step 2"]
    assert {item.design for item in plan.contrasts} == {"path"}


def test_a_step_turns_a_tip_off_that_the_baseline_follows_and_its_effect_keeps_its_sign(expanded):
    plan = expanded(f"heuristics: [{SN}, {HALF}]\ndesign: path\n")
    one, two = f"step_01,{SN}=on", f"step_02,{HALF}=off"
    assert cells(plan) == {"reference": {}, one: NORMED, two: NORMED | HIGH}
    assert contrasts(plan)[1] == (f"{HALF} (step 2)", one, two)
    assert changes(plan.contrasts) == [SN, f"{HALF}=off"]
    assert changes(plan.record().contrasts) == [SN, f"{HALF}=off"]


def test_each_level_of_a_factor_is_a_step_except_where_it_changes_nothing(expanded):
    plan = expanded(
        f"heuristics: [{SN}]\nfactors:\n  discriminator.dropout: [0.4, 0.2, 0.6]\n  filters:\n"
        "    wide: {generator.width: {times: 2}}\n    wider: {generator.width: {times: 2}}\n"
        "design: path\n"
    )
    assert list(cells(plan).values()) == [
        {},
        NORMED,
        NORMED | {"discriminator.dropout": 0.2},
        NORMED | {"discriminator.dropout": 0.6},
        NORMED | {"discriminator.dropout": 0.6, "generator.width": 256},
        NORMED | {"discriminator.dropout": 0.6, "generator.width": 512},
    ]
    labels = list(cells(plan))
    assert [pair[1:] for pair in contrasts(plan)] == list(zip(labels[1:], labels, strict=False))
    assert contrasts(plan)[1][0] == "discriminator.dropout=0.2 (step 2)"


@pytest.mark.parametrize("first", [True, False])
def test_the_condition_of_a_claim_is_met_where_an_earlier_step_meets_it(expanded, first):
    """RMSProp is claimed to be more stable with least squares."""
    tips = ["least_squares_loss", "rmsprop"][:: 1 if first else -1]
    plan = expanded(f"heuristics: [{', '.join(tips)}]\ndesign: path\n").record()
    (rmsprop,) = [one for one in plan.contrasts if one.heuristic == "rmsprop"]
    met = {claim.of: claim.met for claim in rmsprop.claims if claim.condition}
    assert met == {"stability": first}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            f"heuristics: [{SN}, adam_beta_1_zero]\n",
            "adam_beta_1_zero cannot be a step here: the cell before it has neither its following "
            "side (optimizer.generator.beta_1 = 0.0",
        ),
        (
            "heuristics: [one_sided_label_smoothing, hinge_loss]\n",
            "hinge_loss cannot be added to the steps before it: loss.label_smoothing clashes",
        ),
        (
            "factors:\n  discriminator.dropout: [0.4]\n",
            "the factor 'discriminator.dropout' changes nothing at its place in the path",
        ),
        (
            "factors:\n  generator.width: [16, 64, 128]\n",
            "the step generator.width=128 leads back to the cell of reference: leave it out",
        ),
        (
            "heuristics: [hinge_loss, wasserstein_gp]\n",
            "An earlier step changes the same settings: leave out one of the two, or write",
        ),
        (
            "heuristics: [stronger_discriminator, weaker_discriminator]\n",
            "(discriminator.width = {of: generator.width, times: 0.5})",
        ),
        (f"heuristics: [{SN}]\nrecipe: [{SN}]\n", "design path has no recipe"),
    ],
)
def test_what_is_no_step_is_one_message(expanded, text, words):
    with pytest.raises(HarnessError) as error:
        expanded(f"{text}design: path\n")
    assert words in str(error.value)
    assert "a.yaml:" in str(error.value)


def test_its_order_and_the_alternatives_are_named():
    first, second = order(["a", "b=off", "c"])
    assert first.startswith("Path: reference → a → b=off → c. The effect of a step holds after")
    assert "the reverse order (c → b=off → a)" in second
    assert "one_at_a_time" in second
    assert "factorial" in second
    assert placed(["a", "b", "c"]) == [
        "on the baseline; in the reverse order after c, b",
        "after a; in the reverse order after c",
        "after a, b; in the reverse order on the baseline",
    ]
    assert placed([]) == []


def test_another_design_has_no_path(expanded):
    assert changes(expanded(f"heuristics: [{SN}]\ndesign: one_at_a_time\n").contrasts) == []
