"""Configurations with class labels, and labelled images, for the tests beside this file."""

import numpy as np
import tensorflow as tf

from harness.config.catalog import CONDITIONINGS
from harness.gan.labels.labelled import Labelled
from harness.gan.models.network import Pass
from harness.gan.random import Counters

COUNTERS = Counters(tf.constant(0), 0)
RUN = Pass(True, tf.constant([0, 0]))
WITH_LABELS = [name for name in CONDITIONINGS if CONDITIONINGS[name].labels]
LABELS = np.arange(16) % 10


def conditioned(name, **changes):
    return {"labels.conditioning": name, **{f"labels.{k}": v for k, v in changes.items()}}


def real(labels=LABELS):
    pixels = np.random.default_rng(0).random((len(labels), 16, 16, 1), np.float32)
    return Labelled(tf.constant(pixels), tf.constant(labels, tf.int32))


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

    def score_untrained(self, generate, inputs):
        return self.score(generate, inputs, with_fid=False)
