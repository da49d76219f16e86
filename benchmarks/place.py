"""A temporary folder with studies, runs and caches of its own, and programs run in it."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from ruamel.yaml import YAML

from benchmarks.apart import plain_environment
from benchmarks.measure import ROOT

PAUSE = 0.02  # seconds between two looks at a running program


@dataclass(frozen=True)
class Ran:
    """What a program took and used."""

    seconds: float
    processor: float  # seconds of it and of what it started, which other programs hardly change
    output: str  # its stdout
    cpu: float  # mean share of all cores that the machine was busy, 0 to 1


class Place:
    """The folder, and the environment that points the harness to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runs = folder / "runs"
        self.environment = {
            **plain_environment(),
            **data_folder(),
            "HARNESS_RUNS": str(self.runs),
            "HARNESS_REPORTS": str(folder / "reports"),
            "HARNESS_STUDIES": str(folder / "studies"),
            "KERAS_HOME": str(folder / "keras"),
            "WANDB_MODE": "disabled",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "PYTHONPATH": str(ROOT),
        }
        (folder / "studies").mkdir()

    def study(self, name: str, content: Mapping[str, Any]) -> None:
        """Write a study file."""
        with (self.folder / "studies" / f"{name}.yaml").open("w") as file:
            YAML(typ="safe").dump(dict(content), file)

    def trials(self) -> list[Path]:
        """The folders of all trials."""
        return sorted((self.runs / "trials").iterdir())

    def run(
        self,
        module: str,
        *arguments: str,
        look: Callable[[int], object] | None = None,
        stream: str = "std",
        tree: Path = ROOT,
    ) -> Ran:
        """Run `python -m module arguments` to its end; an error shows what it said.

        `look` is called meanwhile, again and again, with the process's id. `stream` names the
        files of what is printed, where several programs run at once. `tree` is the checkout whose
        code runs.
        """
        outputs = [self.folder / f"{stream}.{kind}" for kind in ("out", "err")]
        with outputs[0].open("w") as out, outputs[1].open("w") as err:
            before = _processor_seconds()
            start = time.perf_counter()
            psutil.cpu_percent()
            process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=self.folder,
                env={**self.environment, "PYTHONPATH": str(tree)},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
            while look is not None and process.poll() is None:
                look(process.pid)
                time.sleep(PAUSE)
            process.wait()
            took, cpu = time.perf_counter() - start, psutil.cpu_percent() / 100
        said, errors = (path.read_text() for path in outputs)
        if process.returncode:
            raise RuntimeError(f"{module} {' '.join(arguments)}: {said}{errors}")
        return Ran(took, _processor_seconds() - before, said, cpu)


def _processor_seconds() -> float:
    """Of all programs that were run and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def place() -> Iterator[Place]:
    """A place that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        yield Place(Path(folder))


def data_folder() -> dict[str, str]:
    """Where CIFAR-10 lies: as the environment says, else in the shared test data."""
    if "TFDS_DATA_DIR" in os.environ or "HARNESS_SHARED" not in os.environ:
        return {}
    return {"TFDS_DATA_DIR": f"{os.environ['HARNESS_SHARED']}/data/tfds"}


def resident_gb(pid: int) -> float:
    """What the largest of a process and those it started holds at present; GB of 2^30 bytes."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    sizes = [0]
    for one in family:
        try:
            sizes.append(one.memory_info().rss)
        except psutil.NoSuchProcess:
            continue
    return max(sizes) / 2**30
