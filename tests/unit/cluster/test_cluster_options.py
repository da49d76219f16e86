"""`harness run --on`: its options, and what is said without a cluster or without Ray."""

import asyncio
import os
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from math import inf, nan
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest

from harness.cli.cluster import asked_cluster
from harness.core.errors import HarnessError
from harness.execution.cluster import fleet, join, ports
from harness.execution.cluster.drive import shares
from harness.execution.cluster.fleet import Share, Terms, _how
from harness.execution.cluster.join import joined
from harness.execution.options import Cluster

NONE = dict.fromkeys(("on", "workers", "gpus", "cpus", "memory", "most", "detach"))


@pytest.fixture(autouse=True)
def no_address(monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")  # so that it is put back
    monkeypatch.delenv("RAY_AUTH_MODE")


def test_without_ray():
    assert asked_cluster(**NONE) is None


def test_ray_address_asks_for_a_cluster(monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    assert asked_cluster(**NONE) == Cluster("ray")


def test_what_ray_address_brings_is_said_to_come_from_it(monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    with pytest.raises(HarnessError, match=r"on the cluster of RAY_ADDRESS=10\.0\.0\.1:6379 it is"):
        asked_cluster(**{**NONE, "workers": 2})


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
        ({"on": "ray", "memory": inf}, "--memory-per-trial inf: give a finite number"),
        ({"on": "ray", "gpus": nan}, "--gpus-per-trial nan: give a finite number"),
        ({"on": ""}, "--on '': write ray, or the address of a cluster"),
        *(
            ({"on": wrong}, f"--on '{wrong}': write ray, or the address of a cluster: HOST:6379 on")
            for wrong in (
                "rya",
                "http://x",
                "ray://",
                "x:y",
                "ray:",
                "x:0",
                "x:65536",
                "ray://x:99999",
            )
        ),
    ],
)
def test_options_that_do_not_go_together(given, said):
    with pytest.raises(HarnessError, match=said):
        asked_cluster(**{**NONE, **given})


@pytest.mark.parametrize("right", ["10.0.0.1:6379", "[::1]:6379", "ray://a", "ray://a:10001"])
def test_addresses_of_clusters(right):
    assert asked_cluster(**{**NONE, "on": right}) == Cluster(right)


def test_ray_address_of_a_job_server_is_refused(monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "http://x:8265")
    said = "RAY_ADDRESS=http://x:8265 is no address of a cluster: HOST:6379 on one of its nodes"
    with pytest.raises(HarnessError, match=said), joined("ray"):
        pass


def test_this_machine_is_named_where_no_address_is_given(monkeypatch, tmp_path):
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace())
    said = "cannot join a Ray cluster on this machine .`ray start` has noted none in .*; start one"
    with pytest.raises(HarnessError, match=said), joined("ray", new=False):
        pass


def test_ray_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    said = r"--on ray: Ray is not installed.*\[cluster\]"
    with pytest.raises(HarnessError, match=said), joined("ray"):
        pass


VERSIONS = """Version mismatch: The cluster was started with:
    Ray: 2.59.0
    Python: 3.12.1
This process on 192.0.2.2 was started with:
    Ray: 2.60.0
    Python: 3.11.2
"""


def test_a_cluster_of_another_version_is_told_with_both(monkeypatch):
    def init(*args, **kwargs):
        raise RuntimeError(VERSIONS)

    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(init=init))
    said = r"with: Ray: 2\.59\.0 Python: 3\.12\.1 This .* Ray: 2\.60\.0 Python: 3\.11\.2\)\. Does"
    with pytest.raises(HarnessError, match=said), joined("elsewhere"):
        pass


CPU, GPU = {"CPU": 32.0, "memory": 2.0**37}, {"CPU": 32.0, "GPU": 4.0, "memory": 2.0**37}
HEAD = {"memory": 2.0**37}  # trains nothing
CPUS, GPUS = [HEAD, CPU, CPU], [HEAD, GPU, GPU]


