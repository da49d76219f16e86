"""Published means with deviations: Welch's test within each block, and what is refused."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from typer.testing import CliRunner

import harness as h
from harness.analysis.fields import Columns
from harness.analysis.results import read_results
from harness.analysis.welch import FLAT, Spreads, compare_within, differ, places
from harness.cli import app
from harness.core.errors import HarnessError

PAPER = (
    "method,set,fid,sd,n\n"
    "A,cifar,3.1,0.2,5\nB,cifar,3.9,0.3,5\nC,cifar,3.2,±0.2,3\n"
    "A,celeba,5.1,0.2,5\nB,celeba,6.4,0.3,5\nC,celeba,5.2,,3\n"
)
COLUMNS = Columns("method", "set", "fid", "sd", "n")


@pytest.fixture
def paper(tmp_path):
    """A function that writes a table and reads it, by default that of PAPER."""

    def read(text=PAPER, columns=COLUMNS):
        (tmp_path / "paper.csv").write_text(text)
        return read_results(tmp_path / "paper.csv", columns)

    return read


def _frame(values):
    return pd.DataFrame(values, index=["one"], columns=list("AB"), dtype=float)


def test_it_is_welchs_test_of_the_values_themselves():
    draw = np.random.default_rng(0)
    one, two = draw.normal(0, 1, 7), draw.normal(0.5, 3, 4)
    both = (one, two)
    means, sds, counts = (
        np.array([[measure(side) for side in both]])
        for measure in (np.mean, lambda side: np.std(side, ddof=1), len)
    )
    found, expected = differ(means, sds, counts), stats.ttest_ind(one, two, equal_var=False)
    assert found.p[0] == pytest.approx(expected.pvalue)
    assert found.df[0] == pytest.approx(expected.df)
    low, high = found.interval(0.1)
    assert (low[0], high[0]) == pytest.approx(tuple(expected.confidence_interval(0.9)))


def test_it_is_the_formula_by_hand():
    found = differ(np.array([[5.0, 4.0]]), np.array([[2.0, 3.0]]), np.array([[4.0, 9.0]]))
    error = math.sqrt(4 / 4 + 9 / 9)
    df = (1 + 1) ** 2 / (1 / 3 + 1 / 8)
    assert (found.effect[0], found.error[0], found.df[0]) == pytest.approx((1, error, df))
    assert found.p[0] == pytest.approx(2 * stats.t.sf(1 / error, df))


def test_deviations_whose_squares_are_no_numbers():
    for size in (1e-90, 1e90):
        found = differ(size * np.array([[5.0, 4.0]]), size * np.array([[2.0, 3.0]]),
                       np.array([[4.0, 9.0]]))  # fmt: skip
        assert found.error[0] == pytest.approx(size * math.sqrt(2))


def test_every_pair_of_each_block_is_adjusted_for_all(paper):
    results = paper()
    within = compare_within(results.table, results.spreads, 0.05, lower=True)
    pairs = [tuple(row) for row in within[["block", "a", "b"]].to_numpy()]
    assert pairs == [("celeba", "A", "B"), ("cifar", "A", "B"), ("cifar", "A", "C"),
                     ("cifar", "B", "C")]  # fmt: skip
    known = {("A", "cifar"): (3.1, 0.2, 5), ("B", "cifar"): (3.9, 0.3, 5),
             ("C", "cifar"): (3.2, 0.2, 3), ("A", "celeba"): (5.1, 0.2, 5),
             ("B", "celeba"): (6.4, 0.3, 5)}  # fmt: skip
    alone = [
        stats.ttest_ind_from_stats(*known[a, block], *known[b, block], equal_var=False).pvalue
        for block, a, b in pairs
    ]
    assert within["p"].to_list() == pytest.approx(alone)
    adjusted = multipletests(alone, method="holm")[1]
    assert within["p_adjusted"].to_list() == pytest.approx(list(adjusted))
    assert within["verdict"].to_list() == ["better", "better", "inconclusive", "worse"]
    turned = compare_within(results.table, results.spreads, 0.05, lower=False)
    assert turned["verdict"].to_list() == ["worse", "worse", "inconclusive", "better"]
    assert ((within["ci_low"] < within["effect"]) & (within["effect"] < within["ci_high"])).all()


def test_nothing_is_concluded_from_what_does_not_scatter():
    table, n = _frame([[1, 2]]), _frame([[3, 3]])
    flat = compare_within(table, Spreads(_frame([[0, 0]]), n), 0.05, True)
    assert (flat["verdict"].item(), flat["reason"].item()) == ("inconclusive", FLAT)
    assert flat[["p", "p_adjusted", "ci_low", "df"]].isna().all(axis=None)
    one = compare_within(table, Spreads(_frame([[0, 0.1]]), n), 0.05, True)
    assert one["df"].item() == pytest.approx(2)
    assert one["verdict"].item() == "better"


def test_places_count_who_is_better_and_who_is_worse(paper):
    text = "".join(line for line in PAPER.splitlines(True) if "celeba" not in line)
    results = paper(text)
    within = compare_within(results.table[list("ACB")], results.spreads, 0.05, True)
    assert places(list("ACB"), within) == {"rank_low": [1, 1, 3], "rank_high": [2, 2, 3]}


def test_what_lacks_a_deviation_is_named_and_ranked(paper):
    results = paper()
    assert results.notes == ["sd missing, so not compared within the set: C in celeba"]
    assert results.table.loc["celeba", "C"] == 5.2
    assert math.isnan(results.spreads.sd.loc["celeba", "C"])
    assert math.isnan(results.spreads.n.loc["celeba", "C"])


def test_one_count_for_all_rows(paper):
    fixed = COLUMNS._replace(n="4")
    assert paper(columns=fixed).spreads.n.max(axis=None) == 4
    named = PAPER.replace("sd,n", "sd,4")  # a column of that name goes first
    assert paper(named, fixed).spreads.n.max(axis=None) == 5


MISTAKES = {
    "negative": ("0.3,5", "-0.3,5", "line 3: sd is negative: '-0.3' .a standard deviation is 0 or"),
    "one": ("0.3,5", "0.3,1", "line 3: n is no number of values: '1' .* of 2 or more"),
    "half": ("0.3,5", "0.3,2.5", "line 3: n is no number of values: '2.5'"),
    "word": ("0.3,5", "0.3,five", "line 3: n is no number: 'five'"),
    "both in a cell": ("3.9,0.3", "3.9 ± 0.3,", "line 3: fid is no number: '3.9 ± 0.3' .write the "
                       "value alone, its standard deviation in another column, which sd names"),
    "comma": ("0.3,5", '"0,3",5', "line 3: sd is no number: '0,3' .write a decimal point"),
    "no column": ("sd,n", "std,n", "unknown column 'sd'; did you mean 'std'"),
    "no count": ("sd,n", "sd,runs", "unknown column 'n'"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_a_deviation_or_count_names_its_line(paper, old, new, said):
    with pytest.raises(HarnessError, match=said):
        paper(PAPER.replace(old, new, 1))


@pytest.mark.parametrize("n", ["1", "-3", "2.5", "1e999"])
def test_a_count_for_all_that_is_none(paper, n):
    with pytest.raises(HarnessError, match="--n is "):
        paper(columns=COLUMNS._replace(n=n))


def test_columns_of_means_are_different_ones(paper):
    with pytest.raises(HarnessError, match="--value and --sd are one column"):
        paper(columns=COLUMNS._replace(sd="fid"))


def test_too_many_pairs_within_blocks(paper, monkeypatch):
    monkeypatch.setattr("harness.analysis.results.MOST_TESTS", 5)
    with pytest.raises(HarnessError, match=r"3 in method and 2 in set are too many"):
        paper()


@pytest.fixture
def rank(tmp_path):
    """A function that calls the command with a table and further options."""

    def run(text, *options):
        (tmp_path / "paper.csv").write_text(text)
        asked = ["--treatment", "method", "--block", "set", "--value", "fid", *options]
        return CliRunner().invoke(app, ["rank", str(tmp_path / "paper.csv"), *asked])

    return run


def test_a_count_for_all_is_never_missing(rank):
    rows = [row.split(",") for row in PAPER.splitlines()]
    text = "\n".join(",".join(row[:4]) for row in rows) + "\n"
    shown = rank(text, "--sd", "sd", "--n", "5")
    assert "warning: sd missing, so not compared within the set: C in celeba" in shown.stdout


def test_the_command_shows_blocks_and_pairs_across_them(rank):
    shown = rank(PAPER, "--sd", "sd", "--n", "n")
    assert shown.exit_code == 0, shown.output
    assert "warning: sd missing, so not compared within the set: C in celeba" in shown.stdout
    assert "Within each block, by Welch's test of means and deviations" in shown.stdout
    found = json.loads(rank(PAPER, "--sd", "sd", "--n", "n", "--json").stdout)
    assert len(found["within_blocks"]) == 4
    assert [pair["n"] for pair in found["pairs"]] == [2, 2, 2]
    assert "within_blocks" not in json.loads(rank(PAPER, "--json").stdout)


def test_one_block_is_ranked_by_its_own_test(rank):
    text = "".join(line for line in PAPER.splitlines(True) if "celeba" not in line)
    found = json.loads(rank(text, "--sd", "sd", "--n", "n", "--json").stdout)
    assert found["pairs"] == []
    assert [row["treatment"] for row in found["treatments"]] == list("ACB")
    assert [row["rank_high"] for row in found["treatments"]] == [2, 2, 3]
    assert "2 in set are" not in str(rank(text).exception)
    assert "a ranking needs two of each" in str(rank(text).exception)


@pytest.mark.parametrize(("given", "lacking"), [("sd", "n"), ("n", "sd")])
def test_a_deviation_needs_a_count_and_the_other_way_round(rank, given, lacking):
    said = str(rank(PAPER, f"--{given}", given).exception)
    assert said.startswith(f"--{given} needs --{lacking}, too: --sd is the column of standard")


def test_a_frame_of_means_is_ranked_as_a_file_is(paper):
    results = paper()
    frame = pd.DataFrame(
        [line.split(",") for line in PAPER.splitlines()[1:]],
        columns=["method", "set", "fid", "sd", "n"],
    ).astype({"fid": float, "n": int})
    asked = {"treatment": "method", "block": "set", "value": "fid", "sd": "sd"}
    ranked = h.rank(frame, **asked, n="n")
    expected = compare_within(results.table, results.spreads, 0.05, True)
    assert sorted(ranked.within_blocks["p"]) == pytest.approx(sorted(expected["p"]))
    assert h.rank(frame, **asked, n=4).within_blocks["n_a"].eq(4).all()
    assert h.rank(frame, treatment="method", block="set", value="fid").within_blocks is None
    assert "Within each block, by Welch" in ranked._repr_html_()
    with pytest.raises(HarnessError, match="sd needs n, too"):
        h.rank(frame, **asked)
    with pytest.raises(HarnessError, match=r"rank\(n\): unknown column 'nn'; did you mean 'n'"):
        h.rank(frame, **asked, n="nn")
    with pytest.raises(HarnessError, match=r"rank\(n\): n is no number of values: '1'"):
        h.rank(frame, **asked, n=1)


@pytest.mark.slow
def test_family_wise_error_of_small_unequal_samples():
    """Four methods without an effect in three blocks, 3 to 10 runs, unequal deviations."""
    random, hits, repeats = np.random.default_rng(1), 0, 3000
    for _ in range(repeats):
        counts = random.integers(3, 11, (3, 4))
        deviations = random.uniform(0.5, 2, (3, 4))
        means, sds = np.empty((3, 4)), np.empty((3, 4))
        for place in np.ndindex(3, 4):
            values = random.normal(0, deviations[place], counts[place])
            means[place], sds[place] = values.mean(), values.std(ddof=1)
        made = [pd.DataFrame(each.astype(float)) for each in (means, sds, counts)]
        within = compare_within(made[0], Spreads(*made[1:]), 0.05, True)
        hits += bool((within["p_adjusted"] <= 0.05).any())
    print(f"\nfamily-wise error of Welch's test with Holm: {hits / repeats:.3f}")
    assert hits / repeats <= stats.binom.ppf(0.999, repeats, 0.05) / repeats
