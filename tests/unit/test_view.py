"""The view of a run: estimates, what fits a terminal, and plain lines where there is none."""

import sys
from dataclasses import replace
from io import StringIO
from types import SimpleNamespace

import pytest
from rich.console import Console
from rich.text import Text

from harness.execution.view.progress import Snapshot, TrialEnd, TrialProgress
from harness.execution.view.screen import LINE, draw, open_view, summary

ACTIVE = TrialProgress(
    "ab12cd34", "batch_norm_in_discriminator=following", 3, "training", 64.0, 128.0, 0.0812, 400.0
)
ENDED = TrialEnd("ee55ff66", "reference", 0, "finished", 0.0555, 754.0)
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
        "✓ reference     0  KID×10³   55.5      13 min",
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
    assert len(lines) < max(height, 11)
    assert all(len(line) <= width for line in lines)
    assert any("more" in line for line in lines)
    assert sum("81.2" in line for line in lines) >= (1 if width >= 32 else 0)


def test_cells_that_differ_in_their_middle_do_not_look_alike() -> None:
    cells = [f"discriminator.learning_rate={rate},generator_ema=off" for rate in ("2e-4", "4e-4")]
    ends = tuple(replace(ENDED, cell=cell) for cell in cells)
    text = drawn(replace(SNAPSHOT, active=tuple(replace(ACTIVE, cell=c) for c in cells)), 80)
    assert "2e-4" in text
    assert "4e-4" in text
    text = drawn(replace(SNAPSHOT, active=(), ended=ends), 80)
    assert "2e-4" in text
    assert "4e-4" in text


def test_labels_are_text_and_never_markup() -> None:
    odd = replace(SNAPSHOT, run_name="[red]", active=(replace(ACTIVE, cell="x=[1, /2]"),))
    assert "x=[1, /2]" in drawn(odd, 100)
    assert "[red]" in drawn(odd, 100)
    ended = replace(SNAPSHOT, ended=(replace(ENDED, cell="[/bold]", message="[/]"),))
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
        crash = TrialEnd(ACTIVE.key, ACTIVE.cell, 3, "crashed", message="Traceback\nOSError: full")
        stage.snapshot = replace(SNAPSHOT, active=(again,), ended=(crash,))
        stage.now += LINE
        tick("")
        tick("stopping: a moment")
        tick("stopping: a moment")
        stage.snapshot = replace(stage.snapshot, active=(), ended=(crash, ENDED))
    cell = ACTIVE.cell
    assert stage.file.getvalue().splitlines() == [
        "bn_ablation-cpu: 4 of 12 trials done, 0 running, 33 % of the images, time left –",
        f"started {cell} seed 3 (ab12cd34)",
        f"started {cell} seed 3 (ab12cd34, attempt 2)",
        f"crashed {cell} seed 3 (ab12cd34), OSError: full",
        "bn_ablation-cpu: 4 of 12 trials done, 1 running, 33 % of the images, "
        "400 images/s, time left –",
        "stopping: a moment",
        "finished reference seed 0 (ee55ff66), KID × 10³ 55.5, 13 min",
    ]


def test_the_summary_counts_failures() -> None:
    bad = replace(SNAPSHOT, diverged=1, crashed=2)
    assert "4 of 12 trials done, 1 diverged, 2 crashed, 1 running" in summary(bad, 1.0)
