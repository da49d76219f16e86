"""A signal to the driver of a cluster is counted, though joining sets handlers of Ray's."""

import os
import signal
import sys
from types import SimpleNamespace
from unittest.mock import MagicMock

from harness.config.runtime import Runtime
from harness.execution.cluster import drive
from harness.execution.options import Cluster, Options, Round


def test_sigterm_while_trials_run_is_counted(monkeypatch, tmp_path):
    def init(*args, **kwargs):  # as Ray's, which ends the process
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(number))
        return SimpleNamespace(dashboard_url="")

    async def run(signals, deadline, tick):
        os.kill(os.getpid(), signal.SIGTERM)
        return signals.count

    node = {"Alive": True, "Resources": {"CPU": 2.0}}
    ray = SimpleNamespace(init=init, shutdown=lambda: None, nodes=lambda: [node])
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.setattr(drive, "Home", lambda *args: SimpleNamespace(run=run))
    parts = ("OptunaLedger", "RayFleet", "queue", "source_of", "open_view", "Poll", "beside")
    for name in (*parts, "read_supplies"):
        monkeypatch.setattr(drive, name, MagicMock())
    plan, runtime = SimpleNamespace(run_name="one-1"), Runtime(runs=tmp_path)
    runtime.study(plan.run_name).mkdir(parents=True)
    before = signal.getsignal(signal.SIGTERM)
    try:
        first = Round(plan, [], decides=False)
        assert drive.drive_on(Cluster("ray"), first, iter(()), runtime, Options(), None) == 1
    finally:
        signal.signal(signal.SIGTERM, before)
