"""Image-to-image translation: its sources, its U-Net, its loss, its scores."""

import shutil

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from harness.config.identity import metric_request
from harness.config.runtime import Runtime
from harness.core.errors import HarnessError
from harness.execution.worker.trial import Context
from harness.gan.data import load_images
from harness.gan.evaluate import Evaluator
from harness.gan.losses import Game
from harness.gan.models.network import GENERATION, Pass
from harness.gan.random import Counters
from harness.gan.sampling import write_samples
from harness.gan.train.forward import forward_pass
from harness.gan.train.objectives import generator_loss
from harness.gan.train.program import Programs
from harness.gan.train.session import GRID, Session
from harness.gan.train.state import build
from harness.gan.translation import edges, grey
from tests.training import PROGRAMS

pytestmark = pytest.mark.tf
EDGES = {"translation.source": "edges"}
COUNTERS = Counters(tf.constant(0), 0)


@pytest.fixture
def program(tiny):
    """Compiled once, and reset by every session."""
    return PROGRAMS.get(tiny(EDGES))


def images(count=16):
    return tf.random.stateless_uniform((count, 16, 16, 1), [1, 2])


def test_grey_is_the_usual_weighted_sum():
    colour = np.random.default_rng(0).random((2, 4, 4, 3)).astype(np.float32)
    expected = colour @ np.array([0.2989, 0.587, 0.114], np.float32)
    np.testing.assert_allclose(grey(colour)[..., 0], expected, atol=1e-5)


def test_edges_are_the_length_of_sobels_gradient():
    step = np.zeros((1, 8, 8, 3), np.float32)
    step[:, :, 4:] = 1.0  # black and white meet between columns 3 and 4
    found = edges(step)[0, :, :, 0].numpy()
    np.testing.assert_allclose(found[:, 3:5], 1.0, atol=1e-5)
    np.testing.assert_allclose(found[:, [0, 1, 2, 5, 6, 7]], 0.0, atol=1e-5)
    np.testing.assert_allclose(edges(0.25 * step)[0, :, 3, 0], 0.25, atol=1e-5)
    turned = edges(np.transpose(step, (0, 2, 1, 3)))[0, :, :, 0]
    np.testing.assert_allclose(turned, found.T, atol=1e-5)


def test_the_unet_has_s3s_blocks_and_reads_its_mirror_images(tiny):
    gan = build(tiny(EDGES), 1)
    names = [part.name for part in gan.generator.parts]
    assert names == [
        "down_1", "down_1_activation",  # no normalisation in the first
        "down_2", "down_2_norm", "down_2_activation",
        "down_3", "down_3_norm", "down_3_activation",
        "down_4",  # nothing after the last of the encoder
        "up_1", "up_1_norm", "up_1_activation", "up_1_dropout",
        "up_2", "up_2_norm", "up_2_activation", "up_2_dropout",
        "up_3", "up_3_norm", "up_3_activation", "up_3_dropout",
        "up_4", "output",
    ]  # fmt: skip
    inputs = {
        name: gan.generator.variables[f"generator/{name}/kernel"].shape[-1]
        for name in ("up_1", "up_2", "up_3", "up_4")
    }
    assert inputs == {"up_1": 8, "up_2": 16, "up_3": 16, "up_4": 16}
    # what the outermost encoder block gives reaches the last decoder block by itself
    source = edges(images())
    before = gan.generator(source, GENERATION)
    kernel = gan.generator.variables["generator/up_4/kernel"]
    kernel.assign(tf.concat([kernel[..., :8], tf.zeros_like(kernel[..., 8:])], axis=3))
    assert not np.allclose(before, gan.generator(source, GENERATION))


def test_its_noise_is_dropout_in_training_alone(tiny):
    gan = build(tiny(EDGES), 1)
    source = edges(images())
    one, two = (gan.generator(source, Pass(True, tf.constant([0, n]))) for n in (1, 2))
    assert not np.allclose(one, two)
    np.testing.assert_array_equal(
        gan.generator(source, GENERATION), gan.generator(source, GENERATION)
    )


def test_the_discriminator_sees_pairs_that_are_augmented_as_one(tiny):
    config = tiny({**EDGES, "augmentation.policy": "fixed", "augmentation.probability": 1.0})
    gan, real = build(config, 1), images()
    forward = forward_pass(gan, real, COUNTERS)
    assert forward.real.shape == forward.fake.shape == (16, 16, 16, 2)
    # mirroring and shifting by whole pixels move source and image to the same places
    plain = forward_pass(build(tiny({**EDGES, "augmentation.policy": "none"}), 1), real, COUNTERS)
    np.testing.assert_array_equal(plain.real[..., :1], real)
    np.testing.assert_allclose(plain.real[..., 1:], edges(real), atol=1e-6)
    still = {f"augmentation.{name}": 0.0 for name in ("rotation", "zoom", "translation")}
    forward = forward_pass(
        build(
            tiny(
                {**EDGES, **still, "augmentation.policy": "fixed", "augmentation.probability": 1.0}
            ),
            1,
        ),
        real,
        COUNTERS,
    )
    for found, given in zip(forward.real.numpy(), plain.real.numpy(), strict=True):
        assert np.allclose(found, given, atol=1e-5) or np.allclose(found, given[:, ::-1], atol=1e-5)


