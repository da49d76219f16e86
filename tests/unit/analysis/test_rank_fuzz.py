"""Mutated tables over `harness rank`: right numbers, or one message and exit code 2."""

import json
import math
import random
import re
import sys

import pytest
from scipy import stats

from harness import cli
from tests.csv_fuzz import mutate, plain, plain_means, table, table_of_means

ALWAYS, LONG = 100, 2000


@pytest.fixture
def rank(tmp_path, monkeypatch, capsys):
    """The command line in this process: exit code, output, errors."""
    file = tmp_path / "results.csv"

    def go(content, *more):
        file.write_bytes(content)
        options = ["--treatment", "method", "--block", "seed", "--value", "kid", "--json", *more]
        monkeypatch.setattr(sys, "argv", ["harness", "rank", str(file), *options])
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code
        return code, *capsys.readouterr()

    return go


def _never(word):
    raise AssertionError(f"{word} is no JSON")


def _whole(name):
    """The name as the plain reading has it, whichever way of writing came first."""
    return re.sub(r"^(-?[0-9]+)[.]0*$", r"\1", name)


def _check_message(out, err):
    assert out == ""
    assert err.startswith("harness: ")
    assert err.count("\n") == 1
    assert len(err) < 1000
    assert "Traceback" not in err


def _check_means(content, code, out, err):
    """As `_check`, of the pairs within blocks."""
    expected = plain_means(content)
    if code == 2:
        assert expected is None or len({method for method, _ in plain(content)}) < 2
        _check_message(out, err)
        return False
    assert code == 0
    found = json.loads(out, parse_constant=_never)["within_blocks"]
    if expected is None:
        return True
    blocks = [block for _, block in expected]
    assert len(found) == sum(math.comb(blocks.count(block), 2) for block in set(blocks))
    for row in found:
        one, two = (expected[_whole(row[side]), _whole(row["block"])] for side in "ab")
        assert (row["n_a"], row["n_b"]) == (one[2], two[2])
        if max(one[1], two[1]) > 1e-12 * max(abs(one[0]), abs(two[0])):
            test = stats.ttest_ind_from_stats(*one, *two, equal_var=False)
            assert row["p"] == pytest.approx(test.pvalue, rel=1e-6, abs=1e-12)
    return True


def _check(content, code, out, err):
    """Whether it was ranked."""
    expected = plain(content)
    if code == 2:
        assert not expected or any(len(set(names)) < 2 for names in zip(*expected, strict=True))
        _check_message(out, err)
        return False
    assert code == 0
    found = json.loads(out, parse_constant=_never)
    if expected is None:
        return True
    by_name = {_whole(row["treatment"]): row for row in found["treatments"]}
    own = {}
    for (method, seed), value in expected.items():
        own.setdefault(method, {})[seed] = value
    assert {name: row["n"] for name, row in by_name.items()} == {
        name: len(values) for name, values in own.items()
    }
    for name, values in own.items():
        assert by_name[name]["mean"] == pytest.approx(math.fsum(values.values()) / len(values))
    for pair in found["pairs"]:
        one, two = own[_whole(pair["a"])], own[_whole(pair["b"])]
        shared = one.keys() & two.keys()
        assert pair["n"] == len(shared)
        if shared:
            effect = math.fsum(one[seed] - two[seed] for seed in shared) / len(shared)
            size = max(map(abs, (*one.values(), *two.values())))
            assert pair["effect"] == pytest.approx(effect, rel=1e-9, abs=1e-12 * size)
    return True


def _run(rank, seeds, means=False):
    """How many were ranked, refused, and compared with the plain reading."""
    make, check, read = (table_of_means, _check_means, plain_means) if means else (
        table, _check, plain)  # fmt: skip
    options = ("--sd", "sd", "--n", "n") if means else ()
    counts = {"ranked": 0, "refused": 0, "compared": 0}
    for seed in seeds:
        draw = random.Random(seed)
        content = mutate(draw, make(draw), 1 if means else 3)
        try:
            ranked = check(content, *rank(content, *options))
        except BaseException as error:
            error.add_note(f"seed {seed}: {content[:2000]!r}")
            raise
        counts["ranked" if ranked else "refused"] += 1
        counts["compared"] += ranked and read(content) is not None
    return counts


def test_mutated_tables_are_ranked_right_or_refused(rank):
    counts = _run(rank, range(ALWAYS))
    assert min(counts.values()) > ALWAYS // 10, counts


@pytest.mark.slow
def test_many_mutated_tables_are_ranked_right_or_refused(rank):
    counts = _run(rank, range(ALWAYS, ALWAYS + LONG))
    assert min(counts.values()) > LONG // 10, counts


def test_mutated_tables_of_means_are_ranked_right_or_refused(rank):
    counts = _run(rank, range(ALWAYS // 2), means=True)
    assert min(counts.values()) > ALWAYS // 20, counts


@pytest.mark.slow
def test_many_mutated_tables_of_means_are_ranked_right_or_refused(rank):
    counts = _run(rank, range(ALWAYS, ALWAYS + LONG // 5), means=True)
    assert min(counts.values()) > LONG // 50, counts


def test_a_table_as_it_should_be_is_ranked(rank):
    for seed in range(20):
        content = table(random.Random(seed)).encode()
        code, out, err = rank(content)
        assert (code, err) == (0, "")
        assert plain(content)
        assert _check(content, code, out, err)
