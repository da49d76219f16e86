"""Means of treatments as if each had been in each block: the additive two-way model.

value = treatment + block, by least squares over what there is (Yates 1934). Where each treatment is
in each block these are the plain means; where blocks differ, a plain mean also
reflects which blocks a treatment was in.
"""

import math

import numpy as np
from numpy.typing import NDArray

from harness.analysis.max_t import Array


def mean(values: Array) -> float:
    """The mean of finite values: of equal ones that value, in any order the same."""
    least = float(values.min())
    return least + math.fsum(values - least) / len(values)


def groups(values: Array) -> NDArray[np.intp]:
    """A number for each treatment (columns): equal where shared blocks join them, directly or not.

    The largest group is 0. Between groups no difference can be estimated.
    """
    present = np.isfinite(values)
    label = np.arange(values.shape[1])
    for row in present:  # the treatments of a block are of one group
        joined = np.isin(label, label[row])
        label[joined] = label[joined].min(initial=len(label))
    _, first, counts = np.unique(label, return_index=True, return_counts=True)
    ranked = sorted(zip(-counts, first, strict=True))
    place = {int(label[at]): number for number, (_, at) in enumerate(ranked)}
    return np.array([place[int(number)] for number in label])


def adjusted_means(values: Array) -> Array:
    """One mean a treatment (columns) of values (blocks, treatments), NaN where there is none.

    Over the blocks of its group (`groups`); each treatment has a value.
    """
    means = np.full(values.shape[1], np.nan)
    label = groups(values)
    for group in np.unique(label):
        part = values[:, label == group]
        means[label == group] = _adjusted(part[np.isfinite(part).any(axis=1)])
    return means


def _adjusted(values: Array) -> Array:
    present = np.isfinite(values)
    if present.all():
        return np.array([mean(column) for column in values.T])
    sizes = present.sum(axis=1)
    level = np.nanmean(values)
    left = np.where(present, values - level, 0)
    left -= np.where(present, (left.sum(axis=1) / sizes)[:, np.newaxis], 0)  # of block means
    # normal equations after the blocks are eliminated; singular by the constant, which is in blocks
    weights = np.diag(present.sum(axis=0)) - present.T @ (present / sizes[:, np.newaxis])
    treatment = np.linalg.lstsq(weights.astype(float), left.sum(axis=0), rcond=None)[0]
    block = np.nansum(values - level - treatment, axis=1) / sizes
    means: Array = level + treatment + block.mean()
    return means
