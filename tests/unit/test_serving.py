"""`harness serve`: a page that follows a run, for browsers of this machine alone."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime
from http.client import HTTPConnection

import pytest

from harness.app.serving import follow, server
from harness.app.serving.follow import Follower
from harness.core.errors import HarnessError
from harness.queue.base import Job
from harness.queue.optuna_ledger import OptunaLedger
from harness.runs.plan import read_plan
from harness.runs.status import Status
from tests.synthetic import Recipe, build
from tests.undrawn import undraw

RUN = "four-cpu"
LEFT = ("spectral_norm=following", 1)
NAME = "Spectral normalisation in the discriminator: following"


@pytest.fixture
def runtime(tmp_path, monkeypatch):
    undraw(monkeypatch)
    monkeypatch.setattr(follow, "REST", 0.0)
    recipe = Recipe(seeds=range(3), diverged=(), crashed=(), missing=(LEFT,), run_name=RUN)
    return build(tmp_path, recipe)


@pytest.fixture
def ledger(runtime):
    """The queue, in which the trial waits that is left."""
    folder = runtime.study(RUN)
    plan = read_plan(folder / "plan.json")
    (key,) = (trial.key for trial in plan.trials if (trial.cell, trial.seed) == LEFT)
    ledger = OptunaLedger.open(RUN, folder, runtime.trials)
    ledger.enqueue([Job(key, *LEFT, 0)])
    return ledger


class AtOnce(ThreadPoolExecutor):
    """Renders before a look goes on, so that a test sees the page of each."""

    def submit(self, *arguments):
        future = super().submit(*arguments)
        wait([future])
        return future


@pytest.fixture
def follow_run(runtime, tmp_path):
    """A function that gives the follower of the run."""

    def make(warn, renderer=None):
        return Follower(RUN, runtime, tmp_path / "pages", warn, renderer or AtOnce())

    return make


def test_it_follows_a_run(runtime, follow_run, ledger):
    follower = follow_run(print)
    claim = ledger.claim("w0", lambda cell: True)
    follower.look()
    assert follower.state["version"] == 1
    assert follower.state["said"].startswith(f"{RUN}: 14 of 15 trials done, 1 running, 93 % of the")
    assert [row[:2] for row in follower.state["active"]] == [[NAME, "1"]]
    page = follower.folder / "index.html"
    assert "14 of 15" in page.read_text()
    follower.look()
    assert follower.state["version"] == 1  # nothing has ended
    ledger.finish(claim, Status.DIVERGED, "")
    follower.look()
    assert follower.state["version"] == 2
    assert follower.state["said"] == f"{RUN}: nothing is trained now"
    assert follower.state["share"] is None
    assert not (runtime.reports / RUN).exists()  # the driver writes that


def test_a_page_that_is_opened_later_has_a_time_left_at_once(runtime, follow_run, ledger):
    """As the terminal's view has: from the records of what the present workers have trained."""
    plan = read_plan(runtime.study(RUN) / "plan.json")
    trial = plan.trials[0]
    ledger.enqueue([Job(trial.key, trial.cell, trial.seed, -1)])
    claim = ledger.claim("w0")
    path = runtime.trials / trial.key / "result.json"
    at = datetime.now(UTC).isoformat(timespec="seconds")
    result = {**json.loads(path.read_text()), "seconds": 1e-3, "evaluation_seconds": 0.0}
    path.write_text(json.dumps({**result, "finished_at": at}))
    threading.Event().wait(0.01)
    ledger.finish(claim, Status.FINISHED, "")
    assert ledger.claim("w0").key != trial.key
    follower = follow_run(print)
    follower.look()
    assert re.search(r"1 running, .*time left \d", follower.state["said"])


@pytest.fixture
def slow(monkeypatch):
    """Rendering waits for the test: an event that it has begun, and one that lets it end."""
    begun, may_end = threading.Event(), threading.Event()
    render = follow.report

    def waiting(*arguments):
        begun.set()
        assert may_end.wait(60)
        return render(*arguments)

    monkeypatch.setattr(follow, "report", waiting)
    return begun, may_end


