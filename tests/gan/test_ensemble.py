"""Several GANs in one trial: each is a training of its own, and they make images together."""

import numpy as np
import pytest
import tensorflow as tf

from harness.gan.data import Images
from harness.gan.latents import sampled
from harness.gan.models.network import GENERATION
from harness.gan.train import step
from harness.gan.train.batches import Batches
from harness.gan.train.ensemble import Ensemble, member
from harness.gan.train.events import Scores
from harness.gan.train.session import Session
from harness.gan.train.state import build
from tests.training import PROGRAMS, images, train

pytestmark = pytest.mark.tf


def arrays(variables):
    return {name: np.asarray(tf.convert_to_tensor(value)) for name, value in variables.items()}


def test_each_member_is_a_training_of_its_own_with_a_share_of_the_budget(tiny):
    """Iterations 0 and 2 are the first member's, 1 and 3 the second's."""
    config = tiny({"training.members": 2})
    batches = Batches(images(), 16, config.seed)
    _, loop = train(config, 4)
    assert not loop.diverged
    for number, gan in enumerate(loop.gan.members):
        alone = build(member(config, number), 1)
        for turn in range(2):
            chosen = batches.indices(2 * turn + number)
            step.iterate(alone, tf.constant(images()[chosen])[tf.newaxis], tf.constant(turn))
        for name, value in arrays(alone.variables()).items():
            found = np.asarray(tf.convert_to_tensor(gan.variables()[name]))
            np.testing.assert_allclose(found, value, rtol=2e-4, atol=2e-5, err_msg=name)
    seeds = {member(config, number).seed for number in range(2)}
    assert len(seeds) == 2
    assert config.seed in seeds
    assert member(config, 1).iterations == config.iterations // 2


def test_calls_of_any_length_give_the_same_bits(tiny):
    config = tiny({"training.members": 2})
    found = []
    for lengths in ((7,), (3, 3, 1)):
        _, loop = train(config, calls=lengths)
        found.append(arrays({**loop.gan.variables(), **loop.variables()}))
    assert loop.traces == 1
    for name, value in found[0].items():
        np.testing.assert_array_equal(value, found[1][name], err_msg=name)


def test_the_images_of_a_batch_are_made_in_turn(tiny):
    ensemble = Ensemble(tiny({"training.members": 3}), 1)
    latents = tf.random.stateless_normal((8, 16), [1, 2])
    made = ensemble.average(latents, GENERATION).numpy()
    for number, image in enumerate(made):
        alone = ensemble.members[number % 3].average(latents, GENERATION)[number]
        np.testing.assert_array_equal(image, alone)
    assert len(ensemble.average.variables) == 3 * len(ensemble.members[0].average.variables)
    assert ensemble.parameters()["generator"] == 3 * ensemble.members[0].generator.parameters()[0]


class Judge:
    """Scores by the mean brightness of the first image."""

    count = 20

    def score(self, generate, inputs, with_fid):
        return {"kid": float(generate(inputs)[0].mean())}

    def score_untrained(self, generate, inputs):
        return self.score(generate, inputs, with_fid=False)


@pytest.mark.parametrize("members", [1, 2])
def test_each_member_is_scored_alone_beside_all_of_them_where_the_objective_looks(tiny, members):
    changes = {"training.kimg": 0.192, "training.evaluations": 6, "data.name": "digits"}
    config = tiny({**changes, "training.members": members})
    known = Images(images(), images(), None, None, "", (), {}, None, "")
    session = Session(config, known, Judge(), PROGRAMS.get(config))
    rows = [e.values for e in session.events(lambda: False) if isinstance(e, Scores)]
    assert len(config.final_iterations) == 2
    for row in rows:
        known_alone = members > 1 and row["iteration"] in config.final_iterations
        assert ("member_kids" in row) == ("member_kid" in row) == known_alone
    if members == 1:
        return
    last = rows[-1]
    inputs = sampled(config.generator, Judge.count, config.seed, "evaluation", len(rows) - 1)
    for gan, kid in zip(session.gan.members, last["member_kids"], strict=True):
        alone = 255 * gan.average(tf.constant(inputs), GENERATION).numpy()[0].mean()
        assert kid == pytest.approx(alone, abs=0.5)
    assert last["member_kid"] == pytest.approx(np.mean(last["member_kids"]))
    # all of them: the first image is the first member's
    assert last["kid"] == pytest.approx(last["member_kids"][0])
    assert last["member_kids"][0] != last["member_kids"][1]


def test_every_variable_has_one_name_and_one_owner(tiny):
    one, three = Ensemble(tiny(), 1), Ensemble(tiny({"training.members": 3}), 1)
    assert three.variables().keys() > one.variables().keys()
    values = three.variables().values()
    assert len({id(value) for value in values}) == len(values) == 3 * len(one.variables())
