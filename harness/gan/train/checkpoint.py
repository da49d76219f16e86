"""Checkpoints: every variable by name in one .npz, written whole or not at all."""

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import BadZipFile

import keras
import numpy as np
import tensorflow as tf

from harness.core.errors import Damaged, HarnessError
from harness.core.files import write_atomically

Variables = Mapping[str, keras.Variable | tf.Variable]


def save(path: Path, variables: Variables, **numbers: float) -> None:
    """Write all variables and some plain numbers."""
    arrays = {name: np.asarray(tf.convert_to_tensor(value)) for name, value in variables.items()}
    extra = {f"number/{name}": np.asarray(value) for name, value in numbers.items()}

    def write(file: BinaryIO) -> None:
        np.savez(file, **arrays, **extra)  # type: ignore[arg-type]

    write_atomically(path, write)


def load(path: Path, variables: Variables) -> dict[str, Any]:
    """Assign all variables from `path` and return the plain numbers.

    Everything is read, check sums included, before anything is assigned. Raises Damaged.
    """
    stored = _read(path)
    numbers = {name for name in stored if name.startswith("number/")}
    if differing := (set(stored) - numbers) ^ set(variables) or _misshapen(stored, variables):
        raise HarnessError(
            f"{path}: holds other variables than this version builds "
            f"({sorted(differing)[0]}); remove {path.parent} to train this trial again"
        )
    for name, variable in variables.items():
        variable.assign(stored[name])
    return {name.removeprefix("number/"): stored[name].item() for name in numbers}


def _read(path: Path) -> dict[str, np.ndarray]:
    try:
        with path.open("rb") as file, np.load(file) as stored:
            return {name: stored[name] for name in stored.files}
    except FileNotFoundError:
        raise
    # whatever a damaged archive, header or array makes zipfile and NumPy raise
    except (OSError, ValueError, LookupError, EOFError, BadZipFile, NotImplementedError) as error:
        raise Damaged(path, f"no whole archive of arrays ({error})") from None
    except (SyntaxError, TypeError, AttributeError, zlib.error) as error:
        raise Damaged(path, f"no whole archive of arrays ({type(error).__name__})") from None


def _misshapen(stored: Mapping[str, np.ndarray], variables: Variables) -> set[str]:
    return {name for name, value in variables.items() if stored[name].shape != tuple(value.shape)}
