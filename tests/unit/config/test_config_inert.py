"""A knob that nothing reads is as if it had not been set."""

import pytest

from harness.config.identity import key
from harness.config.patch import DEFAULTS, resolve
from harness.config.trial import rules
from harness.config.trial.rule import read
from tests.unit.config.surroundings import (
    CRITIC,
    EDGES,
    ENERGY,
    FOLDER,
    LABELLED,
    ONE_BLOCK,
)

# knob → (where nothing reads it, another value, where it is read)
INERT = {
    "discriminator.attention": ({"discriminator.depth": 1}, True, {}),
    "generator.architecture": (EDGES, "biggan", {}),
    "discriminator.residual": ({"discriminator.architecture": "biggan"}, True, {}),
    "discriminator.instance_noise_every": ({}, 4, {"discriminator.instance_noise": 0.1}),
    "loss.smoothing_noise_every": ({}, 4, {"loss.smoothing_noise": 0.1}),
    "loss.label_noise_every": ({}, 4, {"loss.label_noise": 0.1}),
    "penalties.clipping.every": ({}, 4, {**CRITIC, "penalties.clipping.limit": 0.01}),
    "training.replay_every": ({}, 4, {"training.replay": 0.5}),
    "augmentation.max_probability": ({"augmentation.policy": "fixed"}, 0.5, {}),
    "generator.leaky_slope": ({}, 0.1, {"generator.activation": "leaky_relu"}),
    "discriminator.leaky_slope": ({"discriminator.activation": "relu"}, 0.1, {}),
    "generator.batch_norm_momentum": ({"generator.normalization": "none"}, 0.9, {}),
    "generator.batch_norm_scale": ({"generator.normalization": "none"}, True, {}),
    "discriminator.batch_norm_momentum": ({"discriminator.normalization": "none"}, 0.9, {}),
    "discriminator.batch_norm_scale": ({"discriminator.normalization": "none"}, True, {}),
    "generator.noise_size": (EDGES, 32, {}),
    "generator.dropout": (EDGES, 0.5, {}),
    "generator.latent": (EDGES, "uniform", {}),
    "generator.truncation": (EDGES, 0.5, {}),
    "generator.skip_z": (ONE_BLOCK, True, {}),
    "generator.filters": (ONE_BLOCK, "tapering", {}),
    "discriminator.filters": ({"discriminator.depth": 1}, "tapering", {}),
    "generator.hidden_dense": (EDGES, 1, {}),
    "generator.residual": (ONE_BLOCK, True, {}),
    "generator.attention": (EDGES, True, {}),
    "generator.dropout_at_generation": ({}, True, {"generator.dropout": 0.5}),
    "discriminator.output_epsilon": ({}, 0.0, {"discriminator.output": "sigmoid"}),
    **{
        f"{network}.{knob}": (around, other, read)
        for network in ("generator", "discriminator")
        for knob, around, other, read in (
            ("norm_placement", {f"{network}.normalization": "none"}, "after", {}),
            ("bias_before_norm", {f"{network}.normalization": "none"}, True, {}),
            ("initializer_stddev", {}, 0.1, {f"{network}.initializer": "normal"}),
        )
    },
    "labels.embedding_size": ({"labels.conditioning": "infogan"}, 8, LABELLED),
    "labels.every_block": ({**LABELLED, **ONE_BLOCK}, True, LABELLED),
    "labels.shared_embedding": (LABELLED, True, {**LABELLED, "labels.every_block": True}),
    "labels.classifier_weight": (LABELLED, 2.0, {"labels.conditioning": "acgan"}),
    "labels.codes": (LABELLED, 4, {"labels.conditioning": "infogan"}),
    "labels.information_weight": ({}, 2.0, {"labels.conditioning": "infogan"}),
    "translation.l1_weight": ({}, 1.0, EDGES),
    "translation.decoder_dropout": ({}, 0.0, EDGES),
    "loss.margin": ({}, 1.0, {**ENERGY, "loss.name": "ebgan"}),
    "loss.diversity_ratio": ({}, 0.7, {**ENERGY, "loss.name": "began"}),
    "loss.equilibrium_gain": ({}, 0.01, {**ENERGY, "loss.name": "began"}),
    "discriminator.instance_noise_end": ({}, 0.5, {"discriminator.instance_noise": 0.1}),
    "penalties.gradient.every": ({}, 4, {"penalties.gradient.weight": 10.0}),
    "penalties.r1.every": ({}, 4, {"penalties.r1.weight": 10.0}),
    "penalties.dragan.every": ({}, 4, {"penalties.dragan.weight": 10.0}),
    "penalties.orthogonal.every": ({}, 4, {"penalties.orthogonal.generator_weight": 1e-4}),
    "penalties.orthonormal.every": ({}, 4, {"penalties.orthonormal.weight": 1e-4}),
    "penalties.pulling_away.every": ({}, 4, {"penalties.pulling_away.generator_weight": 0.1}),
    "penalties.historical.every": ({}, 4, {"penalties.historical.generator_weight": 1.0}),
    **{
        f"optimizer.{owner}.{number}": (
            {f"optimizer.{owner}.name": unread},
            value,
            {f"optimizer.{owner}.name": reader},
        )
        for owner in ("generator", "discriminator")
        for number, unread, value, reader in (
            ("beta_1", "rmsprop", 0.9, "adam"),
            ("beta_2", "sgd", 0.9, "adam"),
            ("epsilon", "sgd", 1e-3, "rmsprop"),
            ("rho", "adam", 0.5, "rmsprop"),
            ("momentum", "adam", 0.5, "sgd"),
        )
    },
    "training.ema_start": ({"training.ema": 0.0}, 100.0, {}),
    "training.balance_ratio": ({}, 2.0, {"training.balance": "loss"}),
    "training.final_evaluations": ({"training.evaluations": 20}, 4, {}),
    "training.replay_size": ({}, 256, {"training.replay": 0.5}),
    "augmentation.probability": ({"augmentation.policy": "none"}, 0.5, {}),
    "augmentation.target_accuracy": ({"augmentation.policy": "fixed"}, 0.6, {}),
    "augmentation.integration_steps": ({"augmentation.policy": "fixed"}, 100, {}),
    "augmentation.flip": ({"augmentation.policy": "none"}, False, {}),
    "augmentation.translation": ({"augmentation.policy": "none"}, 0.2, {}),
    "augmentation.rotation": ({"augmentation.policy": "none"}, 0.2, {}),
    "augmentation.zoom": ({"augmentation.policy": "none"}, 0.5, {}),
    "augmentation.brightness": ({"augmentation.policy": "none"}, 0.2, {}),
    "augmentation.saturation": ({"augmentation.policy": "none"}, 0.2, {}),
    "augmentation.contrast": ({"augmentation.policy": "none"}, 0.2, {}),
    "data.subset_seed": ({}, 3, {"data.train_images": 500}),
    "data.validation_fraction": ({}, 0.5, FOLDER),
}


def test_every_inert_knob_has_a_case():
    assert set(INERT) == {rule.knob for rule in rules.INERT}


@pytest.mark.parametrize("rule", rules.INERT, ids=lambda rule: rule.knob)
def test_a_knob_that_nothing_reads_is_reset_and_changes_no_key(rule):
    unread, other, around = INERT[rule.knob]
    reset = resolve([unread, {rule.knob: other}])
    assert read(reset, rule.knob) == DEFAULTS[rule.knob]
    assert reset == resolve([unread])
    kept = resolve([around, {rule.knob: other}])
    assert read(kept, rule.knob) == other
    assert key(kept) != key(resolve([around]))
