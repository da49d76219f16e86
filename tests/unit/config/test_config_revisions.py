"""A mended layer renames the trials that it trains differently, and no other."""

import json
from pathlib import Path

import pytest

from harness.config import revisions as table
from harness.config.identity import SEMANTICS, digest, key, keys, metric_request, weight_knobs
from harness.config.patch import flatten, resolve, unflatten
from harness.config.revisions import REVISIONS, affecting_revisions

RECORDS = Path(__file__).parents[3] / "reports"
SMALL = {"data.name": "digits", "data.image_size": 16}
MINIBATCH = {"discriminator.minibatch": "stddev"}
PARTS = {"training.accumulation": 2}
POOL = {"discriminator.downsampling": "max_pool"}
DECODED = {
    "loss.name": "began",
    "augmentation.policy": "none",
    "generator.upsampling": "bilinear",
}
PENALISED = ({"penalties.r1.weight": 1.0}, {"penalties.gradient.weight": 1.0})
# revision → trials that it affects, and trials a step beside them that it does not
CASES = {
    "minibatch_before_dropout": (
        [MINIBATCH, {"discriminator.minibatch": "discrimination"}],
        [{}, {**MINIBATCH, "discriminator.dropout": 0.0}],
    ),
    "batch_statistics_once_an_update": (
        [PARTS, {**PARTS, "discriminator.normalization": "none"}],
        [{}, {**PARTS, "generator.normalization": "none"}],
    ),
    "max_pool_twice_differentiable": (
        [{**POOL, **penalty} for penalty in (*PENALISED, {"penalties.dragan.weight": 1.0})],
        [POOL, *PENALISED, {**POOL, "penalties.orthogonal.weight": 1.0}],
    ),
    "bilinear_twice_differentiable": (
        [{**DECODED, **penalty} for penalty in PENALISED],
        [DECODED, *({"generator.upsampling": "bilinear", **each} for each in PENALISED)],
    ),
}


def unrevised(config):
    """A key as it was before there were revisions."""
    return digest([SEMANTICS, weight_knobs(config)])


def test_each_revision_has_a_name_a_number_and_a_reason():
    assert set(CASES) == {each.name for each in REVISIONS}
    assert len(CASES) == len(REVISIONS)
    assert all(each.number >= 1 and each.why for each in REVISIONS)


@pytest.mark.parametrize("name", CASES)
def test_it_enters_the_keys_of_the_trials_that_it_affects_and_of_no_other(name):
    affected, spared = ([resolve([SMALL, patch]) for patch in side] for side in CASES[name])
    for config in affected:
        assert name in affecting_revisions(config)
        assert key(config) != unrevised(config)
    for config in spared:
        assert name not in affecting_revisions(config)
        assert key(config) == unrevised(config)


def test_a_further_mend_of_the_same_part_renames_the_same_trials_again(monkeypatch):
    affected, spared = resolve([SMALL, MINIBATCH]), resolve([SMALL])
    before = key(affected), key(spared)
    raised = tuple(each._replace(number=each.number + 1) for each in REVISIONS)
    monkeypatch.setattr(table, "REVISIONS", raised)
    assert key(affected) != before[0]
    assert key(spared) == before[1]


def test_all_seeds_of_a_cell_are_revised_alike_and_scores_are_not():
    config = resolve([SMALL, MINIBATCH])
    one = config.model_copy(update={"seed": 1})
    assert keys(config, [0, 1]) == {0: key(config), 1: key(one)}
    assert metric_request(config) == metric_request(resolve([SMALL]))


@pytest.mark.parametrize("path", sorted(RECORDS.glob("*/record/studies/*/plan.json")), ids=str)
def test_trials_of_a_committed_record_keep_their_keys(path):
    plan = json.loads(path.read_text("utf-8"))
    cells = {cell["label"]: unflatten(cell["config"]) for cell in plan["cells"]}
    for trial in plan["trials"]:
        config = cells[trial["cell"]].model_copy(update={"seed": trial["seed"]})
        assert key(config) == trial["key"], flatten(config)
