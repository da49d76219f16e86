"""A study on a real Ray cluster: the record is that of one machine, whatever dies meanwhile."""

import json
import shutil
import signal
import subprocess
import sys

import pytest

from tests.e2e.faults import ROOT, STUDY, Site, differences, gutted
from tests.e2e.nodes import Cluster, until
from tests.e2e.place import one_core

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


class OnCluster(Site):
    """A place whose driver runs where the nodes are."""

    def __init__(self, folder, cluster, study):
        super().__init__(folder)
        self.write(study, "tiny")
        self.environment |= cluster.environment
        self.cluster = cluster

    def begin(self):
        """A driver at work."""
        verb = [sys.executable, "-m", "harness", "run", "tiny", "--on", "ray"]
        with (self.folder / "said").open("ab") as said:
            return subprocess.Popen(
                [*self.cluster.prefix, *verb], cwd=self.folder, env=self.environment,
                stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def said(self):
        return (self.folder / "said").read_text()

    def end(self, driver, code=0):
        assert driver.wait(timeout=600) == code, self.said()
        assert "Traceback" not in self.said()


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


def whole(folder, text):
    """The same study on this machine."""
    site = Site(folder)
    site.write(text, "tiny")
    with one_core():
        site.run("run", "tiny")
    return site


def test_the_record_is_that_of_one_machine(cluster, tmp_path):
    text = study(seeds=5, kimg=0.16)
    site = OnCluster(tmp_path / "cluster", cluster, text)
    site.end(site.begin())
    assert len(site.trials()) == 25
    assert differences(whole(tmp_path / "here", text), site) == []
    assert gutted(site) == []
    assert site.hidden() == []
    assert {len(attempts(path)) for path in site.trials().values()} == {1}
    assert not list(site.folder.glob("runs/trials/*/checkpoint"))


def attempts(trial):
    return json.loads((trial / "env.json").read_text())


def test_nodes_and_workers_die_and_the_record_is_the_same(cluster, tmp_path):
    """A worker is killed, then a node with its worker; another joins; then the driver is killed."""
    text = study(seeds=2, kimg=1.6)
    site = OnCluster(tmp_path / "cluster", cluster, text)
    driver = site.begin()
    until(lambda: begun(site))
    cluster.workers()[0].kill()
    until(lambda: "lost" in site.said())
    node = cluster.nodes.pop()
    cluster.send(node, signal.SIGKILL)
    node.wait()
    cluster.add()
    until(lambda: site.said().count("lost") > 1)
    driver.kill()
    driver.wait()
    until(lambda: not cluster.workers())  # they end with their driver
    site.end(site.begin())
    assert differences(whole(tmp_path / "here", text), site) == []
    assert gutted(site) == []
    continued = [path for path in site.trials().values() if len(attempts(path)) > 1]
    assert continued


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
