"""What the terminal is told: words that are never taken for markup."""

from io import StringIO

import pytest
from rich.console import Console

from harness.app import Explanation
from harness.cli.printing import show_trial
from harness.cli.printing.doctor import _said
from harness.cli.printing.studies import _ranking
from harness.report.summary import Ranked


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
            used_by=["bn: reference seed 0"],
            changes={"training.ema": 0.5},
            result=result,
            failure={"error": "OSError: [Errno 28] [/bold]", "log_tail": "at [line 3]"},
            metrics={"kid-a": 0.01234, "kid-b": None},
            log=["last [words]"],
        )
    )
    output = capsys.readouterr().out
    for part in (
        "0123: diverged",
        "used by bn: reference seed 0",
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


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_ranking_fits_and_its_long_names_can_be_told_apart(width):
    names = [f"optimizer.generator.learning_rate={rate}" for rate in ("0.0002", "0.0004")]
    numbers = ("−407.1 [−540.6, −273.5]", "7 of 8", "inconclusive")
    columns = ("Tip", "Effect [95 % interval]", "n", "Verdict")
    console = Console(file=StringIO(), width=width)
    console.print(_ranking(Ranked("", columns, [(name, *numbers) for name in names])))
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    rows = [line for line in lines if "inconclusive" in line]
    assert [all(number in row for number in numbers) for row in rows] == [True, True]
    assert rows[0] != rows[1]
    if width == 120:
        assert [name in row for name, row in zip(names, rows, strict=True)] == [True, True]
