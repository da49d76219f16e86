"""A driver that a cluster runs as its job: found by the other verbs, stopped, and continued."""

import json
import subprocess

import pytest

from tests.e2e.faults import STUDY, differences
from tests.e2e.nodes import Cluster, OnCluster, until
from tests.e2e.test_cluster import begun, study

pytest.importorskip("ray", reason="the extra `cluster` is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def cluster():
    made = Cluster(jobs=True)
    try:
        made.add(cpus=2)
        yield made
    finally:
        made.close()


def detached(site, code=0):
    """What the command says that starts a driver on the cluster."""
    site.end(site.begin("--detach"), code)
    said = site.said()
    (site.folder / "said").unlink()
    return said


def verb(site, *arguments):
    """The output of a command where the cluster can be reached."""
    command = [*site.cluster.prefix, *arguments]
    done = subprocess.run(
        command, cwd=site.folder, env=site.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def driver(site):
    (run,) = json.loads(verb(site, "harness", "status", "--json"))
    return run["driver"]


def test_a_detached_driver(cluster, tmp_path, on_one_machine):
    text = study(seeds=2, kimg=1.6)
    site = OnCluster(tmp_path / "cluster", cluster, text)
    said = detached(site)
    job = json.loads((site.folder / "runs/studies/tiny/job.json").read_text())
    assert f"the cluster drives tiny as the job {job['id']}" in said
    assert driver(site) == f"driven by the job {job['id']} (running)"
    assert f"is driven by the job {job['id']} already" in detached(site, code=2)
    until(lambda: begun(site))
    (stop,) = (line for line in said.splitlines() if "to stop it:" in line)
    verb(site, *stop.split(":", 1)[1].partition("(")[0].split())
    assert driver(site) == ""
    assert len(list(site.folder.glob("runs/trials/*/result.json"))) < 10  # of 5 cells × 2 seeds
    assert (site.folder / "reports/tiny/index.html").exists()
    detached(site)
    until(lambda: driver(site) == "", seconds=300)
    assert differences(on_one_machine(text), site) == []


def test_a_driver_that_ends_at_once_is_told(cluster, tmp_path):
    """The cluster has no GPU: known when the job has joined it, after the command's own checks."""
    site = OnCluster(tmp_path / "cluster", cluster, STUDY)
    site.end(site.begin("--detach", "--gpus-per-trial", "1"))
    until(lambda: "its driver failed: ray job logs" in driver(site))


def test_a_head_that_does_not_see_the_folder(cluster, tmp_path):
    """The path of the record means another place to each process."""
    site = OnCluster(tmp_path / "cluster", cluster, STUDY)
    site.environment["HARNESS_RUNS"] = "/proc/self/cwd/runs"
    site.end(site.begin("--detach"), code=2)
    assert f"the head of the cluster does not see {site.folder}" in site.said()
    assert not (site.folder / "runs/studies/tiny/job.json").exists()
