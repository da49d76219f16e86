"""No dead knob: change any leaf of the parameter space, and what is trained or scored differs.

Uncompiled steps; the networks, the first steps, or the schedule must differ, and the key (or, for
the evaluation part, the metric's request) with them.
"""

import re

import numpy as np
import pytest
import tensorflow as tf

from harness.config.catalog import dataset
from harness.config.identity import key, metric_request
from harness.config.patch import KNOBS, flatten, unflatten
from harness.gan.labels.labelled import gathered
from harness.gan.latents import sampled
from harness.gan.models.network import GENERATION
from harness.gan.train.batches import Batches
from harness.gan.train.ensemble import Ensemble

pytestmark = pytest.mark.tf

STEPS = 2  # until which a knob must have had an effect
NETS = ("generator", "discriminator")
SHAPES = {
    "architecture": "biggan",
    "filters": "tapering",
    "norm_placement": "after",
    "bias_before_norm": True,
    "hidden_dense": 1,
    "residual": True,
    "attention": True,
    "initializer": "orthogonal",
}
# read where images are sampled, never in training: test_images_are_sampled_otherwise
SAMPLING = {
    "generator.truncation": (0.5, {}),
    "generator.dropout_at_generation": (True, {"generator.dropout": 0.5}),
}
# knob → another value, and the surroundings in which it can have an effect
OTHER = {
    "seed": (1, {}),
    "generator.noise_size": (8, {}),
    "generator.width": (4, {}),
    "generator.kernel_size": (2, {}),
    "generator.activation": ("leaky_relu", {}),
    "generator.leaky_slope": (0.3, {"generator.activation": "leaky_relu"}),
    "generator.normalization": ("none", {}),
    "generator.batch_norm_momentum": (0.5, {}),
    "generator.batch_norm_scale": (True, {}),
    "generator.spectral_norm": (True, {}),
    "generator.dropout": (0.5, {}),
    "discriminator.width": (4, {}),
    "discriminator.depth": (1, {}),
    "discriminator.kernel_size": (2, {}),
    "discriminator.activation": ("relu", {}),
    "discriminator.leaky_slope": (0.3, {}),
    "discriminator.normalization": ("none", {}),
    "discriminator.batch_norm_momentum": (0.5, {}),
    "discriminator.batch_norm_scale": (True, {}),
    "discriminator.spectral_norm": (True, {}),
    "discriminator.dropout": (0.1, {}),
    "discriminator.instance_noise": (0.1, {}),
    "discriminator.instance_noise_end": (0.1, {"discriminator.instance_noise": 0.1}),
    "discriminator.instance_noise_every": (2, {"discriminator.instance_noise": 0.1}),
    **{f"{net}.{knob}": (value, {}) for net in NETS for knob, value in SHAPES.items()},
    **{f"{net}.initializer_stddev": (0.05, {f"{net}.initializer": "normal"}) for net in NETS},
    "generator.latent": ("uniform", {}),
    "generator.skip_z": (True, {}),
    "generator.upsampling": ("nearest", {}),
    "generator.output_activation": ("tanh", {}),
    "discriminator.downsampling": ("max_pool", {}),
    "discriminator.minibatch": ("stddev", {}),
    "discriminator.output": ("sigmoid", {}),
    "discriminator.output_epsilon": (0.01, {"discriminator.output": "sigmoid"}),
    "training.pixel_range": ("minus_one_one", {}),
    "loss.name": ("hinge", {}),
    "loss.label_smoothing": (0.1, {}),
    "loss.smoothing_noise": (0.2, {}),
    "loss.label_noise": (0.3, {}),
    "loss.smoothing_noise_every": (2, {"loss.smoothing_noise": 0.2}),
    "loss.label_noise_every": (2, {"loss.label_noise": 0.3}),
    "loss.generator": ("feature_matching", {}),
    "loss.margin": (0.1, {"loss.name": "ebgan", "augmentation.policy": "none"}),
    "loss.diversity_ratio": (0.9, {"loss.name": "began", "augmentation.policy": "none"}),
    "loss.equilibrium_gain": (0.1, {"loss.name": "began", "augmentation.policy": "none"}),
    **{path: (10.0, {}) for path in KNOBS if re.fullmatch(r"penalties\..*weight", path)},
    **{
        re.sub(r"\w+$", "every", path): (2, {path: 10.0})
        for path in KNOBS
        if re.fullmatch(r"penalties\..*weight", path)
    },
    "penalties.clipping.limit": (0.001, {"loss.name": "wasserstein"}),
    "penalties.clipping.every": (
        2,
        {"loss.name": "wasserstein", "penalties.clipping.limit": 0.001},
    ),
    "optimizer.generator.learning_rate": (1e-3, {}),
    "optimizer.generator.beta_1": (0.9, {}),
    "optimizer.generator.beta_2": (0.9, {}),
    "optimizer.generator.epsilon": (1e-3, {}),
    "optimizer.discriminator.learning_rate": (1e-3, {}),
    "optimizer.discriminator.beta_1": (0.9, {}),
    "optimizer.discriminator.beta_2": (0.9, {}),
    "optimizer.discriminator.epsilon": (1e-3, {}),
    **{
        f"optimizer.{owner}.{number}": (value, around)
        for owner in ("generator", "discriminator")
        for number, value, around in (
            ("name", "sgd", {}),
            ("rho", 0.5, {f"optimizer.{owner}.name": "rmsprop"}),
            ("momentum", 0.9, {f"optimizer.{owner}.name": "rmsprop"}),
        )
    },
    "augmentation.policy": ("none", {"augmentation.probability": 0.5}),
    "augmentation.probability": (0.5, {"augmentation.policy": "adaptive"}),
    "augmentation.target_accuracy": (0.6, {"augmentation.probability": 0.5}),
    "augmentation.max_probability": (
        0.501,
        {
            "augmentation.probability": 0.5,
            "augmentation.target_accuracy": 0.1,
            "augmentation.integration_steps": 10,
        },
    ),
    "augmentation.integration_steps": (10, {"augmentation.probability": 0.5}),
    "augmentation.flip": (False, {"augmentation.probability": 0.9}),
    "augmentation.translation": (0.3, {"augmentation.probability": 0.9}),
    "augmentation.rotation": (0.3, {"augmentation.probability": 0.9}),
    "augmentation.zoom": (0.5, {"augmentation.probability": 0.9}),
    "augmentation.brightness": (0.5, {"augmentation.probability": 0.9}),
    "augmentation.saturation": (0.5, {"augmentation.probability": 0.9, "data.name": "cifar10"}),
    "augmentation.contrast": (0.5, {"augmentation.probability": 0.9}),
    "training.batch_size": (8, {}),
    "training.update": ("alternating", {}),
    "training.discriminator_steps": (2, {}),
    "training.generator_steps": (2, {}),
    "training.batches": ("joint", {}),
    "training.ema": (0.5, {}),
    "training.ema_start": (0.016, {}),
    "training.accumulation": (2, {}),
    "training.learning_rate_decay": ("linear", {}),
    "training.balance": ("loss", {"training.balance_ratio": 1.01}),
    "training.balance_ratio": (1.01, {"training.balance": "loss"}),
    "training.replay": (0.5, {"training.replay_size": 8}),
    "training.replay_every": (2, {"training.replay": 0.5, "training.replay_size": 8}),
    "training.replay_size": (16, {"training.replay": 0.5, "training.replay_size": 8}),
    "training.precision": ("bfloat16", {}),
    "training.members": (2, {}),
    "translation.source": ("edges", {}),
    "translation.l1_weight": (1.0, {"translation.source": "edges"}),
    "translation.decoder_dropout": (0.0, {"translation.source": "edges"}),
}
PROJECTED = {"labels.conditioning": "projection"}
OTHER |= {
    "labels.conditioning": ("concat", PROJECTED),
    "labels.embedding_size": (8, PROJECTED),
    "labels.every_block": (True, PROJECTED),
    "labels.shared_embedding": (True, {**PROJECTED, "labels.every_block": True}),
    "labels.classifier_weight": (0.1, {"labels.conditioning": "acgan"}),
    "labels.codes": (4, {"labels.conditioning": "infogan"}),
    "labels.information_weight": (0.1, {"labels.conditioning": "infogan"}),
}
SCHEDULE = {"training.kimg": 0.96, "training.evaluations": 2, "training.final_evaluations": 2}
# what the images are, tested where they are loaded (tests/gan/data)
DATA = {
    "data.name": ("mnist", {}),
    "data.path": None,  # a place, which is no part of the identity: test_identity
    "data.content": ("0" * 16, {}),
    "data.image_size": (32, {}),
    "data.train_split": ("train[:50%]", {}),
    "data.validation_split": ("other", {}),
    "data.validation_fraction": None,  # read for a folder only: tests/gan/data
    "data.train_images": (100, {}),
    "data.subset_seed": (1, {"data.train_images": 100}),
}
# what turns weights into a number, tested where images are scored (tests/gan/test_evaluate.py)
SCORING = {
    "evaluation.protocol": ("blocks", {}),
    "evaluation.encoder": ("inception_v3", {}),
    "evaluation.encoder_content": ("0" * 16, {}),
    "evaluation.resolution": (32, {}),
    "evaluation.resizer": ("bicubic", {}),
    "evaluation.samples": (256, {}),
    "evaluation.subset_size": (32, {}),
}
DERIVED = {"generator.depth", "labels.classes"}  # size and data set decide