@pytest.mark.parametrize(
    ("asked", "nodes", "begun", "share", "threads", "workers"),
    [
        (Cluster("ray"), CPUS, None, Share(1), 1, 64),
        (Cluster("ray"), CPUS, 4, Share(4), 4, 16),  # as the run began
        (Cluster("ray", cpus=2), CPUS, 4, Share(2), 2, 32),
        (Cluster("ray", cpus=0.5), CPUS, None, Share(0.5), 1, 128),
        (Cluster("ray"), GPUS, None, Share(8, 1.0), 8, 8),
        (Cluster("ray", gpus=0.25), GPUS, None, Share(2, 0.25), 2, 32),
        (Cluster("ray", gpus=0), GPUS, None, Share(1, 0), 1, 64),
        (Cluster("ray", memory=64), CPUS, None, Share(1, 0.0, 64), 1, 4),
        (Cluster("ray", memory=80), CPUS, None, Share(1, 0.0, 80), 1, 2),  # one a node
        (Cluster("ray", cpus=20), CPUS, None, Share(20), 20, 2),
        (Cluster("ray"), [GPU, CPU, CPU], None, Share(8, 1.0), 8, 4),  # cores of nodes with GPUs
    ],
)
def test_what_a_trial_gets(asked, nodes, begun, share, threads, workers):
    assert shares(asked, nodes, begun) == (share, threads)
    assert share.fits(nodes) == workers


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Cluster("ray", gpus=1), r"needs \(1 CPU, 1 GPU\); the most that one has is 32 CPU, 0 GPU"),
        (Cluster("ray", cpus=40), r"needs \(40 CPU\); the most that one has is 32 CPU\."),
        (Cluster("ray", memory=200), r"\(1 CPU, 200.0 GB of memory\); .* 32 CPU, 128.0 GB of mem"),
    ],
)
def test_more_than_any_node_has(asked, said):
    with pytest.raises(HarnessError, match=said):
        shares(asked, CPUS, None)
    grows = replace(asked, workers=4)
    assert shares(grows, CPUS, None)[0].fits(CPUS) == 0


def test_a_head_that_is_gone_is_told_and_not_waited_for():
    """Ray's own calls would wait for it for a minute, in the driver's only thread."""
    fake = MagicMock()
    fake.nodes.return_value = [{"Alive": True, "Resources": {"CPU": 3.0}}]
    with socket.socket() as head:
        head.bind(("127.0.0.1", 0))
        head.listen()
        address = f"127.0.0.1:{head.getsockname()[1]}"
        terms = Terms(Share(1), {}, None)
        hall = fleet.RayFleet(fake, address, MagicMock(), "", terms, MagicMock())
        assert (hall.room(), hall.trouble()) == (3, "")
    assert (hall.room(), hall.trouble()) == (3, fleet.SILENT.format(address))
    fake.nodes.assert_called_once()


OOM = """1 worker(s) were killed due to the node running low on memory. Memory on the node (IP:
127.0.0.1, ID: 1) was 3.40GB used / 23.54GB limit (0.144316)
Top 10 memory users: PID	MEM(GB)	COMMAND
7	0.35	COMMAND of others --secret 1"""
EXIT = """The actor died unexpectedly before finishing this task. class_name: Actor actor_id: 1
The actor is dead because its worker process has died. Worker exit type: SYSTEM_ERROR Worker exit"""
AWAY = """The actor 2 is unavailable: The actor is temporarily unavailable: RpcError: RPC error:
recvmsg:Connection reset by peer rpc_code: 14. The task may or may not have been executed."""
NODE = "The actor is dead because its node has died. Node Id: 1 the actor died because its node"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            OOM,
            "killed by Ray, since its node ran low on memory; with a larger --memory-per-trial "
            "fewer trials share a node",
        ),
        (EXIT, "the worker process died"),
        (NODE, "its node died"),
        (AWAY, "the worker does not answer: it or its node has died, or cannot be reached"),
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


