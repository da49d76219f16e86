"""The tour runs from end to end, and its kept outputs are of the shape that it gives.

HARNESS_GOLDEN=1 keeps the outputs of this run in docs/tour.ipynb; look at them.
"""

import os
import re
from pathlib import Path

import pytest

pytestmark = [pytest.mark.tf, pytest.mark.slow]
TOUR = Path(__file__).parents[2] / "docs/tour.ipynb"
MACHINE = re.compile(r"/(?:tmp|home|root|work|Users)/|Traceback|\.local\b")


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    import nbformat
    from nbclient import NotebookClient

    place = tmp_path_factory.mktemp("tour")
    environment = {
        **os.environ,
        "IPYTHONDIR": str(place / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(place / "jupyter"),
        "PYTHONPATH": os.pathsep.join([str(TOUR.parents[1]), os.environ.get("PYTHONPATH", "")]),
    }
    notebook = nbformat.read(TOUR, 4)
    folder = place / "notebook"
    folder.mkdir()
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", resources=resources)
    client.execute(env=environment)
    tidy(notebook)
    if os.environ.get("HARNESS_GOLDEN"):
        nbformat.write(notebook, TOUR)
    return notebook


@pytest.fixture(scope="module")
def kept(executed):
    """As the file has it, after it was written where that is asked for."""
    import nbformat

    return nbformat.read(TOUR, 4)


def tidy(notebook):
    """Leave out what differs by machine and day, and what libraries log."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs = [out for out in cell.outputs if out.get("name") != "stderr"]


def shape(cell):
    """Kinds of the outputs of a cell, and the heads of the tables in them."""
    outputs = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        heads = re.findall(r"<th[^>]*>([^<]*)", data.get("text/html", "").partition("</thead>")[0])
        outputs.append((output.output_type, sorted(data), heads))
    return outputs


def test_its_outputs_are_of_the_shape_that_is_kept(kept, executed):
    pairs = list(zip(kept.cells, executed.cells, strict=True))
    assert [shape(old) for old, _ in pairs] == [shape(new) for _, new in pairs]
    kinds = [output.output_type for _, new in pairs for output in new.get("outputs", [])]
    assert "error" not in kinds
    assert len(kinds) > 10


def test_its_kept_outputs_name_no_machine(kept):
    texts = [
        text
        for cell in kept.cells
        for output in cell.get("outputs", [])
        for text in (output.get("text", ""), *map(str, output.get("data", {}).values()))
    ]
    assert any("KID" in text for text in texts)
    assert [text for text in texts if MACHINE.search(text)] == []
    assert {key for cell in kept.cells for key in cell.metadata} == set()


def test_it_judges(executed):
    text = str(executed)
    assert "18 of 18 trials finished" in text
    assert "not judged" not in text
