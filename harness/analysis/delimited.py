"""A table in delimited text, read strictly: a line that has not the header's fields is named."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from harness.analysis.results_file import text_of
from harness.core import format as show
from harness.core.errors import HarnessError, unknown

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_DECLARED = re.compile(r"sep=(.)\r?\n")  # how Excel says what separates


class Row(NamedTuple):
    """The fields of a row, without the space around them, and the line where it begins."""

    line: int
    fields: Sequence[str]


class Sheet(NamedTuple):
    """A header and the rows below it, each with as many fields; what separates them."""

    header: Row
    rows: Sequence[Row]
    separator: str


def read_sheet(path: Path, wanted: Sequence[str]) -> Sheet:
    """Read a file whose header holds each of the `wanted` names once; empty rows are left out.

    Separated by what the file declares (`sep=;`), else by the first of comma, semicolon, tab and
    bar by which the header holds all wanted names, else by that which finds most. Raises a
    HarnessError that names file and line.
    """
    text, before, separator = text_of(path), 0, ""
    if declared := _DECLARED.match(text):
        text, before, separator = text[declared.end() :], 1, declared[1]
    if not text.strip():
        raise HarnessError(f"{path}: is empty")
    separator = separator or _separator(text, wanted)
    header, *rows = _records(path, text, separator, before)
    for name in wanted:
        _check_column(path, header, name)
    for row in rows:
        if len(row.fields) != len(header.fields):
            raise HarnessError(f"{path}, line {row.line}: {_uneven(row, header, separator)}")
    return Sheet(header, rows, separator)


def _check_column(path: Path, header: Row, name: str) -> None:
    columns = [column for column in header.fields if column]
    if name not in columns:
        # enough for a message, however long a header is
        message = unknown("column", name, [column[:60] for column in columns[:1000]])
        raise HarnessError(f"{path}: {message} (line {header.line} is read as the header)")
    if columns.count(name) > 1:
        raise HarnessError(f"{path}: column {name!r} stands twice in line {header.line}")


def _separator(text: str, wanted: Sequence[str]) -> str:
    counts: dict[str, tuple[int, int]] = {}
    for separator in SEPARATORS:
        try:
            names = next(_records(Path(), text, separator, 0)).fields
        except HarnessError:  # said when the table is read
            continue
        counts[separator] = (len(set(wanted) & set(names)), len(names))
    return max(counts, key=lambda separator: counts[separator], default=",")


def _records(path: Path, text: str, separator: str, before: int) -> Iterator[Row]:
    """The rows that hold a word; `before`: lines of the file that are not in the text."""
    lines = io.StringIO(text, newline="")
    try:
        reader = csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=True)
    except (ValueError, TypeError):
        raise HarnessError(f"{path}, line 1: {separator!r} cannot separate fields") from None
    while True:
        line = reader.line_num + 1 + before
        try:
            fields = [field.strip() for field in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            raise HarnessError(f"{path}, line {line}: {_said(str(error))}") from None
        if any(fields):
            yield Row(line, fields)


def _said(error: str) -> str:
    if "end of data" in error:
        return "a quote that is opened here is never closed"
    if "field limit" in error:
        return f"a field of more than {show.whole(csv.field_size_limit())} characters"
    return f"is no line of a table ({error})"


def _uneven(row: Row, header: Row, separator: str) -> str:
    count, due = len(row.fields), len(header.fields)
    message = f"{count} field{'' if count == 1 else 's'} where the header (line {header.line}) has "
    message += str(due)
    if row.fields[0].startswith("#"):
        return f"{message}; comments are not read, take the line out"
    if count > due:
        if not any(row.fields[due:]):
            return f"{message}; take away what follows the last column"
        named = SEPARATORS.get(separator, separator)
        return f"{message}; a {named} within a field needs quotes, a column of numbers a name"
    return message
