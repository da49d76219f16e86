"""Every printer of a table, on narrow terminals: no word is broken, no name is cut."""

import random
import re
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from rich.text import Text

from harness.analysis.compare import Comparison
from harness.analysis.pooling import Pool
from harness.app.analysis import Ranking
from harness.app.doctor import Diagnosis
from harness.app.doctor.finding import Finding
from harness.cli.printing import (
    show_detectable,
    show_heuristics,
    show_knobs,
    show_status,
    show_studies,
    show_summary,
)
from harness.cli.printing.analysis import show_comparison, show_rank
from harness.cli.printing.doctor import show_diagnosis
from harness.cli.printing.plans import _cells
from harness.cli.printing.terminal import Terminal, step
from harness.config import describe as parameters
from harness.core.folding import Name, prose, shared
from harness.heuristics import HEURISTICS
from harness.plan.reach import Detectable, Found
from harness.report.summary import Ranked, Summary
from harness.runs.outcomes import Outcomes

WIDTHS = pytest.mark.parametrize("width", [60, 80, 120])
LONG = "discriminator.optimizer.learning_rate"
NASTY = [  # alike at their beginnings, at their ends, and without a joint
    f"{LONG}=0.0002,generator_ema=off",
    f"{LONG}=0.0004,generator_ema=off",
    f"{LONG}=0.0004,generator_ema=on",
    "batchnormalisationeverywhere",
    "batchnormalisationeverywheres",
    "[bold] of Müller/2",
    "Batch normalisation in the discriminator: on",
    "Batch normalisation in the discriminator: off",
]
OUTCOME = "42 of 42 trials finished, 3 of these collapsed"
REASON = "the test decides, though the interval leaves out zero"
EFFECT = "−407.1 [−540.6, −273.5]"


@pytest.fixture
def printed(monkeypatch, capsys):
    """The text that is printed on a terminal of some width, no line of it longer."""
    monkeypatch.setenv("FORCE_COLOR", "1")

    def at(width, show, *args):
        monkeypatch.setenv("COLUMNS", str(width))
        show(*args)
        output = Text.from_ansi(capsys.readouterr().out).plain
        assert max(map(len, output.splitlines())) <= width
        return output

    return at


def whole(text, output):
    """Whether every word of a text is printed unbroken."""
    return set(re.split("[ \\n]+", text)) <= set(re.split("[ \\n]+", output))


def shows(name, output):
    """Whether all of a name stands in one place: on a line, or folded on lines below each other."""
    # a colon may be a part of a name, or end it
    after = (output, output.replace(": ", "  "), re.sub(r"(: \w+): ", r"\1  ", output))
    texts = [text.splitlines() for text in after]
    folds = {tuple(line.plain for line in one.lines(width))
             for width in range(8, 121) for one in (Name(name), Name.of(name))}  # fmt: skip
    return any(_stands(parts, lines) for parts in folds for lines in texts)


def _stands(parts, lines):
    for at, line in enumerate(lines[: len(lines) - len(parts) + 1]):
        for start in (hit.start() for hit in re.finditer(re.escape(parts[0]), line)):
            below = lines[at : at + len(parts)]
            cells = [row[start:].split("  ")[0].rstrip() for row in below]
            if cells == [part.rstrip() for part in parts]:
                return True
    return False


def status(names):
    counts = Outcomes(trials=12, finished=7, diverged=1, crashed=2, not_ended=2)._asdict()
    title = "Regularisation, normalisation and augmentation"
    rows = [{"run": name, "title": title, "standing": "", "driver": "", **counts}
            for name in names]  # fmt: skip
    show_status(rows)


def cells(names):
    cells = [SimpleNamespace(label=str(at), patch={LONG: name, "data.flip": True})
             for at, name in enumerate(names)]  # fmt: skip
    trials = [SimpleNamespace(cell=cell, key=f"{number}{seed}abcdef")
              for number, cell in enumerate(cells) for seed in range(6)]  # fmt: skip
    forecast = SimpleNamespace(plan=SimpleNamespace(cells=cells, trials=trials), missing=[])
    Terminal().print(_cells(forecast, {str(at): name for at, name in enumerate(names)}))


