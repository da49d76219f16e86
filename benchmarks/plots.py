"""The benchmarks' figures: SVG files that are equal for equal numbers."""

from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt

from benchmarks.measure import folder

OURS, EXPECTED = "#1f77b4", "#777777"


class Panel(NamedTuple):
    """One measured curve on logarithmic axes, and what to hold it against."""

    label: str
    x: list[int]
    y: list[float]
    unit: str
    expected: list[float]


def draw(name: str, title: str, panels: list[Panel]) -> dict[str, str]:
    """Write `<name>.svg` among the results; what a result's `plots` has to say of it."""
    mpl.use("svg")
    # no random ids, no date, and text as text
    with mpl.rc_context({"svg.hashsalt": name, "svg.fonttype": "none"}):
        figure, axes = plt.subplots(1, len(panels), figsize=(3 * len(panels), 2.8))
        for axis, panel in zip(axes, panels, strict=True):
            axis.plot(panel.x, panel.expected, "--", color=EXPECTED, lw=1)
            axis.plot(panel.x, panel.y, "o-", color=OURS)
            axis.set_xscale("log", base=2)
            axis.set_yscale("log", base=2)
            axis.set_xticks(panel.x, [str(x) for x in panel.x])
            ticks = np.geomspace(min(*panel.y, *panel.expected), max(*panel.y, *panel.expected), 4)
            axis.set_yticks(ticks, [f"{tick:.2g}" for tick in ticks])
            axis.minorticks_off()
            axis.set_xlabel(panel.label)
            axis.set_ylabel(panel.unit)
        figure.suptitle(title, fontsize=10)
        figure.tight_layout()
        folder().mkdir(parents=True, exist_ok=True)
        figure.savefig(folder() / f"{name}.svg", metadata={"Date": None})
        plt.close(figure)
    return {"file": f"{folder().name}/{name}.svg", "title": title}
