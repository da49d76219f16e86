#!/usr/bin/env bash
# matplotlib 3.11.2: set_layout_engine("none") does not spare savefig its second drawing.
#
# Done: a figure with layout="constrained" is laid out once by its engine, then the engine is
# taken away by set_layout_engine("none"), and the figure is saved as SVG, with its calls of
# Figure.draw counted. The documentation calls "none" the way to have no layout engine.
# What is left is an engine that does nothing, so that no incompatible one is set later. For any
# engine, savefig draws the whole figure once without output to have it laid out, and then again.
# A figure that never had an engine is drawn once.
# Remedy: give figures no engine, or drop the one that is left once the layout is done.
#
# Seen:
#   matplotlib 3.11.2
#   constrained: 2 drawings, then ConstrainedLayoutEngine
#   after set_layout_engine("none"): 2 drawings, then PlaceHolderLayoutEngine
#   without an engine from the start: 1 drawings, then NoneType
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  matplotlib==3.11.2 numpy==2.4.6
"$folder/venv/bin/python" - <<'EOF'
import io
import sys

import matplotlib
from matplotlib.figure import Figure


class Counted(Figure):
    drawings = 0

    def draw(self, renderer):
        self.drawings += 1
        super().draw(renderer)


def saved(layout, off=False):
    figure = Counted(layout=layout)
    figure.subplots().plot([1, 2])
    if layout:
        figure.get_layout_engine().execute(figure)
    if off:
        figure.set_layout_engine("none")
    figure.drawings = 0
    figure.savefig(io.BytesIO(), format="svg")
    return figure.drawings, type(figure.get_layout_engine()).__name__


print("matplotlib", matplotlib.__version__)
with_engine, off, without = saved("constrained"), saved("constrained", off=True), saved(None)
print(f"constrained: {with_engine[0]} drawings, then {with_engine[1]}")
print(f'after set_layout_engine("none"): {off[0]} drawings, then {off[1]}')
print(f"without an engine from the start: {without[0]} drawings, then {without[1]}")
if (off[0], without[0]) != (2, 1):
    sys.exit("the behaviour has changed")
EOF
