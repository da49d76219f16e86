"""Short trainings on noise images, for tests of what a step does."""

import numpy as np
import tensorflow as tf

from harness.gan.labels.labelled import gathered
from harness.gan.train import step as steps
from harness.gan.train.batches import Batches
from harness.gan.train.program import Programs
from harness.gan.train.state import build

PROGRAMS = Programs()  # compiled once for all tests of a process; each training begins with a reset


def images(count=64, size=16, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 1), dtype=np.uint8)


def labels_of(config):
    """Of noise images, in turn, where labels are used."""
    return np.arange(64) % config.labels.values if config.labels.of_images else None


def batches_of(config):
    """Noise images, labelled where labels are used."""
    shown = images(size=config.data.image_size)
    return Batches(shown, config.training.batch_size, config.seed, labels=labels_of(config))


def train(config, iterations=3, calls=None):
    """Train on noise images; the network, and the loop with statistics over all iterations.

    Both are those of every other training of this structure: the next one resets them.
    """
    program = PROGRAMS.get(config)
    program.reset(config)
    loop, batches = program.loop, batches_of(config)
    first = 0
    for count in calls or [iterations]:
        call = batches.call(first, count, config.training.discriminator_steps)
        first += loop.run(*call, first)
    return loop.gan.members[0], loop


def train_eagerly(config, iterations=3, first=0, gan=None):
    """The same without compiling; the network, and the statistics of each iteration."""
    gan = gan or build(config, 1)
    batches = batches_of(config)
    found = []
    for iteration in range(first, first + iterations):
        chosen, indices = batches.call(iteration, 1, config.training.discriminator_steps)
        real = gathered(chosen, indices[0])
        found.append(steps.iterate(gan, real, tf.constant(iteration)))
    return gan, [{name: float(value) for name, value in one.items()} for one in found]


def weights(gan):
    return {name: np.asarray(tf.convert_to_tensor(v)) for name, v in gan.variables().items()}


def same(one, two):
    assert one.keys() == two.keys()
    return all(np.array_equal(one[name], two[name]) for name in one)