def test_a_machine_that_nobody_knows_is_told(monkeypatch):
    def unknown(place, timeout):
        raise socket.gaierror

    monkeypatch.setattr(socket, "create_connection", unknown)
    assert ports.silence("10.0.0.1") == ""  # without a port it is Ray's to ask
    assert ports.silence("ray://nohead:10001") == "no machine of the name nohead is known here"


def test_of_a_traceback_of_ray_the_error_is_told():
    text = (
        "Initialization failure from server:\nTraceback (most recent call last):\n"
        '  File "a.py", line 7, in Datapath\n    raise RuntimeError(\n'
        "RuntimeError: Starting Ray client server failed."
    )
    said = "Initialization failure from server: RuntimeError: Starting Ray client server failed."
    assert join._brief(ConnectionError(text)) == said


CLIENT, GCS = "ray.rpc.RayletDriver", "ray.rpc.NodeInfoGcsService"
CALLS = {CLIENT: "ClusterInfo", GCS: "CheckAlive"}


@contextmanager
def serving(service, code=None):
    """The address of one of Ray's servers, which knows its call, or answers it with a status."""
    grpc = pytest.importorskip("grpc", reason="the extra `cluster` is not installed")

    def answer(request, context):
        if code:
            context.abort(grpc.StatusCode[code], "no")
        return b""

    methods = {CALLS[service]: grpc.unary_unary_rpc_method_handler(answer)}
    server = grpc.server(ThreadPoolExecutor(1))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, methods)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None)


@pytest.fixture
def eager(monkeypatch):
    """A Ray that would ask for long; where it was joined."""
    joined_at = []

    def init(address, **quiet):
        joined_at.append(address)
        return SimpleNamespace(dashboard_url="")

    fake = SimpleNamespace(init=init, shutdown=lambda: None)
    monkeypatch.setitem(sys.modules, "ray", fake)
    return joined_at


@pytest.mark.parametrize(
    ("service", "form", "said"),
    [
        (GCS, "ray://{}", "Ray's GCS listens there, not Ray's client server; give "
         "ray://127.0.0.1:10001, unless its head has another --ray-client-server-port, or {} on "
         "one of its nodes"),
        (CLIENT, "{}", "Ray's client server listens there, not Ray's GCS; give "
         "127.0.0.1:6379 on one of its nodes, unless its head has another --port, or ray://{} from "
         "elsewhere"),
    ],
)  # fmt: skip
def test_the_port_of_the_other_server_is_told_at_once(eager, capsys, service, form, said):
    with serving(service) as place:
        address = form.format(place)
        why = f"--on {address}: cannot join a Ray cluster at {address} ({said.format(place)})"
        with pytest.raises(HarnessError) as error, joined(address):
            pass
    assert str(error.value) == why
    assert capsys.readouterr().err == f"Joining the Ray cluster at {address} ...\n"
    assert eager == []


@pytest.mark.parametrize(("service", "form"), [(GCS, "{}"), (CLIENT, "ray://{}")])
def test_the_right_port_is_joined(eager, service, form):
    with serving(service) as place, joined(form.format(place)):
        assert eager == [form.format(place)]


@pytest.mark.parametrize("form", ["{}", "ray://{}"])
def test_a_port_of_another_program_is_told(eager, monkeypatch, form):
    pytest.importorskip("grpc", reason="the extra `cluster` is not installed")
    monkeypatch.setattr(ports, "PATIENCE", 0.2)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        address = form.format(f"127.0.0.1:{deaf.getsockname()[1]}")
        said = "what listens there does not answer as Ray's .* does; give HOST:6379 on one of its"
        with pytest.raises(HarnessError, match=said), joined(address):
            pass
    assert eager == []


