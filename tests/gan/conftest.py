"""Cheaper steps for the tests of this folder: most of their time is tracing and compiling."""

import keras
import pytest
import tensorflow as tf

from harness.config.patch import resolve
from tests.conftest import TINY

PLAIN = {"augmentation.policy": "none"}


@pytest.fixture(scope="session")
def tiny():
    """A function that makes a tiny configuration, with changes.

    It augments only where a change names a knob of it: S0's augmentation, which begins at a
    probability of 0, is more than half of a step's operations and does nothing in a few steps.
    """

    def made(changes=None):
        changes = changes or {}
        augments = any(path.startswith("augmentation.") for path in changes)
        return resolve([TINY, {} if augments else PLAIN, changes])

    return made


@pytest.fixture(scope="module", autouse=True)
def grappler():
    """Graphs run as they are traced: improving them takes a quarter of the time of compiling.

    `tests/gan/test_step.py` and all that starts workers have them improved, as users do.
    """
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    yield
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})


@pytest.fixture(scope="session")
def encoder_file(tmp_path_factory):
    """A fixed random projection: an encoder without training."""
    path = tmp_path_factory.mktemp("encoder") / "projection.keras"
    keras.utils.set_random_seed(0)
    layers = [keras.Input((16, 16, 3)), keras.layers.AveragePooling2D(4), keras.layers.Flatten()]
    keras.Sequential([*layers, keras.layers.Dense(12, activation="relu")]).save(path)
    return path
