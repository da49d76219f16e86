#!/usr/bin/env bash
# SciPy 1.17.1: scipy.stats.kendalltau of few values, with and without ties.
#
# Done: Kendall's tau of five pairs, by default (method="auto"), beside the exact p-value: the share
# of all 120 orders of y whose tau is as far from 0. One would expect the exact p for so few values,
# or a warning. Without ties they agree.
# Instead one tie suffices for the asymptotic p, however few the values, without a word: here it is
# smaller than the exact one by a third and by nearly a half, once on the other side of 0.05.
# method="exact" refuses ties.
# Remedy: scipy.stats.permutation_test with permutation_type="pairings", which counts all orders
# where they are few.
#
# Seen:
#   SciPy 1.17.1
#   y = [1, 2, 3, 4, 5]: kendalltau p = 0.0167, all orders 0.0167, pairings 0.0167
#   y = [1, 2, 3, 4, 4]: kendalltau p = 0.0230, all orders 0.0333, pairings 0.0333
#   y = [1, 1, 2, 3, 3]: kendalltau p = 0.0367, all orders 0.0667, pairings 0.0667
#   method="exact": Ties found, exact method cannot be used.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'EOF'
import sys
import warnings
from itertools import permutations

import numpy as np
import scipy
from scipy.stats import kendalltau, permutation_test

warnings.simplefilter("error")  # there is none
X = [1, 2, 3, 4, 5]


def counted(y):
    """The exact p-value, over all orders of y."""
    tau = abs(kendalltau(X, y).statistic)
    others = [abs(kendalltau(X, order).statistic) for order in permutations(y)]
    return float(np.mean(np.array(others) >= tau - 1e-12))


def by_pairings(y):
    def statistic(x):
        return kendalltau(x, y).statistic

    return permutation_test((X,), statistic, permutation_type="pairings").pvalue


print("SciPy", scipy.__version__)
found = {}
for y in ([1, 2, 3, 4, 5], [1, 2, 3, 4, 4], [1, 1, 2, 3, 3]):
    auto, exact, pairings = kendalltau(X, y).pvalue, counted(y), by_pairings(y)
    found[tuple(y)] = [round(float(p), 4) for p in (auto, exact, pairings)]
    print(f"y = {y}: kendalltau p = {auto:.4f}, all orders {exact:.4f}, pairings {pairings:.4f}")
try:
    kendalltau(X, [1, 2, 3, 4, 4], method="exact")
    refused = False
except ValueError as error:
    refused = True
    print('method="exact":', error)
seen = [[0.0167, 0.0167, 0.0167], [0.023, 0.0333, 0.0333], [0.0367, 0.0667, 0.0667]]
if list(found.values()) != seen or not refused:
    sys.exit("the behaviour has changed")
EOF
