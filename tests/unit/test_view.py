"""The view of a run: estimates, what fits a terminal, and plain lines where there is none."""

import re
import sys
from dataclasses import replace
from io import StringIO
from types import SimpleNamespace

import pytest
from rich.console import Console
from rich.text import Text

from harness.execution.view.drawing import draw
from harness.execution.view.progress import Snapshot, TrialEnd, TrialProgress
from harness.execution.view.screen import LINE, open_view, summary

NAME = "Batch normalisation in the discriminator: on"
ACTIVE = TrialProgress("ab12cd34", "batch_norm=on", NAME, 3, "training", 64.0, 128.0, 0.0812, 400.0)
ENDED = TrialEnd("ee55ff66", "reference", "reference", 0, "finished", 0.0555, 754.0)
SNAPSHOT = Snapshot("bn_ablation-cpu", 12, 4, 0, 5e5, 1.5e6, (ACTIVE,), ended=(ENDED,))


def drawn(snapshot: Snapshot, width: int, height: int = 30, notice: str = "") -> str:
    console = Console(file=StringIO(), width=width, height=height, force_terminal=True)
    with console.capture() as capture:
        console.print(draw(snapshot, 754.0, width, height, notice))
    return Text.from_ansi(capture.get()).plain


def test_a_trials_time_left() -> None:
    assert ACTIVE.seconds_left == pytest.approx(160.0)
    assert replace(ACTIVE, images_per_second=None).seconds_left is None
    assert replace(ACTIVE, kimg=130.0).seconds_left == 0.0


def test_on_a_cluster_the_view_names_nodes() -> None:
    there = replace(SNAPSHOT, active=(ACTIVE, replace(ACTIVE, node="gpu-17")))
    text = drawn(there, 120)
    assert "node" in text
    assert "gpu-17" in text
    assert "node" not in drawn(SNAPSHOT, 120)
    assert "gpu-17" not in drawn(there, 100)


def test_a_wide_terminal_shows_everything() -> None:
    text = drawn(replace(SNAPSHOT, diverged=2, crashed=1), 100, notice="stopping: a moment")
    for part in (
        "bn_ablation-cpu  4/12 trials  2 diverged  1 crashed  1 running",
        "33 %  time left 13 min",
        "stopping: a moment",
        "training",
        "64/128",
        "81.2",
        "400",
        "3 min",
        "✓ reference     0  KID×10³   55.5       13 min",
    ):
        assert part in text


@pytest.mark.parametrize("width", [24, 32, 40, 46, 60, 80, 84, 94, 200])
@pytest.mark.parametrize("height", [8, 12, 30])
def test_nothing_overflows_a_terminal(width: int, height: int) -> None:
    many = replace(
        SNAPSHOT,
        active=tuple(replace(ACTIVE, seed=seed, attempt=1 + seed % 2) for seed in range(40)),
        ended=(ENDED, replace(ENDED, status="crashed", message="Trace\nValueError: " + "x" * 300)),
    )
    lines = drawn(many, width, height, "a notice " * 30).rstrip("\n").splitlines()
    assert len(lines) < max(height, 13)
    assert all(len(line) <= width for line in lines)
    assert any(line.endswith(" more") for line in lines)
    assert sum("81.2" in line for line in lines) >= (1 if width >= 40 and height >= 30 else 0)


RATES = [f"discriminator.optimizer.learning_rate={rate},generator_ema=off" for rate in
         ("0.0002", "0.0004")]  # fmt: skip
NAMES = [
    *RATES,
    NAME,
    NAME.replace(": on", ": off"),
    "Moving average of the generator's weights: on, One-sided label smoothing: off",
    "Moving average of the generator's weights: off, One-sided label smoothing: off",
    "reference",
]


def rows_of(text: str, seeds: list[int]) -> list[str]:
    """The names of trials as they stand in the view, by their seeds; lines below belong to them."""
    rows: list[str] = []
    for line in text.splitlines():
        head = re.match(r"(?:[✓✗!] )?(.*?) +(\d+)(?:  |$)", line)
        if head and int(head[2]) in seeds and not line.startswith("  "):
            rows.append(head[1])
        elif rows and line.strip() and not re.match(r" *(?:crashed|KID|and|cell)", line):
            rows[-1] += f" {line.strip()}"
        elif not line.strip() and rows and len(rows) == len(seeds):
            break
    return rows


def without_folds(text: str) -> str:
    return text.replace(" ", "")


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("state", ["active", "ended"])
def test_names_are_whole_and_no_two_rows_look_alike(width: int, state: str) -> None:
    for part in (NAMES[:4], NAMES[4:]):
        seeds = [500 + at for at in range(len(part))]
        active = tuple(replace(ACTIVE, name=n, seed=s) for n, s in zip(part, seeds, strict=True))
        ends = tuple(replace(ENDED, name=n, seed=s) for n, s in zip(part, seeds, strict=True))
        view = replace(SNAPSHOT, active=active if state == "active" else (),
                       ended=ends if state == "ended" else ())  # fmt: skip
        rows = rows_of(drawn(view, width, 60), seeds)
        shown = part if state == "active" else part[::-1]
        assert list(map(without_folds, rows)) == list(map(without_folds, shown))


@pytest.mark.parametrize("width", [60, 80, 100])
def test_no_word_of_a_name_is_broken(width: int) -> None:
    words = {word for name in NAMES for word in re.split(r"[ .,=]|(?<=[_-])", name)} - {""}
    active = tuple(replace(ACTIVE, name=name) for name in NAMES)
    ends = tuple(replace(ENDED, name=name) for name in NAMES[:4])
    text = drawn(replace(SNAPSHOT, active=active, ended=ends), width, 80)
    assert [word for word in words if word not in text] == []
    assert "0.0002" in text


