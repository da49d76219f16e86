"""Rankings of results from elsewhere, and runs side by side."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from harness.analysis.adjusted import adjusted_means, groups
from harness.analysis.agreement import kendall
from harness.analysis.compare import compare_runs, critical_difference
from harness.analysis.fields import Columns
from harness.analysis.frame import load
from harness.analysis.pairs import rank, uneven
from harness.analysis.results import read_results
from harness.core.errors import HarnessError
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


def test_groups_apart_hold_places_of_their_own_and_few_common_blocks_get_the_other_test():
    nan = np.nan
    few = np.array([0.01, -0.01, 0.02])
    half = np.column_stack([few, 1 + few[::-1]])
    three = np.column_stack([half, 3 + few[[1, 0, 2]]])
    values = np.block([[half, np.full((3, 3), nan)], [np.full((3, 2), nan), three]])
    treatments, pairs = rank(pd.DataFrame(values, columns=list("ABCDE")), 0.05, lower=True)
    own = treatments.set_index("treatment")
    assert own.loc[list("CDEAB"), "group"].tolist() == [1, 1, 1, 2, 2]
    assert own.loc[list("CDEAB"), "rank_high"].tolist() == [1, 2, 3, 1, 2]
    assert own.loc[list("CDEAB"), "rank_low"].tolist() == [1, 2, 3, 1, 2]
    # six blocks, of which no pair has more than three: not the test that needs six
    assert pairs["verdict"].value_counts().to_dict() == {"better": 4, "inconclusive": 6}
    assert pairs["p_adjusted"].notna().sum() == 4


def test_higher_is_better_turns_the_order_and_not_the_effects():
    treatments, pairs = rank(_table(), 0.05, lower=False)
    assert treatments["treatment"][0] == "worst"
    row = pairs.iloc[0]
    assert (row["a"], row["verdict"]) == ("worst", "better")
    assert row["effect"] > 0


def _holed(seed, blocks=7, treatments=4, share=0.4):
    """A connected table of an additive model and noise, some pairs absent; its noise-free order."""
    draw = np.random.default_rng(seed)
    values = draw.normal(0, 30, (blocks, 1)) + draw.normal(0, 1, treatments)
    values += draw.normal(0, 0.01, values.shape)
    values[draw.random(values.shape) < share] = np.nan
    return values


@pytest.mark.parametrize("seed", range(40))
def test_adjusted_means_are_those_of_least_squares_with_dummies(seed):
    values = _holed(seed)
    values = values[np.isfinite(values).any(1)][:, np.isfinite(values).any(0)]
    label = groups(values)
    means = adjusted_means(values)
    for group in set(label):
        own = values[:, label == group]
        own = own[np.isfinite(own).any(1)]
        row, column = np.nonzero(np.isfinite(own))
        design = np.zeros((len(row), sum(own.shape)))
        design[np.arange(len(row)), column] = 1
        design[np.arange(len(row)), own.shape[1] + row] = 1
        found = np.linalg.lstsq(design, own[row, column], rcond=None)[0]
        expected = found[: own.shape[1]] + found[own.shape[1] :].mean()
        assert means[label == group] == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_groups_are_what_shared_blocks_join():
    nan = np.nan
    values = np.array([[1, 2, nan, nan, nan], [nan, 3, nan, nan, 4], [nan, nan, 5, 6, nan]])
    assert groups(values).tolist() == [0, 0, 1, 1, 0]


def test_who_wins_every_shared_block_is_first_though_its_blocks_were_harder():
    table = pd.DataFrame(
        {"A": [11.0, 11.1, 11.2, 101.0, 101.1, 101.2], "B": [np.nan] * 3 + [99.2, 99.3, 99.0],
         "C": [12.0, 12.05, 12.1, 102.0, 102.1, 102.2]}
    )  # fmt: skip
    treatments, pairs = rank(table, 0.05, lower=True)
    assert treatments["treatment"].tolist() == ["B", "A", "C"]
    assert pairs["effect"].lt(0).all()
    assert "A 6, B 3 and C 6" in uneven(table, treatments.sort_values("treatment"), "seed")[0]
    assert rank(table, 0.05, lower=False)[0]["treatment"].tolist() == ["C", "A", "B"]


def test_without_a_common_block_groups_are_ranked_apart_and_named():
    nan = np.nan
    table = pd.DataFrame(
        {"A": [2.0, 2.1, nan, nan, nan], "B": [1.0, 1.2, nan, nan, nan],
         "C": [nan, nan, 0.1, 0.2, nan], "D": [nan, nan, 0.3, 0.5, nan], "E": [nan] * 4 + [0.0]}
    )  # fmt: skip
    treatments, pairs = rank(table, 0.05, lower=True)
    assert treatments[["treatment", "group"]].to_numpy().tolist() == [
        ["B", 1], ["A", 1], ["C", 2], ["D", 2], ["E", 3]
    ]  # fmt: skip
    said = " ".join(uneven(table, treatments, "seed"))
    assert "no seed in common with any other, so not comparable: E" in said
    assert "B and A; C and D" in said
    apart = pairs[(pairs["a"] == "B") & (pairs["b"] == "C")].iloc[0]
    assert (apart["n"], apart["verdict"], apart["reason"]) == (0, "inconclusive", "n = 0")


def test_a_mean_of_equal_values_is_that_value():
    treatments, _ = rank(pd.DataFrame({"A": [0.1] * 6, "B": [0.3] * 6}), 0.05, lower=True)
    assert treatments[["mean", "adjusted", "sd"]].to_numpy().tolist() == [[0.1, 0.1, 0],
                                                                         [0.3, 0.3, 0]]  # fmt: skip


def test_infinite_values_are_refused():
    with pytest.raises(HarnessError, match="infinite"):
        rank(pd.DataFrame({"A": [1.0, np.inf], "B": [1.0, 2.0]}), 0.05, lower=True)


def test_a_csv_file_is_read_by_its_columns(tmp_path: Path):
    path = _write(tmp_path / "a.csv", "gan,set,fid\nA,x,1\nB,x,2\n\nA,y,3\nB,y,\n")
    table = read_results(path, Columns("gan", "set", "fid")).table
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
        ("", "is empty"),
    ],
)
def test_mistakes_name_their_place(tmp_path: Path, text, said):
    with pytest.raises(HarnessError, match=said):
        read_results(_write(tmp_path / "a.csv", text), Columns("gan", "set", "fid"))


def test_a_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(HarnessError, match="cannot be read"):
        read_results(tmp_path / "none.csv", Columns("gan", "set", "fid"))


@pytest.fixture
def two(tmp_path: Path):
    """Two runs of the same cells; in the second, one tip works the other way round."""
    turned = [replace(tip, effect=-tip.effect) if tip.name == "spectral_norm" else tip
              for tip in TIDY.tips]  # fmt: skip
    one = load("one", build(tmp_path / "one", replace(TIDY, run_name="one")))
    two = load("two", build(tmp_path / "two", replace(TIDY, tips=turned, run_name="two")))
    return compare_runs({"one": one, "two": two})


def test_runs_are_compared_by_what_they_share(two):
    assert two.runs["data"].tolist() == ["cifar10", "cifar10"]
    assert set(two.effects["contrast"]) == {tip.name for tip in TIDY.tips}
    row = two.agreement.iloc[0]
    wide = two.effects.pivot_table("effect", "contrast", "run")
    assert (row["tau"], row["p"]) == kendall(wide["one"].tolist(), wide["two"].tolist())
    assert two.changed[["contrast", "judged"]].to_numpy().tolist() == [["spectral_norm", True]]


def test_trials_that_are_one_show_no_drift(two):
    # keys are those of the same configurations
    assert two.drift["same"].tolist() == [8] * 5
    assert two.drift["n"].tolist() == [0] * 5


def test_drift_is_the_difference_of_the_same_cells_by_seed(tmp_path: Path):
    one, two = (load(TIDY.run_name, build(tmp_path / name, TIDY)) for name in ("one", "two"))
    two.trials["key"] = "another"  # trained by other code
    two.trials["final"] += 0.01
    table = compare_runs({"one": one, "two": two}).drift
    assert table["difference"].tolist() == pytest.approx([0.01] * 5)
    assert table["n"].tolist() == [8] * 5


def test_critical_difference_is_demsars():
    # Demšar 2006, table 5: q of 5 treatments at 0.05 is 2.728
    assert critical_difference(5, 14, 0.05) == pytest.approx(2.728 * (30 / 84) ** 0.5, abs=1e-3)


def test_a_pair_with_too_few_blocks_in_common_is_not_told_of_seeds():
    table = _table(6)
    table.loc[2:, "worst"] = np.nan
    _, pairs = rank(table, 0.05, lower=True)
    assert "n = 2: the exact test needs n ≥ 6" in set(pairs["reason"])


def test_treatments_that_are_all_apart_have_no_order():
    nan = np.nan
    apart = pd.DataFrame({"a": [1.0, 2.0, nan, nan], "b": [nan, nan, 1.0, 2.0]})
    treatments, _ = rank(apart, 0.05, lower=True)
    assert not any("order" in note for note in uneven(apart, treatments, "seed"))
