"""Fréchet distance between Gaussians fitted to two sets of features: FID (Heusel et al. 2017).

Biased upwards, the more the fewer the images, so values compare at equal numbers only.
"""

import math

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.floating]
Matrix = NDArray[np.float64]


class Frechet:
    """The distance from one set of real features (m, d), whose moments are computed once.

    |μ₁ - μ₂|² + tr(Σ₁) + tr(Σ₂) - 2 tr((Σ₁Σ₂)^½), with covariances over m - 1, in float64.
    Σ₁Σ₂ has the eigenvalues of Σ₁^½ Σ₂ Σ₁^½, which is symmetric: so they are real,
    non-negative except for rounding, and exact where there are fewer images than features.
    """

    def __init__(self, real: Features) -> None:
        self._mean, covariance = _moments(real)
        self._trace = np.trace(covariance)
        values, vectors = np.linalg.eigh(covariance)
        self._root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T

    def __call__(self, generated: Features) -> float:
        """The distance of generated features (n, d); NaN where one is not finite."""
        if not np.isfinite(generated).all():
            return math.nan
        mean, covariance = _moments(generated)
        values = np.linalg.eigvalsh(self._root @ covariance @ self._root)
        common = np.sqrt(np.maximum(values, 0.0)).sum()
        apart = np.square(mean - self._mean).sum()
        return float(apart + self._trace + np.trace(covariance) - 2.0 * common)


def _moments(features: Features) -> tuple[Matrix, Matrix]:
    """Mean (d,) and covariance (d, d)."""
    centred = np.array(features, np.float64)
    mean = centred.mean(axis=0)
    centred -= mean
    return mean, centred.T @ centred / (len(centred) - 1)
