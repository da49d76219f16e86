"""Frames of crossed studies with values that a test chooses."""

from itertools import product

import numpy as np
import pandas as pd

from harness.analysis.frame import Frames
from harness.config.study import read
from harness.plan.expand import expand_study

HEAD = "title: T\nquestion: Q?\nbaseline: {data.name: digits, data.image_size: 16}\n"


def planned(folder, text, seeds):
    """The plan of a study as a run holds it."""
    (folder / "a.yaml").write_text(f"{HEAD}{text}seeds: {seeds}\n")
    return expand_study(read("a", folder), None, {}, folder / "cache").record()


def frames(plan, value):
    """Frames whose trials have the values `value(levels by factor, seed)`, all finished."""
    names = [scale.name for scale in plan.crossed.scales]
    labels = [scale.levels for scale in plan.crossed.scales]
    rows = []
    for seed, (cell, run) in product(plan.seeds, plan.crossed.cells.items()):
        levels = {name: of[at] for name, of, at in zip(names, labels, run, strict=True)}
        rows.append({"cell": cell, "seed": seed, "final": value(levels, seed)})
    trials = pd.DataFrame(rows).assign(status="finished", identity="kid")
    empty = pd.DataFrame()
    return Frames(plan, trials, empty, {}, *[empty] * 8, {})


def noise(seed, scale):
    """Noise by seed and call."""
    rng = np.random.default_rng(seed)
    return lambda: float(rng.normal(0, scale))
