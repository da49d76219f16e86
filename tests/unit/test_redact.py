"""Secrets of the environment and of URLs, masked in all that is said and recorded."""

import json
import os
import sys

import pytest

from harness import cli
from harness.core.errors import HarnessError
from harness.core.redact import redacted
from harness.queue.base import Job
from harness.queue.optuna_ledger import OptunaLedger
from harness.runs.recorder import Recorder

SECRET = "c4nary-p@ss/w0rd"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("postgresql://ann:hunter2@host:5432/db", "postgresql://ann:***@host:5432/db"),
        ("postgresql+psycopg://ann:a@b/c:d@host/db", "postgresql+psycopg://ann:***@host/db"),
        ("no answer of 'mysql://u:p@h'.", "no answer of 'mysql://u:***@h'."),
        ("http://:token@proxy:80", "http://:***@proxy:80"),
        (
            "postgresql://h/db?user=a&password=b%20c&x=1",
            "postgresql://h/db?user=a&password=***&x=1",
        ),
        ("postgresql://h/db?sslpassword=zz;sslkey=k", "postgresql://h/db?sslpassword=***;sslkey=k"),
        ("host=h password=hunter2 user=ann", "host=h password=*** user=ann"),
        ("host=h password='two words' user=ann", "host=h password=*** user=ann"),
        ("https://h/?api_key=1&access_token=2", "https://h/?api_key=***&access_token=***"),
    ],
)
def test_what_a_url_in_a_text_has_for_a_password(text, said):
    assert redacted(text) == said
    assert redacted(said) == said


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://ann@host/db",
        "runs/studies/one: cannot be written",
        "studies/one.yaml:6: training.batch_size: Input should be valid (given: 'many')",
        "see https://docs.python.org/3/library/stdtypes.html",
        "unknown key 'seed'; did you mean 'seeds'?",
    ],
)
def test_what_is_no_secret_stays(text):
    assert redacted(text) == text


@pytest.mark.parametrize(
    "name",
    ["WANDB_API_KEY", "AWS_SECRET_ACCESS_KEY", "HF_TOKEN", "PGPASSWORD", "MY_APIKEY", "api_secret"],
)
def test_a_variable_whose_name_says_so(monkeypatch, name):
    monkeypatch.setenv(name, SECRET)
    assert redacted(f"so <{SECRET}> and c4nary-p%40ss%2Fw0rd") == "so <***> and ***"


@pytest.mark.parametrize("name", ["DATABASE_URL", "HTTPS_PROXY"])
@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://ann:{SECRET}@host/db",
        "postgresql://ann:c4nary-p%40ss%2Fw0rd@host/db",
        "postgresql://host/db?user=ann&password=c4nary-p%40ss%2Fw0rd",
    ],
)
def test_the_password_of_a_url_in_a_variable(monkeypatch, name, url):
    monkeypatch.setenv(name, url)
    assert redacted(f"no entry for ann, {SECRET}, in {url}").count("c4nary") == 0
    assert redacted("ann is unknown at host") == "ann is unknown at host"


def test_a_variable_that_only_says_where_a_secret_lies(monkeypatch):
    monkeypatch.setenv("WANDB_IDENTITY_TOKEN_FILE", "/home/ann/token")
    monkeypatch.setenv("SHORT_KEY", "us")
    assert redacted("/home/ann/token is unusual") == "/home/ann/token is unusual"


@pytest.fixture
def canary(monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", SECRET)
    return SECRET


def test_no_message_of_ours_says_it(canary):
    assert str(HarnessError(f"refused: {canary}")) == "refused: ***"


def test_a_trials_folder_does_not_hold_it(canary, tmp_path):
    with Recorder(tmp_path / "trial") as recorder:
        recorder.log(f"failed with {canary}")
        recorder.failure(f"KeyError: {canary}", f"Traceback\n  {canary}")
    for path in (tmp_path / "trial").iterdir():
        assert canary not in path.read_text()
    assert json.loads((tmp_path / "trial/failure.json").read_text())["error"] == "KeyError: ***"


def test_a_ledger_does_not_hold_it(canary, tmp_path):
    ledger = OptunaLedger.open("run", tmp_path, tmp_path / "trials")
    ledger.enqueue([Job("key", "cell", 0, 0)])
    claim = ledger.claim("worker")
    assert claim is not None
    ledger.finish(claim, "crashed", f"OperationalError: {canary}")
    assert canary not in (tmp_path / "ledger.log").read_text()


@pytest.mark.parametrize("error", [RuntimeError, OSError, KeyError])
def test_a_traceback_does_not_say_it(canary, monkeypatch, capsys, error):
    def fail(*_):
        raise error(f"no such table, {canary}")

    monkeypatch.setattr("harness.app.status", fail)
    monkeypatch.setattr(sys, "argv", ["harness", "status"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    said = capsys.readouterr().err
    assert end.value.code == 1
    assert "Traceback" in said
    assert "no such table, ***" in said
    assert canary not in said


def test_an_error_of_the_system_with_a_place_is_one_message(canary, monkeypatch, capsys):
    def fail(*_):
        raise IsADirectoryError(21, os.strerror(21), f"sqlite:///{canary}")

    monkeypatch.setattr("harness.app.status", fail)
    monkeypatch.setattr(sys, "argv", ["harness", "status"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    assert capsys.readouterr().err == "harness: sqlite:///***: Is a directory\n"
