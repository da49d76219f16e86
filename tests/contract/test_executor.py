"""Local workers: all work is done once, deaths cost one trial, stopping is clean and resumable."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from harness.execution import devices
from harness.execution.devices import Machine, plan_workers, visible_gpus
from harness.execution.local import PATIENCE, Driver, Outcome, WorkerSpec, run_local

# Workers of these tests: the queue is a folder of files, a claim a rename.
DRAIN = """
import os, sys, time
from pathlib import Path
queue = Path(sys.argv[1])
for job in sorted(queue.glob("*.job")):
    try:
        taken = job.rename(job.with_suffix(".taken"))
    except FileNotFoundError:
        continue
    if job.stem == "bad":
        os.kill(os.getpid(), 9)
    time.sleep(0.02)
    taken.rename(job.with_suffix(".done"))
print("worker", os.environ["NAME"], "left", flush=True)
"""
POLITE = """
import signal, sys, time
from pathlib import Path
def stop(*_):
    (Path(sys.argv[1]) / f"saved{time.monotonic_ns()}").touch()
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
(Path(sys.argv[1]) / f"up{time.monotonic_ns()}").touch()
time.sleep(60)
"""
STAYING = """
import signal, sys, time
from pathlib import Path
folder = Path(sys.argv[1])
(folder / f"up{time.monotonic_ns()}").touch()
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
while True:
    for job in folder.glob("*.job"):
        job.rename(job.with_suffix(".done"))
    time.sleep(0.02)
"""
DEAF = """
import signal, subprocess, sys, time
from pathlib import Path
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
(Path(sys.argv[1]) / "child").write_text(str(child.pid))
(Path(sys.argv[1]) / f"up{time.monotonic_ns()}").touch()
time.sleep(60)
"""


def specs(script: str, folder: Path, count: int) -> list[WorkerSpec]:
    argv = [sys.executable, "-S", "-c", script, str(folder)]
    return [
        WorkerSpec(argv, {"NAME": f"w{i}"}, folder / "logs" / f"worker-{i}.log")
        for i in range(count)
    ]


@dataclass
class Calls:
    """A driver that notes what it is told."""

    folder: Path
    lost_with_it: bool = True
    deaths: list[tuple[int, int]] = field(default_factory=list)
    notices: set[str] = field(default_factory=set)
    on_tick: Callable[[], None] = lambda: None

    def driver(self) -> Driver:
        return Driver(self.work_left, self.on_death, self.tick)

    def work_left(self) -> bool:
        return any(self.folder.glob("*.job"))

    def on_death(self, worker: int, code: int) -> bool:
        self.deaths.append((worker, code))
        return self.lost_with_it

    def tick(self, notice: str) -> None:
        self.notices.add(notice)
        self.on_tick()

    def when(self, pattern: str, count: int, action: Callable[[], None]) -> None:
        """Do `action` once, as soon as `count` files match."""

        def look() -> None:
            if len(list(self.folder.glob(pattern))) >= count:
                self.on_tick = lambda: None
                action()

        self.on_tick = look


def fill(folder: Path, names: Sequence[str]) -> None:
    for name in names:
        (folder / f"{name}.job").touch()


def alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] not in "ZX"


def children() -> set[int]:
    """Processes started by this one that have not been reaped, zombies included."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended meanwhile
            continue
        if parent == os.getpid():
            found.add(int(stat.parent.name))
    return found


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def no_child_is_left() -> object:
    before = children()
    yield
    assert children() <= before


def test_all_work_is_done_and_each_worker_has_its_log_and_environment(tmp_path: Path) -> None:
    fill(tmp_path, [f"{i:02d}" for i in range(20)])
    calls = Calls(tmp_path)
    assert run_local(specs(DRAIN, tmp_path, 2), calls.driver()) is Outcome.DONE
    assert len(list(tmp_path.glob("*.done"))) == 20
    assert calls.deaths == []
    for i in range(2):
        log = (tmp_path / "logs" / f"worker-{i}.log").read_text()
        assert log == f"worker w{i} left\n"


def test_workers_that_stay_do_what_follows_and_are_ended(tmp_path: Path) -> None:
    fill(tmp_path, ["a"])
    calls, rounds = Calls(tmp_path), iter((["b", "c"], [], ["d"]))

    def goes_on() -> bool:
        names = next(rounds, None)
        fill(tmp_path, names or [])
        return names is not None

    def rests() -> bool:
        return not calls.work_left()

    driver = Driver(calls.work_left, calls.on_death, calls.tick, rests, goes_on)
    assert run_local(specs(STAYING, tmp_path, 1), driver) is Outcome.DONE
    assert sorted(path.stem for path in tmp_path.glob("*.done")) == ["a", "b", "c", "d"]
    assert len(list(tmp_path.glob("up*"))) == 1  # no worker was started anew
    assert calls.deaths == []
    assert calls.notices == {""}