def comparison(names):
    runs = [{"run": name, "data": "fashion_mnist", "pixels": 32, "kimg": 300.0, "seeds": 6,
             "outcome": OUTCOME, "code": "0123abc; 4567def", "unlearnt": "",
             "objective": "final", "equivalence": 0.05}
            for name in names]  # fmt: skip
    effects = [{"contrast": "an id", "title": name, "run": name, "effect": -0.4071, "low": -0.5406,
                "high": -0.2735, "verdict": "inconclusive", "reason": f"{REASON} of {at}",
                "measure": "final, kid-x"}
               for at, name in enumerate(names)]  # fmt: skip
    tips = [{"contrast": "an id", "title": name, "sets": 3, "effect": -0.5, "low": -0.6,
             "high": 0.1, "p_adjusted": 0.03, "verdict": "inconclusive", "reason": REASON}
            for name in names]  # fmt: skip
    empty = pd.DataFrame()
    pool = Pool(pd.DataFrame(tips), empty, empty, ["mind the gap"], 0.05)
    tables = Comparison(pd.DataFrame(runs), pd.DataFrame(effects), *[empty] * 4, {}, pool)
    show_comparison(tables, Path("page"))


def rank(names):
    treatments = pd.DataFrame(
        [{"treatment": name, "n": 6, "mean": 1234.5678, "sd": 0.1, "rank_low": 1, "rank_high": 2,
          "group": 1, "adjusted": 1234.5678} for name in names]
    )  # fmt: skip
    pairs = [{"a": a, "b": b, "n": 6, "effect": -1234.5678, "ci_low": -2000.1, "ci_high": 12.1,
              "p_adjusted": 0.031, "verdict": "inconclusive", "reason": f"{REASON} of {at}"}
             for at, (a, b) in enumerate(pairwise(names))]  # fmt: skip
    direction = "kid: lower is better, by its name"
    known = (treatments, pd.DataFrame(pairs), "kid", True, direction)
    show_rank(Ranking(*known, 0.05, ["lost"], [], "test"))


def summary(names):
    columns = ("Tip", "Effect [95 % interval]", "n", "Verdict")
    rows = [(name, EFFECT, "7 of 8", "inconclusive") for name in names]
    table = Ranked("One change from the baseline", columns, rows)
    show_summary(Summary([table], [], OUTCOME, "It helps.", Path("page"), pd.DataFrame()))


def detectable(names):
    titles = {str(at): name for at, name in enumerate(names)}
    rows = tuple(Found(name, 6, 0.0123, 0.0234, 0.0345, 12, None) for name in titles)
    show_detectable(Detectable("pilot", "final", 0.01, None, rows, (), None, "", titles), 6)


def studies(names):
    show_studies([{"name": name, "question": "Does it help?", "file": "studies/a.yaml"}
                  for name in names])  # fmt: skip


def diagnosis(names):
    findings = [Finding("record", name, "a row lacks its iteration", "restore it")
                for name in names]  # fmt: skip
    show_diagnosis(Diagnosis([], 1, findings), False)


WORDS = {  # printer → words that must come out whole at every width
    status: "finished 1 diverged, 2 crashed, 2 not",
    cells: "Changes Trained data.flip=True 6/6",
    comparison: f"{OUTCOME} 0123abc; 4567def inconclusive {EFFECT} Seeds {REASON}",
    rank: f"{REASON} 1\u202f234.57 −1\u202f234.57 [−2\u202f000.10, inconclusive [95 0.031",
    summary: f"{EFFECT} 7 of 8 inconclusive Verdict interval]",
    detectable: "12.3 23.4 34.5 detect",
    studies: "Does it help? studies/a.yaml",
    diagnosis: "a row lacks its iteration restore",
}


