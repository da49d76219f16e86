"""The shape of the code: homes of heavy libraries, sizes, tables without gaps, no addresses."""

import ast
import re
from pathlib import Path

import pytest

from harness.config import catalog
from harness.core.registry import Registry

ROOT = Path(__file__).parents[2]
CODE = ROOT / "harness"
FILES = sorted(CODE.rglob("*.py"))
HOMES = {
    "tensorflow": "gan/",
    "keras": "gan/",
    "tensorflow_datasets": "gan/",
    "sklearn": "gan/",
    "optuna": ("queue/", "execution/search/"),
    "wandb": "mirror/wandb_library.py",
    "wandb_workspaces": "mirror/publish.py",
    "matplotlib": "report/plots/",
    "scipy": "analysis/",
    "statsmodels": "analysis/",
    "jinja2": "report/",
    "typer": "cli",
}
TABLES = {name: value for name, value in vars(catalog).items() if isinstance(value, Registry)}
FACTS = {"PRECISIONS", "PIXEL_RANGES"}  # tables without code
CODE_TABLES = {name: table for name, table in TABLES.items() if name not in FACTS}


def place(path):
    return path.relative_to(CODE).as_posix()


@pytest.fixture(scope="module")
def trees():
    return {place(path): ast.parse(path.read_text()) for path in FILES}


def imports(tree):
    """Every module that code imports at any depth, but for those that only types need."""
    if isinstance(tree, ast.If) and ast.unparse(tree.test) == "TYPE_CHECKING":
        return
    if isinstance(tree, ast.Import):
        yield from (name.name for name in tree.names)
    elif isinstance(tree, ast.ImportFrom):
        yield tree.module or ""
    for child in ast.iter_child_nodes(tree):
        yield from imports(child)


@pytest.mark.parametrize(("library", "home"), HOMES.items(), ids=list(HOMES))
def test_a_heavy_library_has_one_home(trees, library, home):
    users = [
        file
        for file, tree in trees.items()
        if any(name.split(".")[0] == library for name in imports(tree))
    ]
    assert users
    assert [file for file in users if not file.startswith(home)] == []


def test_files_are_short():
    lines = {place(path): len(path.read_text().splitlines()) for path in FILES}
    limits = {file: 40 if file.endswith("__init__.py") else 300 for file in lines}
    assert {file: count for file, count in lines.items() if count > limits[file]} == {}


def test_functions_are_short(trees):
    functions = {
        f"{file}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for file, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert len(functions) > 100
    assert {name: length for name, length in functions.items() if length > 60} == {}


def test_gan_takes_nothing_by_position_past_four(trees):
    """More are keyword-only; a class of several fields is called with their names."""
    gan = {file: tree for file, tree in trees.items() if file.startswith("gan/")}
    nodes = [(file, node) for file, tree in gan.items() for node in ast.walk(tree)]
    classes = {node.name for _, node in nodes if isinstance(node, ast.ClassDef)}
    wide = set()
    for file, node in nodes:
        if isinstance(node, ast.FunctionDef):
            names = [parameter.arg for parameter in (*node.args.posonlyargs, *node.args.args)]
            if len(names) - (names[:1] == ["self"]) > 4:
                wide.add(f"{file}:{node.name}")
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in classes:
            wide |= {f"{file}:{ast.unparse(node)}"} if len(node.args) > 4 else set()
    assert len(classes) > 50
    assert wide == set()


def targets(table):
    """The "module:attribute" of every entry."""
    return {str(getattr(entry, "target", entry)) for entry in table.entries.values()}


def test_the_tables_are_those_of_the_catalogue():
    assert set(TABLES) == {
        "DATASETS",
        "LOSSES",
        "ARCHITECTURES",
        "NORMALIZATIONS",
        "UPSAMPLINGS",
        "DOWNSAMPLINGS",
        "MINIBATCH_FEATURES",
        "INITIALIZERS",
        "DECAYS",
        "GENERATOR_LOSSES",
        "PENALTIES",
        "TRANSLATIONS",
        "CONDITIONINGS",
        "OPTIMIZERS",
        "ENCODERS",
        "PROTOCOLS",
        "DESIGNS",
        "SAMPLERS",
        "PRUNERS",
        "SECTIONS",
        "FILTERS",
        "UPDATES",
        "PRECISIONS",
        "PIXEL_RANGES",
        "OBJECTIVES",
    }


@pytest.mark.tf
@pytest.mark.parametrize("table", CODE_TABLES.values(), ids=list(CODE_TABLES))
def test_every_name_leads_to_code(table):
    for name in table:
        code = table.load(name)
        fields = code if isinstance(code, tuple) else (getattr(code, "discriminator", code),)
        assert any(map(callable, fields)), name


@pytest.mark.tf
def test_every_crop_is_there():
    from harness.gan.data import crops

    for name in catalog.DATASETS:
        spec = catalog.DATASETS[name]
        assert spec.crop is None or callable(getattr(crops, spec.crop))


def test_every_loss_is_in_the_catalogue(trees):
    made = {
        f"harness.gan.losses:{ast.unparse(node.targets[0])}"
        for node in trees["gan/losses.py"].body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func) == "Loss"
    }
    assert made == targets(catalog.LOSSES)


def returning(trees, folder, kind):
    """Public functions of a folder that are annotated to return `kind`."""
    return {
        f"harness.{file.removesuffix('.py').replace('/', '.')}:{node.name}"
        for file, tree in trees.items()
        if file.startswith(folder)
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        if node.returns is not None and ast.unparse(node.returns) == kind
    }


def test_every_design_is_in_the_catalogue(trees):
    assert returning(trees, "plan/", "Draft") == targets(catalog.DESIGNS)


def test_every_penalty_is_in_the_catalogue(trees):
    assert returning(trees, "gan/penalties.py", "tf.Tensor") == targets(catalog.PENALTIES)


def test_every_section_is_in_the_catalogue():
    files = {path.stem for path in (CODE / "report/sections").glob("*.py")} - {"__init__"}
    modules = {target.split(":")[0].rpartition(".")[2] for target in targets(catalog.SECTIONS)}
    assert files == modules


PARTS = ["harness", "tests", "studies", "docs", "benchmarks", ".ci"]
FOREIGN = re.compile(
    r"\b(?:pypi\.org|pythonhosted\.org|test\.pypi|index-url)\b".replace(r"\.", "[.]")
    + r"|(?<![\w./-])/(?:work|root)(?:/|\b)"
)


def test_no_package_index_and_no_machine_is_named():
    paths = [path for path in ROOT.iterdir() if path.is_file() and path.name != ".git"]
    for part in PARTS:
        paths += [path for path in (ROOT / part).rglob("*") if path.is_file()]
    found = []
    for path in paths:
        if "__pycache__" in path.parts or path == Path(__file__):
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if FOREIGN.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert len(paths) > 100
    assert found == []
