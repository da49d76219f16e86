"""TensorFlow's start-up log is kept from standard error, and nothing else is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.core.quiet import LEVEL, without_log

LOG = (
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
    "I0000 00:00:1795852737.376094   26890 port.cc:153] oneDNN custom operations are on.\n"
    "E0000 00:00:1795852764.669356   26890 cuda_platform.cc:52] failed call to cuInit\n"
)


def test_lines_of_the_log_are_dropped_and_others_come_out(capfd, monkeypatch):
    monkeypatch.delenv(LEVEL)
    with without_log():
        os.write(2, LOG.encode())
        print("a warning", file=sys.stderr)
        os.write(2, b"I0 is a line\n")
    assert capfd.readouterr().err == "a warning\nI0 is a line\n"
    assert os.environ[LEVEL] == "3"
    os.write(2, b"I0000 00:00:1 later\n")
    assert capfd.readouterr().err == "I0000 00:00:1 later\n"


def test_an_error_leaves_standard_error_as_it_was(capfd):
    def fail():
        with without_log():
            os.write(2, f"{LOG}before the error\n".encode())
            raise KeyError("a")

    with pytest.raises(KeyError):
        fail()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before the error\nafter\n"


def test_a_level_that_was_asked_for_stays(monkeypatch):
    monkeypatch.setenv(LEVEL, "0")
    with without_log():
        pass
    assert os.environ[LEVEL] == "0"


def test_a_plug_in_that_imports_a_talkative_library_prints_none_of_it(tmp_path):
    file = tmp_path / "loud.py"
    file.write_text(f"import os\nos.write(2, {LOG.encode()!r})\nLOSSES = 5\n")
    load = f"from harness.core.plugins import load_module; load_module(Path({str(file)!r}), 'a')"
    done = subprocess.run(
        [sys.executable, "-c", f"from pathlib import Path; {load}"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""
