"""Knobs that mean nothing together are refused, and what sources advise against is warned of."""

import pytest

from harness.config.patch import flatten, resolve
from harness.config.trial import rules
from harness.core.errors import HarnessError
from tests.unit.config.surroundings import (
    CRITIC,
    EDGES,
    FOLDER,
    LABELLED,
    UNAUGMENTED,
    UNPLAYED,
)

PLAYED = {
    "labels.conditioning": "infogan",
    "discriminator.minibatch": "stddev",
    "discriminator.output": "sigmoid",
    "generator.latent": "uniform",
    "translation.source": "edges",
    "augmentation.policy": "fixed",
    "discriminator.instance_noise": 0.1,
    "loss.name": "hinge",
    "loss.generator": "feature_matching",
    "loss.label_smoothing": 0.1,
    "loss.smoothing_noise": 0.1,
    "loss.label_noise": 0.1,
    "penalties.gradient.weight": 10.0,
    "penalties.r1.weight": 10.0,
    "penalties.dragan.weight": 10.0,
    "penalties.orthogonal.weight": 1e-4,
    "penalties.orthogonal.generator_weight": 1e-4,
    "penalties.orthonormal.weight": 1e-4,
    "penalties.orthonormal.generator_weight": 1e-4,
    "penalties.pulling_away.generator_weight": 0.1,
    "penalties.historical.weight": 1.0,
    "penalties.historical.generator_weight": 1.0,
    "training.balance": "loss",
    "training.batches": "joint",
    "training.discriminator_steps": 5,
    "training.generator_steps": 2,
    "training.replay": 0.5,
}
CLASHES = {
    **{(knob, "training.update"): {**UNPLAYED, knob: value} for knob, value in PLAYED.items()},
    ("loss.smoothing_noise", "loss.name"): {"loss.name": "hinge", "loss.smoothing_noise": 0.1},
    ("loss.label_noise", "loss.name"): {"loss.name": "hinge", "loss.label_noise": 0.1},
    ("augmentation.policy", "loss.name"): {"loss.name": "began"},
    ("loss.label_smoothing", "loss.name"): {"loss.name": "hinge", "loss.label_smoothing": 0.1},
    ("translation.source", "loss.name"): {**EDGES, "loss.name": "began", **UNAUGMENTED},
    ("translation.source", "data.name"): {"translation.source": "grey", "data.name": "mnist"},
    **{
        (f"augmentation.{knob}", "translation.source"): {**EDGES, f"augmentation.{knob}": 0.5}
        for knob in ("brightness", "saturation", "contrast")
    },
    **{
        (f"{network}.normalization", "translation.source"): {
            **EDGES,
            f"{network}.normalization": "virtual_batch",
        }
        for network in ("generator", "discriminator")
    },
    ("discriminator.output", "loss.name"): {
        "loss.name": "hinge",
        "discriminator.output": "sigmoid",
    },
    ("discriminator.minibatch", "discriminator.normalization"): {
        "discriminator.minibatch": "stddev",
        "discriminator.normalization": "virtual_batch",
    },
    ("discriminator.minibatch", "loss.name"): {
        **UNAUGMENTED,
        "loss.name": "ebgan",
        "discriminator.minibatch": "stddev",
    },
    ("labels.conditioning", "data.name"): {**LABELLED, "data.name": "celeb_a"},
    ("labels.conditioning", "translation.source"): {**LABELLED, **EDGES},
    ("labels.conditioning", "loss.name"): {**LABELLED, "loss.name": "began", **UNAUGMENTED},
    **{
        ("labels.conditioning", f"{network}.normalization"): {
            **LABELLED,
            f"{network}.normalization": "virtual_batch",
        }
        for network in ("generator", "discriminator")
    },
    ("labels.conditioning", "training.replay"): {**LABELLED, "training.replay": 0.5},
    ("augmentation.probability", "augmentation.max_probability"): {
        "augmentation.probability": 0.5,
        "augmentation.max_probability": 0.4,
    },
    ("penalties.clipping.limit", "loss.name"): {"penalties.clipping.limit": 0.01},
    ("generator.depth", "data.image_size"): {"generator.depth": 3},
    ("discriminator.depth", "data.image_size"): {"discriminator.depth": 7},
    ("training.evaluations", "training.kimg"): {"training.kimg": 2.0},
    ("training.final_evaluations", "training.evaluations"): {"training.final_evaluations": 26},
    ("training.final_evaluations", "training.kimg"): {
        "training.kimg": 25 * 0.128,
        "training.final_evaluations": 6,
    },
    ("training.accumulation", "training.batch_size"): {"training.accumulation": 3},
    ("training.ema_start", "training.kimg"): {"training.ema_start": 2355.2},
    ("training.balance", "loss.name"): {"training.balance": "loss", "loss.name": "hinge"},
    ("training.balance", "loss.generator"): {
        "training.balance": "loss",
        "loss.generator": "feature_matching",
    },
    ("training.replay", "training.replay_size"): {
        "training.replay": 0.5,
        "training.replay_size": 63,
    },
    ("data.path", "data.name"): {"data.path": "photos"},
    ("data.train_split", "data.validation_split"): {"data.train_split": "test"},
    ("evaluation.protocol", "evaluation.encoder"): {
        "evaluation.protocol": "fidelity299",
        "evaluation.encoder": "inception_v3",
    },
    ("evaluation.protocol", "evaluation.resolution"): {"evaluation.resolution": 299},
}


