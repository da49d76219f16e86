"""The documents say what the code says: tables, commands, links, names.

HARNESS_GOLDEN=1 writes the generated tables anew; read the diff.
"""

import os
import re
from pathlib import Path

import pytest
from typer.main import get_command

from harness import cli
from harness.config import catalog
from harness.config import describe as knobs
from harness.config.patch import KNOBS
from harness.config.study import read
from harness.heuristics import HEURISTICS, TOPICS
from harness.heuristics import describe as heuristics

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [
        *(path for path in ROOT.glob("*.md")),
        *ROOT.glob("docs/*.md"),
        *(ROOT / part for part in ("harness/ARCHITECTURE.md", "studies/README.md")),
        *(ROOT / part for part in ("tests/README.md", "reports/README.md")),
    ]
)
GENERATED = {
    "docs/knobs.md": knobs.table,
    "docs/heuristics.md": lambda: f"{heuristics.table()}\n\n{heuristics.sources()}",
}
REMOVED = {"HARNESS_STORAGE"}  # variables that only the changelog names
FIRST_SCREEN = 46  # lines
ARCHITECTURE = 150  # lines
BLOCK = re.compile(r"(?<=<!-- generated -->\n).*?(?=<!-- end -->)", re.DOTALL)
COMMANDS = get_command(cli.app).commands


def name(path):
    return str(path.relative_to(ROOT))


def code(text):
    """Everything in backticks or in fenced blocks, one string a span or line."""
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.M))
    return [line for block in fenced for line in block.splitlines()] + spans


@pytest.mark.parametrize("document", GENERATED)
def test_a_generated_table_is_what_the_code_says(document):
    path = ROOT / document
    table = f"{GENERATED[document]()}\n"
    if os.environ.get("HARNESS_GOLDEN"):
        path.write_text(BLOCK.sub(lambda _: table, path.read_text("utf-8")), "utf-8")
    found = BLOCK.search(path.read_text("utf-8"))
    assert found, f"{document} has lost its markers"
    assert found[0] == table, "HARNESS_GOLDEN=1 writes it anew"


def test_tables_hold_every_row():
    assert [row["knob"] for row in knobs.rows()] == list(KNOBS)
    ids = re.findall(r"^\| `(\w+)` \|", heuristics.table(), re.MULTILINE)
    assert ids == list(HEURISTICS)
    tables = (*knobs.table().splitlines(), *heuristics.table().splitlines())
    for line in (line for line in tables if not line.startswith("### ")):
        assert line.startswith("| ") or set(line) <= {"|", "-"}


