"""What the terminal is told: sizes, and words that are never taken for markup."""

import pytest

from harness.app import Explanation
from harness.terminal import show_trial, size


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (999_499, "999 kB"),
        (999_600, "1 MB"),
        (7_400_000, "7 MB"),
        (3_200_000_000, "3 GB"),
        (3_200_000_000_000, "3200 GB"),
    ],
)
def test_sizes(count, text):
    assert size(count) == text


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
        "120 iterations in 1m 15s",
        "Flags: rebound, collapsed",
        "discriminator_loss is nan",
        "Failed: OSError: [Errno 28] [/bold]",
        "at [line 3]",
        "last [words]",
    ):
        assert part in output
