"""Cells and contrasts of each design, worked out by hand.

On S0's baseline batch normalisation is on, label smoothing and spectral normalisation are off, and
beta_1 is 0.5.
"""

import pytest

BN, SN, LS = "batch_norm_in_discriminator", "spectral_norm", "one_sided_label_smoothing"
HALF, ZERO = "adam_beta_1_half", "adam_beta_1_zero"
BETAS = ("optimizer.generator.beta_1", "optimizer.discriminator.beta_1")


def beta(value):
    return dict.fromkeys(BETAS, value)


def cells(plan):
    """Label → where the cell differs from the reference."""
    return {cell.label: dict(cell.patch) for cell in plan.cells}


def contrasts(plan):
    """(name, following, ignoring), in order."""
    return [(item.name, item.following, item.ignoring) for item in plan.contrasts]


def test_one_at_a_time_is_the_reference_and_each_tips_other_side(expanded):
    plan = expanded(f"heuristics: [{BN}, {LS}]\ndesign: one_at_a_time\n")
    assert cells(plan) == {
        "reference": {},
        f"{BN}=off": {"discriminator.normalization": "none"},
        f"{LS}=on": {"loss.label_smoothing": 0.1},
    }
    assert contrasts(plan) == [(BN, "reference", f"{BN}=off"), (LS, f"{LS}=on", "reference")]


def test_the_effect_of_a_tip_is_following_minus_ignoring_whatever_the_baseline_does(expanded):
    plan = expanded(f"heuristics: [{BN}]\n", changes={"discriminator.normalization": "none"})
    assert cells(plan) == {"reference": {}, f"{BN}=on": {"discriminator.normalization": "batch"}}
    assert contrasts(plan)[0] == (BN, f"{BN}=on", "reference")


def test_equal_cells_are_one_and_the_reference_is_kept(expanded):
    """Both tips ignore at 0.9; the baseline's 0.5 is only the first one's following side."""
    plan = expanded(f"heuristics: [{HALF}, {ZERO}]\ndesign: one_at_a_time\n")
    assert cells(plan) == {"reference": {}, f"{HALF}=off": beta(0.9), f"{ZERO}=on": beta(0.0)}
    assert contrasts(plan) == [
        (HALF, "reference", f"{HALF}=off"),
        (ZERO, f"{ZERO}=on", f"{HALF}=off"),
    ]
    alone = expanded(f"heuristics: [{ZERO}]\ndesign: one_at_a_time\n")
    assert list(cells(alone)) == ["reference", f"{ZERO}=on", f"{ZERO}=off"]


def test_levels_are_compared_with_the_reference_which_is_one_of_them(expanded):
    plan = expanded(
        "factors:\n  discriminator.dropout: [0.2, 0.4, 0.6]\n"
        "  both:\n    wide: {generator.width: {times: 2}, discriminator.width: {times: 2}}\n"
        "design: one_at_a_time\n"
    )
    dropout = "discriminator.dropout"
    assert cells(plan) == {
        "reference": {},
        f"{dropout}=0.2": {dropout: 0.2},
        f"{dropout}=0.6": {dropout: 0.6},
        "both=wide": {"generator.width": 256, "discriminator.width": 256},
    }
    assert contrasts(plan) == [
        (label, label, "reference") for label in list(cells(plan)) if label != "reference"
    ]
    assert {item.tip for item in plan.contrasts} == {None}


def test_labels_of_levels(expanded):
    plan = expanded(
        "factors:\n"
        "  generator.spectral_norm: [true]\n"
        "  training.kimg: [{times: 2}, 12.0]\n"
        "  optimizer.generator.learning_rate: [1e-4]\n"
        "  loss.name: [hinge]\n"
    )
    assert list(cells(plan)) == [
        "reference",
        "generator.spectral_norm=on",
        "training.kimg=times 2",
        "training.kimg=12",
        "optimizer.generator.learning_rate=0.0001",
        "loss.name=hinge",
    ]


def test_two_levels_that_resolve_to_the_same_are_one_cell(expanded):
    plan = expanded("factors:\n  training.kimg: [{times: 2}, 12.8]\n")
    assert list(cells(plan)) == ["reference", "training.kimg=times 2"]
    assert contrasts(plan) == [("training.kimg=times 2", "training.kimg=times 2", "reference")]


def test_leave_one_out_of_a_recipe(expanded):
    plan = expanded(f"heuristics: [{BN}, {SN}]\nrecipe: [{BN}, {SN}]\ndesign: leave_one_out\n")
    whole, without = f"recipe,{BN}=on", f"recipe,{BN}=off"
    sn = {"discriminator.spectral_norm": True}
    # the recipe without spectral normalisation is the baseline
    assert cells(plan) == {
        "reference": {},
        whole: sn,
        without: {"discriminator.normalization": "none", **sn},
    }
    assert contrasts(plan) == [
        (f"{BN} (leave one out)", whole, without),
        (f"{SN} (leave one out)", whole, "reference"),
    ]
    assert {item.design for item in plan.contrasts} == {"leave_one_out"}