def test_progress_goes_on_while_the_page_is_rendered_anew(ledger, follow_run, slow):
    begun, may_end = slow
    may_end.set()
    with ThreadPoolExecutor(1) as renderer:
        follower = follow_run(print, renderer)
        claim = ledger.claim("w0", lambda cell: True)
        until(lambda: follower.look() or follower.state["version"] == 1)
        assert follower.state["older"] == ""
        shown = (follower.folder / "index.html").stat().st_ino
        begun.clear()
        may_end.clear()
        ledger.finish(claim, Status.DIVERGED, "")
        follower.look()
        assert begun.wait(60)
        for _ in range(2):  # a look in between neither waits nor begins another page
            follower.look()
            state = follower.state
            assert state["said"] == f"{RUN}: nothing is trained now"
            assert (state["version"], state["wrong"]) == (1, False)
            told = r"The page below is that of \d\d:\d\d:\d\d; a newer one follows\."
            assert re.fullmatch(told, state["older"])
        assert (follower.folder / "index.html").stat().st_ino == shown
        may_end.set()
        until(lambda: follower.look() or follower.state["version"] == 2)
        assert follower.state["older"] == ""
        assert (follower.folder / "index.html").stat().st_ino != shown


def test_a_page_that_is_deleted_while_it_is_rendered_does_not_come_back(
    runtime, follow_run, slow, tmp_path
):
    begun, may_end = slow
    with ThreadPoolExecutor(1) as renderer:
        follower = follow_run(lambda why: None, renderer)
        follower.look()
        assert begun.wait(60)
        runtime.study(RUN).rename(tmp_path / "elsewhere")
        follower.look()
        may_end.set()
    follower.look()
    assert (follower.state["version"], follower.state["older"]) == (0, "")
    assert not follower.folder.exists()


def test_an_older_page_is_called_that_where_it_is_served(served):
    until(lambda: '<iframe id="page"' in ask(served, f"/{RUN}/")[1])
    assert '<p id="older" role="status" hidden></p>' in ask(served, f"/{RUN}/")[1]
    (follower,) = served.followers.values()
    follower.stop()
    follower.state = {**follower.state, "older": "The page below is that of 12:00:00."}
    text = '<p id="older" role="status">The page below is that of 12:00:00.</p>'
    assert text in ask(served, f"/{RUN}/")[1]


def test_pages_rest_while_workers_train(runtime, follow_run, ledger, monkeypatch):
    monkeypatch.setattr(follow, "REST", 1e6)
    follower = follow_run(print)
    claim = ledger.claim("w0", lambda cell: True)
    follower.look()
    ledger.finish(claim, Status.DIVERGED, "")
    follower.look()
    assert follower.state["version"] == 1


def test_a_damaged_record_is_told_and_tried_again(runtime, follow_run):
    plan = runtime.study(RUN) / "plan.json"
    whole = plan.read_text()
    plan.write_text("{")
    follower = follow_run(print)
    follower.start()
    until(lambda: "not valid JSON" in follower.state["said"])
    plan.write_text(whole)
    until(lambda: follower.state["version"] == 1)
    follower.stop()


def test_a_damaged_record_keeps_its_page_named_as_older(runtime, follow_run):
    warned = []
    follower = follow_run(warned.append)
    follower.look()
    plan = runtime.study(RUN) / "plan.json"
    whole = plan.read_text()
    plan.write_text("{")
    for _ in range(2):
        with pytest.raises(HarnessError) as error:
            follower.look()
        follower._cannot(str(error.value))
    assert len(warned) == 1
    assert "plan.json: damaged" in warned[0]
    assert follower.state["wrong"]
    assert re.fullmatch(r"The page below is that of \d\d:\d\d:\d\d\.", follower.state["older"])
    assert (follower.folder / "index.html").exists()
    plan.write_text(whole)
    follower.look()
    assert (follower.state["wrong"], follower.state["version"]) == (False, 2)
    assert follower.state["older"] == ""


@pytest.mark.parametrize("whole", [True, False])
def test_a_run_that_is_deleted_or_moved_has_no_page_until_it_is_back(
    runtime, follow_run, tmp_path, whole
):
    warned = []
    follower = follow_run(warned.append)
    follower.look()
    place = runtime.study(RUN) if whole else runtime.study(RUN) / "plan.json"
    place.rename(tmp_path / "elsewhere")
    follower.look()
    follower.look()
    assert len(warned) == 1
    assert "deleted or moved" in warned[0]
    assert (follower.state["version"], follower.state["active"]) == (0, [])
    assert "deleted or moved" in follower.state["said"]
    assert not follower.folder.exists()
    (tmp_path / "elsewhere").rename(place)
    follower.look()
    assert (follower.state["wrong"], follower.state["version"]) == (False, 2)
    assert (follower.folder / "index.html").exists()


def test_a_trial_that_is_removed_is_shown_as_that(runtime, follow_run):
    follower = follow_run(print)
    follower.look()
    key = next(path.parent.name for path in runtime.trials.glob("*/result.json"))
    (runtime.trials / key / "result.json").unlink()
    follower.look()
    assert follower.state["version"] == 2


