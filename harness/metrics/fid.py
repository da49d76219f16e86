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
    With Σ₁ = AᵀA and Σ₂ = BᵀB, the last trace is the sum of the singular values of ABᵀ, whatever
    the ranks; the square of each is an eigenvalue of the smaller one of ABᵀBAᵀ and BAᵀABᵀ. So no
    matrix is larger than there are images, where these are fewer than features.
    """

    def __init__(self, real: Features) -> None:
        self._mean, centred = _moments(real)
        self._trace = np.vdot(centred, centred)
        self._factor = centred if len(centred) <= centred.shape[1] else _root(centred.T @ centred)

    def __call__(self, generated: Features) -> float:
        """The distance of generated features (n, d); NaN where one is not finite."""
        if not np.isfinite(generated).all():
            return math.nan
        mean, centred = _moments(generated)
        trace, product = np.vdot(centred, centred), self._factor @ centred.T
        del centred  # each of these matrices is large, and the eigenvalues need a copy
        gram = product @ product.T if len(product) <= product.shape[1] else product.T @ product
        del product
        values = np.linalg.eigvalsh(gram)
        common = np.sqrt(np.maximum(values, 0.0)).sum()
        apart = np.square(mean - self._mean).sum()
        return float(apart + self._trace + trace - 2.0 * common)


def _moments(features: Features) -> tuple[Matrix, Matrix]:
    """Mean (d,), and A (n, d) with the covariance AᵀA: centred features over √(n - 1)."""
    centred = np.array(features, np.float64)
    mean = centred.mean(axis=0)
    centred -= mean
    centred /= math.sqrt(len(centred) - 1)
    return mean, centred


def _root(covariance: Matrix) -> Matrix:
    """The symmetric matrix A with AᵀA = covariance."""
    values, vectors = np.linalg.eigh(covariance)
    root: Matrix = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return root
