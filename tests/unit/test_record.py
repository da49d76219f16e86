"""Writing a trial's folder: one holder, whole documents, and a cut that leaves no trace."""

import re
import subprocess

import pytest

from harness.config.patch import flatten
from harness.core.errors import HarnessError
from harness.core.files import append_line, read_json, read_lines
from harness.core.lock import Busy
from harness.runs import environment as environments
from harness.runs.environment import this_environment
from harness.runs.record import now
from harness.runs.recorder import Recorder
from harness.runs.rows import Environment, Git, MetricAbout, Progress, Result
from harness.runs.status import Status
from harness.runs.trial import Trial

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\0IEND\xaeB`\x82"  # as much as is needed to be whole


@pytest.fixture
def recorder(tmp_path):
    with Recorder(tmp_path / "trials" / "key") as held:
        yield held


def test_a_trial_has_one_holder_until_it_is_let_go(tmp_path):
    folder = tmp_path / "trials" / "key"
    with Recorder(folder), pytest.raises(Busy):
        Recorder(folder).acquire()
    with Recorder(folder).acquire() as again:
        assert again.folder == folder


def test_a_folder_that_cannot_be_made_is_a_clear_message(tmp_path):
    (tmp_path / "trials").write_text("in the way")
    with pytest.raises(HarnessError, match=r"key: cannot be written \(Not a directory\)"):
        Recorder(tmp_path / "trials" / "key").acquire()


def test_every_attempt_leaves_its_environment(recorder, tiny):
    config = tiny({"seed": 3})
    recorder.start(config, Environment(host="a"))
    recorder.start(config, Environment(host="b"))
    assert read_json(recorder.folder / "config.json") == flatten(config)
    assert [one.host for one in Trial(recorder.folder).environment()] == ["a", "b"]


def rows(*iterations):
    return [{"iteration": iteration} for iteration in iterations]


def test_a_cut_makes_the_record_that_of_a_trial_stopped_there(recorder):
    for row in rows(10, 20, 30):
        recorder.training(row)
    for row in rows(0, 20, 40):
        recorder.evaluation("kid-a", row)
        recorder.sample_path(row["iteration"]).parent.mkdir(exist_ok=True)
        recorder.sample_path(row["iteration"]).write_bytes(PNG)
        recorder.generator(row["iteration"]).parent.mkdir(exist_ok=True)
        recorder.generator(row["iteration"]).touch()
    with (recorder.folder / "metrics.jsonl").open("a") as file:
        file.write('{"iteration": 40, "to')
    recorder.cut(20)
    assert read_lines(recorder.folder / "metrics.jsonl") == rows(10, 20)
    assert (recorder.folder / "metrics.jsonl").read_text().endswith('{"iteration":20}\n')
    assert read_lines(recorder.folder / "evaluations/kid-a.jsonl") == rows(0, 20)
    assert [path.stem for path in Trial(recorder.folder).samples()] == ["00000000", "00000020"]
    assert sorted(path.stem for path in recorder.folder.glob("generators/*")) == [
        "00000000",
        "00000020",
    ]


def test_a_cut_rewrites_rows_as_they_were_appended(recorder):
    row = {"iteration": 10, "loss": 0.1 + 0.2, "none": None, "text": "ü"}
    recorder.training(row)
    before = (recorder.folder / "metrics.jsonl").read_bytes()
    recorder.cut(10)
    assert (recorder.folder / "metrics.jsonl").read_bytes() == before
    recorder.cut(-1)
    assert (recorder.folder / "metrics.jsonl").read_bytes() == b""


def test_a_metric_is_described_beside_its_scores(recorder):
    recorder.describe_metric(MetricAbout(requests=("11111111",), identity="kid-a"))
    recorder.evaluation("kid-a", {"evaluation": 0})
    assert Trial(recorder.folder).metric("11111111") == "kid-a"
    other = MetricAbout(requests=("22222222",), identity="kid-b")
    recorder.score(other, [{"evaluation": 0}, {"evaluation": 1}])
    trial = Trial(recorder.folder)
    assert trial.evaluation_rows("kid-b") == [{"evaluation": 0}, {"evaluation": 1}]
    recorder.score(other, [{"evaluation": 5}])  # scored again: replaced
    assert trial.evaluation_rows("kid-b") == [{"evaluation": 5}]


def test_a_result_ends_progress_and_failure(recorder, tiny):
    recorder.start(tiny(), Environment())
    recorder.start(tiny(), Environment())
    recorder.progress(Progress(iteration=5, phase="training"))
    beat = read_json(recorder.folder / "progress.json")
    assert (beat["iteration"], beat["phase"]) == (5, "training")
    recorder.failure("OSError: x", "trace")
    assert not (recorder.folder / "progress.json").exists()
    failure = Trial(recorder.folder).failure()
    assert (failure.error, failure.log_tail, failure.attempt) == ("OSError: x", "trace", 2)
    recorder.progress(Progress(iteration=6))
    recorder.result(Result(status=Status.FINISHED))
    left = {path.name for path in recorder.folder.iterdir()}
    assert left == {"lock", "config.json", "env.json", "result.json", "digests.json"}


def test_the_log_has_a_time_on_every_entry(recorder):
    recorder.log("one")
    recorder.log("two")
    lines = (recorder.folder / "log.txt").read_text().splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == ["one", "two"]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", x.split()[0]) for x in lines)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", now())


def test_places(recorder):
    assert recorder.checkpoint.relative_to(recorder.folder).as_posix() == "checkpoint/last.npz"
    assert recorder.generator(42).relative_to(recorder.folder).as_posix() == (
        "generators/00000042.npz"
    )
    assert recorder.sample_path(42).name == "00000042.png"


def test_the_environment_names_what_can_change_a_bit(recorder, monkeypatch):
    monkeypatch.setattr(environments, "__version__", "9.9")  # of the code, installed or not
    arithmetic = {"threads": 1, "xla": False, "device": "CPU"}
    found = this_environment(arithmetic)
    assert (found.arithmetic, found.device) == (arithmetic, "CPU")
    assert {"tensorflow", "keras", "numpy"} <= found.versions.keys()
    assert found.versions["gan-ablation-harness"] == "9.9"
    assert set(found.to_json()["git"]) == {"commit", "dirty"}
    append_line(recorder.folder / "x.jsonl", found.to_json())
    assert [Environment(**line) for line in read_lines(recorder.folder / "x.jsonl")] == [found]


def test_the_commit_is_that_of_the_code_and_not_of_a_repository_around_it(tmp_path, monkeypatch):
    """As where an environment lies in somebody's project."""
    code = tmp_path / "site-packages" / "environment.py"
    code.parent.mkdir()
    code.write_text("")
    monkeypatch.setattr(environments, "__file__", str(code))

    def git(*arguments):
        author = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        subprocess.run(["git", "-C", str(tmp_path), *author, *arguments], check=True)

    git("init", "--quiet")
    git("commit", "--quiet", "--allow-empty", "--message", "theirs")
    assert environments.this_environment({"device": "CPU"}).git == Git(commit="", dirty=False)
    git("add", "--all")
    git("commit", "--quiet", "--message", "ours")
    assert environments.this_environment({"device": "CPU"}).git.commit
