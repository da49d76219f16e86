"""Reading YAML 1.2 with the line of every key, for error messages.

YAML 1.2 reads `2e-4` as a number and `off` as a string; duplicate keys are errors. The result
consists of mappings, lists, strings, numbers, true, false and null, of limited size.
"""

import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import StringIO
from itertools import accumulate
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent

from harness.core.errors import HarnessError, shown, told
from harness.core.format import whole

Path_ = tuple[str | int, ...]

LARGEST = 256 * 1024  # bytes of a file; the longest that is shipped has 4 kB
MOST = 20_000  # values in it, what aliases repeat counted each time
DEEPEST = 16  # mappings and lists within each other; a study has 5
LONGEST_KEY, LONGEST_TEXT = 200, 10_000  # characters
WHOLE = 2**31  # no count, size or seed reaches it
# what no terminal, page or file takes: control characters, and halves of UTF-16 pairs
_UNPRINTABLE = re.compile("[\0-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_NO_TEXT = "contains a character that is not allowed in text"
_STANDARD = "tag:yaml.org,2002:"


@dataclass(frozen=True)
class Document:
    """A YAML document as plain values, with the line of every key."""

    file: Path
    data: dict[str, Any]
    lines: Mapping[Path_, int]

    def where(self, *path: str | int) -> str:
        """`file:line` of the nearest key at or above `path`."""
        return _where(str(self.file), self.lines, path)

    def key(self, *path: str | int) -> str:
        """The key at `path`, with dots, as a message calls it."""
        return ".".join(map(str, path))

    def where_changed(self, knob: str) -> str:
        """The place of a one-off change of a knob."""
        return f"{self.file}, command line"


def read_yaml(file: Path) -> Document:
    """Read a mapping from a YAML file; a mistake names file and line."""
    return parse(_text(file), file)


def parse(text: str, file: Path, lined: bool = True) -> Document:
    """Read a mapping from YAML; a mistake names `file` and, where it is `lined`, the line."""
    plain = _Plain(str(file), lined)
    data = plain.of(_tree(text, str(file)))
    if not isinstance(data, dict):
        raise HarnessError(f"{file}: must be a mapping of keys to values")
    return Document(file, data, plain.lines)


def dump(data: Mapping[str, Any], version: tuple[int, int] | None = None) -> str:
    """Plain values as YAML 1.2, or as `version`, that `parse` reads back; keys keep their order."""
    yaml = YAML(typ="safe", pure=True)
    yaml.version = version
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.allow_unicode = True
    yaml.width = LONGEST_TEXT  # no line is folded
    file = StringIO()
    yaml.dump(dict(data), file)
    return file.getvalue()


def read_value(text: str, name: str) -> Any:
    """The value of a YAML text; `name` is its source, for messages."""
    if len(text) > LONGEST_TEXT:
        raise HarnessError(f"{name}: the value {shown(text)} is too long")
    try:
        tree = _tree(text, name)
    except HarnessError:
        raise HarnessError(f"{name}: {shown(text)} is not a value") from None
    return _Plain(name, lined=False).of(tree)


def _text(file: Path) -> str:
    try:
        if not file.is_dir() and not stat.S_ISREG(file.stat().st_mode):
            raise HarnessError(f"{file}: is not a regular file")  # a pipe or device may never end
        with file.open("rb") as opened:
            content = opened.read(LARGEST + 1)
    except OSError as error:
        raise HarnessError(f"{file}: cannot be read ({error.strerror})") from None
    if len(content) > LARGEST:
        raise HarnessError(f"{file}: is larger than {LARGEST // 1024} kB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise HarnessError(f"{file}: malformed YAML: {error}") from None


def _tree(text: str, name: str) -> Any:
    """The document as parsed by the library; `name` is its source."""
    if _brackets(text) > 10 * DEEPEST:  # the library takes seconds to give up; words may hold some
        raise HarnessError(f"{name}: {_TOO_DEEP}")
    try:
        if "*" in text and (within := _within_itself(text)):
            raise HarnessError(f"{name}:{within}: an alias refers to a value that contains it")
        return YAML(typ="rt").load(text)
    except DuplicateKeyError as error:
        key = str(error.problem).split('"')[1] if '"' in str(error.problem) else ""
        raise HarnessError(f"{_marked(name, error)}: the key {shown(key)} is given twice") from None
    except MarkedYAMLError as error:
        problem = told(str(error.problem))
        raise HarnessError(f"{_marked(name, error)}: malformed YAML: {problem}") from None
    except HarnessError:
        raise
    except RecursionError:  # of which the library is capable at a depth of hundreds
        raise HarnessError(f"{name}: {_TOO_DEEP}") from None
    except Exception as error:  # noqa: BLE001
        # the library leaves what its constructors raise as it is: `!!int x`, `!!bool x`, `0x_`,
        # 2020-99-99 and a number of 5,000 digits are five kinds of exception
        problem = told(str(error)) if str(error) else type(error).__name__
        raise HarnessError(f"{name}: malformed YAML: {problem}") from None


def _within_itself(text: str) -> int:
    """The line of an alias inside its own anchor, which the library reads as null; 0: none."""
    around: list[str | None] = []
    for event in YAML(typ="rt").parse(text):
        if isinstance(event, CollectionStartEvent):
            around.append(event.anchor)
        elif isinstance(event, CollectionEndEvent):
            around.pop()
        elif isinstance(event, AliasEvent) and event.anchor in around:
            return int(event.start_mark.line) + 1
    return 0


def _brackets(text: str) -> int:
    """The deepest nesting of brackets."""
    steps = {"[": 1, "{": 1, "]": -1, "}": -1}
    return max(accumulate(steps[letter] for letter in re.findall(r"[][{}]", text)), default=0)


def _marked(name: str, error: MarkedYAMLError) -> str:
    return f"{name}:{error.problem_mark.line + 1}" if error.problem_mark else name


_TOO_DEEP = f"more than {DEEPEST} levels of nested mappings and lists"


@dataclass
class _Plain:
    """A document in built-in types, with the line of each key."""

    name: str  # where it is from
    lined: bool = True  # whether lines say more of where
    lines: dict[Path_, int] = field(default_factory=dict)
    count: int = 0

    def of(self, node: Any, path: Path_ = ()) -> Any:
        """The value at `path`."""
        self.count += 1
        if self.count > MOST:
            raise HarnessError(
                f"{self.name}: holds more than {whole(MOST)} values (aliases count as what they "
                "repeat)"
            )
        if len(path) > DEEPEST:
            raise HarnessError(f"{self._at(path)}: {_TOO_DEEP}")
        tag = getattr(getattr(node, "tag", None), "value", None)
        if tag is not None and tag not in (f"{_STANDARD}map", f"{_STANDARD}seq"):
            raise HarnessError(f"{self._at(path)}: the tag {shown(str(tag))} is not supported")
        if isinstance(node, CommentedMap):
            return dict(self._items(node, path))
        if isinstance(node, CommentedSeq):
            for index in range(len(node)):
                self.lines[(*path, index)] = node.lc.item(index)[0] + 1
            return [self.of(value, (*path, index)) for index, value in enumerate(node)]
        return self._scalar(node, path)

    def _items(self, node: CommentedMap, path: Path_) -> Iterable[tuple[str, Any]]:
        names: set[str] = set()
        for key in node:
            name = self._key(key, path)
            if key in (node.lc.data or {}):  # a key merged by `<<` has no line of its own
                self.lines[(*path, name)] = node.lc.key(key)[0] + 1
            if name in names:  # as a number and as a word
                where = self._at((*path, name))
                raise HarnessError(f"{where}: the key {shown(name)} is given twice")
            names.add(name)
        return [(self._key(key, path), self.of(node[key], (*path, str(key)))) for key in node]

    def _key(self, key: Any, path: Path_) -> str:
        number = isinstance(key, float) or (isinstance(key, int) and abs(key) < WHOLE)
        if isinstance(key, bool) or not (number or isinstance(key, str)):
            raise HarnessError(
                f"{self._at(path)}: {shown(key)} is not a valid key: put it in quotes"
            )
        if _UNPRINTABLE.search(str(key)):
            raise HarnessError(f"{self._at(path)}: the key {shown(str(key))} {_NO_TEXT}")
        if len(str(key)) > LONGEST_KEY:
            raise HarnessError(
                f"{self._at(path)}: a key has at most {LONGEST_KEY} characters: {shown(str(key))}"
            )
        return str(key)

    def _scalar(self, node: Any, path: Path_) -> Any:
        if isinstance(node, int) and not isinstance(node, bool) and abs(node) >= WHOLE:
            raise HarnessError(
                f"{self._at(path)}: the whole number {shown(int(node))} is too large"
            )
        if isinstance(node, str) and len(node) > LONGEST_TEXT:
            raise HarnessError(f"{self._at(path)}: the text {shown(str(node))} is too long")
        if isinstance(node, str) and _UNPRINTABLE.search(node):
            raise HarnessError(f"{self._at(path)}: {shown(str(node))} {_NO_TEXT}")
        for kind in (bool, int, float, str):
            if isinstance(node, kind):
                return kind(node)
        if node is None:
            return None
        raise HarnessError(
            f"{self._at(path)}: a {type(node).__name__} cannot be used as a value; put it in "
            "quotes if it is text"
        )

    def _at(self, path: Path_) -> str:
        return _where(self.name, self.lines if self.lined else {}, path)


def _where(name: str, lines: Mapping[Path_, int], path: Path_) -> str:
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return f"{name}:{lines[path[:length]]}"
    return name
