"""Class labels from the data set to the losses, the generator and its images."""

import math
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from harness.config.catalog import CONDITIONINGS
from harness.config.patch import flatten
from harness.core import rng
from harness.core.errors import HarnessError
from harness.gan.data import load_images
from harness.gan.evaluate import BATCH, Evaluator
from harness.gan.labels.condition import Condition, in_rows, sampled_inputs
from harness.gan.labels.conditioning import head_of
from harness.gan.labels.labelled import Labelled, gathered
from harness.gan.latents import sampled
from harness.gan.losses import Game
from harness.gan.models.network import GENERATION, Pass
from harness.gan.numbers import structure
from harness.gan.random import Counters, uniform
from harness.gan.sampling import write_samples
from harness.gan.train.batches import Batches
from harness.gan.train.forward import classes, forward_pass, latents
from harness.gan.train.objectives import discriminator_loss, generator_loss
from harness.gan.train.program import Program
from harness.gan.train.session import GRID, SIDE, Session
from harness.gan.train.state import build
from harness.gan.train.step import DISCRIMINATOR, GENERATOR, update_networks
from tests.training import same, train, train_eagerly, weights

pytestmark = pytest.mark.tf
COUNTERS = Counters(tf.constant(0), 0)
RUN = Pass(True, tf.constant([0, 0]))
WITH_LABELS = [name for name in CONDITIONINGS if CONDITIONINGS[name].labels]
LABELS = np.arange(16) % 10


def conditioned(name, **changes):
    return {"labels.conditioning": name, **{f"labels.{k}": v for k, v in changes.items()}}


def real(labels=LABELS):
    pixels = np.random.default_rng(0).random((len(labels), 16, 16, 1), np.float32)
    return Labelled(tf.constant(pixels), tf.constant(labels, tf.int32))


def log_softmax(scores):
    scores = np.asarray(scores, np.float64)
    shifted = scores - scores.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


# --- the labels themselves


@pytest.mark.parametrize("resident", [False, True])
def test_every_gathered_image_has_its_own_label(tiny, tmp_path, resident):
    """From the data set through a subset, the batches and the gathering on the device."""
    config = tiny({**conditioned("concat"), "data.train_images": 500})
    images = load_images(config.data, tmp_path)
    known = {bytes(image): label for image, label in zip(*images[0:3:2], strict=True)}
    assert len(set(known.values())) == 10
    batches = Batches(images.train, 16, 0, resident, images.train_labels)
    for first in (0, 29):  # across the end of an epoch
        given, indices = batches.call(first, 3, 1)
        chosen = gathered(given, tf.constant(indices[1]))
        assert chosen.values.shape == (1, 16, 16, 16, 1)
        assert chosen.labels.dtype == tf.int32
        for image, label in zip(chosen.values[0].numpy(), chosen.labels[0].numpy(), strict=True):
            assert known[bytes(image)] == label


def test_what_the_discriminator_is_shown_with_a_label_is_that_labels_image(tiny, tmp_path):
    """In the compiled loop, as a session runs it: each image carries its label in its pixels."""
    config = tiny({**conditioned("concat"), "augmentation.policy": "none"})
    labels = np.arange(64) % 10
    data = np.broadcast_to(labels[:, None, None, None], (64, 16, 16, 1)).astype(np.uint8)
    program = Program(config, 1)
    seen = []
    discriminator = program.gan.members[0].discriminator
    original = discriminator.with_features

    def spy(x, run):
        tf.py_function(lambda *a: seen.append([part.numpy() for part in a]), [x, run.labels], [])
        return original(x, run)

    discriminator.with_features = spy
    program.reset(config, labels)
    batches = Batches(data, 16, 0, labels=labels)
    program.run(*batches.call(0, 3, 1), 0)
    assert len(seen) == 6
    for number in range(3):
        # the pass on real images is the one whose pixels are all the same
        (shown, told) = next(pair for pair in seen[2 * number :] if np.ptp(pair[0][0]) == 0)
        np.testing.assert_array_equal(np.rint(shown[:, 0, 0, 0] * 255), told)
        np.testing.assert_array_equal(told, labels[batches.indices(number)])


