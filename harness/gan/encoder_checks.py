"""Checks of an encoder, without which a KID of its features would mean nothing; once for each.

Checked when the features of the real images are made, which is before anything is trained.
"""

import numpy as np
from numpy.typing import NDArray

from harness.core import rng
from harness.core.errors import HarnessError
from harness.core.format import digits
from harness.gan.encoders import Encoder

Features = NDArray[np.float32]
LARGEST = 1e15  # their squares, summed over thousands of features, are still float32
LEAST_SPREAD = 1e-4  # of the largest feature; float32 then still has three digits of it
LEAST_VARIANCE = 1e-7  # a mean feature's: about a third of the largest KID there could be
TOLERANCE = 0.01  # of the spread of the features: far above rounding, far below dropout


def check_finite(encoder: Encoder, features: Features, kind: str) -> None:
    """Raise an error where a feature is not finite or its square would not be."""
    good = np.isfinite(features)
    if not good.all():
        count = int((~good.all(axis=1)).sum())
        raise HarnessError(
            f"evaluation.encoder: {encoder.title} gives features that are not finite for {count} "
            f"of {len(features)} {kind} images; look for logarithms, divisions and float16 in it"
        )
    if (largest := float(np.abs(features).max())) > LARGEST:
        raise HarnessError(
            f"evaluation.encoder: {encoder.title} gives features of {digits(largest, 1)} for "
            f"{kind} images, too large for KID's cubic kernel; end it with a layer that "
            "normalises them"
        )


def check_features(encoder: Encoder, real: Features) -> None:
    """Raise an error unless the features of real images are finite, and differ."""
    check_finite(encoder, real, "real")
    spreads = real.std(axis=0, dtype=np.float64)
    spread, largest = float(spreads.max()), float(np.abs(real).max())
    if spread <= LEAST_SPREAD * largest:
        raise HarnessError(
            f"evaluation.encoder: {encoder.title} gives all {len(real)} real images the same "
            f"features, or nearly (their largest standard deviation over the images is "
            f"{digits(spread, 1)}, their largest value {digits(largest, 1)}), so every KID would "
            "be near 0: it may have been trained on pixels of another range than [0, 1], or "
            "have lost its weights"
        )
    if (variance := float(np.square(spreads).mean())) < LEAST_VARIANCE:
        raise HarnessError(
            f"evaluation.encoder: {encoder.title} gives features that spread by "
            f"{digits(variance**0.5, 1)} only, so every KID would be near 0, since its kernel adds "
            "1 to their products; end it with a layer that scales them"
        )


def check_behaviour(encoder: Encoder, images: NDArray[np.uint8], real: Features) -> None:
    """Raise an error unless an image's features depend on that image, and on nothing else.

    `images` are real ones, a batch at most, and `real` are the features of those and of others.
    """
    tolerance = TOLERANCE * float(real.std(axis=0, dtype=np.float64).max())
    once, again = encoder(images), encoder(images)
    if np.abs(once - again).max() > tolerance:
        raise HarnessError(
            f"evaluation.encoder: {encoder.title} gives other features for the same images when it "
            "is asked again: something in it draws at random, or remembers; save it for inference"
        )
    half = len(images) // 2
    others = rng.generator(0, "evaluation", "probe").integers(0, 256, images.shape, np.uint8)
    others[:half], others[half : half + 1], others[half + 1 : half + 2] = images[:half], 0, 255
    mixed = encoder(others)
    check_finite(encoder, mixed, "black, white and noise")
    if np.abs(mixed[:half] - once[:half]).max() > tolerance:
        raise HarnessError(
            f"evaluation.encoder: {encoder.title} gives an image other features when other images "
            "are in its batch: something in it works across the images of a batch (axis 0)"
        )
