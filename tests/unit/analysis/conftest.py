"""Records that the tests of this folder read and do not change."""

import pytest

from harness.analysis.frame import load
from tests.synthetic import TIDY, Recipe, build


@pytest.fixture(scope="session")
def runtime(tmp_path_factory):
    """Three trials ended badly: one diverged, one crashed, one is missing."""
    return build(tmp_path_factory.mktemp("record"))


@pytest.fixture(scope="session")
def frames(runtime):
    return load(Recipe.run_name, runtime)


@pytest.fixture(scope="session")
def tidy(tmp_path_factory):
    return load(Recipe.run_name, build(tmp_path_factory.mktemp("tidy"), TIDY))
