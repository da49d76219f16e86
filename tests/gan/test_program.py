"""One compiled program for all trials that differ in numbers: same bits, no new trace."""

import re

import numpy as np
import pytest
import tensorflow as tf

from harness.config.patch import DEFAULTS, KNOBS, flatten, resolve, unflatten
from harness.core.errors import HarnessError
from harness.gan.numbers import VARIABLE, structure
from harness.gan.train import program
from harness.gan.train.program import DROPPED, STORED, Program, Programs
from harness.gan.train.state import build
from tests.conftest import TINY
from tests.training import batches_of, labels_of, train_eagerly, weights

pytestmark = pytest.mark.tf

# number → another value, and the surroundings in which it is read
OTHER = {
    "seed": (7, {}),
    **{f"{owner}.initializer": ("orthogonal", {}) for owner in ("generator", "discriminator")},
    **{
        f"{owner}.initializer_stddev": (0.1, {f"{owner}.initializer": "normal"})
        for owner in ("generator", "discriminator")
    },
    **{f"optimizer.{owner}.learning_rate": (1e-3, {}) for owner in ("generator", "discriminator")},
    **{f"optimizer.{owner}.beta_1": (0.9, {}) for owner in ("generator", "discriminator")},
    **{f"optimizer.{owner}.beta_2": (0.9, {}) for owner in ("generator", "discriminator")},
    **{f"optimizer.{owner}.epsilon": (1e-3, {}) for owner in ("generator", "discriminator")},
    "loss.label_smoothing": (0.1, {}),
    "loss.smoothing_noise": (0.1, {"loss.smoothing_noise": 0.2}),
    "loss.label_noise": (0.1, {"loss.label_noise": 0.3}),
    "discriminator.instance_noise": (0.1, {"discriminator.instance_noise": 0.2}),
    "discriminator.instance_noise_end": (0.1, {"discriminator.instance_noise": 0.2}),
    **{path: (5.0, {path: 1.0}) for path in VARIABLE if re.fullmatch(r"penalties\..*weight", path)},
    "translation.l1_weight": (1.0, {"translation.source": "edges"}),
    "labels.classifier_weight": (0.1, {"labels.conditioning": "acgan"}),
    "labels.information_weight": (0.1, {"labels.conditioning": "infogan"}),
    "discriminator.output_epsilon": (0.01, {"discriminator.output": "sigmoid"}),
    "loss.margin": (0.1, {"loss.name": "ebgan", "augmentation.policy": "none"}),
    "loss.diversity_ratio": (0.9, {"loss.name": "began", "augmentation.policy": "none"}),
    "loss.equilibrium_gain": (0.1, {"loss.name": "began", "augmentation.policy": "none"}),
    "penalties.clipping.limit": (
        0.001,
        {"penalties.clipping.limit": 0.01, "loss.name": "wasserstein"},
    ),
    "augmentation.probability": (0.5, {"augmentation.policy": "adaptive"}),
    "augmentation.target_accuracy": (0.3, {"augmentation.probability": 0.5}),
    "augmentation.max_probability": (
        0.501,
        {
            "augmentation.probability": 0.5,
            "augmentation.target_accuracy": 0.1,
            "augmentation.integration_steps": 10,
        },
    ),
    "augmentation.integration_steps": (10, {"augmentation.probability": 0.5}),
    "training.ema": (0.5, {}),
    "training.ema_start": (0.016, {"training.ema_start": 0.032}),
    "training.balance_ratio": (1.01, {"training.balance": "loss"}),
    **{
        f"optimizer.{owner}.{number}": (value, {f"optimizer.{owner}.name": "rmsprop"})
        for owner in ("generator", "discriminator")
        for number, value in (("rho", 0.5), ("momentum", 0.9))
    },
}

MOST = 12  # numbers of a program: penalties are gradients of gradients
ALONE = {"training.balance", "training.ema_start"}  # what waits shows no other number

