"""What need not be done at every update."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def at_every(
    every: int, number: tf.Tensor, do: Callable[[], Any], otherwise: Callable[[], Any]
) -> Any:
    """What `do` gives at updates 0, n, 2n, …, and what `otherwise` gives between them.

    Both give tensors of the same shapes; at every single update there is no choice to compile.
    """
    return do() if every == 1 else tf.cond(number % every == 0, do, otherwise)