def test_the_nodes_of_a_cluster_are_whole() -> None:
    nodes = ("ip-10-0-12-123.eu-central.internal", "ip-10-0-12-124.eu-central.internal")
    active = tuple(replace(ACTIVE, node=node) for node in nodes)
    text = drawn(replace(SNAPSHOT, active=active), 120)
    assert "123." in text
    assert "124." in text


def test_a_run_is_named_whole_and_facts_go_on_in_a_further_line() -> None:
    name = "tips_on_photographs_of_flowers-full-a1b2c3"
    standing = "look 2 of 4: 3 of 6 contrasts decided"
    view = replace(SNAPSHOT, run_name=name, standing=standing, diverged=1, crashed=2)
    text = drawn(view, 60)
    for fact in (name, "4/12 trials", "1 diverged", "2 crashed", "1 running", standing):
        assert fact in text


def test_a_message_of_a_crash_is_in_two_lines_and_ends_at_a_word() -> None:
    crash = replace(ENDED, status="crashed", message="OSError: " + "no space is left " * 30)
    lines = drawn(replace(SNAPSHOT, active=(), ended=(crash,)), 80).splitlines()
    (first,) = [at for at, line in enumerate(lines) if "crashed: OSError" in line]
    assert re.search(r" (no|space|is|left) …$", lines[first + 1])
    assert len(lines) == first + 2


def test_labels_are_text_and_never_markup() -> None:
    odd = replace(SNAPSHOT, run_name="[red]", active=(replace(ACTIVE, name="x=[1, /2]"),))
    assert "x=[1, /2]" in drawn(odd, 100)
    assert "[red]" in drawn(odd, 100)
    ended = replace(SNAPSHOT, ended=(replace(ENDED, name="[/bold]", message="[/]"),))
    assert "[/bold]" in drawn(ended, 100)


class Stage:
    """A poll and a clock that the test moves."""

    def __init__(self, terminal: bool) -> None:
        self.now = 0.0
        self.polls = 0
        self.snapshot = replace(SNAPSHOT, active=(), ended=())
        self.file = StringIO()
        self.console = Console(file=self.file, width=100, height=30, force_terminal=terminal)

    def poll(self) -> Snapshot:
        self.polls += 1
        return self.snapshot


def test_a_terminal_is_redrawn_at_most_twice_a_second() -> None:
    stage = Stage(terminal=True)
    with open_view(stage.poll, stage.console, lambda: stage.now) as tick:
        for _ in range(100):
            tick("")
            stage.now += 0.1
    assert 19 <= stage.polls <= 22
    assert "bn_ablation-cpu" in stage.file.getvalue()


def test_a_notebook_has_one_output_that_is_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[str, str]] = []

    class Handle:
        def update(self, bundle: dict[str, str], raw: bool) -> None:
            assert raw
            shown.append(("update", bundle["text/plain"]))

    def display(bundle: dict[str, str], raw: bool, display_id: bool) -> Handle:
        assert raw
        assert display_id
        shown.append(("display", bundle["text/plain"]))
        return Handle()

    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display))
    stage = Stage(terminal=False)
    stage.console.is_jupyter = True
    stage.snapshot = SNAPSHOT
    with open_view(stage.poll, stage.console, lambda: stage.now) as tick:
        tick("stopping")
    assert [kind for kind, _ in shown] == ["display", "update", "update"]
    assert "stopping" in shown[1][1]
    assert "stopping" not in shown[2][1]
    assert "bn_ablation-cpu" in shown[2][1]
    assert "\x1b" not in shown[2][1]
    assert stage.file.getvalue() == ""


def test_without_a_terminal_each_event_is_one_line_and_progress_is_rare() -> None:
    stage = Stage(terminal=False)
    with open_view(stage.poll, stage.console, lambda: stage.now) as tick:
        tick("")
        stage.snapshot = replace(SNAPSHOT, ended=())
        for _ in range(10):
            stage.now += 1.0
            tick("")
        again = replace(ACTIVE, attempt=2, row=1)
        crash = TrialEnd(
            ACTIVE.key, ACTIVE.cell, NAME, 3, "crashed", message="Traceback\nOSError: full"
        )
        stage.snapshot = replace(SNAPSHOT, active=(again,), ended=(crash,))
        stage.now += LINE
        tick("")
        tick("stopping: a moment")
        tick("stopping: a moment")
        stage.snapshot = replace(stage.snapshot, active=(), ended=(crash, ENDED))
    assert stage.file.getvalue().splitlines() == [
        "bn_ablation-cpu: 4 of 12 trials done, 0 running, 33 % of the images, time left –",
        f"started {NAME}, seed 3 (ab12cd34)",
        f"started {NAME}, seed 3 (ab12cd34, attempt 2)",
        f"crashed {NAME}, seed 3 (ab12cd34), OSError: full",
        "bn_ablation-cpu: 4 of 12 trials done, 1 running, 33 % of the images, "
        "400 images/s, time left 3 min",
        "stopping: a moment",
        "finished reference, seed 0 (ee55ff66), KID × 10³ 55.5, 13 min",
    ]


def test_the_summary_counts_failures() -> None:
    bad = replace(SNAPSHOT, diverged=1, crashed=2)
    assert "4 of 12 trials done, 1 diverged, 2 crashed, 1 running" in summary(bad, 1.0)
