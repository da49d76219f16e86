"""What a wheel of this checkout holds, where the code may run, and the recipe of a container."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import harness

ROOT = Path(__file__).parents[2]
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "harness", "studies")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel, built from a copy by what is installed here, so that no network is needed."""
    copy, target = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("wheel")
    subprocess.run(["cp", "-a", *SOURCES, str(copy)], cwd=ROOT, check=True)
    build = "from setuptools.build_meta import build_wheel; import sys; build_wheel(sys.argv[1])"
    subprocess.run(
        [sys.executable, "-c", build, str(target)], cwd=copy, check=True, capture_output=True
    )
    [path] = target.glob("*.whl")
    return zipfile.ZipFile(path)


def test_a_wheel_holds_the_code_the_studies_and_the_pages(wheel):
    held = {name for name in wheel.namelist() if name.startswith("harness/")}
    code = {str(path.relative_to(ROOT)) for path in ROOT.glob("harness/**/*.py")}
    pages = {str(path.relative_to(ROOT)) for path in ROOT.glob("harness/report/templates/*")}
    studies = {f"harness/studies/{path.name}" for path in ROOT.glob("studies/*.yaml")}
    assert len(pages) > 3
    assert len(studies) > 20
    assert held == code | pages | studies | {"harness/py.typed"}
    assert {name.split("/")[0].partition("-")[0] for name in wheel.namelist()} == {
        "harness",
        "gan_ablation_harness",
    }


def test_a_wheel_holds_a_study_and_no_link_to_one(wheel):
    text = wheel.read("harness/studies/quickstart.yaml").decode()
    assert text == (ROOT / "studies" / "quickstart.yaml").read_text("utf-8")


def test_its_version_and_its_python_are_declared_once(wheel):
    [name] = [name for name in wheel.namelist() if name.endswith("METADATA")]
    lines = wheel.read(name).decode().splitlines()
    assert f"Version: {harness.__version__}" in lines
    assert {"Requires-Python: <3.14,>=3.11", "Classifier: Operating System :: MacOS"} <= {*lines}


def test_what_the_lock_files_hold_is_what_is_asked_for():
    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for file in ROOT.glob("requirements*.lock"):
        pinned = [Requirement(line) for line in file.read_text().splitlines()]
        held = {one.name: str(one.specifier).removeprefix("==") for one in pinned}
        for need in map(Requirement, project["dependencies"]):
            version = held[need.name.replace(".", "-").replace("_", "-")]
            assert need.specifier.contains(version, prereleases=True), need


@pytest.mark.parametrize("command", ["import harness", "import harness.cli"])
def test_windows_gets_one_message(command):
    code = f"import sys; sys.platform = 'win32'; {command}"
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    said = "harness: runs on Linux and macOS; on Windows, install it inside WSL 2\n"
    assert (ended.stdout, ended.stderr) == ("", said)


def test_the_recipe_of_a_container_copies_what_is_there_and_is_short():
    lines = (ROOT / "docs" / "Dockerfile").read_text().splitlines()
    assert len(lines) < 30
    copied = [name for line in lines if line.startswith("COPY ") for name in line.split()[1:-1]]
    assert {*SOURCES, "requirements.lock", "requirements-cuda.lock"} == set(copied)
    assert [name for name in copied if not (ROOT / name).exists()] == []
