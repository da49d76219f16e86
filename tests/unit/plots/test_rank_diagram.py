"""The critical-difference diagram: names are whole, within the figure, and apart at every width."""

from itertools import combinations

import pandas as pd
import pytest
from matplotlib.text import Annotation

from harness.report.plots import style
from harness.report.plots.critical_difference import diagram_info, draw_diagram

pytestmark = pytest.mark.drawn
NAMES = [
    "Batch normalisation in the discriminator",
    "Adam with beta_1 = 0.5",
    "Spectral normalisation in the discriminator (leave one out)",
    "Spectral normalisation in the discriminator",
    "optimizer.generator.learning_rate=0.0002",
    "optimizer.generator.learning_rate=0.0004",
]


@pytest.mark.parametrize("width", [style.WIDE, style.NARROW])
@pytest.mark.parametrize("values", [[1, 2, 3.3, 3.7, 5, 6], [3.4, 3.5, 3.5, 3.5, 3.5, 3.6]])
def test_names_are_whole_and_apart(width, values):
    ranks = pd.DataFrame({"title": NAMES, "rank": values})
    made = []
    info = diagram_info(ranks, runs=3, alpha=0.05)
    style.svg(lambda width: made.append(draw_diagram(info, width)) or made[0], width)
    (figure,) = made
    texts = [text for text in figure.axes[0].texts if isinstance(text, Annotation)]
    shown = {"".join(text.get_text().split()) for text in texts}
    assert shown == {
        "".join((f"{rank:.2f}{name}" if rank <= 3.5 else f"{name}{rank:.2f}").split())
        for name, rank in zip(NAMES, values, strict=True)
    }
    boxes = [text.get_window_extent() for text in texts]
    for one, two in combinations(boxes, 2):
        assert not one.overlaps(two)
    assert min(box.x0 for box in boxes) >= 0
    assert max(box.x1 for box in boxes) <= figure.bbox.width
    lines = [line for line in figure.axes[0].lines
             if len(set(line.get_xdata())) == 1 < len(line.get_xdata())]  # fmt: skip
    assert len(lines) == len(NAMES)
    assert all(line.get_zorder() < text.get_zorder() for line in lines for text in texts)
    assert all(text.get_bbox_patch() for text in texts)  # no line is seen through a name