@pytest.mark.parametrize(
    ("service", "form", "code", "mode"),
    [
        (GCS, "{}", None, "disabled"),
        (GCS, "{}", "UNAUTHENTICATED", "token"),
        (CLIENT, "ray://{}", None, "disabled"),
        (CLIENT, "ray://{}", "UNAUTHENTICATED", "token"),
    ],
)
def test_tokens_are_sent_where_the_cluster_asks_for_them(monkeypatch, service, form, code, mode):
    """Where the two differ a cluster is joined, and every worker ends before it starts."""
    with serving(service, code) as place:
        ports.settle_tokens(form.format(place))
        assert os.environ["RAY_AUTH_MODE"] == mode
        monkeypatch.setenv("RAY_AUTH_MODE", "as the user says")
        ports.settle_tokens(form.format(place))
        assert os.environ["RAY_AUTH_MODE"] == "as the user says"


def test_a_cluster_without_tokens_is_told_where_the_user_asks_for_them(eager, monkeypatch):
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    with (
        serving(GCS) as place,
        pytest.raises(HarnessError, match="uses no tokens, but RAY_AUTH_MODE is token here"),
        joined(place),
    ):
        pass


def test_a_connection_that_is_lost_ends_the_run_with_one_message():
    """By Ray's client: it raises what it likes, and a call would start another Ray here."""
    fake = MagicMock()
    fake.exceptions = SimpleNamespace(RayTaskError=KeyError, RayError=OSError)
    handle = MagicMock()
    handle.poll.remote.side_effect = handle.leave.remote.side_effect = Exception("not connected")
    worker = fleet.RayWorker(fake, handle)
    hall = fleet.RayFleet(fake, "", MagicMock(), "", Terms(Share(1), {}, None), MagicMock())
    with pytest.raises(Exception, match="not connected"):
        asyncio.run(worker.call("poll"))
    fake.is_initialized.return_value = False
    for call in (worker.call("poll"), hall.hire(), asyncio.to_thread(hall.room)):
        with pytest.raises(HarnessError, match="the connection to the cluster was lost"):
            asyncio.run(call)
    asyncio.run(worker.leave())
    fake.kill.assert_not_called()


def test_a_worker_that_never_got_a_process_can_be_killed():
    class RayError(Exception):
        pass

    fake = MagicMock()
    fake.exceptions.RayError = RayError
    fake.kill.side_effect = RayError("Actor creation cancelled.")
    fleet.RayWorker(fake, None).kill()
    fake.kill.assert_called_once()


@pytest.mark.parametrize(
    ("token", "mode", "said"),
    [
        ("abc", None, "it asks for a token, and does not take that of this machine; copy that of"),
        ("", None, "it asks for a token, and this machine has none; copy that of its head"),
        ("abc", "disabled", "it asks for a token, but RAY_AUTH_MODE is disabled here; give RAY_AU"),
    ],
)
def test_a_token_that_is_not_taken_is_told(eager, monkeypatch, tmp_path, token, mode, said):
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    monkeypatch.setenv("RAY_AUTH_TOKEN", token)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "none"))
    if mode:
        monkeypatch.setenv("RAY_AUTH_MODE", mode)
    with (
        serving(CLIENT, "UNAUTHENTICATED") as place,
        pytest.raises(HarnessError, match=said),
        joined(f"ray://{place}"),
    ):
        pass


def test_a_client_without_a_port_takes_rays_own():
    assert ports.with_port("ray://a") == "ray://a:10001"
    for whole in ("ray://a:7", "ray://[::1]:7", "a:6379", "auto", ""):
        assert ports.with_port(whole) == whole


def test_the_note_of_a_dead_head_leads_nowhere(tmp_path, monkeypatch):
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    assert join._running_here() == ""
    (tmp_path / "ray").mkdir()
    with socket.socket() as open_port:
        open_port.bind(("127.0.0.1", 0))
        open_port.listen()
        address = f"127.0.0.1:{open_port.getsockname()[1]}"
        (tmp_path / "ray/ray_current_cluster").write_text(address + "\n")
        assert join._running_here() == address
        assert ports.answers(f"ray://{address}")
    assert not ports.answers(address)
    assert ports.answers("auto")
