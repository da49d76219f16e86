"""Reading YAML 1.2 with the line of every key, so that an error can name it.

YAML 1.2 reads `2e-4` as a number and `off` as a word, and duplicate keys are errors.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from harness.errors import HarnessError

Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """A YAML document as plain values, with the line of every key."""

    file: Path
    data: dict[str, Any]
    lines: Mapping[Path_, int]

    def where(self, *path: str | int) -> str:
        """`file:line` of the nearest key at or above `path`."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.lines:
                return f"{self.file}:{self.lines[path[:length]]}"
        return str(self.file)


def load(file: Path) -> Document:
    """Read a mapping from a YAML file; a mistake names file and line."""
    try:
        tree = YAML(typ="rt").load(file.read_text(encoding="utf-8"))
    except DuplicateKeyError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        name = str(error.problem).split('"')[1] if '"' in str(error.problem) else ""
        raise HarnessError(f"{file}:{line}: the key {name!r} is given twice") from None
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise HarnessError(f"{file}:{line}: malformed YAML: {error.problem}") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise HarnessError(f"{file}: malformed YAML: {error}") from None
    except OSError as error:
        raise HarnessError(f"{file}: cannot be read ({error.strerror})") from None
    lines: dict[Path_, int] = {}
    data = _plain(tree, (), lines)
    if not isinstance(data, dict):
        raise HarnessError(f"{file}: a study is a mapping of keys to values")
    return Document(file, data, lines)


def _plain(node: Any, path: Path_, lines: dict[Path_, int]) -> Any:
    """Built-in types only; the line of each key goes into `lines`."""
    if isinstance(node, CommentedMap):
        for key in node:
            if key in (node.lc.data or {}):  # a key merged by `<<` has no line of its own
                lines[(*path, str(key))] = node.lc.key(key)[0] + 1
        return {str(key): _plain(value, (*path, str(key)), lines) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        for index in range(len(node)):
            lines[(*path, index)] = node.lc.item(index)[0] + 1
        return [_plain(value, (*path, index), lines) for index, value in enumerate(node)]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node