def test_without_work_no_worker_is_started(tmp_path: Path) -> None:
    assert run_local(specs(DRAIN, tmp_path, 2), Calls(tmp_path).driver()) is Outcome.DONE
    assert not (tmp_path / "logs").exists()


def test_a_worker_that_dies_is_replaced_and_costs_only_its_trial(tmp_path: Path) -> None:
    fill(tmp_path, ["a", "bad", "c", "d"])
    calls = Calls(tmp_path)
    assert run_local(specs(DRAIN, tmp_path, 1), calls.driver()) is Outcome.DONE
    assert calls.deaths == [(0, -signal.SIGKILL)]
    assert sorted(path.name for path in tmp_path.glob("*.*")) == [
        "a.done",
        "bad.taken",
        "c.done",
        "d.done",
    ]


def test_deaths_that_take_a_trial_along_are_not_limited_here(tmp_path: Path) -> None:
    fill(tmp_path, ["a"])
    calls = Calls(tmp_path)
    calls.when("logs", 1, lambda: None)
    left = iter([True] * (PATIENCE + 3) + [False] * 9)
    driver = Driver(lambda: next(left), calls.on_death, calls.tick)
    assert run_local(specs("raise SystemExit(7)", tmp_path, 1), driver) is Outcome.DONE
    assert set(calls.deaths) == {(0, 7)}
    assert len(calls.deaths) > PATIENCE


@pytest.mark.parametrize(("script", "deaths"), [("raise SystemExit(7)", PATIENCE), ("", 0)])
def test_workers_that_never_get_anywhere_are_given_up(
    tmp_path: Path, script: str, deaths: int
) -> None:
    fill(tmp_path, ["a"])
    calls = Calls(tmp_path, lost_with_it=False)
    assert run_local(specs(script, tmp_path, 2), calls.driver()) is Outcome.FAILED
    assert len(calls.deaths) == 2 * deaths


def test_ctrl_c_asks_once_and_waits_for_the_checkpoints(tmp_path: Path) -> None:
    fill(tmp_path, ["a"])
    calls = Calls(tmp_path)
    calls.when("up*", 2, lambda: os.kill(os.getpid(), signal.SIGINT))
    before = signal.getsignal(signal.SIGINT)
    assert run_local(specs(POLITE, tmp_path, 2), calls.driver()) is Outcome.INTERRUPTED
    assert len(list(tmp_path.glob("saved*"))) == 2
    assert calls.deaths == []
    assert any(notice.startswith("stopping") for notice in calls.notices)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_driver_in_another_thread_hears_no_signal_and_does_its_work(tmp_path: Path) -> None:
    fill(tmp_path, ["a"])
    ends: list[Outcome] = []
    work = (specs(DRAIN, tmp_path, 1), Calls(tmp_path).driver())
    thread = threading.Thread(target=lambda: ends.append(run_local(*work)))
    thread.start()
    thread.join()
    assert ends == [Outcome.DONE]


def test_sigterm_from_another_thread_stops_too(tmp_path: Path) -> None:
    fill(tmp_path, ["a"])
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()
    assert run_local(specs(POLITE, tmp_path, 1), Calls(tmp_path).driver()) is Outcome.INTERRUPTED
    timer.join()


def test_the_deadline_stops_in_the_same_way(tmp_path: Path) -> None:
    fill(tmp_path, ["a"])
    calls = Calls(tmp_path)
    deadline = time.monotonic() + 2.0
    assert run_local(specs(POLITE, tmp_path, 1), calls.driver(), deadline) is Outcome.TIME
    assert len(list(tmp_path.glob("saved*"))) == 1


def test_a_deaf_worker_is_killed_after_the_grace_with_its_children(tmp_path: Path) -> None:
    fill(tmp_path, ["a"])
    calls = Calls(tmp_path)
    calls.when("up*", 1, lambda: os.kill(os.getpid(), signal.SIGINT))
    start = time.monotonic()
    outcome = run_local(specs(DEAF, tmp_path, 1), calls.driver(), grace=0.5)
    assert outcome is Outcome.INTERRUPTED
    assert time.monotonic() - start < 10
    child = int((tmp_path / "child").read_text())
    wait_until(lambda: not alive(child))


