"""Figures of a report are drawn by another process, as this one would draw them."""

import os
import signal
import subprocess
import sys
from functools import partial

import pytest

from harness.report import studio as studio_module
from harness.report.blocks import Figure, Text
from harness.report.page import render
from harness.report.plots import style
from harness.report.plots.dynamics import Panel, Trace, draw_dynamics
from harness.report.plots.marks import Look
from harness.report.sketch import Sketch
from tests.synthetic import Recipe, build

pytestmark = pytest.mark.drawn
PANELS = (Panel("loss", (Trace("a", (1.0, 2.0), (0.5, 0.4), 3),)),)
LOOKS = {"a": Look("#123456", "-")}


def figure(name="dynamics"):
    return Figure(name, Sketch(draw_dynamics, PANELS, LOOKS), "alt", "caption")


def no_room(*given, **options):
    raise BlockingIOError("Resource temporarily unavailable")


def nobody(*given):
    raise AssertionError("drawn by the process that asks")


@pytest.fixture
def idle(monkeypatch):
    """This process draws nothing."""
    for name in ("drawing", "narrow", "svg"):
        monkeypatch.setattr(style, name, nobody)


def test_another_process_draws_the_same(monkeypatch):
    shown = [figure(), Text("between"), figure()]
    with studio_module.Studio() as studio, monkeypatch.context() as patch:
        studio.begin(shown[:2])
        studio.begin(shown[2:])
        for name in ("drawing", "narrow", "svg"):
            patch.setattr(style, name, nobody)
        drawn = [(each.draw.drawing, each.draw.narrow) for each in shown if each is not shown[1]]
    draw = partial(draw_dynamics, PANELS, LOOKS)
    assert drawn == [(style.drawing(draw), style.narrow(draw))] * 2


def test_a_process_that_dies_leaves_the_drawing_to_who_asks(capfd):
    with studio_module.Studio() as studio:
        os.kill(studio._process.pid, signal.SIGKILL)
        studio._process.wait()
        one = figure()
        studio.begin([one])
        assert one.draw.narrow == style.narrow(partial(draw_dynamics, PANELS, LOOKS))
    assert capfd.readouterr().err == ""


def test_without_room_for_another_process_this_one_draws(monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", no_room)
    one = figure()
    with studio_module.Studio() as studio:
        studio.begin([one])
        assert one.draw.narrow == style.narrow(partial(draw_dynamics, PANELS, LOOKS))


def test_the_process_ends_with_who_asks(capfd):
    studio = studio_module.Studio()
    with pytest.raises(ZeroDivisionError), studio:
        studio.begin([figure()] * (1 // 0))
    assert studio._process.returncode is not None
    assert capfd.readouterr().err == ""


def test_the_verb_loads_no_library_that_draws(tmp_path):
    build(tmp_path, Recipe(seeds=range(2), diverged=(), crashed=(), missing=()))
    at_end = "import atexit, sys; atexit.register(lambda: print(*sys.modules))"
    verb = f"sys.argv = ['harness', 'report', {Recipe.run_name!r}]; main()"
    code = f"{at_end}; from harness.cli import main; {verb}"
    folders = {f"HARNESS_{name.upper()}": str(tmp_path / name) for name in ("runs", "reports")}
    command, environment = [sys.executable, "-c", code], {**os.environ, **folders}
    words = subprocess.check_output(command, text=True, env=environment).split()
    assert "pandas" in words
    assert not {"matplotlib", "seaborn"} & {*words}
    assert (tmp_path / "reports" / Recipe.run_name / "figures" / "forest.png").exists()


def test_a_figure_is_drawn_once_in_each_way(monkeypatch):
    drawn = []
    monkeypatch.setattr(style, "drawing", lambda draw: drawn.append("wide"))
    monkeypatch.setattr(style, "narrow", lambda draw: drawn.append("narrow"))
    sketch = figure().draw
    for _ in range(2):
        assert (sketch.drawing, sketch.narrow) == (None, None)
    assert drawn == ["wide", "narrow"]


def test_a_report_with_another_process_is_the_same(tmp_path, idle, monkeypatch):
    runtime = build(tmp_path, Recipe(seeds=range(2), diverged=(), crashed=(), missing=()))
    with studio_module.Studio() as studio:
        with_it = render(Recipe.run_name, runtime, studio).path.parent
        apart = {path.name: path.read_bytes() for path in with_it.rglob("*") if path.is_file()}
    monkeypatch.undo()
    folder = render(Recipe.run_name, runtime).path.parent
    here = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert {"curves.svg", "dynamics.png", "forest.png"} <= apart.keys()
    assert apart == here
