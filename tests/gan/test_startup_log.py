"""What a verb that imports TensorFlow prints of it: nothing."""

import os
import subprocess
import sys
from pathlib import Path

CODE = """
from harness.core.quiet import without_log
with without_log():
    import harness.gan.sampling
import tensorflow as tf
tf.config.list_physical_devices()
tf.zeros(1)
"""


def test_tensorflow_starts_without_a_word():
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)
    command = [sys.executable, "-W", "ignore", "-c", CODE]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
