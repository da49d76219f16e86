"""What TensorFlow is told before it is imported."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.tf
SAY = "from harness.gan import devices; print(devices.configure(1)['onednn'])"


def said(setting):
    """What a fresh process records, and whether TensorFlow itself says that it uses oneDNN."""
    settings = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "0"}
    settings.pop("TF_ENABLE_ONEDNN_OPTS", None)
    done = subprocess.run(
        [sys.executable, "-c", SAY],
        env=settings | setting,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip(), "oneDNN custom operations are on" in done.stderr


def test_onednn_is_on_unless_it_is_refused_and_recorded():
    assert said({}) == ("True", True)
    assert said({"TF_ENABLE_ONEDNN_OPTS": "0"}) == ("False", False)
