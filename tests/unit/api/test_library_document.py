"""docs/library.md: its examples run, and its columns are those of the tables."""

import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

import harness as h
from harness import app
from harness.execution.local import Outcome
from tests.synthetic import Recipe, build
from tests.undrawn import undraw

TEXT = (Path(__file__).parents[3] / "docs/library.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
TABLES = dict(re.findall(r"^### `([\w.]+)`\n(.*?)(?=^### |\Z)", TEXT, re.DOTALL | re.MULTILINE))


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    """What the examples leave behind; runs are read from a record that is no training's."""
    folder = tmp_path_factory.mktemp("document")
    recipe = Recipe(run_name="smoothing", seeds=range(6), grids=1)
    names = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        undraw(patch)
        patch.setenv("WANDB_MODE", "disabled")
        patch.setattr(app, "run", lambda *_: build(folder, recipe) and Outcome.DONE)
        for example in EXAMPLES:
            exec(example, names)
        names["tables"] = {name: eval(name, names) for name in TABLES}
    assert (folder / "forest.pdf").stat().st_size > 1000
    return names


def test_the_examples_run(names):
    assert len(EXAMPLES) >= 5
    assert isinstance(names["run"], h.Run)
    assert list(names["ranked"].table["treatment"]) == ["a", "b"]


@pytest.mark.parametrize("table", TABLES)
def test_every_column_is_described(names, table):
    rows = re.findall(r"^\| (`.*?) \|", TABLES[table], re.MULTILINE)
    described = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    columns = list(names["tables"][table].columns)
    assert len(described) == len(set(described))
    assert [name for name in described if not any(fnmatchcase(c, name) for c in columns)] == []
    assert [c for c in columns if not any(fnmatchcase(c, name) for name in described)] == []


def test_every_name_of_the_library_is_described():
    assert [name for name in h.__all__ if not re.search(rf"\b{name}\b", TEXT)] == []
