"""Identities of trainings and of metrics.

The *key* of a trial hashes the knobs that change the weights, where they differ from their
defaults, and the revisions that affect it; the *request* of a metric hashes the knobs of the
evaluation.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from harness.config.patch import DEFAULTS, default, flatten
from harness.config.revisions import affecting_revisions
from harness.config.trial import TrialConfig

SEMANTICS = 1
"""Raised if every configuration trains differently; all old keys are then stale.

A change that affects only some configurations is a revision (`harness.config.revisions`).
"""

PLACES = ("data.path",)  # where something lies; `content` says what it is
SUBSET = ("data.train_images", "data.subset_seed")  # change the weights, not the reference
SCORING = ("evaluation.", "plugins.encoders.")


def digest(value: Any, length: int = 16) -> str:
    """Hex digest of a JSON value."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def weight_knobs(config: TrialConfig) -> dict[str, Any]:
    """The knobs that change the weights and differ from their defaults."""
    return _weight_knobs(flatten(config))


def _weight_knobs(knobs: Mapping[str, Any]) -> dict[str, Any]:
    return {
        path: value
        for path, value in knobs.items()
        if value != default(path) and not path.startswith(SCORING) and path not in PLACES
    }


def key(config: TrialConfig) -> str:
    """Identity of a trial: 16 hex digits."""
    return _key(weight_knobs(config), affecting_revisions(config))


def key_by_seed(config: TrialConfig) -> Callable[[int], str]:
    """The key of a seed of a cell; `config` is flattened only once."""
    knobs = weight_knobs(config)
    knobs.pop("seed", None)
    default, revised = DEFAULTS["seed"], affecting_revisions(config)
    return lambda seed: _key(knobs if seed == default else {**knobs, "seed": seed}, revised)


def keys(config: TrialConfig, seeds: Iterable[int]) -> dict[int, str]:
    """The key of each seed of a cell."""
    key_of = key_by_seed(config)
    return {seed: key_of(seed) for seed in seeds}


def _key(knobs: Mapping[str, Any], revised: Mapping[str, int]) -> str:
    # without one the key is what it was before there were revisions
    return digest([SEMANTICS, knobs, revised] if revised else [SEMANTICS, knobs])


def metric_request(config: TrialConfig) -> str:
    """Identity of the metric settings, known before any encoder or image is loaded: 8 hex digits.

    The validation images enter through the data section (the training images do not matter, except
    for the split that the `classifier` is trained on), a user's encoder by its content.
    """
    return _metric_request(config, flatten(config))


def identify(config: TrialConfig) -> str:
    """Identity of what a configuration trains and how it is scored; it is flattened only once."""
    knobs = flatten(config)
    trained = _key(_weight_knobs(knobs), affecting_revisions(config))
    return f"{trained}/{_metric_request(config, knobs)}"


def _metric_request(config: TrialConfig, knobs: Mapping[str, Any]) -> str:
    asked = {path: value for path, value in knobs.items() if path.startswith(SCORING)}
    if config.translation.source:  # scores of translations never stand beside others
        asked["translation.source"] = config.translation.source
    if asked["evaluation.encoder_content"]:
        del asked["evaluation.encoder"]
    data = {
        path: value
        for path, value in knobs.items()
        if path.startswith(("data.", "plugins.datasets.")) and path not in PLACES + SUBSET
    }
    return digest([asked, data], 8)