def test_a_second_ctrl_c_does_not_wait(tmp_path: Path) -> None:
    fill(tmp_path, ["a"])
    calls = Calls(tmp_path)

    def twice() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        calls.on_tick = lambda: os.kill(os.getpid(), signal.SIGINT)

    calls.when("up*", 1, twice)
    start = time.monotonic()
    outcome = run_local(specs(DEAF, tmp_path, 1), calls.driver(), grace=30)
    assert outcome is Outcome.INTERRUPTED
    assert time.monotonic() - start < 10


def test_an_error_in_the_driver_leaves_no_worker_behind(tmp_path: Path) -> None:
    fill(tmp_path, ["a"])
    calls = Calls(tmp_path)

    def fail() -> None:
        raise ZeroDivisionError

    calls.when("up*", 2, fail)
    with pytest.raises(ZeroDivisionError):
        run_local(specs(POLITE, tmp_path, 2), calls.driver())


@pytest.mark.skipif(sys.platform != "linux", reason="needs prctl")
def test_a_killed_driver_takes_its_workers_along_and_they_save(tmp_path: Path) -> None:
    fill(tmp_path, ["a"])
    code = (
        "import sys; from pathlib import Path\n"
        "from tests.contract.test_executor import *\n"
        "folder = Path(sys.argv[1])\n"
        "run_local(specs(POLITE, folder, 2), Calls(folder).driver())\n"
    )
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), *sys.path])}
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], env=environment) as driver:
        wait_until(lambda: len(list(tmp_path.glob("up*"))) == 2)
        driver.kill()
    wait_until(lambda: len(list(tmp_path.glob("saved*"))) == 2)


class TestPlanWorkers:
    def test_one_worker_a_gpu_which_it_alone_sees(self) -> None:
        plan = plan_workers(None, Machine(["0", "3"], 8, 64.0))
        assert [worker.env["CUDA_VISIBLE_DEVICES"] for worker in plan] == ["0", "3"]
        assert [worker.threads for worker in plan] == [4, 4]

    def test_more_workers_than_gpus_share_them(self) -> None:
        plan = plan_workers(3, Machine(["0", "1"], 2, 64.0))
        assert [worker.device for worker in plan] == ["GPU 0", "GPU 1", "GPU 0"]
        assert {worker.threads for worker in plan} == {1}

    @pytest.mark.parametrize(
        ("workers", "cores", "gigabytes", "threads"),
        [
            (None, 4, 64.0, [1, 1, 1, 1]),
            (None, 8, 5.9, [1, 1]),
            (None, 2, 1.0, [1]),
            (1, 8, 64.0, [8]),
            (2, 8, 64.0, [4, 4]),
            (3, 2, 64.0, [1, 1, 1]),
        ],
    )
    def test_on_cores(
        self, workers: int | None, cores: int, gigabytes: float, threads: list[int]
    ) -> None:
        plan = plan_workers(workers, Machine([], cores, gigabytes))
        assert [worker.threads for worker in plan] == threads
        for worker in plan:
            assert worker.env["TF_NUM_INTRAOP_THREADS"] == str(worker.threads)
            assert "CUDA_VISIBLE_DEVICES" not in worker.env

    @pytest.mark.parametrize(
        ("allowed", "seen"),
        [(None, ["0", "1"]), ("1", ["1"]), ("1, 0", ["1", "0"]), ("", []), ("0,-1,1", ["0"])],
    )
    def test_the_gpus_that_the_user_leaves_visible(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed: str | None, seen: list[str]
    ) -> None:
        tool = tmp_path / "nvidia-smi"
        tool.write_text("#!/bin/sh\necho 'GPU 0: A (UUID: x)'\necho 'GPU 1: A (UUID: y)'\n")
        tool.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
        environment = {} if allowed is None else {"CUDA_VISIBLE_DEVICES": allowed}
        assert visible_gpus(environment) == seen

    def test_no_driver_is_no_gpu(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        assert visible_gpus({}) == []

    def test_this_machine_is_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert 1 <= devices.usable_cores() <= (os.cpu_count() or 1)
        assert 0.1 < devices.usable_gigabytes() < 10_000
        answers = {"cpu.max": "150000 100000", "memory.max": str(2**30)}
        monkeypatch.setattr(devices, "_cgroup", answers.__getitem__)
        assert devices.usable_cores() == 1
        assert devices.usable_gigabytes() == 1.0
