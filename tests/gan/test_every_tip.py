"""What every tip must stand: its sides train, what is legal together does, what is not is refused.

Driven by the tables, so that a new tip is covered by being registered. Images are noise of 16 px,
networks have four filters, and steps are not compiled: what is tested is that they can be taken.
"""

import math
from collections import Counter
from functools import cache
from itertools import chain, combinations

import numpy as np
import pytest
import tensorflow as tf

from harness.config.catalog import PENALTIES, UPDATES, dataset
from harness.config.identity import key
from harness.config.patch import KNOBS, resolve
from harness.core.errors import HarnessError
from harness.gan.labels.labelled import gathered
from harness.gan.train.batches import Batches
from harness.gan.train.ensemble import Ensemble
from harness.gan.train.loop import Loop
from harness.heuristics import HEURISTICS, Tip
from harness.heuristics.clashes import clash
from harness.plan.drafts import Asked
from harness.plan.factors import FOLLOWING, IGNORING, Factor, Level
from harness.plan.leave_one_out import draft_leave_one_out

pytestmark = pytest.mark.tf
SMALL = {
    "data.name": "cifar10",  # for its three channels, which tips on colour need
    "data.image_size": 16,  # two blocks: what one block has none of would be left out
    "generator.width": 4,
    "generator.noise_size": 8,
    "discriminator.width": 4,
    "training.batch_size": 8,
    "training.kimg": 0.64,
    "training.evaluations": 1,
}
TIPS = [row for row in map(HEURISTICS.__getitem__, HEURISTICS) if isinstance(row, Tip)]
SIDES = {f"{tip.id}={FOLLOWING}": tip.following for tip in TIPS} | {
    f"{tip.id}={IGNORING}": tip.ignoring for tip in TIPS
}

UNGUARDED, FEW = f"epsilon_in_log={IGNORING}", 4
PARTS = 20  # tests that share the sets: how many there are takes long to find


def batches(config):
    shape = (4 * config.training.batch_size, 16, 16, dataset(config.data.name).channels)
    images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    labels = np.arange(len(images)) % config.labels.values if config.labels.of_images else None
    return Batches(images, config.training.batch_size, config.seed, labels=labels)


def finite(statistics):
    """Whether all is finite; a loss that calls no image right or wrong has no accuracies."""
    return all(
        math.isfinite(value) or (name.endswith("_accuracy") and math.isnan(value))
        for name, value in statistics.items()
    )


def take_steps(config, count):
    """Iterations, uncompiled, after which all that was trained and told is finite."""
    gan = Ensemble(config, dataset(config.data.name).channels)
    given, updates = batches(config), config.training.discriminator_steps
    before = [np.asarray(variable) for variable in gan.trainable]
    for iteration in range(count):
        images, indices = given.call(iteration, 1, updates)
        found = gan.iterate(gathered(images, indices[0]), tf.constant(iteration))
        found = {name: float(value) for name, value in found.items()}
        assert finite(found), found
    for name, variable in gan.variables().items():
        assert np.isfinite(np.asarray(variable)).all(), name
    after = [np.asarray(variable) for variable in gan.trainable]
    assert any(not np.array_equal(one, two) for one, two in zip(before, after, strict=True))


@cache
def trained(side):
    take_steps(plain(side), 2)


@cache
def plain(side):
    """On the reference without its augmentation, more than half of the operations of a step, which
    begins at a probability of 0; sides that are about it switch it on."""
    return resolve([SMALL, {"augmentation.policy": "none"}, SIDES[side]])


@cache
def plain_key(side):
    return key(plain(side))


@pytest.mark.parametrize("side", SIDES)
def test_a_side_takes_two_finite_steps(side):
    """On the reference; a tip brings the rest of its recipe itself. The second is from weights
    that the first has moved."""
    # once for all sides that are the same trial, as many are the reference
    trained(next(other for other in SIDES if plain_key(other) == plain_key(side)))


@cache
def key_of(side):
    return key(resolve([SMALL, SIDES[side]]))


def together(sides):
    """Whether sides agree in the knobs that they share, and no rule refuses them."""
    patch = {}
    for side in sides:
        if any(patch.get(path, value) != value for path, value in SIDES[side].items()):
            return False
        patch |= SIDES[side]
    try:
        resolve([SMALL, patch])
    except HarnessError:
        return False
    return True


@cache
def departures():
    """The sides that train otherwise than the reference, one of those that are the same trial."""
    reference = key(resolve([SMALL]))
    return list({key_of(side): side for side in SIDES if key_of(side) != reference}.values())


