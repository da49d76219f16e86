"""The inception score by hand, and as its authors' code computes it."""

import numpy as np
import pytest

from harness.metrics.inception_score import SMALLEST, SPLITS, measure_inception_score

SURE = np.eye(4)


def salimans(p, splits):
    """The score as in improved-gan's code, with its natural logarithms."""
    scores = []
    for i in range(splits):
        part = p[i * len(p) // splits : (i + 1) * len(p) // splits]
        kl = part * (np.log(part) - np.log(np.expand_dims(np.mean(part, 0), 0)))
        scores.append(np.exp(np.mean(np.sum(kl, 1))))
    return np.mean(scores)


@pytest.mark.parametrize(("count", "splits"), [(400, 1), (1000, 2), (1999, 3), (9000, SPLITS)])
def test_it_is_the_authors_of_as_many_splits_as_there_are_images_for(count, splits):
    random = np.random.default_rng(count)
    logits = random.standard_normal((count, 7)) * np.linspace(1, 3, count)[:, None]  # splits differ
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    whole = count // splits * splits
    expected = salimans(p[:whole], splits)
    assert measure_inception_score(p[:whole]) == pytest.approx(expected, rel=1e-9)
    assert splits == min(SPLITS, max(1, count // SMALLEST))


def test_by_hand():
    assert measure_inception_score(SURE) == pytest.approx(4.0)  # certain, all classes alike
    assert measure_inception_score(np.full((8, 4), 0.25)) == pytest.approx(1.0)  # never sure
    assert measure_inception_score(SURE[[2, 2, 2]]) == pytest.approx(1.0)  # one class only
    # marginal (3/4, 1/4): exp((ln 4/3 + (1/2 ln 2/3 + 1/2 ln 2)) / 2)
    expected = np.exp((np.log(4 / 3) + 0.5 * np.log(2 / 3) + 0.5 * np.log(2)) / 2)
    assert measure_inception_score(np.array([[1.0, 0.0], [0.5, 0.5]])) == pytest.approx(expected)
