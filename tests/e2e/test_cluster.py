"""A study on a real Ray cluster: the record is that of one machine, whatever dies meanwhile."""

import json
import random
import shutil
import signal
import sys
import time
from contextlib import suppress

import psutil
import pytest

from harness.queue.optuna_ledger import look
from harness.runs.status import Status
from harness.runs.trial import Trial
from tests.e2e.faults import ROOT, STUDY, Site, differences, gutted
from tests.e2e.nodes import Cluster, OnCluster, until
from tests.e2e.place import one_core
from tests.light import STEPS
from tests.raising import ERROR

pytest.importorskip("ray", reason="the extra `cluster` is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
TIPS = "adam_beta_1_half, one_sided_label_smoothing, generator_ema, batch_norm_in_discriminator"


OWN = """
title: Own
question: Does a node need them?
sources: [S0]
plugins: [my_losses]
baseline:
  data.name: folder
  data.path: pictures
  data.image_size: 16
  generator.width: 8
  discriminator.width: 8
  loss.name: squared_hinge
  training.batch_size: 16
  training.kimg: 0.16
  training.evaluations: 2
  evaluation.encoder: encoder.keras
  evaluation.resolution: 32
  evaluation.protocol: subsets
  evaluation.subset_size: 6
heuristics: [adam_beta_1_half]
design: one_at_a_time
seeds: 1
"""


@pytest.fixture(scope="module")
def cluster():
    made = Cluster()
    try:
        for _ in range(3):
            made.add()
        yield made
    finally:
        made.close()


def study(seeds, kimg):
    text = STUDY.replace("[adam_beta_1_half]", f"[{TIPS}]").replace("seeds: 1", f"seeds: {seeds}")
    return text.replace("training.kimg: 0.16", f"training.kimg: {kimg}")


def test_the_record_is_that_of_one_machine(cluster, tmp_path, on_one_machine):
    text = study(seeds=5, kimg=0.16)
    site = OnCluster(tmp_path / "cluster", cluster, text)
    site.end(site.begin())
    assert len(site.trials()) == 25
    assert differences(on_one_machine(text), site) == []
    assert gutted(site) == []
    assert site.hidden() == []
    assert {len(attempts(path)) for path in site.trials().values()} == {1}
    assert not list(site.folder.glob("runs/trials/*/checkpoint"))


def attempts(trial):
    return json.loads((trial / "env.json").read_text())


def test_nodes_and_workers_die_and_the_record_is_the_same(cluster, tmp_path, on_one_machine):
    """A worker is killed, then a node with its worker; another joins; then the driver is killed."""
    text = study(seeds=2, kimg=1.6)
    site = OnCluster(tmp_path / "cluster", cluster, text)
    driver = site.begin()
    until(lambda: begun(site))
    lose(site, lambda worker: worker.kill())
    lose(site, lambda worker: cluster.end(cluster.node_of(worker)))
    cluster.add()
    driver.kill()
    driver.wait()
    until(lambda: not cluster.workers())  # they end with their driver
    site.end(site.begin())
    assert differences(on_one_machine(text), site) == []
    assert gutted(site) == []
    continued = [path for path in site.trials().values() if len(attempts(path)) > 1]
    assert continued


def lose(site, end):
    """End a worker in a trial, or another one if its trial was over at that very moment."""
    before = site.said().count("lost")
    for _ in range(2):
        end(until(lambda: at_work(site))[0])
        with suppress(AssertionError):
            until(lambda: site.said().count("lost") > before, seconds=60)
            return
    raise AssertionError(site.said())


def at_work(site):
    """Processes of workers that are in a trial; one that only starts would lose none."""
    rows = look(site.folder / "runs/studies/tiny", "tiny")
    held = {row.key for row in rows if row.status is Status.RUNNING}
    folders = [path for key, path in site.trials().items() if key in held]
    pids = {attempts(path)[-1]["pid"] for path in folders if (path / "env.json").exists()}
    return [process for process in site.cluster.workers() if process.pid in pids]


def begun(site):
    return list(site.folder.glob("runs/trials/*/checkpoint/last.npz"))


def test_a_node_needs_no_file_of_the_study(cluster, tmp_path, shared):
    """Images, an encoder and a plug-in, all named by paths that lead nowhere on a node."""
    site = OnCluster(tmp_path / "cluster", cluster, OWN)
    pictures = sorted((shared / "data/flowers102_80px/train").rglob("*.jpg"))[:60]
    (site.folder / "pictures").mkdir()
    for path in pictures:
        shutil.copy(path, site.folder / "pictures")
    shutil.copy(shared / "encoders/squeezenet_imagenet.keras", site.folder / "encoder.keras")
    shutil.copy(ROOT / "docs/examples/my_losses.py", site.folder / "studies")
    site.end(site.begin())
    assert len(site.trials()) == 2
    assert gutted(site) == []
    here = Site(tmp_path / "here")
    for part in ("pictures", "studies"):
        shutil.copytree(site.folder / part, here.folder / part, dirs_exist_ok=True)
    shutil.copy(site.folder / "encoder.keras", here.folder)
    with one_core():
        here.run("run", "tiny")
    assert differences(here, site) == []


LONG = STUDY.replace("kimg: 0.16", "kimg: 3.2").replace("evaluations: 2", "evaluations: 8")


@pytest.fixture
def undisturbed(on_one_machine):
    """Two trials of 200 steps, on this machine."""
    return on_one_machine(LONG)


def reached(site):
    """The iteration of the furthest trial that has not ended."""
    return max((Trial(path).reached() for path in site.trials().values()), default=0)


def test_a_run_moves_to_a_cluster_and_back(cluster, undisturbed, tmp_path):
    """Killed on one machine, killed on a cluster, and brought to its end on one machine."""
    here = Site(tmp_path)
    here.write(LONG, "tiny")
    with one_core():
        driver = here.start("run", "tiny")
    until(lambda: reached(here))
    kill(driver)
    there = OnCluster(tmp_path, cluster, LONG)
    before, driver = reached(here), there.begin()
    until(lambda: reached(here) > before)
    kill(driver)
    until(lambda: not cluster.workers())
    here.drive("run", "tiny")
    assert differences(undisturbed, here) == []
    assert gutted(here) == []
    assert max(len(attempts(path)) for path in here.trials().values()) == 3
    lost = [row for row in look(tmp_path / "runs/studies/tiny", "tiny") if row.status == "lost"]
    assert len(lost) >= 2
    assert {row.attempt for row in lost} == {1}  # each of them had brought its trial further


def kill(driver):
    """End a driver and its workers at once."""
    for process in [*psutil.Process(driver.pid).children(recursive=True), driver]:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    driver.communicate()


def test_an_exception_costs_one_attempt_and_the_trial_ends_well(cluster, undisturbed, tmp_path):
    mark = tmp_path / "raised"
    site = OnCluster(tmp_path, cluster, LONG.replace("title: Faults", f"title: {mark}"))
    site.end(cluster.drive([sys.executable, "-m", "tests.raising"], tmp_path, site.environment))
    assert mark.exists()
    assert f"RuntimeError: {ERROR}" in site.said()
    rows = look(tmp_path / "runs/studies/tiny", "tiny")
    ends = sorted((row.status.value, row.attempt) for row in rows)
    assert ends == [("crashed", 1), ("finished", 1), ("finished", 2)]
    assert differences(undisturbed, site) == []
    assert gutted(site) == []
    assert not list(tmp_path.glob("runs/trials/*/failure.json"))


LIGHT = """title: A study
question: Q?
baseline: {data.name: digits, data.image_size: 16, training.batch_size: 16, training.kimg: 4,
  training.evaluations: 2}
heuristics: [generator_ema, adam_beta_1_half]
design: one_at_a_time
seeds: 10
"""
TRIALS = 30
DEATHS = ["worker"] * 11 + ["node"] * 4 + ["pause"] * 2 + ["driver"] * 3


class Scene:
    """A study on a cluster whose parts die."""

    def __init__(self, folder, cluster):
        (folder / "studies").mkdir()
        (folder / "studies/one.yaml").write_text(LIGHT)
        self.folder, self.cluster, self.log = folder, cluster, folder / "said"
        self.paused = []
        self.begin()

    def begin(self):
        environment = self.cluster.environment | {"WANDB_MODE": "disabled"}
        command = [sys.executable, "-m", "tests.light"]
        self.driver = self.cluster.drive(command, self.folder, environment)

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
        self.cluster.end(self.cluster.nodes[0])
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

    def whole(self):
        """Every trial has ended, and each of its steps was done once."""
        folders = [path for path in self.folder.glob("runs/trials/*") if path.is_dir()]
        assert len(folders) == TRIALS
        for folder in folders:
            assert Trial(folder).result().status is Status.FINISHED
            rows = [json.loads(line) for line in (folder / "steps.jsonl").read_text().splitlines()]
            assert [row["iteration"] for row in rows] == list(range(1, STEPS + 1))
            assert {row["key"] for row in rows} == {folder.name}
            assert list(folder.rglob(".*")) == []
        assert "Traceback" not in self.log.read_text()


@pytest.fixture
def scene(tmp_path, cluster):
    made = Scene(tmp_path, cluster)
    yield made
    cluster.no_drivers()
    made.resume()


@pytest.mark.timeout(1200)
def test_twenty_random_deaths(scene):
    """Nothing is lost, nothing twice. Trials only wait and write; the rest is as in a study."""
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
    scene.whole()
    # by the queue: a driver that is killed at once has not said so yet
    rows = look(scene.folder / "runs/studies/one", "one")
    assert sum(row.status is Status.LOST for row in rows) >= 5


MUCH = {"RAY_memory_usage_threshold": "0", "RAY_memory_monitor_refresh_ms": "10000"}
KILLED = "killed by Ray, since its node ran low on memory"


def test_a_worker_that_is_killed_for_memory(cluster, tmp_path):
    """By Ray's own monitor, on a node where any use is too much, each time that it looks."""
    node = cluster.add(**MUCH)
    scene = Scene(tmp_path, cluster)
    try:
        lost = until(lambda: [line for line in _lines(scene) if line.startswith("lost")])
        cluster.end(node)
        scene.end()
    finally:
        scene.driver.kill()
        scene.driver.wait()
        if node in cluster.nodes:
            cluster.end(node)
    assert f"{KILLED}; with a larger --memory-per-trial fewer trials share a node" in lost[0]
    rows = look(tmp_path / "runs/studies/one", "one")
    killed = [row for row in rows if row.message.startswith(KILLED)]
    assert {row.status for row in killed} == {Status.LOST}
    for row in killed:  # it goes on; a death that brought a later checkpoint costs no attempt
        (again,) = [one for one in rows if one.key == row.key and one.id > row.id][:1]
        assert again.attempt == row.attempt + row.counts
    scene.whole()


def _lines(scene):
    return scene.log.read_text().splitlines()
