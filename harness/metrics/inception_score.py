"""Inception score: exp of the mean KL(p(y|x) || p(y)) (Salimans et al. 2016).

It never looks at real images: 1 at the worst, the number of classes at the best.
"""

import numpy as np
from numpy.typing import NDArray

SPLITS = 10  # of the paper's code
SMALLEST = 500  # images of a split: p(y) comes from it alone, and few images make it look peaked


def measure_inception_score(probabilities: NDArray[np.floating]) -> float:
    """Mean score of consecutive splits of (n, classes) probabilities; fewer of few images."""
    p = np.asarray(probabilities, np.float64)
    count = min(SPLITS, max(1, len(p) // SMALLEST))
    return float(np.mean([_score(part) for part in np.array_split(p, count)]))


def _score(p: NDArray[np.float64]) -> float:
    marginal = p.mean(axis=0)
    ratio = np.divide(p, marginal, out=np.ones_like(p), where=p > 0)  # 0 log 0 is 0
    return float(np.exp((p * np.log(ratio)).sum(axis=1).mean()))