def test_without_a_recipe_it_is_what_s0_follows(expanded):
    """S0 follows batch normalisation; spectral normalisation is added to that."""
    plan = expanded(f"heuristics: [{BN}, {SN}]\ndesign: leave_one_out\n")
    assert cells(plan) == {
        "reference": {},
        f"recipe,{BN}=off": {"discriminator.normalization": "none"},
        f"recipe,{SN}=on": {"discriminator.spectral_norm": True},
    }
    assert contrasts(plan) == [
        (f"{BN} (leave one out)", "reference", f"recipe,{BN}=off"),
        (f"{SN} (leave one out)", f"recipe,{SN}=on", "reference"),
    ]


def test_a_tip_outside_the_recipe_is_added_to_it(expanded):
    plan = expanded(
        f"heuristics: [{BN}, {SN}, {LS}]\nrecipe: [{BN}, {SN}]\ndesign: leave_one_out\n"
    )
    assert cells(plan)[f"recipe,{LS}=on"] == {
        "discriminator.spectral_norm": True,
        "loss.label_smoothing": 0.1,
    }
    # its other side is the recipe itself
    last = (f"{LS} (leave one out)", f"recipe,{LS}=on", f"recipe,{BN}=on")
    assert contrasts(plan)[-1] == last


def test_around_a_tip_outside_the_recipe_those_are_set_aside_that_it_clashes_with(expanded):
    plan = expanded(
        f"heuristics: [{LS}, {SN}, {ZERO}, {HALF}, hinge_loss]\nrecipe: [{LS}, {SN}, {HALF}]\n"
        "design: leave_one_out\n"
    )
    found = {item.factor: item for item in plan.contrasts}
    assert found["hinge_loss"].title.endswith(f" (without {LS})")
    assert found[ZERO].title.endswith(f" (without {HALF})")
    assert "without" not in found[LS].title + found[SN].title
    patches = cells(plan)
    spectral = {"discriminator.spectral_norm": True}
    # beta_1 of 0.5 is S0's, so that it stays where its tip is set aside
    assert patches[found["hinge_loss"].following] == {**spectral, "loss.name": "hinge"}
    assert patches[found["hinge_loss"].ignoring] == spectral
    both = {**spectral, "loss.label_smoothing": 0.1}
    assert patches[found[ZERO].following] == {**both, **beta(0.0)}
    assert patches[found[ZERO].ignoring] == {**both, **beta(0.9)}


def test_ablation_asks_both_ways_and_trains_and_asks_nothing_twice(expanded):
    plan = expanded(f"heuristics: [{BN}, {SN}]\nrecipe: [{BN}, {SN}]\ndesign: ablation\n")
    sn = {"discriminator.spectral_norm": True}
    assert cells(plan) == {
        "reference": {},
        f"{BN}=off": {"discriminator.normalization": "none"},
        f"{SN}=on": sn,
        f"recipe,{BN}=off": {"discriminator.normalization": "none", **sn},
    }
    # leaving spectral normalisation out is the pair that adding it is already
    assert contrasts(plan) == [
        (BN, "reference", f"{BN}=off"),
        (SN, f"{SN}=on", "reference"),
        (f"{BN} (leave one out)", f"{SN}=on", f"recipe,{BN}=off"),
    ]


def test_ablation_leaves_levels_to_one_at_a_time(expanded):
    plan = expanded(f"heuristics: [{SN}]\nfactors:\n  discriminator.dropout: [0.1]\n")
    assert list(cells(plan)) == ["reference", f"{SN}=on", "discriminator.dropout=0.1"]
    assert len(contrasts(plan)) == 2


@pytest.mark.parametrize("design", ["one_at_a_time", "leave_one_out", "ablation"])
def test_every_design_has_the_reference_first_and_no_cell_twice(expanded, design):
    plan = expanded(f"heuristics: [{BN}, {SN}, {LS}, {HALF}]\ndesign: {design}\n")
    labels, patches = list(cells(plan)), list(cells(plan).values())
    assert labels[0] == "reference"
    assert len({str(sorted(patch.items())) for patch in patches}) == len(patches) == 5
    assert {item.factor for item in plan.contrasts} == {BN, SN, LS, HALF}
    for item in plan.contrasts:
        assert {item.following, item.ignoring} <= set(labels)
        assert item.following != item.ignoring
