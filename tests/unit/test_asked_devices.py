"""The doctor asks another process for devices, so that a broken TensorFlow is a finding."""

import pytest

from harness.app.doctor import machine


@pytest.mark.parametrize(
    ("code", "said", "wrong"),
    [
        ("print('1 GPU')", "1 GPU", False),
        (
            "import nosuch",
            "cannot be imported: ModuleNotFoundError: No module named 'nosuch'",
            True,
        ),
    ],
)
def test_what_the_process_says_is_a_finding(monkeypatch, code, said, wrong):
    monkeypatch.setattr(machine, "_DEVICES", code)
    [found] = machine.check_devices()
    assert (found.what, found.wrong) == (said, wrong)


@pytest.mark.tf
def test_what_it_is_asked_has_an_answer(capsys):
    exec(machine._DEVICES)
    assert "CPU" in capsys.readouterr().out
