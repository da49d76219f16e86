"""Scores of untrained generators, kept on disk: trials of one seed mostly have the same images.

A tip of the optimiser, say, leaves first weights and latents as they are. An entry is found by the
images themselves and by all that makes scores of them, so none can be stale.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.config.identity import digest
from harness.core.cache import entry
from harness.core.files import write_json

SCORES = "scores.json"

Scores = dict[str, Any]


def scored_once(
    folder: Path,
    measured: Sequence[Any],
    images: Iterable[NDArray[np.uint8]],
    score: Callable[[], Scores],
) -> Scores:
    """The scores of images, in batches (n, H, W, C): kept ones or, for the first time, `score`'s.

    `measured`: a JSON value that says how they are measured, the code included.
    """
    total = hashlib.sha256()
    for batch in images:
        total.update(str(batch.shape).encode())
        total.update(batch.tobytes())

    def keep(target: Path) -> None:
        write_json(target / SCORES, score())

    place = folder / digest([*measured, total.hexdigest()], 32)
    place, _ = entry(place, "scores of an untrained generator", keep)
    scores: Scores = json.loads((place / SCORES).read_bytes())
    return scores