def test_the_table_of_heuristics_has_a_heading_a_topic():
    headings = re.findall(r"^### (\w+)$", heuristics.table(), re.MULTILINE)
    assert headings == [topic.capitalize() for topic, rows in TOPICS.items() if rows]
    rows = [line for line in heuristics.table().splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {7}  # cells in every row


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_make_target_exists(document):
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for line in code(document.read_text("utf-8")):
        for target in re.findall(r"(?:^|&& )make ([a-z][a-z-]*)(?![\w=])", line):
            assert target in targets, line


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_command_and_option_exists(document):
    for line in code(document.read_text("utf-8")):
        for call in re.findall(r"(?:^|&& |/)harness ([a-z]+(?: [^#&|]*)?)(?= *[#&|]|$)", line):
            verb, *words = call.split()
            assert verb in COMMANDS, line
            options = {option for item in COMMANDS[verb].params for option in item.opts}
            given = {word.split("=")[0] for word in words if word.startswith("--")}
            assert given <= options | {"--help"}, line


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_link_leads_somewhere(document):
    targets = re.findall(r"\]\(([^)\s]+)\)", document.read_text("utf-8"))
    inside = [target for target in targets if not re.match(r"[a-z]+:", target)]
    assert [target for target in inside if not _leads_somewhere(document, target)] == []


def _leads_somewhere(document, target):
    place, _, anchor = target.partition("#")
    path = document.parent / place if place else document
    if not path.exists() or not anchor:
        return path.exists()
    titles = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return anchor in [_anchor(title) for title in titles]


def _anchor(title):
    """The anchor that code hosts give a heading."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_file_that_is_named_exists(document):
    """Paths in backticks that begin with a folder of the repository."""
    folders = ("harness", "studies", "tests", "docs")
    for span in re.findall(r"`([^`\n]+)`", document.read_text("utf-8")):
        if span.split("/")[0] in folders and re.fullmatch(r"[\w./-]+\.(py|md|yaml|json)", span):
            assert (ROOT / span).exists() or "foo" in span, span


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_test_that_is_named_exists(document):
    tests = "\n".join(path.read_text("utf-8") for path in ROOT.glob("tests/**/test_*.py"))
    for test in re.findall(r"`(test_\w+)`", document.read_text("utf-8")):
        assert f"def {test}(" in tests, test


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_knob_and_environment_variable_that_is_named_exists(document):
    text = document.read_text("utf-8")
    sections = {path.split(".")[0] for path in KNOBS if "." in path}
    for span in re.findall(r"`([a-z_]+(?:\.[a-z_0-9]+)+)`", text):
        if span.split(".")[0] in sections and not span.endswith((".py", ".md")):
            parents = {path.rsplit(".", 1)[0] for path in KNOBS}
            assert span in {*KNOBS, *parents, "training.epochs"}, span
    files = [*ROOT.glob("harness/**/*.py"), *ROOT.glob("tests/**/*.py")]
    source = "\n".join(path.read_text("utf-8") for path in files if path != Path(__file__))
    for variable in re.findall(r"\b(HARNESS_[A-Z0-9_]+)\b", text):
        removed = document.name == "CHANGELOG.md" and variable in REMOVED
        assert variable in source or removed, variable


def test_the_readme_sells_in_one_screen():
    first = (ROOT / "README.md").read_text("utf-8").split("\n## ")[0]
    assert len(first.splitlines()) <= FIRST_SCREEN
    for needed in ("make study name=quickstart", "make test", "harness/ARCHITECTURE.md"):
        assert needed in first
    for word in ("tip", "cell", "seed"):
        assert re.search(rf"^- A \*\*{word}\*\* ", first, re.MULTILINE), f"{word} is not explained"
    assert (ROOT / "studies/quickstart.yaml").read_text("utf-8") in first
    for tip in read("quickstart", ROOT / "studies").study.heuristics:
        start = HEURISTICS[tip].title[:26]  # a longer title goes on in the next line
        assert re.search(rf"^ {re.escape(start)} +[−+]\d", first, re.MULTILINE), tip


def test_the_readme_names_every_verb_and_study():
    text = (ROOT / "README.md").read_text("utf-8")
    for verb, command in COMMANDS.items():
        assert command.hidden or f"harness {verb}" in text, verb
    for study in ROOT.glob("studies/*.yaml"):
        assert f"`{study.stem}`" in (ROOT / "studies/README.md").read_text("utf-8"), study.stem


def test_the_architecture_is_short_and_its_diagram_is_complete():
    text = (ROOT / "harness/ARCHITECTURE.md").read_text("utf-8")
    assert len(text.splitlines()) <= ARCHITECTURE
    diagram = text.split("```")[1]
    for path in (ROOT / "harness").iterdir():
        if path.name.startswith("_") or path.suffix == ".md":
            continue
        assert re.search(rf"\b{re.escape(path.name)}\b", diagram), path.name


def test_statistics_and_metrics_name_every_choice():
    for document, registry in (
        ("docs/metrics.md", catalog.PROTOCOLS),
        ("docs/metrics.md", catalog.ENCODERS),
        ("docs/studies.md", catalog.DESIGNS),
        ("docs/studies.md", catalog.DATASETS),
    ):
        text = (ROOT / document).read_text("utf-8")
        for choice in registry:
            assert f"`{choice}`" in text, f"{document} does not name {choice}"