def pair(tiny, knob, value, around):
    before = tiny(around)
    return before, unflatten({**flatten(before), knob: value})


class Course:
    """A training's first steps, taken only as far as they are looked at."""

    def __init__(self, config):
        self._states, self._steps = [], steps(config)

    def after(self, number):
        """Variables after so many steps, and the statistics of the last of them."""
        while len(self._states) <= number:
            self._states.append(next(self._steps))
        return self._states[number]


COURSES = {}  # of most pairs one side is the same trial


def course(config):
    return COURSES.setdefault(config.model_dump_json(), Course(config))  # it starts when asked


def steps(config):
    channels = dataset(config.data.name).channels
    gan = Ensemble(config, channels)
    data = np.random.default_rng(0).integers(0, 256, (64, 16, 16, channels), dtype=np.uint8)
    labels = np.arange(64) % config.labels.values if config.labels.of_images else None
    batches = Batches(data, config.training.batch_size, config.seed, labels=labels)
    yield values_of(gan), []
    for iteration in range(STEPS):
        images, indices = batches.call(iteration, 1, config.training.discriminator_steps)
        found = gan.iterate(gathered(images, indices[0]), tf.constant(iteration))
        yield values_of(gan), [float(value) for value in found.values()]


def values_of(gan):
    return {name: np.asarray(tf.convert_to_tensor(v)) for name, v in gan.variables().items()}


