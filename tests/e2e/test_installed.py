"""The harness outside its checkout: a shipped study, trained in an empty folder."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import harness

ROOT = Path(__file__).parents[2]
SOURCES = ["pyproject.toml", "README.md", "LICENSE", "harness", "studies"]
INSTALL = ["-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps"]
SHORT = {"training.kimg": 0.64, "training.evaluations": 1, "evaluation.samples": 128,
         "evaluation.subset_size": 64}  # fmt: skip
RUN = [
    "run",
    "quickstart",
    *(word for name in SHORT for word in ("--set", f"{name}={SHORT[name]}")),
]
HIDDEN = {"HARNESS_RUNS", "HARNESS_REPORTS", "HARNESS_STUDIES", "PYTHONPATH"}

pytestmark = [pytest.mark.slow, pytest.mark.tf]


@pytest.fixture
def python(tmp_path):
    """The Python of an environment that borrows all libraries of this one but the harness."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    libraries = tmp_path / "libraries"
    libraries.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not path.name.startswith(("__editable__", "gan_ablation_harness")):
            (libraries / path.name).symlink_to(path)
    [packages] = (tmp_path / "venv").glob("lib/python*/site-packages")
    (packages / "libraries.pth").write_text(f"{libraries}\n")
    return tmp_path / "venv" / "bin" / "python"


def run(command, folder, **environment):
    """Train the quickstart briefly in a folder: its output, and what its trials ran on."""
    folder.mkdir(exist_ok=True)
    before = set(folder.iterdir())
    around = {name: value for name, value in os.environ.items() if name not in HIDDEN}
    ended = subprocess.run(
        [*command, *RUN],
        cwd=folder,
        env={**around, "WANDB_MODE": "disabled", "COLUMNS": "200", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    assert "24 of 24 trials finished" in ended.stdout
    assert set(folder.iterdir()) - before == {folder / "runs", folder / "reports"}
    files = sorted(folder.glob("runs/trials/*/env.json"))
    return ended.stdout, [json.loads(file.read_text())[0] for file in files]


def installed_files(folder):
    """Everything below a folder but what Python compiles."""
    return {path for path in folder.rglob("*") if "__pycache__" not in path.parts}


def test_a_shipped_study_runs_where_the_harness_is_installed(python, tmp_path):
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    subprocess.run(["cp", "-a", *SOURCES, checkout], cwd=ROOT, check=True)
    install = [python, *INSTALL, "--no-build-isolation", "."]
    subprocess.run(install, cwd=checkout, check=True)
    before = installed_files(tmp_path / "venv")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "queue.py").write_text("raise SystemExit('a file of the user')")
    output, environments = run([python.with_name("harness")], tmp_path / "mine")
    assert "study file: included with the harness" in output
    assert installed_files(tmp_path / "venv") == before
    for found in environments:
        assert found["versions"]["gan-ablation-harness"] == harness.__version__
        assert found["git"] == {"commit": "", "dirty": False}


def test_a_checkout_that_is_not_installed_runs_too(python, tmp_path):
    _, environments = run([python, "-m", "harness"], tmp_path / "empty", PYTHONPATH=str(ROOT))
    versions = {found["versions"]["gan-ablation-harness"] for found in environments}
    assert versions == {harness.__version__}
