"""`harness run --on`: its options, and what is said without a cluster or without Ray."""

import socket
import sys
from dataclasses import replace

import pytest

from harness.cli.cluster import asked_cluster
from harness.core.errors import HarnessError
from harness.execution.cluster import fleet
from harness.execution.cluster.drive import shares
from harness.execution.cluster.fleet import Share, _how, joined
from harness.execution.options import Cluster

NONE = dict.fromkeys(("on", "workers", "gpus", "cpus", "memory", "most", "detach"))


@pytest.fixture(autouse=True)
def no_address(monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)


def test_without_ray():
    assert asked_cluster(**NONE) is None


def test_ray_address_asks_for_a_cluster(monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    assert asked_cluster(**NONE) == Cluster("ray")


def test_all_options():
    asked = asked_cluster("ray://a:10001", None, 0.25, 2.0, 8.0, 16, False)
    assert asked == Cluster("ray://a:10001", 0.25, 2.0, 8.0, 16)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"gpus": 0.5}, "--gpus-per-trial is for a Ray cluster; give --on ray as well"),
        ({"detach": True}, "--detach is for a Ray cluster; give --on ray as well"),
        ({"most": 2}, "--max-workers is for a Ray cluster"),
        ({"on": "ray", "workers": 2}, "--workers is for runs without Ray; with --on it is --max-w"),
        ({"on": "rya"}, "--on 'rya': write ray, or the address of a cluster as ray://HOST:10001"),
    ],
)
def test_options_that_do_not_go_together(given, said):
    with pytest.raises(HarnessError, match=said):
        asked_cluster(**{**NONE, **given})


def test_ray_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    said = r"--on ray: Ray is not installed.*\[cluster\]"
    with pytest.raises(HarnessError, match=said), joined("ray"):
        pass


CPUS, GPUS = {"CPU": 64.0, "memory": 2.0**38}, {"CPU": 64.0, "GPU": 8.0, "memory": 2.0**38}


@pytest.mark.parametrize(
    ("asked", "resources", "begun", "share", "threads", "workers"),
    [
        (Cluster("ray"), CPUS, None, Share(1), 1, 64),
        (Cluster("ray"), CPUS, 4, Share(4), 4, 16),  # as the run began
        (Cluster("ray", cpus=2), CPUS, 4, Share(2), 2, 32),
        (Cluster("ray", cpus=0.5), CPUS, None, Share(0.5), 1, 128),
        (Cluster("ray"), GPUS, None, Share(8, 1.0), 8, 8),
        (Cluster("ray", gpus=0.25), GPUS, None, Share(2, 0.25), 2, 32),
        (Cluster("ray", gpus=0), GPUS, None, Share(1, 0), 1, 64),
        (Cluster("ray", memory=64), CPUS, None, Share(1, 0.0, 64), 1, 4),
    ],
)
def test_what_a_trial_gets(asked, resources, begun, share, threads, workers):
    assert shares(asked, resources, begun) == (share, threads)
    assert share.fits(resources) == workers


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Cluster("ray", gpus=1), "a trial needs 1 GPU, and the whole cluster has 0"),
        (Cluster("ray", cpus=100), "a trial needs 100 CPU, and the whole cluster has 64"),
    ],
)
def test_more_than_the_cluster_has(asked, said):
    with pytest.raises(HarnessError, match=said):
        shares(asked, CPUS, None)
    grows = replace(asked, workers=4)
    assert shares(grows, CPUS, None)[0].fits(CPUS) == 0


OOM = """The actor died because of an error raised in its creation task, ... Memory on the node (IP:
127.0.0.1, ID: 1) where the lease was running was low on memory; COMMAND of others --secret 1"""
EXIT = """The actor died unexpectedly before finishing this task. class_name: Actor actor_id: 1
The actor is dead because its worker process has died. Worker exit type: SYSTEM_ERROR Worker exit"""
NODE = "The actor is dead because its node has died. Node Id: 1 the actor died because its node"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (OOM, "killed by Ray, since its node ran low on memory; see --memory-per-trial"),
        (EXIT, "the worker process died (worker process has died)"),
        (NODE, "the worker process died (node has died)"),
        ("x" * 500, f"the worker process died ({'x' * 200})"),
        (
            "The actor died because of an error raised in its creation task, ray::Actor.__init__()"
            " (pid=1, ip=192.0.2.2)\n    ^^^^^\nModuleNotFoundError: No module named 'harness'",
            "the worker process could not start (ModuleNotFoundError: No module named 'harness')",
        ),
    ],
)
def test_a_death_is_one_short_line(text, said):
    assert _how(RuntimeError(text)) == said


def test_an_address_where_nothing_listens_is_told_at_once():
    pytest.importorskip("ray", reason="the extra `cluster` is not installed")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with (
        pytest.raises(HarnessError, match=r"cannot join .*127\.0\.0\.1.*nothing answers there"),
        joined(f"127.0.0.1:{port}"),
    ):
        pass


def test_the_note_of_a_dead_head_leads_nowhere(tmp_path, monkeypatch):
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    assert fleet._running_here() == ""
    (tmp_path / "ray").mkdir()
    with socket.socket() as open_port:
        open_port.bind(("127.0.0.1", 0))
        open_port.listen()
        address = f"127.0.0.1:{open_port.getsockname()[1]}"
        (tmp_path / "ray/ray_current_cluster").write_text(address + "\n")
        assert fleet._running_here() == address
        assert fleet._answers(f"ray://{address}")
    assert not fleet._answers(address)
    assert fleet._answers("auto")
