"""Numbers are rounded and set for people in one module, `core/format.py`, and nowhere else."""

import ast
import re
from pathlib import Path

CODE = Path(__file__).parents[2] / "harness"
HOME = CODE / "core" / "format.py"
# thousands, decimals, per cent, or a letter of floating point; widths and leading zeros are none
ROUNDS = re.compile(r"[,.%_]|[efgEFG]$")
OF_NUMBERS = {"round", "format", "np.round", "np.around"}
COMPUTED = {  # numbers that nobody reads
    "analysis/power.py": "weights of contrasts are compared up to rounding",
    "plan/crossed.py": "so are the weights of a fit, and plans are equal on every machine",
}


def offences(tree):
    """Formatted values that round, and calls of `round` to decimals or inside a text."""
    in_text = {
        id(node)
        for text in ast.walk(tree)
        if isinstance(text, ast.JoinedStr)
        for node in ast.walk(text)
    }
    for node in ast.walk(tree):
        if _spec_rounds(node) or _call_rounds(node, id(node) in in_text) or _is_percent(node):
            yield node.lineno, ast.unparse(node)


def _spec_rounds(node):
    if not isinstance(node, ast.FormattedValue) or node.format_spec is None:
        return False
    parts = (part.value for part in node.format_spec.values if isinstance(part, ast.Constant))
    return ROUNDS.search("".join(parts))


def _is_percent(node):
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and _is_text(node.left)


def _call_rounds(call, in_text):
    if not isinstance(call, ast.Call):
        return False
    name = ast.unparse(call.func)
    formats = isinstance(call.func, ast.Attribute) and name.endswith(".format")
    if formats and _is_text(call.func.value):
        return True
    return name in OF_NUMBERS and (in_text or len(call.args) > 1 or bool(call.keywords))


def _is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_what_the_finder_finds():
    rounding = ["f'{x:.2f}'", "f'{x:,}'", "f'{x:g}'", "f'{x:5.1%}'", "f'{round(x)} s'",
                "round(x, 2)", "'%.1f' % x", "'{:.1f}'.format(x)", "format(x, '.2f')",
                "f'{x:.{n}f}'"]  # fmt: skip
    others = ["f'{x}'", "f'{x:08d}'", "f'{x:>6}'", "f'{x:{width}}'", "round(x * n)", "x % 2"]
    assert [code for code in rounding if not list(offences(ast.parse(code)))] == []
    assert [code for code in others if list(offences(ast.parse(code)))] == []


def test_one_module_rounds_for_people():
    found = {}
    for path in sorted(CODE.rglob("*.py")):
        if path != HOME and (lines := list(offences(ast.parse(path.read_text("utf-8"))))):
            found[path.relative_to(CODE).as_posix()] = lines
    assert set(COMPUTED) <= set(found), "an exception that is none any more"
    assert {place: lines for place, lines in found.items() if place not in COMPUTED} == {}


def test_thin_spaces_and_true_minus_signs_have_names():
    users = [
        path.relative_to(CODE).as_posix()
        for path in CODE.rglob("*.py")
        if path != HOME and re.search("\\\\u202f|\\\\u2212|\u202f", path.read_text("utf-8"))
    ]
    assert users == []