@cache
def legal():
    """The pairs of departures, by place, that may be trained together."""
    places = combinations(range(len(departures())), 2)
    return {pair for pair in places if together(departures()[place] for place in pair)}


def few_with(alone):
    """Sets that hold one side and `FEW` others at most, such that it meets each that it may."""
    sets = []
    for other in sorted({*chain(*(pair for pair in legal() if alone in pair))} - {alone}):
        for chosen in sets:
            if len(chosen) <= FEW and together(departures()[one] for one in (*chosen, other)):
                chosen.append(other)
                break
        else:
            sets.append([alone, other])
    return [sorted(chosen) for chosen in sets]


@cache
def covering():
    """Sets of sides that are legal together, such that each legal pair is in one of them.

    Greedy: a set begins with a pair not yet covered and takes in the side that covers the most
    new pairs, as long as there is one. Without its guard a logarithm is infinite once many tips
    together saturate the sigmoid, which is what the guard is for: it meets a few others at a time.
    """
    alone = departures().index(UNGUARDED)
    sets = few_with(alone)
    left = {pair for pair in legal() if alone not in pair}
    while left:
        wanted = Counter(place for pair in left for place in pair)
        chosen = list(max(sorted(left), key=lambda pair: sum(wanted[place] for place in pair)))
        candidates = sorted(set(wanted) - set(chosen))
        while candidates:
            news = [sum((*sorted((place, one)),) in left for one in chosen) for place in candidates]
            best = max(range(len(candidates)), key=lambda at: (news[at], wanted[candidates[at]]))
            if not news[best]:
                break
            place = candidates.pop(best)
            if together(departures()[one] for one in (*chosen, place)):
                chosen.append(place)
        left -= set(combinations(sorted(chosen), 2))
        sets.append(sorted(chosen))
    return sets


def test_each_legal_pair_is_covered():
    covered = {pair for chosen in covering() for pair in combinations(chosen, 2)}
    assert covered == legal()
    assert len(covered) > 3000
    assert {place for pair in covered for place in pair} == set(range(len(departures())))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_legal_together_takes_three_finite_steps(part):
    for places in covering()[part::PARTS]:
        chosen = [departures()[place] for place in places]
        print(" ".join(chosen))
        patch = {path: value for side in chosen for path, value in SIDES[side].items()}
        take_steps(resolve([SMALL, patch]), 3)


BOTH = ("generator", "discriminator")
# what the compiled loop is made of: families of networks, update rules, penalties
TRACED = {
    "residual": {f"{owner}.residual": True for owner in BOTH},
    "attention": {f"{owner}.attention": True for owner in BOTH},
    "biggan": {f"{owner}.architecture": "biggan" for owner in BOTH},
    "autoencoder": {"loss.name": "began", "augmentation.policy": "none"},
    "u_net": {"translation.source": "edges"},
    "penalties": {
        path: 1.0
        for path in KNOBS
        if path.startswith("penalties.") and path.rpartition(".")[2].endswith("weight")
    },
    **{update: {"training.update": update} for update in UPDATES},
}
TRACED["variational"] |= {"augmentation.policy": "none"}


def test_every_penalty_is_traced():
    assert {path.split(".")[1] for path in TRACED["penalties"]} == set(PENALTIES)


@pytest.mark.slow
@pytest.mark.parametrize("change", TRACED.values(), ids=list(TRACED))
def test_the_compiled_loop_takes_a_step(change):
    config = resolve([SMALL, change])
    loop = Loop(
        Ensemble(config, dataset(config.data.name).channels), dataset(config.data.name).channels
    )
    images, indices = batches(config).call(0, 1, 1)
    assert loop.run(images, indices, 0) == 1
    assert not loop.diverged
    assert finite(loop.read())


def test_what_is_illegal_together_is_refused_with_the_reason():
    """By the design, which knows no TensorFlow: before any cell is made, let alone trained."""
    refused = 0
    for one, two in combinations(TIPS, 2):
        if not (why := clash(one, two)):
            continue
        with pytest.raises(HarnessError) as error:
            draft_leave_one_out(Asked([factor(one), factor(two)], [one.id, two.id], None, str))
        assert f"{one.id} and {two.id} cannot be followed together" in str(error.value)
        assert why in str(error.value)
        knobs = [path for path in KNOBS if path in why]
        assert knobs, why
        refused += 1
    assert refused > 100


def factor(tip):
    levels = Level(FOLLOWING, tip.following), Level(IGNORING, tip.ignoring)
    return Factor(tip.id, tip.title, levels, tip)
