"""The study files that can be named here, as rows and as text."""

from pathlib import Path

from harness.config.lookup import find_study, list_studies, origin
from harness.config.runtime import Runtime
from harness.config.study import read
from harness.core.errors import HarnessError


def study_rows(runtime: Runtime) -> list[dict[str, str]]:
    """A row for each study that can be named here: its name, its question, where its file lies."""
    folders = runtime.study_folders
    return [
        {"name": name, "question": _question(files[0]), "file": origin(name, folders)}
        for name, files in list_studies(folders).items()
    ]


def _question(file: Path) -> str:
    try:
        return read(str(file)).study.question
    except HarnessError as error:  # one wrong file does not keep the others from being listed
        return str(error).partition("\n")[0]


def study_text(name: str, runtime: Runtime) -> str:
    """The file of a study as it is written."""
    return find_study(name, runtime.study_folders).read_text("utf-8-sig", errors="replace")
