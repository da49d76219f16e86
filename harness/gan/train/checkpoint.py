"""Checkpoints: every variable by name in one .npz, written whole or not at all."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import keras
import numpy as np
import tensorflow as tf

from harness.core.archive import NUMBER, read_archive
from harness.core.errors import HarnessError
from harness.core.files import write_atomically

Variables = Mapping[str, keras.Variable | tf.Variable]


def save(path: Path, variables: Variables, **numbers: float) -> None:
    """Write all variables and some plain numbers."""
    arrays = {name: np.asarray(tf.convert_to_tensor(value)) for name, value in variables.items()}
    extra = {f"{NUMBER}{name}": np.asarray(value) for name, value in numbers.items()}

    def write(file: BinaryIO) -> None:
        np.savez(file, **arrays, **extra)  # type: ignore[arg-type]

    write_atomically(path, write)


def load(path: Path, variables: Variables) -> dict[str, Any]:
    """Assign all variables from `path` and return the plain numbers.

    Everything is read, check sums included, before anything is assigned. Raises Damaged.
    """
    stored = read_archive(path)
    numbers = {name for name in stored if name.startswith(NUMBER)}
    if differing := (set(stored) - numbers) ^ set(variables) or _misshapen(stored, variables):
        raise HarnessError(
            f"{path}: holds other variables than this version builds "
            f"({sorted(differing)[0]}); remove {path.parent} to train this trial again"
        )
    for name, variable in variables.items():
        variable.assign(stored[name])
    return {name.removeprefix(NUMBER): stored[name].item() for name in numbers}


def _misshapen(stored: Mapping[str, np.ndarray], variables: Variables) -> set[str]:
    return {name for name, value in variables.items() if stored[name].shape != tuple(value.shape)}
