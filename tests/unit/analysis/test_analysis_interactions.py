"""Main effects and interactions: by hand, against statsmodels' formulas, and where none can be."""

import numpy as np
import pytest
import statsmodels.formula.api as smf

from harness.analysis.effects import estimate_effects, holm
from harness.analysis.interactions import estimate_interactions, means
from tests.crossed import frames, noise, planned

TWO = "heuristics: [batch_norm_in_discriminator, spectral_norm]\ndesign: factorial\n"
LEVELS = "heuristics: [spectral_norm]\nfactors: {discriminator.dropout: [0.2, 0.4, 0.6]}\n"
DROPPED = "heuristics: [one_sided_label_smoothing, hinge_loss, spectral_norm]\ndesign: factorial\n"
FIVE = (
    "heuristics: [batch_norm_in_discriminator, spectral_norm, adam_beta_1_half, "
    "discriminator_dropout, generator_ema]\ndesign: fractional\n"
)
BN, SN = "batch_norm_in_discriminator", "spectral_norm"


def test_two_by_two_by_hand(tmp_path):
    """Seeds 0 and 1; KID × 10³ of on,on · on,off · off,on · off,off: 10 30 25 40 · 14 32 31 45."""
    values = {
        ("on", "on"): (10, 14), ("on", "off"): (30, 32), ("off", "on"): (25, 31),
        ("off", "off"): (40, 45),
    }  # fmt: skip
    found = frames(
        planned(tmp_path, TWO, 2), lambda levels, seed: values[levels[BN], levels[SN]][seed] / 1000
    )
    table = estimate_interactions(found).set_index("term")
    # seed 0: BN (10+30-25-40)/2 = -12.5, seed 1: (14+32-31-45)/2 = -15
    assert table.loc[BN, "effect"] == pytest.approx(-13.75e-3)
    assert table.loc[SN, "effect"] == pytest.approx((10 + 25 - 30 - 40 + 14 + 31 - 32 - 45) / 4e3)
    both = table.loc[f"{BN} × {SN}"]
    # (10-25) - (30-40) = -5 and (14-31) - (32-45) = -4
    assert both["effect"] == pytest.approx(-4.5e-3)
    # what is left beside cells and seeds: cell differences of seed 1 and 0 are 4 2 6 5, mean 4.25
    left = sum((d - 4.25) ** 2 for d in (4, 2, 6, 5)) / 2
    error = np.sqrt(left / 3 * 4 / 2)  # 3 degrees of freedom; four weights of 1, two seeds
    assert both["high"] - both["effect"] == pytest.approx(3.182446 * error / 1e3, rel=1e-5)
    assert both["kind"] == "interaction"
    assert both["compared"] == "(on − off) × (on − off)"
    assert both["p_adjusted"] == both["p"]
    assert np.isnan(table.loc[BN, "p_adjusted"])
    assert set(table["n"]) == {8}


def fitted(found, formula):
    """statsmodels' own fit, levels by name, KID × 10³."""
    design = found.plan.crossed
    rows = found.trials.dropna(subset=["final"]).copy()
    for number, scale in enumerate(design.scales):
        rows[f"f{number}"] = [scale.levels[design.cells[cell][number]] for cell in rows["cell"]]
    rows["kid"] = rows["final"] * 1000
    return smf.ols(formula, rows).fit()


def random(text, tmp_path, seeds=6):
    plan = planned(tmp_path, text, seeds)
    draw = noise(3, 0.01)
    return frames(plan, lambda levels, seed: 0.2 + 0.05 * seed + draw())


def test_the_model_is_that_of_the_formula_with_a_trial_missing(tmp_path):
    found = random(TWO, tmp_path)
    found.trials.loc[3, "final"] = np.nan
    fit = fitted(found, "kid ~ C(seed) + C(f0, Sum) * C(f1, Sum)")
    table = estimate_interactions(found).set_index("term")
    # sum coding of `off`, `on`: +1 is the first, so following − ignoring is -2 and +4 times it
    for term, name, factor in (
        (BN, "C(f0, Sum)[S.off]", -2),
        (SN, "C(f1, Sum)[S.off]", -2),
        (f"{BN} × {SN}", "C(f0, Sum)[S.off]:C(f1, Sum)[S.off]", 4),
    ):
        row = table.loc[term]
        assert row["effect"] * 1000 == pytest.approx(factor * fit.params[name])
        assert row["p"] == pytest.approx(fit.pvalues[name])
        half = abs(factor) * (fit.conf_int(0.05).loc[name] @ [-0.5, 0.5])
        assert (row["high"] - row["low"]) / 2 * 1000 == pytest.approx(half)
        assert row["n"] == 23