def test_the_generator_is_drawn_to_the_target_by_l1(tiny):
    gan = build(tiny({**EDGES, "translation.l1_weight": 7.0, "augmentation.policy": "none"}), 1)
    real = images()
    forward = forward_pass(gan, real, COUNTERS)
    difference = np.abs(forward.real[..., :1].numpy() - forward.fake[..., :1].numpy()).mean()
    assert float(forward.difference) == pytest.approx(difference, rel=1e-5)
    loss, _ = generator_loss(gan, forward, COUNTERS)
    plain = float(gan.loss.generator(forward.real_logits, forward.fake_logits, Game()))
    assert float(loss) == pytest.approx(plain + 7 * difference, rel=1e-5)


def test_it_is_scored_on_the_validation_images_under_a_name_of_its_own(tiny, program, cache):
    config, other = tiny(EDGES), tiny()
    assert metric_request(config) != metric_request(other)
    known = load_images(config.data, cache)
    evaluator = Evaluator(config, known, cache)
    assert evaluator.identity.endswith(".edges")
    assert evaluator.identity.removesuffix(".edges") == Evaluator(other, known, cache).identity
    # a perfect translation has no error, and its images are the reference itself
    perfect = evaluator.score_translation(lambda real: real, False)
    assert perfect["l1"] == 0.0
    assert perfect["coverage"] == 1.0
    black = evaluator.score_translation(np.zeros_like, False)
    real = np.concatenate([evaluator.reference(at, 128) for at in range(0, evaluator.count, 128)])
    assert black["l1"] == pytest.approx(real.mean() / 255, rel=1e-5)
    assert black["kid"] > perfect["kid"]
    session = Session(config, known, evaluator, program)
    pairs = session.grid().reshape(GRID // 2, 2, 16, 16, 1)
    real = evaluator.reference(0, GRID // 2)
    # pairs as a row shows them: a source, and to its right what is made of it
    np.testing.assert_allclose(pairs[:, 0], 255 * edges(real / np.float32(255)), atol=0.51)
    np.testing.assert_array_equal(pairs[:, 1], session.generate(session.program.sources(real)))
    events = list(session.events(lambda: False))
    rows = [event.values for event in events if type(event).__name__ == "Scores"]
    assert len(rows) == config.training.evaluations + 1
    assert rows[-1]["l1"] < rows[0]["l1"]


def test_samples_are_translations_of_validation_images_beside_their_sources(
    tiny, program, cache, tmp_path
):
    config = tiny(EDGES)
    known = load_images(config.data, cache)
    session = Session(config, known, Evaluator(config, known, cache), program)
    session.save_generator(tmp_path / "generators" / "1.npz")

    def written(count, name):
        return write_samples(config, tmp_path / "generators", count, tmp_path / name, cache=cache)

    arrays = np.load(written(200, "samples.npz"))
    sources = session.program.sources(known.validation[:200])
    np.testing.assert_allclose(arrays["sources"], 255 * sources, atol=0.51)
    made = arrays["images"].astype(int)
    assert np.abs(made - session.generate(sources)).max() <= 1  # compiled or not rounds otherwise
    folder = written(3, "samples")
    for number, file in enumerate(sorted(folder.glob("*.png"))):
        shown = np.asarray(Image.open(file))
        assert shown.shape == (16, 32)
        np.testing.assert_array_equal(shown[:, :16], arrays["sources"][number, ..., 0])
        np.testing.assert_array_equal(shown[:, 16:], arrays["images"][number, ..., 0])
    with pytest.raises(HarnessError, match=r"--count 1000: .*digits has 899"):
        written(1000, "more.npz")


def test_a_worker_keeps_its_metric_apart_from_that_of_other_trials(tiny, cache, tmp_path):
    runtime = Runtime(tmp_path / "runs", tmp_path / "reports", tmp_path, tracking="off")
    shutil.copytree(cache, runtime.cache)
    context = Context({}, runtime, {}, Programs(), lambda: False)
    plain, edged = (context.evaluator(tiny(changes)) for changes in ({}, EDGES))
    assert edged.identity == f"{plain.identity}.edges"
    assert edged.spec["request"] == metric_request(tiny(EDGES))
    assert context.evaluator(tiny()) is plain


@pytest.mark.parametrize(
    "changes",
    [
        {"translation.source": "grey"},
        {**EDGES, "loss.name": "began", "augmentation.policy": "none"},
        {**EDGES, "augmentation.brightness": 0.5},
        {**EDGES, "training.update": "variational", "augmentation.policy": "none"},
    ],
)
def test_what_means_nothing_is_refused(tiny, changes):
    with pytest.raises(HarnessError, match="clashes"):
        tiny(changes)
