"""Numbers as people read them."""

import math

import pytest

from harness.core import format as show


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.0123, "−12.3"),
        (0.0123, "+12.3"),
        (-0.00001, "0.0"),
        (math.nan, "–"),
        (1.5, "+1\u202f500.0"),
    ],
)
def test_kid_is_shown_times_1000(value, text):
    assert show.kid(value, 1, signed=True) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (math.nan, "–"),
        (0.2, "0.2 s"),
        (0, "0 s"),
        (12.4, "12 s"),
        (100, "2 min"),
        (600, "10 min"),
        (3 * 3600 + 65, "3 h 01 min"),
        (47.4 * 3600, "47 h 24 min"),
        (273_700, "3 d 4 h"),
    ],
)
def test_durations(seconds, text):
    assert show.duration(seconds) == text


def test_rates():
    rates = [show.rate(value) for value in (None, 3.14, 412.7, 12_345.0)]
    assert rates == ["–", "3.1", "413", "12\u202f345"]


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (999_499, "999 kB"),
        (999_600, "1 MB"),
        (7_400_000, "7 MB"),
        (3_200_000_000, "3 GB"),
        (3_200_000_000_000, "3\u202f200 GB"),
    ],
)
def test_sizes(count, text):
    assert show.size(count) == text


def test_shares_are_shown_as_declared_or_rounded():
    assert [show.percent(share) for share in (0.95, 0.07, 0.001)] == ["95 %", "7 %", "0.1 %"]
    assert [show.percent(share, 0) for share in (0.126, 1.0, math.nan)] == ["13 %", "100 %", "–"]


def test_counts_are_set_like_all_numbers():
    assert show.count(1, "trial") == "1 trial"
    assert show.count(12_000, "trial") == "12\u202f000 trials"
    assert show.count(2, "study", "studies") == "2 studies"


def test_digits_and_declared_numbers():
    assert [show.digits(value) for value in (0.012345, 12.345, 1.2345e-9)] == [
        "0.0123", "12.3", "1.23e-09"
    ]  # fmt: skip
    assert [show.plain(value) for value in (0.05, 300.0, 1e-7)] == ["0.05", "300", "1e-07"]
    assert show.tick(-1234.5) == "−1\u202f234.5"
    assert [show.kimg(value) for value in (128.0, 25.60001, 0.04)] == [
        "128 kimg",
        "25.6 kimg",
        "0 kimg",
    ]


def test_small_tables_get_more_decimals():
    assert show.decimals([20.0, 0.01]) == 0
    assert show.decimals([0.2, 0.01]) == 1
    assert show.decimals([0.005, math.nan]) == 2
    assert show.decimals([0.0005]) == 3
    # an encoder of small features has small KIDs, which are no zeros
    assert show.kid(-5.02e-7, show.decimals([-5.02e-7]), signed=True) == "−0.000502"
    assert show.decimals([0.0]) == show.decimals([1e-17]) == 3  # nothing, and its rounding
    assert show.p_value(0.00001) == "< 0.001"