def test_levels_against_the_baselines(tmp_path):
    found = random(f"{LEVELS}design: factorial\n", tmp_path)
    fit = fitted(found, "kid ~ C(seed) + C(f0, Treatment('off')) * C(f1, Treatment('0.4'))")
    table = estimate_interactions(found)
    both = table[table["kind"] == "interaction"].set_index("compared")
    for level in ("0.2", "0.6"):
        name = f"C(f0, Treatment('off'))[T.on]:C(f1, Treatment('0.4'))[T.{level}]"
        row = both.loc[f"(on − off) × ({level} − 0.4)"]
        assert row["effect"] * 1000 == pytest.approx(fit.params[name])
        assert row["p"] == pytest.approx(fit.pvalues[name])
    assert both["p_adjusted"].tolist() == pytest.approx(holm(both["p"]).tolist())


@pytest.mark.parametrize("text", [TWO, f"{LEVELS}design: factorial\n", DROPPED, FIVE])
def test_main_effects_are_those_of_the_ranking(tmp_path, text):
    """One linear model: its main effects are the contrasts, whether balanced or not."""
    found = random(text, tmp_path)
    table = estimate_interactions(found)
    main = table[table["kind"] == "main effect"]
    assert main["effect"].to_numpy() == pytest.approx(estimate_effects(found)["effect"].to_numpy())


def test_dropped_combinations_bias_no_effect_by_an_interaction_that_is_estimated(tmp_path):
    """Truth: three effects, and one interaction; the pair that clashes is never trained."""
    plan = planned(tmp_path, DROPPED, 2)
    smoothing, hinge, spectral = (scale.name for scale in plan.crossed.scales)

    def value(levels, seed):
        one, two, three = (levels[name] == "on" for name in (smoothing, hinge, spectral))
        return 0.3 + 0.1 * seed + 0.02 * one - 0.03 * two + 0.04 * three + 0.08 * one * three

    table = estimate_interactions(frames(plan, value)).set_index("term")
    assert table.loc[smoothing, "effect"] == pytest.approx(0.06)  # 0.02 + half of 0.08
    assert table.loc[hinge, "effect"] == pytest.approx(-0.03)
    assert table.loc[f"{smoothing} × {spectral}", "effect"] == pytest.approx(0.08)
    assert f"{smoothing} × {hinge}" not in table.index


def test_aliased_interactions_are_not_estimated(tmp_path):
    table = estimate_interactions(random(FIVE, tmp_path))
    assert set(table["kind"]) == {"main effect"}
    assert len(table) == 5
    fifth = estimate_interactions(random(f"{FIVE}resolution: 5\n", tmp_path))
    assert (fifth["kind"] == "interaction").sum() == 10


def test_where_there_is_no_value_there_is_no_effect(tmp_path):
    found = random(TWO, tmp_path, seeds=1)
    table = estimate_interactions(found)
    assert table["effect"].notna().all()  # one seed: estimates, and no error to judge them by
    assert table[["low", "high", "p"]].isna().all(axis=None)
    found.trials.loc[0, "final"] = np.nan
    assert estimate_interactions(found)["effect"].isna().all()
    found.trials["final"] = np.nan
    empty = estimate_interactions(found)
    assert len(empty) == 3
    assert empty["effect"].isna().all()


def test_a_study_that_crosses_nothing_has_no_rows(tidy):
    assert estimate_interactions(tidy).empty


def test_values_of_another_metric_identity_stay_out(tmp_path):
    found = random(TWO, tmp_path)
    before = estimate_interactions(found)
    found.trials.loc[len(found.trials)] = {
        "cell": "on,on", "seed": 9, "final": 5.0, "status": "finished", "identity": "other",
    }  # fmt: skip
    assert estimate_interactions(found)["effect"].tolist() == pytest.approx(
        before["effect"].tolist()
    )


def test_means_are_over_all_other_factors(tmp_path):
    text = TWO.replace("spectral_norm]", "spectral_norm, adam_beta_1_half]")
    found = frames(
        planned(tmp_path, text, 2),
        lambda levels, seed: (
            seed + (levels[BN] == "on") + 10 * (levels["adam_beta_1_half"] == "on")
        ),
    )
    table = means(found, found.plan.crossed, (0, 1))
    values = table.set_index(["first", "second", "seed"])["value"]
    assert values["on", "off", 1] == pytest.approx(1 + 1 + 5)
    assert values["off", "off", 0] == pytest.approx(5)
    assert len(values) == 8
