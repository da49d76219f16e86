"""What every heuristic keeps: tips have two sides that train differently, practices a test."""

import ast
import re
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import get_args

import pytest

from harness.config.identity import key
from harness.config.patch import KNOBS, check_value, resolve
from harness.config.trial import TrialConfig
from harness.core.errors import HarnessError
from harness.heuristics import HEURISTICS, TOPICS, Practice, Tip, conditions
from harness.heuristics.clashes import clash, clashing
from harness.heuristics.conditions import CONDITIONS
from harness.heuristics.schema import KINDS, Effect
from harness.heuristics.sources import SOURCES

ROOT = Path(__file__).parents[2]
GOLDEN = (ROOT / "tests/golden/heuristic_ids.txt").read_text().split()  # of the sources, all
NO_SETTINGS = {
    "rescale_samples_to_bytes", "easy_data_first", "low_resolution_first", "bounding_box_crop",
    "shuffled_validation", "recipe_transfers_to_celeba", "dcgan", "avoid_sparse_gradients",
    "regularize_overconfidence", "batch_norm_couples_samples", "random_seeds",
    "lower_learning_rate_after_collapse", "tune_hyperparameters_before_loss", "no_early_stopping",
    "frequent_checkpoints", "best_checkpoint_by_kid", "separate_optimizers", "kid_at_75_pixels",
    "fid", "inception_score", "visual_inspection", "discriminator_accuracy_band",
    "discriminator_loss_zero", "generator_loss_falls", "failure_modes",
}  # fmt: skip
# pairs beyond the rows of the sources → the row whose claims they test a part of
DIVIDED = {
    "average_pool_in_place_of_strides": "average_pool_downsampling",
    "residual_discriminator": "residual_connections",
    "residual_generator": "residual_connections",
    "deeper_discriminator": "stronger_discriminator",
    "spectral_norm_without_batch_norm": "spectral_norm",
    "feature_matching_without_batch_norm": "feature_matching",
    "diffaugment": "differentiable_augmentation",
}

ROWS = [HEURISTICS[name] for name in HEURISTICS]
TIPS = [row for row in ROWS if isinstance(row, Tip)]
PRACTICES = [row for row in ROWS if isinstance(row, Practice)]
each = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
each_tip = pytest.mark.parametrize("tip", TIPS, ids=lambda tip: tip.id)
each_practice = pytest.mark.parametrize("practice", PRACTICES, ids=lambda practice: practice.id)


def test_no_row_of_the_sources_is_missing():
    assert len(GOLDEN) == len(set(GOLDEN)) == 120
    assert set(HEURISTICS) == {*GOLDEN, *DIVIDED}


def test_a_further_pair_tests_a_part_of_what_a_row_of_the_sources_claims():
    parts = {tip.id: tip.part_of for tip in TIPS if tip.part_of}
    assert parts == DIVIDED
    for name, whole in parts.items():
        assert whole in GOLDEN
        assert name not in GOLDEN
        one, other = HEURISTICS[name], HEURISTICS[whole]
        assert {claim.source for claim in one.claims} <= {claim.source for claim in other.claims}
        differs = {path for path in one.following if one.following[path] != one.ignoring[path]}
        assert (one.following, one.ignoring) != (other.following, other.ignoring)
        assert differs, name


def test_a_pair_that_leaves_a_part_to_another_names_it():
    named = {tip.id: set(re.findall(r"[a-z]+(?:_[a-z]+)*", tip.limits)) for tip in TIPS}
    for name, whole in DIVIDED.items():
        assert name in named[whole], (name, whole)


def test_the_golden_list_is_that_of_the_sources(shared):
    text = (shared / "heuristics.md").read_text("utf-8")
    first = re.findall(r"^\| ([a-z][a-z0-9_ /]*) \|", text, re.MULTILINE)
    assert [name for cell in first if cell != "id" for name in cell.split(" / ")] == GOLDEN


def test_ids_are_unique():
    assert len(ROWS) == sum(len(rows) for rows in TOPICS.values())


def test_what_is_no_setting_is_known():
    assert {practice.id for practice in PRACTICES} == NO_SETTINGS
    assert len(TIPS) + len(PRACTICES) == len(ROWS)


