"""A report over 500 trials with 100 evaluations each: it is whole, and stays small."""

from pathlib import Path

import pandas as pd
import pytest

from harness.report import render
from harness.report.sections.curves import ENDS
from tests.synthetic import BASELINE, Recipe, Tip, build

CELLS, SEEDS, EVALUATIONS = 84, 6, 100
TIPS = [
    Tip(
        f"label_smoothing_{n}",
        f"Label smoothing of {n / 1000:g}",
        {"loss.label_smoothing": n / 1000},
        0.0005 * n - 0.02,
        [("S1", "helps")],
    )
    for n in range(1, CELLS)
]
MANY = Recipe(
    tips=TIPS,
    seeds=range(SEEDS),
    diverged=(),
    crashed=(),
    missing=(),
    baseline=BASELINE | {"training.evaluations": EVALUATIONS},
    run_name="many-cpu",
    grids=3,
)


@pytest.mark.slow
@pytest.mark.timeout(1800)  # of which the record takes most
def test_a_report_of_500_trials_stays_below_20_megabytes(tmp_path: Path):
    folder = render(MANY.run_name, build(tmp_path, MANY)).path.parent
    sizes = {path: path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    assert sum(sizes.values()) < 20_000_000, sizes
    curves = pd.read_csv(folder / "tables" / "curves.csv")
    assert len(curves) == CELLS * SEEDS * (EVALUATIONS + 1)
    text = (folder / "index.html").read_text()
    assert text.count("at the end, best: ") == CELLS
    assert text.count(ENDS) == 2
    for name in ("reference", *(f"{tip.title}: following" for tip in TIPS)):
        assert f"Generated images of cell {name}, seed 0, 128 kimg" in text