def differ(one, two):
    (weights, statistics), (other_weights, other_statistics) = one, two
    return (
        weights.keys() != other_weights.keys()
        or any(
            value.shape != other_weights[name].shape
            or not np.array_equal(value, other_weights[name])
            for name, value in weights.items()
        )
        or statistics != other_statistics
    )


def test_every_knob_is_covered():
    assert set(KNOBS) == {*OTHER, *SAMPLING, *SCHEDULE, *DATA, *SCORING, *DERIVED}


@pytest.mark.parametrize("knob", OTHER)
def test_training_differs(tiny, knob):
    before, after = pair(tiny, knob, *OTHER[knob])
    assert key(before) != key(after)
    assert unflatten(flatten(after)) == after
    one, two = course(before), course(after)
    assert any(differ(one.after(number), two.after(number)) for number in range(STEPS + 1))


@pytest.mark.parametrize("knob", SAMPLING)
def test_images_are_sampled_otherwise(tiny, knob):
    before, after = pair(tiny, knob, *SAMPLING[knob])
    assert key(before) != key(after)
    images = [
        Ensemble(config, 1).average(sampled(config.generator, 8, 0, "samples"), GENERATION)
        for config in (before, after)
    ]
    assert not np.allclose(*images)


@pytest.mark.parametrize("knob", SCHEDULE)
def test_the_schedule_differs(tiny, knob):
    before, after = pair(tiny, knob, SCHEDULE[knob], {})
    assert key(before) != key(after)
    assert before.evaluation_iterations != after.evaluation_iterations


@pytest.mark.parametrize("knob", [knob for knob, other in DATA.items() if other])
def test_the_images_have_another_identity(tiny, knob):
    before, after = (
        pair(tiny, knob, *DATA[knob])
        if knob != "data.image_size"
        else (
            tiny(),
            tiny({"data.image_size": 32}),
        )
    )
    assert key(before) != key(after)
    subset = knob in ("data.train_images", "data.subset_seed")  # the reference stays the same
    assert (metric_request(before) == metric_request(after)) == subset


@pytest.mark.parametrize("knob", SCORING)
def test_scoring_has_another_identity_and_the_trial_the_same(tiny, knob):
    before, after = pair(tiny, knob, *SCORING[knob])
    assert key(before) == key(after)
    assert metric_request(before) != metric_request(after)
