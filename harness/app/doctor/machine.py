"""Checks of the installation: versions, devices, data and weights, disk, W&B."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from harness.app.doctor.finding import Finding
from harness.config.catalog import DATASETS, TFDS, dataset
from harness.config.lookup import absent_folders
from harness.config.runtime import Runtime
from harness.core import format as show
from harness.core.errors import HarnessError
from harness.mirror.wandb_library import has_account, resolve_mode

AREA = "installation"
PACKAGE = "gan-ablation-harness"
ROOM = 10**9  # bytes; below it a run may end in mid-training
PATIENCE = 180  # seconds for TensorFlow to be imported and to look for devices
AGAIN = "install the harness again: make setup in a checkout, else pip install"
_DEVICES = "from harness.gan.devices import explain; print(explain())"


def check_versions() -> Iterator[Finding]:
    """Python and packages against the declared version ranges."""
    try:
        declared = metadata(PACKAGE)
    except PackageNotFoundError:  # a checkout on the path: what it declares lies nowhere
        yield Finding(AREA, PACKAGE, "not installed, so versions are not checked", wrong=False)
        return
    wanted, here = declared["Requires-Python"], platform.python_version()
    if not SpecifierSet(wanted).contains(here, prereleases=True):
        yield Finding(AREA, f"Python {here}", f"outside {wanted}", f"{AGAIN}, by another Python")
    for need in map(Requirement, requires(PACKAGE) or []):
        if need.marker and not need.marker.evaluate({"extra": ""}):
            continue
        try:
            installed = version(need.name)
        except PackageNotFoundError:
            yield Finding(AREA, need.name, "not installed", AGAIN)
            continue
        if not need.specifier.contains(installed, prereleases=True):
            yield Finding(AREA, f"{need.name} {installed}", f"is not {need.specifier}", AGAIN)


def check_devices() -> Iterator[Finding]:
    """The devices that TensorFlow sees, from a separate process."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        answer = subprocess.run(
            [sys.executable, "-c", _DEVICES], capture_output=True, text=True, check=True,
            timeout=PATIENCE, env=environment,
        )  # fmt: skip
    except subprocess.CalledProcessError as error:
        message = (str(error.stderr).strip().splitlines() or ["no answer"])[-1]
        yield Finding(AREA, "TensorFlow", f"cannot be imported: {message}", AGAIN)
    except (OSError, subprocess.TimeoutExpired):
        yield Finding(AREA, "TensorFlow", f"no answer within {PATIENCE} s", AGAIN)
    else:
        yield Finding(AREA, "devices", answer.stdout.strip(), wrong=False)


def check_places(runtime: Runtime) -> Iterator[Finding]:
    """Whether folders exist and can be written, and the free disk space."""
    for folder in absent_folders(runtime.study_folders):
        yield Finding(AREA, str(folder), "HARNESS_STUDIES names it, and there is no such folder")
    for name, folder in (("HARNESS_RUNS", runtime.runs), ("HARNESS_REPORTS", runtime.reports)):
        there = next(
            path for path in (folder.resolve(), *folder.resolve().parents) if path.exists()
        )
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            yield Finding(AREA, str(folder), f"{name} cannot be written", "change its permissions")
            continue
        free = shutil.disk_usage(there).free
        free_space = f"{show.size(free)} free"
        remedy = "harness clean STUDY frees more" if free < ROOM else ""
        yield Finding(AREA, str(folder), free_space, remedy, wrong=free < ROOM)


def check_tracking(runtime: Runtime) -> Iterator[Finding]:
    """The mode of W&B, and whether an account is configured."""
    messages: list[str] = []
    try:
        mode = resolve_mode(runtime.tracking, messages.append)
    except HarnessError as error:
        yield Finding(
            AREA,
            "WANDB_MODE",
            str(error),
            "set it to online, offline or disabled, or leave it unset",
        )
        return
    known = "" if mode == "disabled" else f", account {'' if has_account() else 'not '}configured"
    yield Finding(AREA, "W&B", f"{mode}{known}, project {runtime.project}", wrong=False)
    for line in messages:
        yield Finding(AREA, "WANDB_MODE", line, wrong=False)


def check_inputs(configs: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """Data sets and weights that the cells of plans need: present, to be downloaded, or missing."""
    configs = list(configs)
    for name, place in sorted({(config["data.name"], config["data.path"] or "")
                               for config in configs}):  # fmt: skip
        yield from _data(name, place)
    for name in sorted({str(config["evaluation.encoder"]) for config in configs}):
        yield from _encoder(name)


def _data(name: str, place: str) -> Iterator[Finding]:
    if name == "folder":
        if not Path(place).is_dir():
            yield Finding(AREA, f"data.path {place}", "the folder does not exist",
                          "only new trials need it")  # fmt: skip
        return
    if name in DATASETS and dataset(name).target != TFDS:
        return
    root = Path(os.environ.get("TFDS_DATA_DIR") or Path.home() / "tensorflow_datasets")
    folder = root / name.removeprefix("tfds:").partition("/")[0]
    state = "there" if folder.is_dir() else "missing: downloaded on first use"
    yield Finding(AREA, f"data set {name}", f"{state} ({folder})", wrong=False)


def _encoder(name: str) -> Iterator[Finding]:
    models = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models"
    if "/" in name or name.endswith((".keras", ".h5")):
        if not Path(name).exists():
            yield Finding(AREA, f"evaluation.encoder {name}", "the file does not exist",
                          "only new scores need it")  # fmt: skip
    elif name.startswith("inception"):
        path = os.environ.get("HARNESS_INCEPTION_2015") if name == "inception_2015" else ""
        kept = [*models.glob(f"{name}*"), *models.rglob("classify_image_graph_def.pb")]
        there = Path(path).exists() if path else bool(kept)
        if path and not there:
            yield Finding(AREA, f"HARNESS_INCEPTION_2015 {path}", "the file does not exist")
        state = "there" if there else "missing: downloaded on first use"
        yield Finding(AREA, f"weights of {name}", state, wrong=False)
