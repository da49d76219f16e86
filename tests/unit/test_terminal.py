"""What the terminal is told: words that are never taken for markup."""

from io import StringIO
from types import SimpleNamespace

import pandas as pd
import pytest
from rich.console import Console

from harness.analysis.compare import Comparison
from harness.app import Explanation
from harness.app.analysis import Ranking
from harness.cli.printing import show_heuristics, show_knobs, show_status, show_trial
from harness.cli.printing.analysis import show_comparison, show_rank
from harness.cli.printing.doctor import _said
from harness.cli.printing.plans import _cells
from harness.cli.printing.studies import _ranking
from harness.config import describe as parameters
from harness.report.summary import Ranked
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
            used_by=["bn: reference seed 0"],
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


WIDTHS = pytest.mark.parametrize("width", [60, 80, 120])
LONG = "optimizer.generator.learning_rate=0.0002"
OUTCOME = "42 of 42 trials finished, 3 of these collapsed"


@pytest.fixture
def printed(monkeypatch, capsys):
    """The lines that are printed on a terminal of some width, none of them longer."""

    def at(width, show, *args):
        monkeypatch.setenv("COLUMNS", str(width))
        show(*args)
        output = capsys.readouterr().out
        assert max(map(len, output.splitlines())) <= width
        return output

    return at


def whole(text, output):
    """Whether every word of a text is printed unbroken."""
    return set(text.split()) <= set(output.split())


@WIDTHS
def test_the_status_breaks_no_word(printed, width):
    row = {"run": LONG, "title": "Regularisation, normalisation and augmentation",
           "outcome": OUTCOME, "standing": "", "damaged": False}  # fmt: skip
    output = printed(width, show_status, [row, row | {"run": LONG.replace("2", "4")}])
    assert whole(row["title"], output)
    assert whole(OUTCOME, output)
    assert "0002" in output
    assert "0004" in output  # names differ at their ends


@WIDTHS
def test_the_cells_of_a_plan_keep_ends_of_names_and_whole_keys(printed, width):
    cells = [SimpleNamespace(label=f"{LONG}{end}", patch={LONG[:-7]: end, "data.flip": True})
             for end in ("02", "04")]  # fmt: skip
    trials = [SimpleNamespace(cell=cell, key=f"{cell.label[-1]}{seed}abcdef")
              for cell in cells for seed in range(6)]  # fmt: skip
    plan = SimpleNamespace(cells=cells, trials=trials)
    forecast = SimpleNamespace(plan=plan, missing=[])
    output = printed(width, lambda: Console().print(_cells(forecast)))
    assert whole(" ".join(trial.key[:6] for trial in trials), output)
    assert whole("Changes Trained data.flip=True 6/6", output)
    assert output.count("02 ") >= 2  # at the ends of a name and of a change
    assert output.count("04 ") >= 2


@WIDTHS
def test_a_comparison_breaks_no_word_and_no_number(printed, width):
    runs = [{"run": run, "data": "fashion_mnist", "pixels": 32, "kimg": 300.0, "seeds": 6,
             "outcome": OUTCOME, "code": "0123abc; 4567def", "unlearnt": ""}
            for run in ("tips_one_at_a_time", "tips_one_at_a_time-smoke")]  # fmt: skip
    effects = [{"contrast": LONG, "run": row["run"], "effect": -0.4071, "low": -0.5406,
                "high": -0.2735, "verdict": "inconclusive", "measure": "final, kid-x"}
               for row in runs]  # fmt: skip
    empty = pd.DataFrame()
    tables = Comparison(pd.DataFrame(runs), pd.DataFrame(effects), *[empty] * 4)
    output = printed(width, show_comparison, tables, "page")
    for text in (OUTCOME, "0123abc; 4567def", "inconclusive", "−407.1 [−540.6, −273.5]", "Seeds"):
        assert whole(text, output), text


@WIDTHS
def test_a_ranking_from_elsewhere_breaks_no_word_and_no_number(printed, width):
    treatments = pd.DataFrame(
        [{"treatment": name, "n": 6, "mean": 1234.5678, "sd": 0.1, "rank_low": 1, "rank_high": 2,
          "group": 1, "adjusted": 1234.5678} for name in (LONG, "[baseline]")]
    )  # fmt: skip
    pair = {"a": LONG, "b": "[baseline]", "n": 6, "effect": -1234.5678, "ci_low": -2000.1,
            "ci_high": 12.1, "p_adjusted": 0.031, "verdict": "inconclusive"}  # fmt: skip
    found = Ranking(treatments, pd.DataFrame([pair]), "kid", True, "lower", 0.05, ["lost"], [])
    output = printed(width, show_rank, found)
    for text in ("1\u202f234.57", "−1\u202f234.57", "[−2\u202f000.10,", "+12.10]", "inconclusive",
                 "Treatment", "[interval]", "0.031"):  # fmt: skip
        assert text in output


@WIDTHS
def test_lists_of_heuristics_break_no_word(printed, width):
    from harness.heuristics import HEURISTICS

    rows = [HEURISTICS[name] for name in HEURISTICS]
    output = printed(width, show_heuristics, rows)
    for row in rows:
        assert row.id in output
        assert whole(row.statement, output), row.id


@WIDTHS
def test_the_list_of_knobs_breaks_no_name_and_no_word(printed, width):
    rows = parameters.rows()
    output = printed(width, show_knobs, rows)
    for row in rows:
        assert row["knob"] in output
        assert whole(row["meaning"], output), row["knob"]
