"""Keys of trials as they were: a change here makes every trained trial out of date.

Written anew by `make golden`, which refuses to change a key unless SEMANTICS was raised; what a
revision renames is not among them, or is taken out first.
"""

import os
from pathlib import Path

from harness.config.identity import SEMANTICS, key, metric_request
from harness.config.patch import resolve
from harness.core.files import read_json, write_json

FILE = Path(__file__).parent / "keys.json"
DIGITS = {"data.name": "digits", "data.image_size": 16}
CONFIGS = {
    "default": {},
    "seed 1": {"seed": 1},
    "beta_1 of 0.9": {"optimizer.generator.beta_1": 0.9, "optimizer.discriminator.beta_1": 0.9},
    "cifar10": {"data.name": "cifar10", "data.image_size": 32, "training.epochs": 2},
    "digits": DIGITS,
    "digits in blocks": {**DIGITS, "evaluation.protocol": "blocks", "evaluation.samples": 512},
    "wasserstein with a penalty": {
        "loss.name": "wasserstein",
        "penalties.gradient.weight": 10.0,
        "discriminator.normalization": "none",
    },
    "a folder": {"data.name": "folder", "data.path": "photos", "data.content": "0123456789abcdef"},
    # of trials that a revision affects: these name it, and are no others either
    "minibatch features": {**DIGITS, "discriminator.minibatch": "discrimination"},
    "batches in parts": {**DIGITS, "training.accumulation": 4},
    "relations": {"generator.width": {"times": 0.5}, "training.kimg": {"times": 2}},
}


def test_keys_are_as_they_were():
    configs = {name: resolve([patch]) for name, patch in CONFIGS.items()}
    now = {
        "semantics": SEMANTICS,
        "keys": {name: key(config) for name, config in configs.items()},
        "requests": {name: metric_request(config) for name, config in configs.items()},
    }
    if os.environ.get("HARNESS_GOLDEN"):
        _write(now)
    assert read_json(FILE) == now


def _write(now):
    before = read_json(FILE) or {"semantics": 0, "keys": {}}
    common = before["keys"].keys() & now["keys"].keys()
    changed = [name for name in common if before["keys"][name] != now["keys"][name]]
    assert not changed or before["semantics"] < SEMANTICS, f"{changed}: raise SEMANTICS first"
    write_json(FILE, now)
