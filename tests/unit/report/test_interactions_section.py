"""The section on interactions: only where factors were crossed, and what it then says."""

from dataclasses import replace

import numpy as np
import pytest

from harness.analysis.frame import load
from harness.analysis.interactions import estimate_interactions
from harness.heuristics import HEURISTICS
from harness.report.data import analyse
from harness.report.sections.interactions import build
from tests.crossed import frames, noise, planned
from tests.synthetic import Recipe

NAMES = "batch_norm_in_discriminator, spectral_norm, adam_beta_1_half"
FACTORIAL = f"heuristics: [{NAMES}]\ndesign: factorial\n"
SCREENING = f"heuristics: [{NAMES}, discriminator_dropout, generator_ema]\ndesign: fractional\n"
CLASHING = "heuristics: [one_sided_label_smoothing, hinge_loss, spectral_norm]\ndesign: factorial\n"


@pytest.fixture(scope="module")
def plain(runtime):
    """The analysis of a study that crosses nothing."""
    return analyse(load(Recipe.run_name, runtime))


@pytest.fixture
def section(plain, tmp_path):
    """A function that builds the section for a study's text; `empty`: no trial has a value."""

    def go(text, empty=False, coverage=0.5):
        plan, added = planned(tmp_path, text, 4), noise(1, 0.01)
        found = frames(plan, lambda levels, seed: 0.2 + 0.1 * seed + added())
        found.trials["coverage"] = coverage
        if empty:
            found.trials["final"] = np.nan
        data = replace(plain, frames=found, interactions=estimate_interactions(found))
        return {block.kind: block for block in build(data)} | {"all": build(data)}

    return go


def test_a_study_that_crosses_nothing_has_no_such_section(plain):
    assert build(plain) == []


def test_a_factorial_shows_plot_and_table(section):
    found = section(FACTORIAL)
    assert [block.kind for block in found["all"]] == ["heading", "text", "figure", "table"]
    table = found["table"]
    assert [row[1] for row in table.rows] == ["main effect"] * 3 + ["interaction"] * 3
    assert table.rows[3][0].text == (
        "Batch normalisation in the discriminator × Spectral normalisation of the discriminator"
    )
    assert table.rows[0][6] == "–"  # main effects are judged in the ranking
    assert table.rows[3][6] != "–"
    assert "8 combinations of the levels of 3 factors" in found["text"].text
    assert "off and on" in found["figure"].alt


def test_a_screening_names_its_aliases_and_has_no_plot(section):
    found = section(SCREENING)
    assert [block.kind for block in found["all"]] == ["heading", "text", "table", "table"]
    effects, aliases = (block for block in found["all"] if block.kind == "table")
    assert len(effects.rows) == 5
    assert effects.columns[-1] == "p"  # no interaction, none to adjust over
    assert "resolution III" in found["text"].text
    assert "An interaction is" not in found["text"].text
    said = dict(aliases.rows)
    # the fifth column of eight runs is the product of two of the first
    assert any("×" in others for others in said.values())
    titles = {HEURISTICS[name].title for name in NAMES.split(", ")}
    assert titles & {effect for effects in said for effect in effects.split(", ")}


def test_dropped_combinations_are_listed_and_the_text_says_what_they_cost(section):
    found = section(CLASHING)
    lists = {block.title: block.items for block in found["all"] if block.kind == "items"}
    assert len(lists["Combinations that are not trained"]) == 2
    lost = found["all"][4]
    assert (lost.kind, lost.rows[0][0]) == ("table", "One-sided label smoothing × Hinge loss")
    assert "those of this model" in found["text"].text


def test_where_the_reference_has_not_learnt_no_p_is_a_finding(section):
    said = "The reference has not learnt, so no p here is a finding."
    assert said not in section(FACTORIAL)["text"].text
    assert said in section(FACTORIAL, coverage=0.0)["text"].text


@pytest.mark.parametrize("text", [FACTORIAL, SCREENING, CLASHING])
def test_it_builds_without_any_value(section, text):
    found = section(text, empty=True)["all"]
    assert "not enough values" in found[2].text
    assert not any(block.kind == "figure" for block in found)
