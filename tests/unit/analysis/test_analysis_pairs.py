"""Rankings of results from elsewhere, and runs side by side."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from harness.analysis.compare import compare, critical_difference
from harness.analysis.frame import load
from harness.analysis.pairs import rank, read_results
from harness.errors import HarnessError
from tests.synthetic import TIDY, build


def _write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def _table(blocks=8, seed=0):
    random = np.random.default_rng(seed)
    common = random.normal(0, 1, (blocks, 1))
    values = common + random.normal(0, 0.1, (blocks, 3)) + np.array([3.0, 1.0, 1.0])
    return pd.DataFrame(values, columns=["worst", "good", "fine"])


def test_every_pair_is_judged_by_block():
    treatments, pairs = rank(_table(), 0.05, lower=True)
    assert treatments["treatment"].iloc[2] == "worst"
    assert treatments[["rank_low", "rank_high"]].to_numpy().tolist() == [[1, 2], [1, 2], [3, 3]]
    found = pairs.set_index(["a", "b"])["verdict"].to_dict()
    first, second = treatments["treatment"][:2]
    assert found == {
        (first, second): "inconclusive",
        (first, "worst"): "better",
        (second, "worst"): "better",
    }
    assert (pairs["ci_low"] < pairs["effect"]).all()
    assert pairs["p_adjusted"].min() == 1 / 128


def test_higher_is_better_turns_the_order_and_not_the_effects():
    treatments, pairs = rank(_table(), 0.05, lower=False)
    assert treatments["treatment"][0] == "worst"
    row = pairs.iloc[0]
    assert (row["a"], row["verdict"]) == ("worst", "better")
    assert row["effect"] > 0


def test_a_csv_file_is_read_by_its_columns(tmp_path: Path):
    path = _write(tmp_path / "a.csv", "gan,set,fid\nA,x,1\nB,x,2\n\nA,y,3\nB,y,\n")
    table = read_results(path, "gan", "set", "fid")
    assert table.to_dict("list") == {
        "A": [1.0, 3.0],
        "B": [2.0, pytest.approx(np.nan, nan_ok=True)],
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gan,set,fid\nA,x,1\n", "needs two of each"),
        ("gan,set,kid\nA,x,1\n", "unknown column 'fid'.*did you mean 'kid'"),
        ("gan,set,fid\nA,x,1\nB,x,high\n", "line 3: fid is no number: 'high'"),
        ("gan,set,fid\nA,x,1\nA,x,2\n", "line 3: a second value of gan 'A' in set 'x'"),
        ("", "is no CSV file"),
    ],
)
def test_mistakes_name_their_place(tmp_path: Path, text, said):
    with pytest.raises(HarnessError, match=said):
        read_results(_write(tmp_path / "a.csv", text), "gan", "set", "fid")


def test_a_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(HarnessError, match="cannot be read"):
        read_results(tmp_path / "none.csv", "gan", "set", "fid")


@pytest.fixture
def two(tmp_path: Path):
    """Two runs of the same cells; in the second, one tip works the other way round."""
    turned = [replace(tip, effect=-tip.effect) if tip.name == "spectral_norm" else tip
              for tip in TIDY.tips]  # fmt: skip
    one = load("one", build(tmp_path / "one", replace(TIDY, run_name="one")))
    two = load("two", build(tmp_path / "two", replace(TIDY, tips=turned, run_name="two")))
    return compare({"one": one, "two": two})


def test_runs_are_compared_by_what_they_share(two):
    assert two.runs["data"].tolist() == ["cifar10", "cifar10"]
    assert set(two.effects["contrast"]) == {tip.name for tip in TIDY.tips}
    row = two.agreement.iloc[0]
    wide = two.effects.pivot_table("effect", "contrast", "run")
    assert row["tau"] == pytest.approx(stats.kendalltau(wide["one"], wide["two"]).statistic)
    assert two.changed[["contrast", "judged"]].to_numpy().tolist() == [["spectral_norm", True]]


def test_trials_that_are_one_show_no_drift(two):
    # keys are those of the same configurations
    assert two.drift["same"].tolist() == [8] * 5
    assert two.drift["n"].tolist() == [0] * 5


def test_drift_is_the_difference_of_the_same_cells_by_seed(tmp_path: Path):
    one, two = (load(TIDY.run_name, build(tmp_path / name, TIDY)) for name in ("one", "two"))
    two.trials["key"] = "another"  # trained by other code
    two.trials["final"] += 0.01
    table = compare({"one": one, "two": two}).drift
    assert table["difference"].tolist() == pytest.approx([0.01] * 5)
    assert table["n"].tolist() == [8] * 5


def test_critical_difference_is_demsars():
    # Demšar 2006, table 5: q of 5 treatments at 0.05 is 2.728
    assert critical_difference(5, 14, 0.05) == pytest.approx(2.728 * (30 / 84) ** 0.5, abs=1e-3)


def test_pairs_are_json(tmp_path: Path):
    _, pairs = rank(_table(), 0.05, lower=True)
    assert set(json.loads(pairs.to_json(orient="records"))[0]) >= {
        "a", "b", "effect", "ci_low", "ci_high", "p_adjusted", "verdict"
    }  # fmt: skip
