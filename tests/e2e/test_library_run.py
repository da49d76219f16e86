"""A study from Python with real workers: interrupted, continued, reported without a study file."""

import os
import signal
import subprocess
import sys
import time

import pytest

pytestmark = [pytest.mark.tf, pytest.mark.slow]
SCRIPT = """
import numpy as np
from PIL import Image
import harness as h

study = h.Study(
    "From Python",
    tips=["one_sided_label_smoothing"],
    baseline={"data.name": "digits", "data.image_size": 16, "generator.width": 8,
              "discriminator.width": 8, "training.batch_size": 16, "training.kimg": 3.2,
              "training.evaluations": 5, "evaluation.samples": 256, "evaluation.subset_size": 128},
    design="one_at_a_time",
    seeds=2,
)
run = study.plan().run(workers=1)
trial = run.trial("one_sided_label_smoothing=on", seed=1)
generator = trial.generator()
made = np.rint(np.asarray(generator(generator.latents(36))) * 255).astype("uint8")
tiles = made[..., 0].reshape(6, 6, 16, 16).transpose(0, 2, 1, 3).reshape(96, 96)
print("the pixels of its grid:", np.array_equal(tiles, np.asarray(Image.open(trial.samples[-1]))))
"""


@pytest.fixture
def start(tmp_path):
    """Start Python in a folder without studies, in a session of its own."""
    (tmp_path / "script.py").write_text(SCRIPT)
    environment = {**os.environ, "WANDB_MODE": "disabled"}

    def go(*arguments):
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    return go


def test_a_study_from_python_is_continued_after_an_interrupt(start, tmp_path):
    process = start("script.py")
    end = time.monotonic() + 240
    while not list(tmp_path.glob("runs/trials/*/metrics.jsonl")) and process.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=300)
    assert "KeyboardInterrupt: stopped; what was trained is kept" in output
    assert (tmp_path / "reports/from_python/index.html").is_file()
    process, output = finished(start("script.py"))
    assert process.returncode == 0, output
    assert "the pixels of its grid: True" in output
    results = list(tmp_path.glob("runs/trials/*/result.json"))
    assert len(results) == 4
    (tmp_path / "reports/from_python/index.html").unlink()
    process, output = finished(start("-m", "harness", "report", "from_python"))
    assert process.returncode == 0, output
    assert (tmp_path / "reports/from_python/index.html").is_file()


def finished(process):
    output, _ = process.communicate(timeout=300)
    return process, output
