"""A plan, its parts and the rows of a trial are read by attribute, never by string, outside runs/.

Found are subscripts and `.get` with a string that is a field of a record, on a name that says it is
one. A file that still does so is listed; the list only shrinks.
"""

import ast
from pathlib import Path

import pytest

from harness.runs import crossed, plan, rows, stages
from harness.runs.record import Record

CODE = Path(__file__).parents[2] / "harness"
NAMES = {
    "alias", "attempt", "beat", "before", "begun", "cell", "claim", "contrast", "crossed",
    "document", "dropped", "each", "earlier", "failure", "flag", "item", "plan", "planned",
    "result", "row", "search", "suggestion", "trial", "tuning",
}  # fmt: skip
HOME = ("runs", "config", "metrics")
READERS = {"read_plan", "load_plan", "result", "failure"}

STILL = {  # to be moved
    "app/cleaning.py",
    "app/doctor/examine.py",
    "app/doctor/runs.py",
    "app/doctor/trials.py",
    "app/records.py",
    "app/studies.py",
    "cli/printing/studies.py",
    "execution/driver.py",
    "execution/view/poll.py",
    "execution/worker/drain.py",
    "execution/worker/listener.py",
    "execution/worker/single.py",
    "execution/worker/trial.py",
    "mirror/publication.py",
    "mirror/sync.py",
    "mirror/wandb_sink.py",
}


def fields(kind):
    """Names of what a record or a row holds."""
    if issubclass(kind, Record):
        return set(kind.model_fields)
    return {name for name in vars(kind) if not name.startswith("_")}


KINDS = {
    value
    for module in (crossed, plan, rows, stages)
    for value in vars(module).values()
    if isinstance(value, type) and issubclass(value, Record | rows.Row)
}
KEYS = set().union(*map(fields, KINDS))


def names_of(node):
    """The names by which an expression calls what it is."""
    if isinstance(node, ast.Name):
        return {node.id}
    if isinstance(node, ast.Attribute):
        return {node.attr}
    if isinstance(node, ast.BoolOp):
        return set().union(*(names_of(value) for value in node.values))
    if isinstance(node, ast.Call):
        return names_of(node.func) & READERS
    return set()


def literal(node):
    """The expression that a subscript or `.get` with a string is of, and the string."""
    if isinstance(node, ast.Subscript):
        return node.value, node.slice
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "get"
        and node.args
    ):
        return node.func.value, node.args[0]
    return None, None


def found(tree):
    """Lines on which a record is read by a string."""
    for node in ast.walk(tree):
        value, key = literal(node)
        is_key = isinstance(key, ast.Constant) and key.value in KEYS
        if is_key and names_of(value) & (NAMES | READERS):
            yield node.lineno


def test_what_is_found_and_what_is_not():
    assert "run_name" in KEYS
    assert "kid" in KEYS
    for text in (
        'plan["cells"]',
        'frames.plan["seeds"]',
        'row.get("kid")',
        '(read_plan(x) or {})["study"]',
        '[cell["label"] for cell in cells]',
    ):
        assert list(found(ast.parse(text))) == [1], text
    for text in ("plan.cells", 'frame["cells"]', 'plan["cells and more"]', "plan[name]"):
        assert list(found(ast.parse(text))) == [], text


@pytest.mark.parametrize("where", ["new", "done"])
def test_records_are_read_by_attribute(where):
    # runs/ is the home of records; config/ and metrics/ lie below it and know none
    files = list(CODE.rglob("*.py"))
    files = (path for path in files if path.relative_to(CODE).parts[0] not in HOME)
    trees = {path.relative_to(CODE).as_posix(): ast.parse(path.read_text()) for path in files}
    lines = {file: list(found(tree)) for file, tree in trees.items()}
    strings = {file: at for file, at in lines.items() if at}
    if where == "new":
        new = {file: at for file, at in strings.items() if file not in STILL}
        assert new == {}, "read by attribute: see harness/runs/plan.py and rows.py"
    else:
        assert STILL - strings.keys() == set(), "these need not be listed any more"
