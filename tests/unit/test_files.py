"""Files are whole or absent; rows that were seen are never lost; what cannot be written is said."""

import json
import math

import numpy as np
import pytest

from harness.core.errors import HarnessError
from harness.core.files import (
    append_line,
    check_writable,
    finite,
    json_text,
    read_json,
    read_lines,
    write_atomically,
    write_json,
)


@pytest.mark.parametrize(
    "content", ["text ü", b"text \xc3\xbc", lambda f: f.write(b"text \xc3\xbc")]
)
def test_text_bytes_or_a_function_are_written_with_their_folder(tmp_path, content):
    path = tmp_path / "deep" / "er" / "a.txt"
    write_atomically(path, content)
    assert path.read_bytes() == b"text \xc3\xbc"
    assert [child.name for child in path.parent.iterdir()] == ["a.txt"]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def torn(file):
        file.write(b"half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, torn)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_json_round_trip(tmp_path):
    path = tmp_path / "a.json"
    value = {"b": [1, 2.5, None, "ü"], "a": {"c": True}}
    write_json(path, value)
    assert read_json(path) == value
    assert list(read_json(path)) == ["b", "a"]
    assert path.read_text().endswith("}\n")


def test_json_that_is_printed_has_null_for_what_is_not_finite():
    value = {"a": [1.5, math.nan, (math.inf, -math.inf)], "b": {"c": np.float64("nan")}, "n": 2}
    found = json.loads(json_text(finite(value)), parse_constant=pytest.fail)
    assert found == {"a": [1.5, None, [None, None]], "b": {"c": None}, "n": 2}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_cannot_hold_is_refused_before_anything_is_written(tmp_path, value):
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "a.json", {"x": value})
    with pytest.raises(ValueError, match="JSON compliant"):
        append_line(tmp_path / "a.jsonl", {"x": value})
    assert not (tmp_path / "a.json").exists()
    assert read_lines(tmp_path / "a.jsonl") == []


def test_an_absent_document_is_none_and_a_torn_one_is_named(tmp_path):
    assert read_json(tmp_path / "a.json") is None
    (tmp_path / "file").write_text('{"a": 1')
    assert read_json(tmp_path / "file" / "a.json") is None  # a file where the folder should be
    with pytest.raises(HarnessError, match="file: damaged: not valid JSON"):
        read_json(tmp_path / "file")


def test_rows_are_appended_and_a_torn_last_one_is_left_out(tmp_path):
    path = tmp_path / "a.jsonl"
    assert read_lines(path) == []
    append_line(path, {"n": 1})
    append_line(path, {"n": 2, "text": "ü"})
    with path.open("a") as file:
        file.write('{"n": 3')
    assert read_lines(path) == [{"n": 1}, {"n": 2, "text": "ü"}]
    assert path.read_text().splitlines()[0] == '{"n":1}'


def test_a_folder_is_tried_out_and_left_empty(tmp_path):
    check_writable(tmp_path / "runs" / "deep")
    assert list((tmp_path / "runs" / "deep").iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "runs").write_text("in the way")
    with pytest.raises(HarnessError, match=r"runs: cannot be written \(File exists\)"):
        check_writable(tmp_path / "runs")
    with pytest.raises(HarnessError, match=r"runs/deep: cannot be written \(Not a directory\)"):
        check_writable(tmp_path / "runs" / "deep")
