"""Plans that depend on results, on a real Ray cluster: as on one machine, and joined once."""

import json
import time

import pytest

from tests.e2e.faults import STUDY, Site, differences, gutted
from tests.e2e.nodes import Cluster, OnCluster
from tests.e2e.place import one_core
from tests.e2e.test_stages import RATE, TUNED

pytest.importorskip("ray", reason="the extra `cluster` is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SEARCH = f"""search:
  space:
    {RATE}: {{low: 1.0e-5, high: 1.0e-2, log: true}}
    generator.width: {{low: 8, high: 24, step: 8}}
  trials: 4
  pruner: successive_halving
"""


@pytest.fixture(scope="module")
def cluster():
    made = Cluster()
    try:
        for _ in range(2):
            made.add()
        yield made
    finally:
        made.close()


def driven(site, cluster, *options):
    """Run a study to its end; the processes of its workers."""
    driver, seen = site.begin(*options), set()
    while driver.poll() is None:
        seen |= {process.pid for process in cluster.workers()}
        time.sleep(0.2)
    site.end(driver)
    return seen


def here(folder, text):
    """The same study on this machine, by one worker."""
    site = Site(folder)
    site.write(text, "tiny")
    with one_core():
        site.run("run", "tiny")
    return site


def plan_of(site):
    return json.loads((site.folder / "runs/studies/tiny/plan.json").read_text())


def test_a_tuned_study_keeps_its_workers_when_points_are_chosen(cluster, tmp_path):
    text = STUDY + TUNED
    site = OnCluster(tmp_path / "cluster", cluster, text)
    workers = driven(site, cluster)
    twin = here(tmp_path / "here", text)
    assert len(workers) == 2
    assert plan_of(site)["tuning"] == plan_of(twin)["tuning"]
    assert plan_of(site)["tuning"]["chosen"]
    assert differences(twin, site) == []
    assert gutted(site) == []


def test_a_search_suggests_and_gives_up_what_it_would_on_one_machine(cluster, tmp_path):
    text = STUDY.replace("one_at_a_time", "search").replace("evaluations: 2", "evaluations: 4")
    text = text.replace("kimg: 0.16", "kimg: 0.64") + SEARCH
    site = OnCluster(tmp_path / "cluster", cluster, text)
    driven(site, cluster, "--max-workers", "1")
    twin = here(tmp_path / "here", text)
    assert plan_of(site)["search"] == plan_of(twin)["search"]
    assert len(plan_of(site)["search"]["suggestions"]) == 4
    assert list(site.folder.glob("runs/trials/*/pruned.json"))
    assert differences(twin, site) == []
    assert gutted(site) == []
