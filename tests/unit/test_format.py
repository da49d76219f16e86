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


@pytest.mark.parametrize("width", range(1, 40))
def test_a_label_keeps_both_ends(width):
    label = "batch_norm_in_discriminator=following"
    short = show.shorten(label, width)
    assert len(short) == min(width, len(label))
    if 3 <= width < len(label):
        assert short[0] == "b"
        assert short[-1] == "g"
        assert "…" in short


ALIKE = [
    ["optimizer.generator.beta_1=0.5", "optimizer.generator.beta_2=0.5"],  # in the middle
    ["a_very_long_prefix_of_all_cells=on", "a_very_long_prefix_of_all_cells=off"],  # at the end
    ["a" * 40 + f"{number}" + "z" * 40 for number in range(12)],
    ["one_change_" + "x" * 30, "one_change_" + "x" * 31],  # in their length alone
    ["reference", "reference and more than that", "reference and more than this"],
]


@pytest.mark.parametrize("labels", ALIKE, ids=lambda labels: labels[0][:20])
@pytest.mark.parametrize("width", [8, 12, 18, 22, 36, 62])
def test_different_labels_stay_different(labels, width):
    short = show.shorten_apart([*labels, labels[0]], width)
    assert list(short) == labels
    assert len(set(short.values())) == len(labels)
    assert all(len(text) <= width for text in short.values())
    assert all(text == label for label, text in short.items() if len(label) <= width)


def test_labels_are_cut_in_what_they_have_in_common():
    labels = ["optimizer.generator.beta_1=0.5 twice", "optimizer.generator.beta_2=0.5 twice"]
    assert list(show.shorten_apart(labels, 18).values()) == [
        "optim…1=0.5 twice",
        "optim…2=0.5 twice",
    ]
    assert show.shorten_apart(["short", "as short"], 18) == {
        "short": "short", "as short": "as short",
    }  # fmt: skip


@pytest.mark.parametrize("width", [8, 12, 20, 40])
@pytest.mark.parametrize(
    "labels",
    [
        [f"discriminator.learning_rate={rate},generator_ema=off" for rate in ("2e-4", "4e-4")],
        [f"{start}_batch_norm_in_{net}=off" for start in "ab" for net in ("d", "g", "both")],
        ["reference", "reference_2", "one_more"],
    ],
)
def test_shortened_labels_stay_different(labels, width):
    short = show.shorten_apart(labels, width)
    assert list(short) == labels
    assert len(set(short.values())) == len(labels)
    assert max(map(len, short.values())) <= width
    assert all(short[label] == label for label in labels if len(label) <= width)


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


def test_small_tables_get_more_decimals():
    assert show.decimals([20.0, 0.01]) == 0
    assert show.decimals([0.2, 0.01]) == 1
    assert show.decimals([0.005, math.nan]) == 2
    assert show.decimals([0.0005]) == 3
    # an encoder of small features has small KIDs, which are no zeros
    assert show.kid(-5.02e-7, show.decimals([-5.02e-7]), signed=True) == "−0.000502"
    assert show.decimals([0.0]) == show.decimals([1e-17]) == 3  # nothing, and its rounding
    assert show.p_value(0.00001) == "< 0.001"
