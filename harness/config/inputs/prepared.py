"""Data sets that TensorFlow Datasets has prepared on this machine, read without importing it."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from harness.config.catalog import TFDS, dataset
from harness.config.specs import DatasetSpec

INFO = "dataset_info.json"  # TFDS writes it last


def folder(name: str) -> Path:
    """The folder of a TFDS data set with all its configurations and versions."""
    place = os.environ.get("TFDS_DATA_DIR") or Path.home() / "tensorflow_datasets"
    return Path(place) / name.removeprefix("tfds:").replace(":", "/")


def spec(name: str) -> DatasetSpec:
    """The facts about a data set; for one that is not in the catalogue, images as prepared here."""
    known = dataset(name)
    if known.splits or known.target != TFDS:
        return known
    return known._replace(splits=_splits(name))


def _splits(name: str) -> Mapping[str, int]:
    """Numbers of images per split; empty if there is no version or several."""
    infos = list(folder(name).rglob(INFO))
    if len(infos) != 1:
        return {}
    try:
        rows = json.loads(infos[0].read_text())["splits"]
        return {row["name"]: sum(map(int, row["shardLengths"])) for row in rows}
    except (OSError, ValueError, LookupError, TypeError):
        return {}  # of another form: it is counted when it is loaded


def absent(name: str) -> str:
    """A note if a TFDS data set is not prepared here; else empty."""
    if dataset(name).target != TFDS or any(folder(name).rglob(INFO)):
        return ""
    return f"not in {folder(name)}: the run downloads it; set TFDS_DATA_DIR if it is elsewhere"
