"""Public text is in the field's standard terms, and every page explains its abbreviations.

Documents, help, docstrings and messages hold none of the phrases in DIALECT.
"""

import ast
import re
from pathlib import Path

import pytest
from typer.main import get_command

from harness import cli

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [
        *(path for path in ROOT.glob("*.md") if path.name != "CHANGELOG.md"),
        *ROOT.glob("docs/*.md"),
        *(ROOT / f"{folder}/README.md" for folder in ("benchmarks", "reports", "studies", "tests")),
        *(ROOT / path for path in ("benchmarks/GPU.md", "harness/ARCHITECTURE.md")),
    ]
)
DIALECT = {  # phrase → what to write instead
    r"\A(What|That of|Those of|Whose|Who) (?![^.]*\?)": "a noun: 'Requirements of …'",
    r"\bdeaf\b": "does not respond",
    r"\b(un)?settle[ds]?\b": "decide, or: from the record",
    r"\b(beside|besides)\b(?! KID\b)": "next to, in addition to, with",
    r"\bsaid\b": "message, or the verb for what happens",
    r"\bof (its|their|one's|his) own\b": "its own …, or: separate",
    r"\bone's\b": "the …",
    r"\btold (of|from|apart|by)\b": "named, distinguished",
    r"\bcannot be told\b": "is not distinguishable",
    r"\ba look at\b|\bone look\b|\bits look\b": "view, interim analysis",
    r"\boftener\b": "more often",
    r"\banew\b": "again",
    r"\bmend(s|ed|ing)?\b": "repair, fix, correct",
    r"\btorn\b": "incomplete",
    r"\bwhoever\b": "a worker that, the process that",
    r"\b(sure|surely) of\b|\bsurer\b": "certain, significant",
    r"\bwhat (it|they) c[ao]mes? to\b": "result",
    r"\bbut for\b": "except, without",
    r"\bat the least\b": "at least",
    r"\bgoes by\b|\bgo by\b": "follows from, uses",
    r"\bis (all of )?that\b[.']?$": "name it",
    r"\bstands? (beside|for itself)\b": "is shown with",
    r"\btells? .{0,20}(apart|from)\b": "distinguishes",
    r"\bspeaks? (for|against)\b": "supports, contradicts",
    r"\blearns? of it\b": "is informed",
}
PATTERN = re.compile("|".join(f"(?:{phrase})" for phrase in DIALECT), re.MULTILINE)
VAGUE = {"found", "of", "own", "said"}  # names of variables that do not say what they hold


def dialect(text):
    """The phrases of a text that nobody says, each with the words around it."""
    prose = re.sub(r"```.*?```|<!-- generated -->.*?<!-- end -->", "", text, flags=re.DOTALL)
    prose = re.sub(r"`[^`\n]+`", "`code`", prose)
    return [prose[max(0, hit.start() - 30) : hit.end() + 30] for hit in PATTERN.finditer(prose)]


def texts(path):
    """Docstrings and messages of a module: every string in it that is more than one word."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.value


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_is_in_standard_terms(document):
    assert dialect(document.read_text("utf-8")) == []


def test_help_is_in_standard_terms():
    for verb, command in get_command(cli.app).commands.items():
        shown = [command.help, *(getattr(option, "help", None) for option in command.params)]
        assert dialect("\n".join(filter(None, shown))) == [], verb


def test_code_is_in_standard_terms():
    phrases = {
        f"{path.relative_to(ROOT)}: {phrase}"
        for path in (ROOT / "harness").rglob("*.py")
        for text in texts(path)
        for phrase in dialect(text)
    }
    assert phrases == set(), "DIALECT lists better words"


def test_no_function_hides_its_module():
    found = set()
    for path in (ROOT / "harness").rglob("*.py"):
        nodes = ast.parse(path.read_text("utf-8")).body
        if any(getattr(node, "name", None) == path.stem for node in nodes):
            found.add(path.relative_to(ROOT / "harness").as_posix())
    assert found == set(), "name the function by a verb"


def stored(tree):
    """Parameters and assigned variables; fields of a class are words of files, so they are not."""
    fields = {
        part.target
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for part in node.body
        if isinstance(part, ast.AnnAssign)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node not in fields:
            yield node.id


ROOMS = sorted(path.parent.name for path in ROOT.glob("harness/*/__init__.py"))


@pytest.mark.parametrize("room", ROOMS)
def test_variables_are_named_by_what_they_hold(room):
    names = {
        path.relative_to(ROOT).as_posix(): VAGUE & set(stored(ast.parse(path.read_text("utf-8"))))
        for path in (ROOT / "harness" / room).rglob("*.py")
    }
    assert {path: vague for path, vague in names.items() if vague} == {}


def test_dialect_is_found():
    assert dialect("What a way of telling networks of classes needs.")
    assert dialect("whoever is deaf for 120 seconds is killed")
    assert dialect("is said once")
    assert not dialect("Requirements of a class-conditioning method. What does it need?")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_that_uses_kid_spells_it_out_first(document):
    """As 'KID (Kernel Inception Distance' or the other way round, in the README and in docs/."""
    text = document.read_text("utf-8")
    if document.parent.name == "docs" or document.name == "README.md":
        text = re.sub(r"```.*?```|`[^`\n]+`|^# .*$", "", text, flags=re.DOTALL | re.MULTILINE)
        use = re.search(r"\bKIDs?\b", text)
        spelled = re.search(r"Kernel Inception Distance", text)
        assert not use or (spelled and abs(spelled.start() - use.start()) < 60)
