"""A study made of keywords or read from a file."""

import re
import unicodedata
from collections.abc import Mapping
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from harness import app as cases
from harness.api.display import line, page
from harness.api.keywords import checked
from harness.config.keywords import CALL, CHANGED, SPELLED, document, plain
from harness.config.load import dump
from harness.config.lookup import NAME
from harness.config.patch import check_path, check_value
from harness.config.runtime import Runtime
from harness.config.study import Study as Keys
from harness.config.study import check, read
from harness.core import format as show
from harness.core.errors import HarnessError, shown, unknown
from harness.core.files import check_writable, write_atomically
from harness.plan.factors import study_factors
from harness.plan.plugins import activated
from harness.report.blocks import Code

if TYPE_CHECKING:
    from harness.api.plan import Plan

LONGEST = 60  # characters of a name made from a title
KEYWORDS = [SPELLED.get(name, name) for name in Keys.model_fields]


def _signature() -> Signature:
    """The keys of a study as a signature, for help and completion."""
    known = signature(Keys).parameters
    keywords = [
        known[name].replace(name=SPELLED.get(name, name), kind=Parameter.KEYWORD_ONLY)
        for name in Keys.model_fields
        if name not in ("title", "question")
    ]
    title = Parameter("title", Parameter.POSITIONAL_OR_KEYWORD, annotation=str)
    question = Parameter("question", Parameter.KEYWORD_ONLY, default="", annotation=str)
    return Signature([title, question, *keywords])


class Study:
    """Which tips and factors are tested, on which data, with which seeds.

    Keywords are the keys of a study file (docs/studies.md), and are checked like these; `tips` is
    the list of tips that are tested, by id (`harness.tips()` has them), called `heuristics` in a
    file, and `tips_file` is a file of further tips, called `tips` there. A mistake is a
    HarnessError that names the keyword and the nearest choice.
    """

    __signature__: ClassVar[Signature] = _signature()

    def __init__(self, title: str, **keywords: Any) -> None:
        for name in keywords:
            if name not in KEYWORDS:
                raise HarnessError(f"{CALL}: {_unknown(name)}")
        values = document({"title": title, "question": "", **keywords})
        self._file = check(_name(title), values)
        if self._file.study.heuristics or self._file.study.factors:
            activated(self._file)
            study_factors(self._file)  # so that an unknown tip is told of here

    @classmethod
    def load(cls, name: str | Path) -> Self:
        """A study by its name, or by the path of a .yaml file."""
        study = cls.__new__(cls)
        study._file = read(str(name), *Runtime().study_folders)
        return study

    @property
    def name(self) -> str:
        """The name of its runs, before profile and changes."""
        return self._file.name

    @property
    def title(self) -> str:
        """Its title."""
        return self._file.study.title

    def to_yaml(self) -> str:
        """The study as the text of a study file."""
        return dump(self._file.document.data)

    @checked
    def save(self, path: str | Path | None = None) -> Path:
        """Write a study file, by default `studies/<name>.yaml`; another study is not replaced."""
        if not isinstance(path, str | Path | None):
            raise HarnessError(f"Study.save: {shown(path)} is no path")
        target = Path(path) if path else Runtime().studies / f"{self.name}.yaml"
        if not NAME.fullmatch(target.stem) or target.suffix != ".yaml":
            raise HarnessError(
                f"{target}: a study file is named <name>.yaml, of a to z, 0 to 9 and _"
            )
        text = self.to_yaml()
        if target.exists() and not (target.is_file() and target.read_bytes() == text.encode()):
            raise HarnessError(f"{target}: is there already; remove it, or give another path")
        check_writable(target.parent)
        write_atomically(target, text)
        return target

    @checked
    def plan(self, profile: str | None = None, changes: Mapping[str, Any] | None = None) -> "Plan":
        """Expand the study into a plan; nothing is trained or written.

        `profile`: a budget of the study; None: chosen as on the command line. `changes`:
        changes of the baseline for this run, {"training.kimg": 16}.
        """
        from harness.api.plan import Plan

        runtime = Runtime()
        return Plan(*cases.planned(self._file, runtime, profile, _checked(changes or {})), runtime)

    def __repr__(self) -> str:
        study = self._file.study
        tests = [*study.heuristics, *study.factors]
        return line(CALL, self.name, [show.count(len(self._seeds), "seed"), *tests])

    @property
    def _seeds(self) -> list[int]:
        return self._file.study.seed_list(None)

    def _repr_html_(self) -> str:
        return page(self.title, [self._file.study.question], [Code(self.to_yaml())])


def _unknown(name: str) -> str:
    if name in SPELLED:
        return f"{name!r} is a key of study files; the keyword is {SPELLED[name]!r}"
    return unknown("keyword", name, KEYWORDS)


def _name(title: str) -> str:
    """A title as the name of a study: of a to z, 0 to 9 and _."""
    plain = unicodedata.normalize("NFKD", str(title)).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain)[:LONGEST].strip("_")
    if not name:
        raise HarnessError(f"{CALL}(title): {title!r} has no letter a to z and no digit for a name")
    return name


def _checked(changes: Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(changes, Mapping):
        raise HarnessError(
            f"plan(changes): {shown(changes)} is no dictionary, such as {{'training.kimg': 16}}"
        )
    values: dict[str, Any] = plain(changes, (), lambda path: CHANGED.format(path[0]))
    for knob, value in values.items():
        try:
            check_path(knob)
            check_value(knob, value)
        except HarnessError as error:
            raise HarnessError(f"{CHANGED.format(knob)}: {error}") from None
    return values
