"""Every tip's two sides train, and so does every pair of tips that can be followed together."""

import math
from itertools import combinations

import numpy as np
import pytest
import tensorflow as tf

from harness.catalog import dataset
from harness.config.identity import key
from harness.config.patch import resolve
from harness.errors import HarnessError
from harness.gan.train.ensemble import Ensemble
from harness.heuristics import HEURISTICS, Tip

pytestmark = pytest.mark.tf
TIPS = [row for row in (HEURISTICS[name] for name in HEURISTICS) if isinstance(row, Tip)]
SMALL = {
    "data.name": "cifar10",
    "data.image_size": 16,
    "generator.width": 4,
    "generator.noise_size": 8,
    "discriminator.width": 4,
    "training.batch_size": 8,
    "training.kimg": 1.0,
    "training.evaluations": 1,
}


def config(*patches):
    """Tiny, but for what the tips themselves say of sizes."""
    return resolve([SMALL, *({**patch, **_small(patch)} for patch in patches)])


def _small(patch):
    """Batches and budgets that only cost time are left as they are in a relation to each other."""
    shrunk = {"training.batch_size": 8, "training.kimg": 1.0, "generator.noise_size": 8}
    return {path: shrunk[path] for path in patch.keys() & shrunk.keys()}


def trains(of):
    """Three steps, uncompiled: whether all losses and weights stay finite."""
    ensemble, channels = Ensemble(of, dataset(of.data.name).channels), 3
    training = of.training
    shape = (training.discriminator_steps, training.batch_size, 16, 16, channels)
    for iteration in range(3):
        real = np.random.default_rng(iteration).integers(0, 256, shape, np.uint8)
        statistics = ensemble.iterate(tf.constant(real), tf.constant(iteration))
        losses = [float(statistics[f"{owner}_loss"]) for owner in ("generator", "discriminator")]
        if not all(math.isfinite(loss) for loss in losses):
            return False
    return all(np.isfinite(np.asarray(value)).all() for value in ensemble.trainable)


KNOWN = {}


@pytest.mark.parametrize("tip", TIPS, ids=lambda tip: tip.id)
def test_both_sides_take_three_finite_steps(tip):
    for side in (tip.following, tip.ignoring):
        of = config(side)
        if key(of) not in KNOWN:  # sides that are the default are trained once
            KNOWN[key(of)] = trains(of)
        assert KNOWN[key(of)]


def covering_pairs():
    """Pairs of tips that can be followed together, so few that each tip is in one at least."""
    left, pairs = {tip.id for tip in TIPS}, []
    for one, two in combinations(TIPS, 2):
        if not {one.id, two.id} <= left or one.following.keys() & two.following.keys():
            continue
        try:
            config(one.following, two.following)
        except HarnessError:
            continue
        pairs.append((one, two))
        left -= {one.id, two.id}
    return pairs


@pytest.mark.slow
@pytest.mark.parametrize("pair", covering_pairs(), ids=lambda pair: f"{pair[0].id}+{pair[1].id}")
def test_tips_train_in_pairs(pair):
    assert trains(config(*(tip.following for tip in pair)))
