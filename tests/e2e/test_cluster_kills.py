"""Twenty random deaths on a real Ray cluster: nothing is lost, nothing is trained twice.

The trials only wait and write (`tests.light`); everything else is as in a study.
"""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.runs.status import Status
from harness.runs.trial import Trial
from tests.e2e.nodes import Cluster, until
from tests.light import STEPS

pytest.importorskip("ray", reason="the extra `cluster` is not installed")
ROOT = Path(__file__).parents[2]
STUDY = """title: A study
question: Q?
baseline: {data.name: digits, data.image_size: 16, training.batch_size: 16, training.kimg: 4,
  training.evaluations: 2}
heuristics: [generator_ema, adam_beta_1_half]
design: one_at_a_time
seeds: 10
"""
TRIALS = 30
DEATHS = ["worker"] * 11 + ["node"] * 4 + ["pause"] * 2 + ["driver"] * 3
NODES = 3


class Scene:
    """A study on a cluster whose parts die."""

    def __init__(self, folder):
        (folder / "studies").mkdir()
        (folder / "studies/one.yaml").write_text(STUDY)
        self.folder, self.cluster, self.log = folder, Cluster(), folder / "said"
        for _ in range(NODES):
            self.cluster.add()
        self.paused = []
        self.begin()

    def begin(self):
        environment = self.cluster.environment | {"WANDB_MODE": "disabled"}
        with self.log.open("ab") as said:
            self.driver = subprocess.Popen(
                [*self.cluster.prefix, sys.executable, "-m", "tests.light"], cwd=self.folder,
                env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def goes_on(self):
        """Wait for a checkpoint that was not there, unless the run has ended."""
        since = time.time()
        until(lambda: self.driver.poll() is not None or any(
            path.stat().st_mtime > since for path in self.checkpoints()))  # fmt: skip
        if self.driver.poll() is not None:
            self.begin()

    def checkpoints(self):
        return list(self.folder.glob("runs/trials/*/checkpoint/last.npz"))

    def worker(self):
        if workers := self.cluster.workers():
            workers[0].kill()

    def node(self):
        node = self.cluster.nodes.pop(0)
        self.cluster.send(node, signal.SIGKILL)
        node.wait()
        self.cluster.add()

    def pause(self):
        """A node that does not answer counts as dead; what it says when it goes on is refused."""
        node = self.cluster.nodes.pop(0)
        self.cluster.send(node, signal.SIGSTOP)
        self.paused.append(node)
        self.cluster.add()

    def resume(self):
        for node in self.paused:
            self.cluster.send(node, signal.SIGCONT)
        self.cluster.nodes += self.paused
        self.paused = []

    def die(self):
        self.driver.kill()
        self.driver.wait()
        self.begin()

    def end(self):
        for _ in range(5):  # a trial that died three times is left to the next run
            assert self.driver.wait(timeout=300) == 0, self.log.read_text()
            self.begin()
            if len(list(self.folder.glob("runs/trials/*/result.json"))) == TRIALS:
                break
        assert self.driver.wait(timeout=300) == 0


@pytest.fixture
def scene(tmp_path):
    made = Scene(tmp_path)
    yield made
    made.driver.kill()
    made.driver.wait()
    made.resume()
    made.cluster.close()


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_twenty_random_deaths(scene):
    draw = random.Random("cluster")
    deaths = draw.sample(DEATHS, len(DEATHS))
    for death in deaths:
        scene.goes_on()
        time.sleep(draw.uniform(0, 1.0))
        {"worker": scene.worker, "node": scene.node, "pause": scene.pause, "driver": scene.die}[
            death
        ]()
        if scene.paused and death != "pause":
            scene.resume()
    scene.resume()
    scene.end()
    folders = [path for path in scene.folder.glob("runs/trials/*") if path.is_dir()]
    assert len(folders) == TRIALS
    for folder in folders:
        assert Trial(folder).result().status is Status.FINISHED
        rows = [json.loads(line) for line in (folder / "steps.jsonl").read_text().splitlines()]
        assert [row["iteration"] for row in rows] == list(range(1, STEPS + 1))
        assert {row["key"] for row in rows} == {folder.name}
        assert list(folder.rglob(".*")) == []
    said = scene.log.read_text()
    assert "Traceback" not in said
    assert said.count("lost") >= 5