@pytest.mark.parametrize("name", ["none", "infogan"])
def test_where_labels_are_not_used_the_loop_is_given_none(tiny, tmp_path, name):
    config = tiny(conditioned(name))
    images = load_images(config.data, tmp_path)
    session = Session(config, images, Judge(), Program(config, 1))
    given, _ = session.batches.call(0, 1, 1)
    assert tf.is_tensor(given)


def test_a_data_set_that_has_other_labels_than_the_catalogue_says_is_refused(tiny, tmp_path):
    config = tiny(conditioned("concat"))
    images = load_images(config.data, tmp_path)
    program = Program(config, 1)
    with pytest.raises(HarnessError, match=r"10 classes are known.*go up to 10"):
        Session(config, images._replace(train_labels=images.train_labels + 1), Judge(), program)
    with pytest.raises(HarnessError, match="digits have no labels"):
        Session(config, images._replace(train_labels=None), Judge(), program)


# --- which classes are generated


def test_classes_are_drawn_as_often_as_they_are_in_training():
    condition = Condition(4)
    condition.count(np.repeat([0, 2], [100, 300]))  # none of class 1, and none of class 3
    for drawn in (
        condition.draw((40000,), tf.constant([1, 2])).numpy(),
        condition.sampled(40000, 5, "evaluation", 0),
    ):
        assert drawn.dtype == np.int32
        shares = np.bincount(drawn, minlength=4) / 40000
        deviation = math.sqrt(0.25 * 0.75 / 40000)
        np.testing.assert_allclose(shares, [0.25, 0, 0.75, 0], atol=4 * deviation)
        assert shares[1] == shares[3] == 0
    condition.reset()
    shares = np.bincount(condition.draw((40000,), tf.constant([1, 2])).numpy()) / 40000
    np.testing.assert_allclose(shares, 0.25, atol=4 * deviation)


def test_a_draw_is_the_class_of_the_training_image_it_falls_on():
    """By hand: of 1, 0, 3 and 2 images, a share u falls on image floor(6 u) of those sorted."""
    condition = Condition(4)
    condition.count(np.array([3, 2, 0, 2, 3, 2]))
    by_class = np.array([0, 2, 2, 2, 3, 3])
    seed = tf.constant([3, 4])
    places = np.floor(uniform((500,), seed).numpy() * 6).astype(int)
    np.testing.assert_array_equal(condition.draw((500,), seed), by_class[places])
    places = np.floor(rng.generator(7, "x", "labels").random(500) * 6).astype(int)
    np.testing.assert_array_equal(condition.sampled(500, 7, "x"), by_class[places])


def test_generated_classes_have_a_stream_of_their_own(tiny):
    plain, gan = build(tiny(), 1), build(tiny(conditioned("concat")), 1)
    np.testing.assert_array_equal(latents(plain, 16, COUNTERS), latents(gan, 16, COUNTERS))
    one = classes(gan, 16, COUNTERS)
    np.testing.assert_array_equal(one, classes(gan, 16, COUNTERS))
    assert not np.array_equal(one, classes(gan, 16, Counters(tf.constant(1), 0)))
    assert classes(plain, 16, COUNTERS) is None
    # parts of an accumulated batch are those of one draw
    halves = build(tiny({**conditioned("concat"), "training.accumulation": 2}), 1)
    parts = [
        classes(halves, 8, COUNTERS._replace(micro_batch=tf.constant(part))) for part in range(2)
    ]
    np.testing.assert_array_equal(np.concatenate(parts), one)


def test_evaluations_have_the_latents_of_other_trials_and_classes_of_their_own(tiny):
    config, condition = tiny().generator, Condition(10)
    inputs = sampled_inputs(config, condition, 50, 3, "evaluation", 1)
    np.testing.assert_array_equal(inputs.values, sampled(config, 50, 3, "evaluation", 1))
    again = sampled_inputs(config, condition, 50, 3, "evaluation", 1)
    np.testing.assert_array_equal(inputs.labels, again.labels)
    other = sampled_inputs(config, condition, 50, 3, "evaluation", 2)
    assert not np.array_equal(inputs.labels, other.labels)
    assert not isinstance(sampled_inputs(config, None, 50, 3, "evaluation", 1), Labelled)


