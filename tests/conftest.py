"""What all tests share: a quiet TensorFlow on the CPU, the shared data, tiny configurations."""

import os
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["WANDB_MODE"] = "offline"
for variable in ("WANDB_API_KEY", "HARNESS_RUNS", "HARNESS_REPORTS"):
    os.environ.pop(variable, None)

import pytest

import harness.gan  # noqa: F401 - before TensorFlow, as in a worker: it chooses kernels
from harness.config.patch import resolve

TINY = {
    "data.name": "digits",
    "data.image_size": 16,
    "generator.width": 8,
    "generator.noise_size": 16,
    "discriminator.width": 8,
    "training.batch_size": 16,
    "training.kimg": 0.64,
    "training.evaluations": 4,
    "evaluation.samples": 128,
    "evaluation.subset_size": 64,
}


@pytest.fixture(scope="session")
def tiny():
    """A function that makes a tiny configuration, with changes."""
    return lambda changes=None: resolve([TINY, changes or {}])


@pytest.fixture(scope="session")
def common(tmp_path_factory) -> Path:
    """A folder that all processes have which run tests side by side."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session")
def cache(common) -> Path:
    """Decoded digits and their classifier, made once for all tests that only read them."""
    return common / "cache"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared test data."""
    folder = os.environ.get("HARNESS_SHARED")
    if not folder:
        pytest.skip("HARNESS_SHARED is not set: no shared test data")
    return Path(folder)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """With HARNESS_NO_SKIP (as in CI) a skip is a failure: nothing is left out unseen."""
    report = yield
    if report.skipped and os.environ.get("HARNESS_NO_SKIP"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which HARNESS_NO_SKIP forbids: {report.longrepr}"
    return report
