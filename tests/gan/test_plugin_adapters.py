"""What plug-ins give to training and scoring: taken as our own is, or refused with its name."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from harness.config.catalog import DATASETS, ENCODERS, LOSSES
from harness.config.patch import flatten
from harness.config.plugins import activate, imported
from harness.config.trial import DataConfig
from harness.core import plugins
from harness.core.errors import HarnessError
from harness.execution.worker.probe import try_plugins
from harness.gan.data import load_images
from harness.gan.evaluate import Evaluator
from harness.gan.losses import Game
from harness.gan.models import discriminator, generator
from harness.gan.train.events import Scores
from harness.gan.train.session import Session
from tests.plugin_files import MODULE
from tests.training import same, train, train_eagerly, weights

pytestmark = pytest.mark.tf
OWN = {
    "data.name": "stripes",
    "evaluation.encoder": "pool",
    "evaluation.protocol": "subsets",
    "evaluation.samples": None,
    "evaluation.subset_size": 16,
    "loss.name": "shifted",
    "penalties.brightness.weight": 0.5,
    "generator.architecture": "plain",
    "discriminator.architecture": "plain",
    "training.evaluations": 2,
}


@pytest.fixture
def module(tmp_path):
    """A function that activates the module of all kinds, some of its text replaced."""

    def active(*changes):
        text = MODULE
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        file = tmp_path / "own.py"
        file.write_text(text)
        activate([imported(file)])

    yield active
    plugins.activate([])


def test_a_training_of_nothing_but_plug_ins_is_scored_and_repeats(module, tiny, tmp_path):
    from harness.gan.train.program import Program

    module()
    config = tiny(OWN)
    images = load_images(config.data, tmp_path)
    assert images.train.shape == (64, 16, 16, 1)
    assert images.facts["train"]["by_class"] == {"0": 16, "1": 16, "2": 16, "3": 16}
    evaluator = Evaluator(config, images, tmp_path)
    program = Program(config, 1)

    def run():
        session = Session(config, images, evaluator, program)
        events = list(session.events(lambda: False))
        return [e.values["kid"] for e in events if isinstance(e, Scores)], weights(session.gan)

    kids, first = run()
    again, second = run()
    assert kids == again
    assert len(set(kids)) == 3
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert "generator/plain_0/kernel" in first
    assert "pool.16" in evaluator.identity


def test_its_loss_and_penalty_are_those_that_are_minimised(module, tiny):
    module()
    config = tiny({"loss.name": "shifted"})
    penalised = tiny({"loss.name": "shifted", "penalties.brightness.weight": 0.5})
    loss = LOSSES.load("shifted")
    real, fake = tf.constant([[3.0], [1.0]]), tf.constant([[-2.0], [0.0]])
    assert float(loss.discriminator(real, fake, Game())) == 1.0 + 2.0
    assert float(loss.generator(real, fake, Game())) == (16 + 4) / 2
    assert [float(share) for share in loss.accuracies(real, fake)] == [1.0, 0.75]
    _, [plain] = train_eagerly(config, 1)
    _, [with_penalty] = train_eagerly(penalised, 1)
    assert with_penalty["brightness_penalty"] > 0
    assert with_penalty["discriminator_loss"] == pytest.approx(
        plain["discriminator_loss"] + 0.5 * 0.5 * with_penalty["brightness_penalty"], rel=1e-5
    )


def test_its_networks_begin_by_the_seed_and_compile_as_they_run(module, tiny):
    module()
    own = {key: value for key, value in OWN.items() if "architecture" in key}
    config = tiny(own)
    eager, _ = train_eagerly(config, 2)
    compiled, _ = train(config, 2)
    for name, value in weights(eager).items():
        np.testing.assert_allclose(value, weights(compiled)[name], atol=2e-4, err_msg=name)
    other, _ = train_eagerly(config.model_copy(update={"seed": 1}), 1)
    assert not same(weights(eager), weights(other))
    assert generator(config, 1).output_shape == (16, 16, 1)
    assert discriminator(config, 1, None).output_shape == (1,)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("return tf.reduce_mean(tf.square(fake - 2.0))", "return tf.square(fake - 2.0)",
         r"own.py, losses: shifted: generator must give a scalar of float32, shape \(\); for 4 "
         r"logits it gives float32 of shape \(4, 1\): is a mean missing"),
        ("return tf.reduce_mean(tf.square(fake - 2.0))", "return tf.math.log(tf.constant(-1.0))",
         "losses: shifted: generator gives nan"),
        ("return tf.reduce_mean(tf.square(fake - 2.0))", "return tf.reduce_mean(real)",
         "generator is no differentiable function of generated images' logits"),
        ("return tf.reduce_mean(tf.square(fake - 2.0))", "return fake.absent",
         "losses: shifted: generator fails: AttributeError"),
        ("return tf.reduce_mean(tf.square(fake - 2.0))", "return 'much'", "generator must give a"),
        ("def raised(real, fake, game)", "def raised(real, fake)", "generator fails: TypeError"),
    ],
)  # fmt: skip
def test_a_loss_that_is_none(module, old, new, message):
    module((old, new))
    with pytest.raises(HarnessError, match=message):
        LOSSES.load("shifted")


def test_a_penalty_that_gives_no_scalar(module, tiny):
    module(("tf.reduce_mean(seen.fake) -", "seen.fake -"))
    config = tiny({"penalties.brightness.weight": 0.5})
    with pytest.raises(HarnessError, match=r"penalties: brightness: .* of shape \(16, 16, 16, 1\)"):
        train_eagerly(config, 1)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("images.astype(np.uint8)", "images / 255", r"uint8, \(N, 16, 16, 1\); it gives float64"),
        ("axis=2)", "axis=2)[:, 1:]", r"it gives uint8 of shape \(64, 15, 16, 1\)|\(64, 15,"),
        ("np.arange(count) % 4", "np.arange(count)", "labels go from 0 to 3; it gives 63"),
        ("np.arange(count) % 4", "None", "gives labels where `classes` says how many"),
        ("np.arange(count) % 4", "np.ones(3, int)", r"whole numbers, \(64,\); it gives int64"),
        ("classes=4", "classes=4, splits={'train': 60, 'test': 32}",
         "gives 64 images, and `splits` says 60"),
        ("[split]\n    phase", "['trai']\n    phase", "fails: KeyError"),
    ],
)  # fmt: skip
def test_a_data_set_that_is_none(module, tmp_path, old, new, message):
    module((old, new))
    load = DATASETS.load("stripes")
    source = load(DataConfig(name="stripes", image_size=16), tmp_path)
    with pytest.raises(HarnessError, match=f"own.py, datasets: stripes: load.*{message}"):
        next(source.train.batches(None))


def test_a_split_that_a_data_set_does_not_have(module, tmp_path):
    module()
    data = DataConfig(name="stripes", image_size=16, train_split="trian")
    with pytest.raises(HarnessError, match="unknown split 'trian'; did you mean 'train'"):
        next(DATASETS.load("stripes")(data, tmp_path).train.batches(None))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("keras.layers.Dense(image_size * image_size * channels)",
         "keras.layers.Dense(image_size * 8 * channels)", "the generator fails"),
        ("(image_size, image_size, channels)),\n    ])\n\n\ndef make_disc",
         "(image_size * image_size, channels)),\n    ])\n\n\ndef make_disc",
         r"the generator must make \(2, 16\) into \(2, 16, 16, 1\); it makes \(2, 256, 1\)"),
        ("keras.layers.Dense(4 * 4", "keras.layers.Dropout(0.5), keras.layers.Dense(4 * 4",
         "the generator holds .*which no seed could give its first value"),
        ("make_generator(inputs, image_size", "make_generator(image_size",
         "the generator fails: TypeError"),
    ],
)  # fmt: skip
def test_a_network_that_is_none(module, tiny, old, new, message):
    module((old, new))
    config = tiny({"generator.architecture": "plain"})
    with pytest.raises(HarnessError, match=f"own.py, networks: plain: {message}"):
        generator(config, 1)


def test_an_encoder_that_gives_no_features(module, tiny, tmp_path):
    module(("* 8.0", "[0] * 8.0"))
    config = tiny(OWN)
    build = ENCODERS.load("pool")
    with pytest.raises(HarnessError, match=r"encoders: pool: must give features \(N, d\)"):
        build(config.data, config.evaluation, tmp_path)


PROBES = {
    "loss": ({"loss.name": "shifted"}, "return tf.reduce_mean(tf.square(fake - 2.0))",
             "return tf.square(fake - 2.0)", "losses: shifted: generator must give a scalar"),
    "penalty": ({"penalties.brightness.weight": 0.5}, "return tf.square(tf.reduce_mean(seen.fake)",
                "return seen.absent * (tf.reduce_mean(seen.fake)", "the penalty fails"),
    "network": ({"generator.architecture": "plain"}, "Dense(image_size * image_size * channels)",
                "Dense(image_size)", "networks: plain: the generator fails"),
}  # fmt: skip


@pytest.mark.parametrize("kind", PROBES)
def test_what_a_plan_plugs_in_is_tried_before_any_trial(module, tiny, kind):
    changes, old, new, message = PROBES[kind]
    module()
    cells = [tiny({}), tiny(changes)]
    plan = SimpleNamespace(
        plugins=object(), cells=[SimpleNamespace(config=flatten(one)) for one in cells]
    )
    try_plugins(plan)
    module((old, new))
    with pytest.raises(HarnessError, match=message):
        try_plugins(plan)