# numbers that one program reads, in two trials; those of a training's length are among them
ONE_TRIAL = {
    "augmentation.policy": "adaptive",
    "training.learning_rate_decay": "linear",
    "discriminator.instance_noise": 0.5,
    "loss.smoothing_noise": 0.2,
    "loss.label_noise": 0.3,
    "penalties.historical.weight": 1.0,
    "training.ema_start": 0.032,
}
ANOTHER = {
    **ONE_TRIAL,
    **{
        path: OTHER[path][0]
        for path in OTHER
        if path.startswith("optimizer.") and not OTHER[path][1]
    },
    "seed": 7,
    "discriminator.instance_noise": 0.4,
    "loss.smoothing_noise": 0.1,
    "loss.label_noise": 0.1,
    "loss.label_smoothing": 0.1,
    "penalties.historical.weight": 5.0,
    "augmentation.probability": 0.5,
    "augmentation.integration_steps": 10,
    "training.ema": 0.5,
    "training.ema_start": 0.016,
    "training.kimg": 0.08,
}


def run(program, config):
    """Two iterations from the start: every variable and the statistics."""
    program.reset(config, labels_of(config))
    program.run(*batches_of(config).call(0, 2, 1), 0)
    values = {**program.gan.variables(), **program.loop.variables()}
    return {name: np.asarray(tf.convert_to_tensor(value)) for name, value in values.items()}


@pytest.fixture(scope="module")
def programs():
    """Compiled once for all numbers."""
    return Programs()


def test_every_number_is_covered():
    first = {knob for knob in KNOBS if ".initializer" in knob}
    assert set(OTHER) == {"seed", *first, *VARIABLE}


def test_a_warm_program_gives_the_bits_of_a_fresh_one_without_a_new_trace(tiny, programs):
    """All that a trial may change of it at once; what falls over a training falls at a pace."""
    same_bits(programs, tiny(ONE_TRIAL), tiny(ANOTHER))


def together():
    """Numbers whose surroundings can be had at once, so that they share a program: names."""
    groups = []
    for knob, (_, around) in OTHER.items():
        for group in groups:
            shared = {path: v for name in group for path, v in OTHER[name][1].items()}
            merged = {**shared, **around}
            agree = all(shared.get(path, v) == v for path, v in around.items())
            changed = all(merged.get(name) != OTHER[name][0] for name in (*group, knob))
            room = len(group) < MOST and not ALONE & merged.keys()
            if room and agree and changed and legal({**TINY, **merged}):
                group.append(knob)
                break
        else:
            groups.append([knob])
    return groups


def legal(knobs):
    try:
        resolve([knobs])
    except HarnessError:
        return False
    return True


@pytest.mark.slow  # compiling for minutes
@pytest.mark.parametrize("numbers", together(), ids=lambda numbers: numbers[0])
def test_it_takes_each_number_of_a_trial(tiny, programs, numbers):
    """Each changes what the warm program computes; all of them at once give a fresh one's bits."""
    before = tiny({path: v for knob in numbers for path, v in OTHER[knob][1].items()})
    warm, changes = programs.get(before), {knob: OTHER[knob][0] for knob in numbers}
    first = run(warm, before)
    assert all(np.isfinite(first[name]).all() for name in warm.gan.variables())
    for knob, value in changes.items():
        second = run(warm, unflatten({**flatten(before), knob: value}))
        assert any(not np.array_equal(first[name], second[name]) for name in first), knob
    same_bits(programs, before, unflatten({**flatten(before), **changes}))