def test_a_fault_while_files_go_is_told_without_a_traceback(follow_run, monkeypatch, capfd):
    warned = []
    follower = follow_run(warned.append)
    fault = KeyError("trials")
    monkeypatch.setattr(follow, "report", lambda name, runtime: (_ for _ in ()).throw(fault))
    follower.start()
    until(lambda: follower.state["wrong"])
    follower.stop()
    assert warned == [f"{RUN} cannot be shown as it is now: KeyError: 'trials'"]
    assert "Traceback" not in capfd.readouterr().err


def test_pages_of_a_killed_server_are_removed_by_the_next(runtime, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    dead = tmp_path / f"temporary/harness-{os.getuid()}/pages-dead"
    dead.mkdir(parents=True)
    (dead / "held").touch()  # and nobody holds it
    with server.serving(RUN, runtime, None, print) as made, made:
        assert not dead.exists()
        (pages,) = dead.parent.glob("pages-*")
    assert not pages.exists()


def test_a_browser_that_leaves_is_no_fault(served, capfd):
    for fault, shown in ((BrokenPipeError(), False), (KeyError("a fault"), True)):
        try:
            raise fault
        except (BrokenPipeError, KeyError):
            served.handle_error(None, ("127.0.0.1", 1))
        assert ("a fault" in capfd.readouterr().err) is shown


def until(answer):
    for _ in range(600):
        if answer():
            return
        threading.Event().wait(0.1)
    raise AssertionError


@pytest.fixture
def served(runtime):
    with server.serving(RUN, runtime, None, print) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()
        made.server_close()


def ask(served, path, **headers):
    connection = HTTPConnection("127.0.0.1", served.server_port, timeout=60)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    content = answer.read().decode()
    connection.close()
    return answer.status, content


def test_its_pages(served):
    status, page = ask(served, "/")
    assert status == 200
    assert f'data-state="/{RUN}/state"' in page
    until(lambda: json.loads(ask(served, f"/{RUN}/state")[1])["version"] == 1)
    assert "<iframe" in ask(served, f"/{RUN}/")[1]
    assert "Four tips of the card" in ask(served, f"/{RUN}/report/index.html")[1]
    assert ask(served, f"/{RUN}/report/tables/ranking.csv")[0] == 200


@pytest.mark.parametrize(
    "path", ["/other/", f"/{RUN}/other", f"/{RUN}/report/%2e%2e/%2e%2e/studies", f"/{RUN}/report/"]
)
def test_nothing_else_is_there(served, path):
    assert ask(served, path)[0] == 404


def test_another_site_that_resolves_to_this_machine_gets_nothing(served):
    assert ask(served, "/", Host=f"example.org:{served.server_port}") == (403, "")
    assert ask(served, "/", Host=f"localhost:{served.server_port}")[0] == 200


def test_it_listens_on_this_machine_alone(served):
    assert served.server_address[0] == "127.0.0.1"


def test_all_runs(runtime):
    build(runtime.runs.parent, Recipe(seeds=range(2), run_name="other-cpu"))
    with server.serving(None, runtime, None, print) as made, made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        page = ask(made, "/")[1]
        assert f'href="/{RUN}/"' in page
        assert 'href="/other-cpu/"' in page
        made.shutdown()


def test_a_run_that_is_none(runtime):
    with (
        pytest.raises(HarnessError, match=f"did you mean '?{RUN}"),
        server.serving("four-cpuu", runtime, None, print),
    ):
        pass


def test_a_port_that_is_taken(served, runtime):
    port = served.server_port
    said = f"--port {port}: .*choose another"
    with pytest.raises(HarnessError, match=said), server.serving(RUN, runtime, port, print):
        pass


def test_without_a_run(tmp_path, runtime):
    from dataclasses import replace

    empty = replace(runtime, runs=tmp_path / "none")
    with (
        pytest.raises(HarnessError, match="no study has been run here yet"),
        server.serving(None, empty, None, print),
    ):
        pass


def test_ctrl_c_ends_it(runtime):
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "serve", RUN], cwd=runtime.runs.parent,
        env={**os.environ, "HARNESS_RUNS": str(runtime.runs)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process.stdout as said:
        assert "http://127.0.0.1:" in said.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0


def test_head_is_answered_without_a_body(served):
    connection = HTTPConnection("127.0.0.1", served.server_port, timeout=60)
    connection.request("HEAD", "/")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b"")
    connection.close()
