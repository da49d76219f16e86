"""What the terminal is told: words that are never taken for markup."""

import pytest

from harness.app import Explanation
from harness.app.records import Use
from harness.cli.printing import show_trial
from harness.cli.printing.doctor import _said
from harness.runs.rows import Failure, Result


def test_a_trial_in_words(capsys):
    result = {
        "status": "diverged",
        "iteration": 120,
        "seconds": 75.0,
        "flags": [{"flag": "rebound"}, {"flag": "collapsed"}],
        "message": "discriminator_loss is nan",
    }
    show_trial(
        Explanation(
            key="0123",
            state="diverged",
            used_by=[
                Use("bn", "reference", "reference", 0),
                Use("two", "generator_ema=off", "Moving average: off", 1),
            ],
            changes={"training.ema": 0.5},
            result=Result.model_validate(result),
            failure=Failure(error="OSError: [Errno 28] [/bold]", log_tail="at [line 3]"),
            metrics={"kid-a": 0.01234, "kid-b": None},
            log=["last [words]"],
        )
    )
    output = capsys.readouterr().out
    for part in (
        "0123: diverged",
        "used by bn: reference, seed 0\n",
        "used by two: Moving average: off, seed 1 (--cell generator_ema=off)",
        "training.ema = 0.5",
        "Last KID × 10³: 12.34 (kid-a)",
        "Last KID × 10³: none (kid-b)",
        "120 iterations in 75 s",
        "Flags: rebound, collapsed",
        "discriminator_loss is nan",
        "Failed: OSError: [Errno 28] [/bold]",
        "at [line 3]",
        "last [words]",
    ):
        assert part in output


@pytest.mark.parametrize(
    ("wrong", "left", "fixed", "said"),
    [
        (0, 0, False, "nothing is wrong"),
        (1, 1, False, "1 thing is wrong; harness doctor --fix repairs what is safe to repair"),
        (2, 2, False, "2 things are wrong; harness doctor --fix repairs what is safe to repair"),
        (1, 0, True, "1 thing was wrong, none left"),
        (3, 1, True, "3 things were wrong, 1 left"),
    ],
)
def test_the_doctor_ends_in_a_sentence(wrong, left, fixed, said):
    assert _said(wrong, left, fixed) == said
