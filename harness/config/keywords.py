"""A study from keyword arguments: its values go through the checks of a study file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from harness.config.load import DEEPEST, Document, Path_, dump, parse
from harness.core.errors import HarnessError, shown

CALL = "Study"  # what is called with the keywords, for messages
CHANGED = "plan(changes[{!r}])"
SPELLED = {"heuristics": "tips", "tips": "tips_file"}  # key of a study file → keyword


@dataclass(frozen=True)
class Keywords(Document):
    """The keywords of a study as a document: places are keywords instead of lines."""

    def where(self, *path: str | int) -> str:
        """`Study(keyword['key'][index])` of the nearest value at or above `path`."""
        known = max((n for n in range(len(path) + 1) if path[:n] in self.lines), default=0)
        return _place(path[:known])

    def key(self, *path: str | int) -> str:
        """The keyword at `path`."""
        first, *rest = path
        return super().key(SPELLED.get(str(first), first), *rest)

    def where_changed(self, knob: str) -> str:
        """The place of a one-off change."""
        return CHANGED.format(knob)


def document(keywords: Mapping[str, Any]) -> Keywords:
    """Keywords as a study file would hold them, under the keys of a study file."""
    named = {keyword: key for key, keyword in SPELLED.items()}
    values = {named.get(name, name): value for name, value in keywords.items()}
    # through YAML, so that whatever a file must not hold is refused here, too
    read = parse(dump(plain(values, ())), Path(CALL), lined=False)
    return Keywords(read.file, read.data, read.lines)


def _place(path: Path_) -> str:
    if not path:
        return CALL
    first, *rest = path
    inside = "".join(f"[{part!r}]" for part in rest)
    return f"{CALL}({SPELLED.get(str(first), first)}{inside})"


def plain(value: Any, path: Path_, place: Callable[[Path_], str] = _place) -> Any:
    """A value in the types that YAML has; arrays, tuples, ranges and paths are converted.

    `place` names a path within the keywords in messages.
    """
    if len(path) > DEEPEST:
        raise HarnessError(f"{place(path[:1])}: more than {DEEPEST} levels lie within each other")
    if hasattr(value, "tolist"):  # an array or a number of NumPy, a Series
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain(item, (*path, str(key)), place) for key, item in value.items()}
    if isinstance(value, list | tuple | range):
        return [plain(item, (*path, number), place) for number, item in enumerate(value)]
    if isinstance(value, PurePath):
        return str(value)
    if value is None or type(value) in (bool, int, float, str):
        return value
    raise HarnessError(
        f"{place(path)}: {shown(value)} is a {type(value).__name__}; a study holds numbers, text, "
        "lists and mappings"
    )
