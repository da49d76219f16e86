"""Named, stateless random streams.

Every draw is a function of (seed, names) and independent of earlier draws. So switching one setting
on changes no other draws, trials pair by seed, and a resumed trial gives the same bits.
"""

import hashlib

import numpy as np


def derive(seed: int, *names: str | int) -> tuple[int, int]:
    """Two non-negative 31-bit words for (seed, names): a seed for TensorFlow's stateless draws."""
    text = "/".join(str(part) for part in (seed, *names))
    digest = hashlib.sha256(text.encode()).digest()
    mask = 0x7FFFFFFF
    return int.from_bytes(digest[:4], "big") & mask, int.from_bytes(digest[4:8], "big") & mask


def generator(seed: int, *names: str | int) -> np.random.Generator:
    """A NumPy generator for (seed, names)."""
    return np.random.Generator(np.random.Philox(derive(seed, *names)))


def latents(count: int, size: int, seed: int, *names: str | int) -> np.ndarray:
    """Standard normal latents, (count, size) float32; a smaller size gives leading coordinates."""
    # drawn coordinate by coordinate, so that cells with other noise sizes share the leading ones
    return generator(seed, *names).standard_normal((size, count), dtype=np.float32).T.copy()
