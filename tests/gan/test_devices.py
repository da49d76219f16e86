"""What TensorFlow is told before it is imported, and what a program may keep on a device."""

import os
import runpy
import subprocess
import sys

import pytest
import tensorflow as tf

from harness import gan
from harness.gan import devices
from harness.gan.train.ensemble import Ensemble
from harness.gan.train.loop import Loop

pytestmark = pytest.mark.tf
SWITCH = "TF_ENABLE_ONEDNN_OPTS"
SAY = "from harness.gan import devices; print(devices.configure(1)['onednn'])"


def said(setting):
    """What a fresh process records, and whether TensorFlow itself says that it uses oneDNN."""
    done = subprocess.run(
        [sys.executable, "-c", SAY],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "0", **setting},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip(), "oneDNN custom operations are on" in done.stderr


def test_onednn_is_on_unless_it_is_refused_and_recorded(monkeypatch):
    """What is on is asked of this process, which imported `harness.gan` before TensorFlow."""
    here = os.environ[SWITCH] != "0"
    for part in ("intra", "inter"):  # too late for both where TensorFlow runs already
        monkeypatch.setattr(
            tf.config.threading, f"set_{part}_op_parallelism_threads", lambda threads: None
        )
    assert devices.configure(1)["onednn"] is here
    other = "0" if here else "1"
    assert said({SWITCH: other}) == (str(not here), not here)


@pytest.mark.parametrize(("given", "left"), [(None, "1"), ("0", "0"), ("1", "1")])
def test_importing_switches_onednn_on_unless_the_user_has_chosen(monkeypatch, given, left):
    monkeypatch.delenv(SWITCH, raising=False)
    if given:
        monkeypatch.setenv(SWITCH, given)
    runpy.run_path(gan.__file__)
    assert os.environ[SWITCH] == left


def test_a_program_has_no_int32_variable(tiny):
    """TensorFlow places int32 variables on the CPU even where there is a GPU, and a program that
    XLA compiles for the GPU then fails at the first of them (seen with TensorFlow 2.21)."""
    config = tiny(
        {
            "training.replay": 0.25,
            "training.replay_size": 32,
            "training.accumulation": 2,
            "optimizer.discriminator.name": "rmsprop",
        }
    )
    made = []

    def noted(create, **options):
        made.append(create(**options))
        return made[-1]

    with tf.variable_creator_scope(noted):  # whatever is made for it, though nothing lists it
        Loop(Ensemble(config, 1), 1)
    assert {variable.name.rpartition("/")[2].partition(":")[0] for variable in made} >= {
        "streams",
        "filled",
    }
    assert [variable.name for variable in made if variable.dtype == tf.int32] == []