def test_every_clash_has_a_case():
    assert set(CLASHES) == {clash.knobs for clash in rules.CLASHES}


@pytest.mark.parametrize("clash", rules.CLASHES, ids=lambda clash: " x ".join(clash.knobs))
def test_a_clash_names_both_knobs_their_values_and_what_to_change(clash):
    with pytest.raises(HarnessError) as error:
        resolve([CLASHES[clash.knobs]])
    one, two = clash.knobs
    assert str(error.value).startswith(f"{one} clashes with {two} ({one}=")
    assert f", {two}=" in str(error.value)
    assert str(error.value).endswith(clash.advice)


@pytest.mark.parametrize(
    "patch",
    [
        {"loss.name": "least_squares", "loss.label_smoothing": 0.1},
        {**CRITIC, "penalties.clipping.limit": 0.01},
        {"loss.name": "began", "augmentation.policy": "fixed"},
        UNPLAYED,
        {"translation.source": "grey", "augmentation.policy": "fixed"},
        {"discriminator.depth": 6},
        {"training.kimg": 25 * 0.128},
        {"training.final_evaluations": 25},
        {"training.kimg": 25 * 0.128, "training.evaluations": 8, "training.final_evaluations": 4},
        {"labels.conditioning": "infogan", "data.name": "celeb_a"},
        {"labels.conditioning": "acgan", "discriminator.normalization": "virtual_batch"},
        {**LABELLED, "data.name": "folder", "data.path": "photos"},
        {"training.accumulation": 64},
        {"training.ema_start": 2355.0},
        {"training.balance": "loss", "loss.name": "relativistic_average"},
        {"training.replay": 0.5, "training.replay_size": 64},
        {"augmentation.probability": 0.5, "augmentation.max_probability": 0.5},
        {"training.replay": 0.5, "training.replay_size": 16, "training.accumulation": 4},
        FOLDER,
        {"evaluation.protocol": "fidelity299"},
        {"evaluation.protocol": "blocks", "evaluation.resolution": 299},
    ],
)
def test_the_legal_neighbours_of_clashes_are_accepted(patch):
    values = flatten(resolve([patch]))
    assert {path: values[path] for path in patch} == patch


WARNED = [
    ({"penalties.gradient.weight": 10.0}, "make images depend on their batch"),
    (
        {"discriminator.minibatch": "stddev", "training.batches": "joint"},
        "joint mixes real and generated",
    ),
    (
        {"discriminator.spectral_norm": True, "discriminator.batch_norm_scale": True},
        "removes the bound",
    ),
    (CRITIC, "needs a bounded discriminator"),
]


def test_every_advice_has_a_case():
    assert len(WARNED) == len(rules.ADVISED_AGAINST)


@pytest.mark.parametrize(("patch", "words"), WARNED)
def test_what_the_sources_advise_against_is_one_warning(patch, words):
    [warning] = rules.warnings(resolve([patch]))
    assert words in warning


@pytest.mark.parametrize(
    "patch",
    [
        {},
        {"penalties.gradient.weight": 10.0, "discriminator.normalization": "none"},
        {**CRITIC, "discriminator.spectral_norm": True},
        {**CRITIC, "penalties.clipping.limit": 0.01},
        {**CRITIC, "penalties.gradient.weight": 10.0, "discriminator.normalization": "none"},
    ],
)
def test_nothing_else_is_warned_of(patch):
    assert rules.warnings(resolve([patch])) == []