@WIDTHS
@pytest.mark.parametrize("printer", WORDS, ids=lambda printer: printer.__name__)
def test_names_are_whole_and_no_word_is_broken(printed, printer, width):
    names = [name for name in NASTY if printer is not status or len(name) < width]
    output = printed(width, printer, names)
    text = re.sub("[:]", "", output)
    assert [name for name in names if not shows(name, output)] == []
    if printer is not status:
        assert whole(re.sub("[:]", "", WORDS[printer]), text)


def test_status_is_a_line_a_run_and_full_lines_fit(printed):
    output = printed(80, status, ["one", "another-run"])
    assert output.splitlines() == [
        "Run          Trials  State                               Title",
        "one          7/12    1 diverged, 2 crashed, 2 not ended  Regularisation, …",
        "another-run  7/12    1 diverged, 2 crashed, 2 not ended  Regularisation, …",
    ]


def test_status_of_a_detached_run_leaves_room_for_titles(printed):
    counts = Outcomes(trials=8, finished=2, not_ended=6)._asdict()
    driver = "driven by the job quickstart.smoke-a1b2c3 (running)"
    row = {"run": "quickstart.smoke", "title": "A first look", "standing": "job running",
           "driver": driver, **counts}  # fmt: skip
    assert printed(80, show_status, [row]).splitlines() == [
        "Run               Trials  State                     Title",
        "quickstart.smoke  2/8     6 not ended, job running  A first look",
        f"quickstart.smoke: {driver}",
    ]


def test_a_run_whose_name_fills_the_terminal_is_a_line_with_its_name(printed, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    with pytest.raises(AssertionError):  # longer than the terminal: better than cut
        printed(20, status, [NASTY[0]])


@WIDTHS
def test_lists_of_heuristics_break_no_word(printed, width):
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


@pytest.mark.parametrize("seed", range(200))
def test_a_name_is_folded_and_never_cut(seed):
    draw = random.Random(seed)
    name = "".join(draw.choices("ab_.=-é漢", k=draw.randint(1, 40)))
    lines = [line.plain for line in Name(name).lines(draw.randint(2, 50))]
    assert "".join(lines) == name


@pytest.mark.parametrize("seed", range(200))
def test_columns_share_the_room(seed):
    draw = random.Random(seed)
    least = [draw.randint(1, 9) for _ in range(draw.randint(1, 6))]
    most, room = [low + draw.randint(0, 60) for low in least], draw.randint(0, 200)
    widths = shared(least, most, room)
    if sum(least) > room:
        assert widths is None
        return
    assert sum(widths) == min(room, sum(most))
    assert all(low <= width <= high for low, width, high in zip(least, widths, most, strict=True))


@pytest.mark.parametrize("width", range(8, 40))
def test_no_number_is_folded(width):
    lines = [line.plain for line in prose("in 95 % of cases at 0.5 % or so").lines(width)]
    assert not [line for line in lines if line.startswith("%")]
    assert " ".join(lines) == "in 95 % of cases at 0.5 % or so"
    name = "optimizer.learning_rate=0.0002,x=2e-4,y=-0.5,z=1.5e-07"
    lines = [line.plain for line in Name(name).lines(width)]
    assert "".join(lines) == name
    for number in ("0.0002", "2e-4", "-0.5", "1.5e-07"):
        assert any(number in line for line in lines)


@pytest.mark.parametrize("width", range(6, 40))
def test_both_sides_of_an_equals_sign_are_on_one_line_where_it_is_long_enough(width):
    title = "Adam with beta_1 = 0.5: off"
    lines = [line.plain for line in Name.of(title).lines(width)]
    assert any("beta_1 = 0.5:" in line for line in lines) == (width >= len("beta_1 = 0.5:"))
    assert "".join(lines).replace(" ", "") == title.replace(" ", "")
    assert all(line == line.strip() and len(line) <= width for line in lines)


def test_for_other_programs_a_sentence_is_a_line(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    Terminal().say("one sentence that is longer than the terminal would be")
    with step("Writing the report"):
        pass
    assert capsys.readouterr().out.splitlines() == [
        "one sentence that is longer than the terminal would be",
        "Writing the report …",
    ]