@pytest.mark.parametrize("values", [2, 3, 4, 6, 10, 36, 200])
def test_a_grid_has_a_row_a_class_where_there_are_few(values):
    labels = in_rows(values, SIDE)
    assert labels.shape == (GRID,)
    assert (np.diff(labels) >= 0).all()
    assert labels.max() < values
    if values <= SIDE:
        rows = labels.reshape(SIDE, SIDE)
        assert (rows == rows[:, :1]).all()
    if values <= GRID:
        counts = np.bincount(labels, minlength=values)
        assert counts.min() >= 1
        assert np.ptp(counts) <= (SIDE if values <= SIDE else 1)


# --- networks


@pytest.mark.parametrize(
    "changes",
    [
        *(conditioned(name) for name in CONDITIONINGS),
        conditioned("projection", every_block=True),
        conditioned("projection", every_block=True, shared_embedding=True),
    ],
    ids=str,
)
def test_images_differ_by_class_and_are_equal_for_the_same(tiny, changes):
    gan = build(tiny(changes), 1)
    z = tf.random.stateless_normal((4, 16), [1, 2])
    of = [gan.generator(z, GENERATION._replace(labels=tf.fill(4, c))) for c in (1, 1, 2)]
    np.testing.assert_array_equal(of[0], of[1])
    assert all(np.abs(one - two).max() > 1e-4 for one, two in zip(of[0], of[2], strict=True))
    # each image by its own class
    mixed = gan.generator(z, GENERATION._replace(labels=tf.constant([1, 2, 1, 2])))
    np.testing.assert_allclose(mixed[::2], of[0][::2], atol=1e-6)
    np.testing.assert_allclose(mixed[1::2], of[2][1::2], atol=1e-6)


def test_the_class_is_beside_the_latents_as_an_embedding_or_a_code(tiny):
    for name, width in (("acgan", 5), ("infogan", 10)):
        gan = build(tiny(conditioned(name, embedding_size=5)), 1)
        run = GENERATION._replace(labels=tf.constant([3, 7]))
        found = gan.generator.parts[0](tf.ones((2, 16)), run).numpy()
        assert found.shape == (2, 16 + width)
        np.testing.assert_array_equal(found[:, :16], 1)
        table = gan.generator.variables.get("generator/class/kernel", tf.eye(10))
        np.testing.assert_allclose(found[:, 16:], np.asarray(table)[[3, 7]], rtol=1e-6)


def test_the_projection_is_its_formula(tiny):
    """logit = w . f + b + V[y] . f, by hand, f what reaches the last layer."""
    gan = build(tiny({**conditioned("projection"), "discriminator.dropout": 0.0}), 1)
    given = real()
    logits, features = gan.discriminator.with_features(
        given.values, RUN._replace(labels=given.labels)
    )
    named = {
        name.split("/", 1)[1]: np.asarray(v) for name, v in gan.discriminator.variables.items()
    }
    f = features.numpy().astype(np.float64)
    expected = f @ named["logit/kernel"] + named["logit/bias"]
    expected += (f * named["class/kernel"][LABELS]).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-5)


def test_a_spectrally_normalised_embedding_is_divided_by_its_largest_singular_value(tiny):
    changes = {"discriminator.spectral_norm": True, "discriminator.dropout": 0.0}
    gan = build(tiny({**conditioned("projection"), **changes}), 1)
    given = real()
    run = RUN._replace(labels=given.labels)
    logits, features = gan.discriminator.with_features(given.values, run)
    named = {
        name.split("/", 1)[1]: np.asarray(v) for name, v in gan.discriminator.variables.items()
    }
    w, table = (
        named[name] / np.linalg.norm(named[name], 2) for name in ("logit/kernel", "class/kernel")
    )
    expected = (features * (w[:, 0] + table[LABELS])).numpy().sum(axis=1, keepdims=True)
    np.testing.assert_allclose(logits, expected, rtol=1e-2, atol=1e-4)


