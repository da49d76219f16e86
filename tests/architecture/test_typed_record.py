"""A plan, its parts and the rows of a trial are read by attribute, never by string, outside runs/.

Found are subscripts and `.get` with a string that is a field of a record, on a name that says it is
one.
"""

import ast
from pathlib import Path

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


def test_records_are_read_by_attribute():
    # runs/ is the home of records; config/ and metrics/ lie below it and know none
    files = (path for path in CODE.rglob("*.py") if path.relative_to(CODE).parts[0] not in HOME)
    lines = {path: list(found(ast.parse(path.read_text()))) for path in files}
    strings = {path.relative_to(CODE).as_posix(): at for path, at in lines.items() if at}
    assert strings == {}, "read by attribute: see harness/runs/plan.py and rows.py"
