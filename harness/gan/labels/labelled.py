"""Images or latents, each with its class."""

from typing import Any, NamedTuple, TypeAlias

import tensorflow as tf


class Labelled(NamedTuple):
    """Arrays or tensors of the same leading axes."""

    values: Any  # real images (…, N, H, W, C), or latents (N, noise size)
    labels: Any  # (…, N) int32


MaybeLabelled: TypeAlias = Any  # Labelled where labels are used, else the values alone


def apart(given: MaybeLabelled) -> tuple[Any, Any]:
    """The values, and their labels or None."""
    return given if isinstance(given, Labelled) else (given, None)


def together(values: Any, labels: Any) -> MaybeLabelled:
    """Values with labels, or alone where `labels` is None."""
    return values if labels is None else Labelled(values, labels)


def gathered(given: MaybeLabelled, indices: Any) -> MaybeLabelled:
    """The images of `indices` (…) among (M, H, W, C), with the labels of the very same."""
    return tf.nest.map_structure(lambda part: tf.gather(part, indices), given)