def test_concatenation_shows_the_discriminator_a_map_of_the_class(tiny):
    gan = build(tiny(conditioned("concat", embedding_size=5)), 1)
    given = real()
    found = gan.discriminator.parts[0](given.values, RUN._replace(labels=given.labels)).numpy()
    assert found.shape == (16, 16, 16, 2)
    np.testing.assert_array_equal(found[..., :1], given.values)
    named = gan.discriminator.variables
    table, dense = (
        np.asarray(named[f"discriminator/{name}/kernel"]) for name in ("class", "class_map")
    )
    np.testing.assert_allclose(
        found[..., 1], (table[LABELS] @ dense).reshape(16, 16, 16), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("shared", [True, False])
def test_gains_of_a_block_come_from_one_embedding_or_from_a_table_of_its_own(tiny, shared):
    changes = conditioned("projection", every_block=True, shared_embedding=shared, embedding_size=5)
    gan = build(tiny({**changes, "data.image_size": 32}), 1)
    named = gan.generator.variables
    kernels = [
        named[f"generator/up_{n}_{role}/kernel"] for n in (1, 2) for role in ("gain", "bias")
    ]
    assert {tuple(kernel.shape) for kernel in kernels} == {(5 if shared else 10, 8)}
    assert "generator/up_3_gain/kernel" not in named  # the last block has no normalisation
    # one row of the embedding beside the latents moves every block, or none
    block = [part for part in gan.generator.parts if part.name in ("up_1_class", "up_2_class")]
    assert len(block) == 2
    x = tf.random.stateless_normal((3, 4, 4, 8), [1, 2])
    run = GENERATION._replace(labels=tf.constant([1, 2, 3]))
    table = named["generator/class/kernel"]
    before = [part(x, run).numpy() for part in block]
    known = np.asarray(table) if shared else np.eye(10)
    gain, bias = (known[[1, 2, 3]] @ np.asarray(kernel) for kernel in kernels[:2])
    expected = x * (1 + gain[:, None, None]) + bias[:, None, None]
    np.testing.assert_allclose(before[0], expected, rtol=1e-4, atol=1e-5)
    table.assign(tf.tensor_scatter_nd_add(table.value, [[2]], tf.ones((1, 5))))
    for part, was in zip(block, before, strict=True):
        moved = [not np.allclose(one, two) for one, two in zip(part(x, run), was, strict=True)]
        assert moved == [False, shared, False]


@pytest.mark.parametrize("placement", ["before", "after"])
@pytest.mark.parametrize("residual", [True, False])
def test_gains_follow_the_normalisation(tiny, placement, residual):
    changes = conditioned("projection", every_block=True)
    shape = {"generator.norm_placement": placement, "generator.residual": residual}
    parts = build(tiny({**changes, **shape}), 1).generator.parts
    if residual:
        (block,) = (part for part in parts if part.name == "up_1_block")
        parts = block._block
    names = [part.name for part in parts]
    assert names.index("up_1_class") == names.index("up_1_norm") + 1


# --- losses


def test_the_auxiliary_classifiers_cross_entropy_is_its_formula(tiny):
    gan = build(tiny(conditioned("acgan", classifier_weight=3.0)), 1)
    forward = forward_pass(gan, real(), COUNTERS)
    np.testing.assert_array_equal(forward.real_labels, LABELS)
    kernel, bias = (
        gan.discriminator.variables[f"discriminator/class/{v}"] for v in ("kernel", "bias")
    )
    bias.assign(np.linspace(-1, 1, 10))

    def entropy(features, labels):
        scores = features.numpy() @ np.asarray(kernel) + np.asarray(bias)
        return -log_softmax(scores)[np.arange(16), labels].mean()

    of_real = entropy(forward.real_features, LABELS)
    of_fake = entropy(forward.fake_features, forward.fake_labels.numpy())
    assert of_real != of_fake
    loss, terms = discriminator_loss(gan, forward, COUNTERS)
    plain = float(gan.loss.discriminator(forward.real_logits, forward.fake_logits, Game()))
    assert float(terms["classifier"]) == pytest.approx(of_real + of_fake, rel=1e-5)
    assert float(loss) == pytest.approx(0.5 * (plain + 3 * (of_real + of_fake)), rel=1e-5)
    loss, terms = generator_loss(gan, forward, COUNTERS)
    plain = float(gan.loss.generator(forward.real_logits, forward.fake_logits, Game()))
    assert float(terms["generator_classifier"]) == pytest.approx(of_fake, rel=1e-5)
    assert float(loss) == pytest.approx(plain + 3 * of_fake, rel=1e-5)


def test_infogan_rewards_the_bound_of_mutual_information(tiny):
    gan = build(tiny(conditioned("infogan", codes=4, information_weight=2.0)), 1)
    forward = forward_pass(gan, real().values, COUNTERS)
    assert forward.real_labels is None
    head = head_of(gan.discriminator)
    kernel = gan.discriminator.variables["discriminator/class/kernel"]
    scores = forward.fake_features.numpy() @ np.asarray(kernel)
    codes = forward.fake_labels.numpy()
    bound = log_softmax(scores)[np.arange(16), codes].mean() + math.log(4)
    for loss, plain, half, name in (
        (discriminator_loss(gan, forward, COUNTERS), gan.loss.discriminator, 0.5, "information"),
        (generator_loss(gan, forward, COUNTERS), gan.loss.generator, 1.0, "generator_information"),
    ):
        played = float(plain(forward.real_logits, forward.fake_logits, Game()))
        assert float(loss[1][name]) == pytest.approx(-bound, rel=1e-4, abs=1e-6)
        assert float(loss[0]) == pytest.approx(half * (played - 2 * bound), rel=1e-5)
    # a head that knows nothing has no information, one that knows all has log(codes)
    kernel.assign(tf.zeros_like(kernel))
    assert float(discriminator_loss(gan, forward, COUNTERS)[1]["information"]) == pytest.approx(
        0, abs=1e-6
    )
    head.scores = lambda features: 50 * tf.one_hot(codes, 4)
    found = discriminator_loss(gan, forward, COUNTERS)[1]["information"]
    assert float(found) == pytest.approx(-math.log(4), rel=1e-5)


@pytest.mark.parametrize("name", ["acgan", "infogan"])
def test_a_head_is_trained_by_the_discriminators_optimiser_alone(tiny, name):
    config = tiny({**conditioned(name), "training.update": "alternating"})
    given = real() if name == "acgan" else real().values
    for kind, trained in ((DISCRIMINATOR, True), (GENERATOR, False)):
        gan = build(config, 1)
        kernel = gan.discriminator.variables["discriminator/class/kernel"]
        before = np.asarray(kernel)
        update_networks(gan, kind, given, COUNTERS)
        assert np.array_equal(before, np.asarray(kernel)) != trained
    owners = [id(v) for net in (gan.generator, gan.discriminator) for v in net.trainable]
    assert len(owners) == len(set(owners))
    assert id(kernel) in owners
    assert any(kernel is variable for variable in gan.variables().values())


def test_a_penalty_looks_under_the_classes_of_the_real_images(tiny):
    """R1 of a discriminator whose gradient depends on the class, against one pass by hand."""
    changes = {
        **conditioned("projection"),
        "penalties.r1.weight": 1.0,
        "discriminator.dropout": 0.0,
        "augmentation.policy": "none",
        "discriminator.normalization": "none",
    }
    gan = build(tiny(changes), 1)
    given = real()
    forward = forward_pass(gan, given, COUNTERS)
    _, penalties = discriminator_loss(gan, forward, COUNTERS)

    def r1(labels):
        with tf.GradientTape() as tape:
            tape.watch(given.values)
            logits = gan.discriminator(given.values, RUN._replace(labels=labels))
        gradient = tape.gradient(logits, given.values).numpy()
        return 0.5 * (gradient**2).sum(axis=(1, 2, 3)).mean()

    assert float(penalties["r1"]) == pytest.approx(r1(given.labels), rel=1e-4)
    assert float(penalties["r1"]) != pytest.approx(r1(forward.fake_labels), rel=1e-4)


@pytest.mark.parametrize("name", list(CONDITIONINGS))
def test_joint_batches_keep_each_images_class(tiny, name):
    """Without what couples the images of a batch, real and generated ones are judged as apart."""
    quiet = {
        "discriminator.normalization": "none",
        "discriminator.dropout": 0.0,
        "augmentation.policy": "none",
    }
    given = real() if name != "infogan" else real().values
    apart, joint = (
        forward_pass(
            build(tiny({**conditioned(name), **quiet, "training.batches": kind}), 1),
            given,
            COUNTERS,
        )
        for kind in ("separate", "joint")
    )
    for name in ("real_logits", "fake_logits", "real_features", "fake_features"):
        np.testing.assert_allclose(getattr(apart, name), getattr(joint, name), atol=1e-5)


# --- training


def test_off_it_adds_nothing(tiny):
    """No variable, no draw, no statistic."""
    gan = build(tiny(), 1)
    assert gan.condition is None
    assert gan.terms == {"discriminator": (), "generator": ()}
    assert not any("class" in name or "condition" in name for name in gan.variables())


@pytest.mark.parametrize("name", list(CONDITIONINGS))
def test_the_length_of_calls_changes_no_bit_and_it_is_traced_once(tiny, name):
    config = tiny({**conditioned(name), "training.discriminator_steps": 2})
    gan, loop = train(config, calls=[6])
    whole = weights(gan)
    train(config, calls=[3, 2, 1], loop=loop)
    assert loop.traces == 1
    assert same(whole, weights(gan))


def test_accumulated_parts_take_their_own_labels(tiny):
    """Where nothing couples images, two halves teach together what the whole batch does."""
    quiet = {
        **conditioned("acgan"),
        "generator.normalization": "none",
        "discriminator.normalization": "none",
        "discriminator.dropout": 0.0,
        "augmentation.policy": "none",
    }
    (_, whole), (_, parts) = (
        train_eagerly(tiny({**quiet, "training.accumulation": count}), 2) for count in (1, 2)
    )
    assert parts == [pytest.approx(row, rel=1e-4) for row in whole]


@pytest.mark.slow
@pytest.mark.parametrize("name", list(CONDITIONINGS))
def test_it_goes_with_what_else_a_training_may_be(tiny, name):
    changes = {
        **conditioned(name, every_block=True),
        "generator.hidden_dense": 1,
        "generator.skip_z": True,
        "discriminator.hidden_dense": 1,
        "discriminator.minibatch": "stddev",
        "discriminator.spectral_norm": True,
        "generator.spectral_norm": True,
        "training.precision": "bfloat16",
        "training.update": "alternating",
        "training.members": 2,
        "training.generator_steps": 2,
        "penalties.gradient.weight": 10.0,
    }
    gan, loop = train(tiny(changes), iterations=4)
    assert not loop.diverged
    assert all(math.isfinite(value) for value in loop.read().values())
    assert float(tf.norm(gan.generator.variables["generator/stem/kernel"].value)) > 0


def test_another_number_of_classes_is_another_program(tiny):
    folder = {"data.name": "folder", "data.path": "photos", "augmentation.policy": "none"}
    knobs = flatten(tiny({**folder, **conditioned("concat")}))
    names = {structure({**knobs, "labels.classes": classes}) for classes in (3, 4)}
    assert len(names) == 2


class Judge:
    """Keeps what a generator makes of the evaluation's inputs."""

    identity = "judge"
    count = 20

    def __init__(self):
        self.images, self.inputs = [], []

    def score(self, generate, inputs, with_fid):
        self.inputs.append(inputs)
        self.images.append(generate(inputs))
        return {"kid": 1.0}


@pytest.mark.parametrize("name", ["projection", "infogan"])
def test_a_resumed_training_is_the_same_and_so_are_its_images(tiny, tmp_path, name):
    config = tiny({**conditioned(name), "training.kimg": 0.128, "training.evaluations": 2})
    images = load_images(config.data, tmp_path / "cache")

    def session():
        return Session(config, images, Judge(), Program(config, 1))

    whole = session()
    list(whole.events(lambda: False))
    part, path = session(), tmp_path / "checkpoint.npz"
    list(part.events(lambda: part.iteration >= 3))
    part.save(path)
    rest = session()
    rest.restore(path)
    list(rest.events(lambda: False))
    assert same(weights(whole.gan), weights(rest.gan))
    assert any("counts" in name for name in weights(whole.gan))
    counts = np.bincount(images.train_labels) if name == "projection" else np.ones(10)
    np.testing.assert_array_equal(whole.gan.condition.counts, counts)
    np.testing.assert_array_equal(whole.evaluator.images[-1], rest.evaluator.images[-1])
    for number, inputs in enumerate(whole.evaluator.inputs):
        expected = whole.gan.condition.sampled(20, config.seed, "evaluation", number)
        np.testing.assert_array_equal(inputs.labels, expected)
    np.testing.assert_array_equal(whole.grid(), rest.grid())
    # a kept generator knows the frequencies, so that its images can be made without the data set
    generators = tmp_path / "generators"
    whole.save_generator(generators / "1.npz")
    target = write_samples(config, generators, 40, tmp_path / "samples.npz", tmp_path)
    inputs = sampled_inputs(config.generator, whole.gan.condition, BATCH, config.seed, "export", 0)
    made = np.load(Path(target))["images"]
    difference = made.astype(int) - whole.generate(inputs)[:40]
    assert np.abs(difference).max() <= 1  # compiled or not rounds otherwise
    write_samples(config, generators, 3, tmp_path / "pictures", tmp_path)
    pictures = sorted((tmp_path / "pictures").glob("*.png"))
    assert len(pictures) == 3
    for path, image in zip(pictures, made, strict=False):
        np.testing.assert_array_equal(np.asarray(Image.open(path)), image[..., 0])
    fresh = session()
    fresh.load_generator(generators / "1.npz")
    np.testing.assert_array_equal(fresh.grid(), whole.grid())


def test_a_shared_program_takes_the_frequencies_of_each_trial(tiny, tmp_path):
    """As its seed: the second trial's images are those of a fresh program."""
    config = tiny({**conditioned("concat"), "training.kimg": 0.032, "training.evaluations": 1})
    images = load_images(config.data, tmp_path)
    few = images._replace(
        train=images.train[images.train_labels < 3],
        train_labels=images.train_labels[images.train_labels < 3],
    )
    program = Program(config, 1)
    list(Session(config, few, Judge(), program).events(lambda: False))
    found = []
    for used in (program, Program(config, 1)):
        session = Session(config, images, Judge(), used)
        list(session.events(lambda: False))
        found.append(session)
    assert program.loop.traces == 1
    assert same(*(weights(session.gan) for session in found))
    np.testing.assert_array_equal(*(session.evaluator.images[-1] for session in found))


def test_the_evaluator_gives_every_latent_its_class(tiny, tmp_path):
    config = tiny(conditioned("concat"))
    evaluator = Evaluator(config, load_images(config.data, tmp_path), tmp_path)
    inputs = Labelled(
        np.arange(128, dtype=np.float32)[:, None] * np.ones((1, 16), np.float32),
        np.arange(128, dtype=np.int32) % 10,
    )
    seen = []

    def generate(batch):
        assert batch.values.shape == (BATCH, 16)
        seen.extend(zip(batch.values[:, 0], batch.labels, strict=True))
        return np.zeros((BATCH, 16, 16, 1), np.uint8)

    evaluator.score(generate, inputs, with_fid=False)
    assert seen == [(n, n % 10) for n in range(128)]


@pytest.mark.slow
def test_a_conditional_generator_learns_which_digit_is_which(tiny, tmp_path):
    """The mean image of each class is nearest to the mean real image of that class."""
    config = tiny(
        {
            **conditioned("projection"),
            "generator.width": 32,
            "discriminator.width": 32,
            "training.kimg": 60.0,
            "augmentation.policy": "none",
        }
    )
    images = load_images(config.data, tmp_path)
    session = Session(config, images, Judge(), Program(config, 1))
    list(session.events(lambda: False))
    z = sampled(config.generator, 1000, 0, "test")
    made = session.generate(Labelled(z, np.arange(1000, dtype=np.int32) % 10)).astype(float)
    mine = np.stack([made[c::10].mean(axis=0).ravel() for c in range(10)])
    theirs = np.stack(
        [images.train[images.train_labels == c].mean(axis=0).ravel() for c in range(10)]
    )
    distance = ((mine[:, None] - theirs[None]) ** 2).sum(axis=2)
    assert (distance.argmin(axis=1) == np.arange(10)).sum() >= 9
