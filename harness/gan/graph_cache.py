"""Optimised graphs on disk: what one process has traced and optimised, others load.

An entry is found by all that a graph depends on: the structure of the program, this code, the
versions of the libraries, the processor, and how TensorFlow is set up. Others are never looked at,
so a stale one costs its room alone. Files are verified before use (`harness.core.cache`), and one
that is missing, damaged or cannot be written costs the time of tracing and nothing else.
"""

import json
import os
import platform
import shutil
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.framework.function_pb2 import FunctionDef

from harness.config.identity import digest
from harness.core.cache import entry, fault_of
from harness.core.errors import HarnessError
from harness.core.files import file_digest
from harness.gan.optimised_graph import Graph, Handles, handles_of, load, optimised, settings, take

FORMAT = 1  # raised when entries are written or read in another way
KEPT = 1000  # entries of some 30 kB; the oldest go first
ABOUT, DEFINITION = "graph.json", "graph.zlib"
CODE = ("config", "core", "gan", "metrics")  # all that gan may import of this package

Function = Callable[..., Any]
Keep = Callable[[str, Function], Function]  # a compiled function by its name in a program


def direct(name: str, function: Function) -> Function:
    """A compiled function as it is."""
    del name
    return function


class GraphCache:
    """The entries in a folder, for a process whose TensorFlow is set up as `arithmetic` says."""

    def __init__(self, folder: Path, arithmetic: Mapping[str, Any]) -> None:
        self._folder = folder
        self._arithmetic = dict(arithmetic)

    @property
    def computed(self) -> list[Any]:
        """How this process computes, as a JSON value: arithmetic, code, libraries, processor."""
        return [self._arithmetic, settings(), environment()]

    def keeping(self, structure: str, variables: Callable[[], Mapping[str, Any]]) -> Keep:
        """A function that makes compiled functions of one structure use the cache.

        `variables`: all that they may read or write, by stable names, asked for at the first call.
        """

        def keep(name: str, function: Function) -> Function:
            parts = [FORMAT, structure, name, *self.computed]
            return _Cached(function, variables, self._folder / digest(parts, 32))

        return keep


def open_cache(folder: Path, arithmetic: Mapping[str, Any]) -> GraphCache | None:
    """The cache of a process; None on a GPU and under XLA, whose compiling it would not save."""
    plain = arithmetic["device"] == "CPU" and not arithmetic["xla"]
    return GraphCache(folder, arithmetic) if plain else None


class _Cached:
    """A compiled function that is loaded if it can be, and else traced and stored."""

    def __init__(
        self, function: Any, variables: Callable[[], Mapping[str, Any]], folder: Path
    ) -> None:
        self._function, self._variables, self._folder = function, variables, folder
        self._call: Function | None = None

    def __call__(self, *inputs: Any) -> Any:
        if self._call is None:
            return self._first(inputs)
        return self._call(*inputs)

    def _first(self, inputs: tuple[Any, ...]) -> Any:
        handles = handles_of(self._variables())
        self._call = _read(self._folder, handles)
        if self._call is not None:
            return self._call(*inputs)
        self._call = self._function
        with optimised() as graphs:
            outputs = self._function(*inputs)
        concrete = self._function.get_concrete_function(*inputs)
        graph = take(concrete, graphs, handles, f"cached_{self._folder.name}")
        if graph is not None:
            _write(self._folder, graph, concrete.structured_outputs)
        return outputs


def _read(folder: Path, handles: Handles) -> Function | None:
    """The function of an entry; None where there is none that is whole and fits."""
    if not folder.is_dir() or fault_of(folder):
        return None
    try:
        about = json.loads((folder / ABOUT).read_bytes())
        definition = FunctionDef.FromString(zlib.decompress((folder / DEFINITION).read_bytes()))
        run = load(Graph(definition, tuple(about["variables"])), handles)
        names = about["outputs"]
    except (OSError, ValueError, KeyError, zlib.error, DecodeError, tf.errors.OpError):
        return None  # removed meanwhile, or another program's under this name

    def call(*inputs: Any) -> Any:
        outputs = run([tf.convert_to_tensor(each) for each in tf.nest.flatten(inputs)])
        return outputs[0] if names is None else dict(zip(names, outputs, strict=True))

    return call


def _write(folder: Path, graph: Graph, outputs: Any) -> None:
    """Store a graph whose function returns a tensor, or tensors by name."""
    names = sorted(outputs) if isinstance(outputs, dict) else None  # as TensorFlow flattens them

    def make(target: Path) -> None:
        about = {"variables": graph.variables, "outputs": names}
        (target / ABOUT).write_text(json.dumps(about))
        content = graph.definition.SerializeToString(deterministic=True)
        (target / DEFINITION).write_bytes(zlib.compress(content))

    with suppress(HarnessError, OSError):  # on a full disk the next process traces again
        entry(folder, "an optimised graph", make)
        _make_room(folder.parent)


def _make_room(folder: Path) -> None:
    """Remove the oldest entries where there are too many."""
    entries = [path for path in folder.iterdir() if path.is_dir()]
    for old in sorted(entries, key=lambda path: path.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)


@cache
def environment() -> list[Any]:
    """The code, libraries, processor and environment variables that a graph depends on."""
    package = Path(__file__).parents[1]
    files = sorted(path for part in CODE for path in (package / part).rglob("*.py"))
    code = {path.relative_to(package).as_posix(): file_digest(path) for path in files}
    libraries = [tf.__version__, tf.version.GIT_VERSION, keras.__version__, np.__version__]
    defaults = [keras.config.floatx(), keras.config.epsilon(), keras.config.image_data_format()]
    settings = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("TF_", "XLA_", "ONEDNN_", "DNNL_", "OMP_")) and "_LOG_" not in name
    }
    return [code, libraries, defaults, platform.python_version(), _processor(), settings]


def _processor() -> str:
    """The kind of processor with its instructions: they decide what can be fused, and rounding."""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        telling = ("model name", "cpu family", "model", "stepping", "flags", "Features")
        return digest(sorted({line for line in lines if line.split("\t")[0].strip() in telling}))
    return f"{platform.machine()} {platform.processor()}"