def same_bits(programs, before, after):
    assert structure(flatten(before)) == structure(flatten(after))
    warm = programs.get(before)
    first = run(warm, before)
    second = run(warm, after)
    assert warm.loop.traces == 1
    fresh = run(Program(after, 1), after)
    assert second.keys() == fresh.keys()
    for name, expected in fresh.items():
        np.testing.assert_array_equal(second[name], expected, err_msg=name)
    assert any(not np.array_equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(
    "change",
    [
        {"generator.width": 4},
        {"discriminator.dropout": 0.1},
        {"discriminator.spectral_norm": True},
        {"loss.name": "hinge"},
        {"penalties.gradient.weight": 1.0},
        {"augmentation.policy": "none"},
        {"augmentation.rotation": 0.2},
        {"training.precision": "bfloat16"},
        {"training.discriminator_steps": 2},
        {"labels.conditioning": "projection"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_structure_is_another_program(tiny, change):
    augmented = {"augmentation.policy": "adaptive"}
    assert structure(flatten(tiny(augmented | change))) != structure(flatten(tiny(augmented)))


def test_what_is_not_compiled_is_no_part_of_the_structure():
    images = {"data.train_images": 10, "data.subset_seed": 3, "data.content": "0" * 16}
    length = {"training.kimg": 1.0, "training.evaluations": 3, "evaluation.samples": 512}
    assert structure({**DEFAULTS, **images, **length}) == structure(DEFAULTS)
    assert structure({**DEFAULTS, "data.image_size": 32}) != structure(DEFAULTS)
    assert structure({**DEFAULTS, "data.name": "mnist"}) != structure(DEFAULTS)  # one channel


def test_a_store_keeps_the_programs_used_last(tiny, monkeypatch):
    monkeypatch.setattr(program, "Program", lambda *_: object())
    programs = Programs()
    configs = [tiny({"discriminator.leaky_slope": n / 100}) for n in range(1, STORED + 2)]
    names = [structure(flatten(config)) for config in configs]
    first = programs.get(configs[0])
    for config in configs[1:STORED]:
        programs.get(config)
    assert programs.get(configs[0]) is first
    programs.get(configs[STORED])
    dropped = [name not in programs for name in names]
    assert dropped == [False, *[True] * DROPPED, *[False] * (STORED - DROPPED)]
    assert programs.compiled == STORED + 1


EVERYTHING = {  # that a step may hold
    "discriminator.spectral_norm": True,
    "generator.dropout": 0.1,
    "penalties.gradient.weight": 10.0,
    "penalties.gradient.every": 2,
    "training.update": "alternating",
    "training.batches": "joint",
    "labels.conditioning": "projection",
    "labels.every_block": True,
}
# once left out, for a difference that looked like RMSProp's; it was the order of replay's places,
# which XLA sorts: RMSProp alone agrees to 1e-6, at its default epsilon, too
SCHEDULE = {
    "optimizer.generator.name": "rmsprop",
    "optimizer.generator.epsilon": 1e-4,
    "optimizer.discriminator.name": "sgd",
    "penalties.historical.weight": 1.0,
    "penalties.historical.generator_weight": 1.0,
    "training.accumulation": 2,
    "training.balance": "loss",
    "training.balance_ratio": 1.5,
    "training.ema_start": 0.016,
    "training.learning_rate_decay": "cosine",
    "training.replay": 0.5,
    "training.replay_size": 8,
}
NETS = ("generator", "discriminator")
LAYERS = {
    **{f"{net}.{knob}": True for net in NETS for knob in ("residual", "attention")},
    **{f"{net}.hidden_dense": 1 for net in NETS},
    "generator.normalization": "layer",
    "generator.latent": "uniform",
    "generator.skip_z": True,
    "generator.upsampling": "nearest",
    "generator.output_activation": "tanh",
    "discriminator.normalization": "instance",
    "discriminator.downsampling": "average_pool",
    "discriminator.minibatch": "discrimination",
    "discriminator.output": "sigmoid",
    "training.pixel_range": "minus_one_one",
}
OTHER_LAYERS = {
    **{f"{net}.normalization": "virtual_batch" for net in NETS},
    "generator.upsampling": "bilinear",
    "discriminator.downsampling": "max_pool",
}
LONG = {
    "everything": EVERYTHING,
    "schedule": SCHEDULE,
    "layers": LAYERS,
    "other layers": OTHER_LAYERS,
    "pixel shuffle": {"generator.upsampling": "pixel_shuffle", "discriminator.minibatch": "stddev"},
}


@pytest.mark.parametrize(
    "change",
    [
        {"data.image_size": 8},
        *(pytest.param(change, marks=pytest.mark.slow) for change in LONG.values()),
    ],
    ids=["S0", *LONG],
)
def test_compiled_by_xla_the_step_is_the_same_but_for_rounding(tiny, change):
    config = tiny({"augmentation.policy": "fixed", "augmentation.probability": 0.5, **change})
    program, gan = Program(config, 1, xla=True), build(config, 1)
    compiled = run(program, config)
    gan.reset(config, labels_of(config))
    _, told = train_eagerly(config, 2, gan=gan)
    expected = weights(gan) | {name: np.mean([row[name] for row in told]) for name in told[0]}
    compiled |= program.loop.read()
    for name, value in expected.items():
        scale = max(1.0, float(np.abs(value).max()))
        np.testing.assert_allclose(value, compiled[name], atol=1e-4 * scale, err_msg=name)