@each
def test_it_is_named_and_explained(row):
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", row.id)
    assert HEURISTICS[row.id] is row
    assert re.match(r"[A-Z]", row.title)
    assert re.fullmatch(r"[A-Z].*\.", row.statement)
    assert re.search(r"(19|20)\d\d", row.literature)


@each
def test_claims_have_known_sources(row):
    assert row.claims
    for claim in row.claims:
        assert claim.source in SOURCES
        assert claim.effect in get_args(Effect)
        assert claim.gist
    assert len(set(row.claims)) == len(row.claims)


@each_tip
def test_both_sides_set_the_same_knobs_to_different_values(tip):
    """A knob that both sides set alike is the surroundings of the claim, as WGAN-GP's are."""
    assert tip.kind == "setting"
    assert tip.following.keys() == tip.ignoring.keys()
    assert set(tip.following) <= set(KNOBS)
    assert tip.following != tip.ignoring
    for path, value in tip.following.items():
        check_value(path, value)
        check_value(path, tip.ignoring[path])


@each_tip
def test_both_sides_are_valid_on_the_default_baseline_and_train_differently(tip):
    following, ignoring = (key(resolve([side])) for side in (tip.following, tip.ignoring))
    assert following != ignoring


@each_practice
def test_a_practice_is_shown_by_a_test_or_is_advice(practice):
    assert practice.kind in KINDS.keys() - {"setting"}
    assert re.fullmatch(r"[A-Z].*\.", practice.how)
    if practice.test:
        file, _, name = practice.test.partition("::")
        assert name in _tests(file), practice.test
    else:
        assert practice.kind == "advice"


@cache
def _tests(file):
    """The test functions of a file that pytest collects."""
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    assert Path(file).name.startswith("test_")
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_what_cannot_be_followed_together_is_what_the_rules_refuse():
    found = {tip.id: set(clashing(tip)) for tip in TIPS}
    for one, two in combinations(TIPS, 2):
        both = one.following.keys() & two.following.keys()
        # a relation is one to what it finds, so that two of the same would multiply
        apart = any(
            one.following[path] != two.following[path] or isinstance(one.following[path], dict)
            for path in both
        )
        expected = apart or _refused(one, two) or _refused(two, one)
        assert (two.id in found[one.id]) == (one.id in found[two.id]) == expected, (one.id, two.id)


def _refused(one, two):
    try:
        resolve([one.following, two.following])
    except HarnessError:
        return True
    return False


@pytest.mark.parametrize(
    ("one", "two", "why"),
    [
        ("one_sided_label_smoothing", "hinge_loss", r"loss\.label_smoothing clashes with loss\.na"),
        ("wasserstein_gp", "batch_norm_in_both", r"^both set discriminator\.normalization$"),
        ("adam_beta_1_half", "adam_beta_1_zero", r"^both set optimizer\.discriminator\.beta_1$"),
        ("wasserstein_gp", "no_batch_norm_in_discriminator", "^$"),  # they agree
        ("generator_ema", "spectral_norm", "^$"),
    ],
)
def test_a_clash_says_why(one, two, why):
    assert re.search(why, clash(HEURISTICS[one], HEURISTICS[two]))


def test_conditions_of_claims_are_ids_that_are_used():
    used = {claim.condition for row in HEURISTICS.entries.values() for claim in row.claims}
    assert used - {""} == set(CONDITIONS)
    texts = [condition.text for condition in CONDITIONS.values()]
    assert len(set(texts)) == len(texts)


def test_a_plan_holds_conditions_in_words_and_whether_they_are_met():
    assert conditions.describe_condition("wgan_gp") == "with WGAN-GP"
    assert conditions.describe_condition("in winter") == "in winter"  # of somebody else's tip
    plain, penalised = TrialConfig(), resolve([WGAN_GP])
    assert conditions.met("", [plain]) is True
    assert [conditions.met("wgan_gp", [config]) for config in (plain, penalised)] == [False, True]
    assert conditions.met("wgan_gp", [plain, penalised]) is False
    assert conditions.met("unstable", [plain]) is conditions.met("in winter", [plain]) is None


WGAN_GP = {"loss.name": "wasserstein", "penalties.gradient.weight": 10.0}
