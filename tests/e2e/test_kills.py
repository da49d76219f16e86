"""kill -9 at chosen file operations: the same verb run again ends well, and nothing is lost.

HARNESS_KILLS: how many moments each long test tries.
"""

import os
import random
import time

import pytest

from harness.core.leftovers import _here
from tests.e2e.faults import STUDY, Site, contents, differences, gutted, moments
from tests.e2e.test_study import kill_all

pytestmark = pytest.mark.tf
MANY = int(os.environ.get("HARNESS_KILLS", "2"))
DRIVER, REPORT = 100, 60  # file operations of a driver, and of a report, at least


@pytest.fixture
def fresh(whole, tmp_path):
    """A place where nothing is trained yet; caches are there."""

    def make(name):
        site = Site(tmp_path / name)
        (site.folder / "runs").mkdir()
        (site.folder / "runs/cache").symlink_to(whole.folder.resolve() / "runs/cache")
        return site

    return make


def killed_run(fresh, whole, who, at):
    site = fresh(f"{who}-{at}")
    site.kill(at, who, "run", "tiny", "--workers", "1")
    assert gutted(site) == []
    site.drive("run", "tiny", "--workers", "1")
    assert differences(site, whole) == []
    assert site.hidden() == []


def test_a_killed_run(fresh, whole):
    (at,) = moments(1, whole.operations, "worker")
    killed_run(fresh, whole, "worker", at)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("who", ["worker", "driver"])
def test_a_killed_run_at_many_moments(fresh, whole, who):
    for at in moments(MANY, whole.operations if who == "worker" else DRIVER, f"many {who}"):
        killed_run(fresh, whole, who, at)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_run_killed_again_and_again_at_random_moments(fresh, whole):
    draw, site = random.Random("moments"), fresh("random")
    for _ in range(MANY):
        process = site.start("run", "tiny", "--workers", "1")
        time.sleep(draw.uniform(0.5, 12.0))
        kill_all(process, site, "tiny")
        assert gutted(site) == []
    site.drive("run", "tiny", "--workers", "1")
    assert differences(site, whole) == []
    assert site.hidden() == []


RATE = "optimizer.generator.learning_rate"
STAGED = {
    "tuned": f"{STUDY}tune:\n  values: {{{RATE}: [2.0e-4, 1.0e-3]}}\n  seeds: [100]\n",
    "searched": STUDY.replace("heuristics: [adam_beta_1_half]\n", "").replace(
        "design: one_at_a_time", "design: search"
    )
    + f"search:\n  space: {{{RATE}: {{low: 1.0e-5, high: 1.0e-2, log: true}}}}\n  trials: 3\n",
}


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", STAGED)
def test_a_killed_run_whose_trials_follow_from_trials(fresh, tmp_path, kind):
    def place(name):
        site = fresh(name)
        (site.folder / "studies/tiny.yaml").write_text(STAGED[kind])
        return site

    twin, log = place("twin"), tmp_path / "operations"
    twin.drive("run", "tiny", "--workers", "1", log=log)
    assert len(twin.trials()) > 2
    for at in moments(MANY, len(log.read_text().splitlines()), kind):
        site = place(f"killed-{at}")
        site.kill(at, "worker", "run", "tiny", "--workers", "1")
        assert gutted(site) == []
        site.drive("run", "tiny", "--workers", "1")
        assert differences(site, twin) == []
        assert site.hidden() == []


def cleaned(whole, folder, at):
    site = Site(folder, like=whole)
    died = site.kill(at, "driver", "clean", "tiny", "--trials", "--yes")
    assert gutted(site) == []
    assert set(site.trials()) <= set(whole.trials())
    site.look("clean", "tiny", "--trials", "--yes")
    assert site.trials() == {}
    assert site.hidden() == []
    return died


@pytest.mark.parametrize("count", [3, pytest.param(MANY, marks=pytest.mark.slow)])
def test_a_killed_cleaning_leaves_no_trial_that_counts(whole, tmp_path, count):
    died = [cleaned(whole, tmp_path / str(at), at) for at in moments(count, 60, f"clean {count}")]
    assert any(died)


@pytest.mark.parametrize("count", [1, pytest.param(MANY, marks=pytest.mark.slow)])
def test_a_killed_report_loses_nothing_that_others_keep_there(whole, tmp_path, count):
    for at in moments(count, REPORT, f"report {count}"):
        site = Site(tmp_path / str(at), like=whole)
        kept = site.folder / "reports/tiny/notes.txt"
        kept.write_text("mine")
        site.kill(at, "driver", "report", "tiny")
        assert kept.read_text() == "mine"
        site.look("report", "tiny")
        for path in (whole.folder / "reports/tiny/tables").glob("*.csv"):
            twin = site.folder / "reports/tiny/tables" / path.name
            assert twin.read_bytes() == path.read_bytes()
        assert kept.read_text() == "mine"
        assert site.hidden() == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_killed_evaluation(whole, tmp_path):
    verb = ("evaluate", "tiny", "--metric", "blocks", "--encoder", "classifier", "--workers", "1")
    twin = Site(tmp_path / "twin", like=whole)
    log = tmp_path / "operations"
    twin.drive(*verb, log=log)
    most = len(log.read_text().splitlines())
    for at in moments(max(MANY // 2, 2), most, "evaluate"):
        site = Site(tmp_path / str(at), like=whole)
        site.kill(at, "worker", *verb)
        assert gutted(site) == []
        site.drive(*verb)
        assert differences(site, twin) == []
        assert gutted(site) == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_killed_repair_is_made_again_and_what_it_set_aside_is_trained(whole, tmp_path, harness):
    for at in moments(MANY, 40, "doctor"):
        site = Site(tmp_path / str(at), like=whole)
        one, two = site.trials().values()
        (one / "metrics.jsonl").write_bytes(b"torn")
        next(two.glob("evaluations/*.jsonl")).write_bytes(b"")
        (site.folder / f"runs/.old.{_here()}-4194300-00000000.tmp").write_text("left")
        before = contents(site)
        code, said = harness(site, "doctor")
        assert code == 1
        assert "2 things" in said
        assert contents(site) == before  # without --fix nothing is written
        site.kill(at, "driver", "doctor", "--fix")
        assert harness(site, "doctor", "--fix")[0] == 0
        assert "nothing is wrong" in harness(site, "doctor")[1]
        site.drive("run", "tiny", "--workers", "1")
        # scored again, a curve has the points of the generators that were kept
        scores = [f"{two.name}/{path.relative_to(two)}" for path in two.glob("evaluations/*.jsonl")]
        assert set(differences(site, whole)) <= set(scores)
        assert site.hidden() == []
        assert "nothing is wrong" in harness(site, "doctor")[1]
