"""Plans that depend on results, on a real Ray cluster: as on one machine, and joined once."""

import json
import time

import pytest

from tests.e2e.faults import STUDY, differences, gutted
from tests.e2e.nodes import Cluster, OnCluster
from tests.e2e.test_stages import AT_LOOKS, LOOKS, RATE, TUNED, seen_at

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


@pytest.fixture
def site(cluster, tmp_path, cache):
    """A function: a place with this study, whose driver is on the cluster."""

    def made(text):
        one = OnCluster(tmp_path / "cluster", cluster, text)
        one.share(cache)
        return one

    return made


def driven(site, *options):
    """Run a study to its end; the processes of its workers."""
    driver, seen = site.begin(*options), set()
    while driver.poll() is None:
        seen |= {process.pid for process in site.cluster.workers()}
        time.sleep(0.2)
    site.end(driver)
    return seen


def plan_of(site):
    return json.loads((site.folder / "runs/studies/tiny/plan.json").read_text())


def test_a_tuned_study_keeps_its_workers_when_points_are_chosen(site, on_one_machine):
    text = STUDY + TUNED
    site = site(text)
    workers = driven(site)
    twin = on_one_machine(text)
    assert len(workers) == 2
    assert plan_of(site)["tuning"] == plan_of(twin)["tuning"]
    assert plan_of(site)["tuning"]["chosen"]
    assert differences(twin, site) == []
    assert gutted(site) == []


def test_a_search_suggests_and_gives_up_what_it_would_on_one_machine(site, on_one_machine):
    text = STUDY.replace("one_at_a_time", "search").replace("evaluations: 2", "evaluations: 4")
    text = text.replace("kimg: 0.16", "kimg: 0.64") + SEARCH
    site = site(text)
    driven(site, "--max-workers", "1")
    twin = on_one_machine(text)
    assert plan_of(site)["search"] == plan_of(twin)["search"]
    assert len(plan_of(site)["search"]["suggestions"]) == 4
    assert list(site.folder.glob("runs/trials/*/pruned.json"))
    assert differences(twin, site) == []
    assert gutted(site) == []


def test_a_sequential_study_takes_the_looks_of_one_machine_and_keeps_its_workers(
    site, on_one_machine
):
    site = site(LOOKS)
    workers = driven(site)
    twin = on_one_machine(LOOKS)
    assert len(workers) == 2
    assert seen_at(plan_of(site)["looks"]) == AT_LOOKS
    assert plan_of(site)["looks"] == plan_of(twin)["looks"]
    assert differences(twin, site) == []
    assert gutted(site) == []
