"""YAML 1.2 with lines: numbers, words, lines of keys and items, and what is malformed."""

import os
from pathlib import Path

import pytest

from harness.config.load import read_value, read_yaml
from harness.core.errors import HarnessError

BOMB = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.fixture
def document(tmp_path):
    def write(text):
        path = tmp_path / "a.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_yaml(path)

    return write


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2e-4", 2e-4),  # YAML 1.1 reads a word
        ("1.0e-4", 1e-4),
        ("2E3", 2000.0),
        ("off", "off"),  # YAML 1.1 reads false
        ("yes", "yes"),
        ("no", "no"),
        ("true", True),
        ("010", 10),  # YAML 1.1 reads 8
        ("12:30", "12:30"),  # YAML 1.1 reads 750
        ("7", 7),
        ("0.5", 0.5),
        (".inf", float("inf")),
        ("null", None),
        ("'2'", "2"),
        ("[1, 2.5, x]", [1, 2.5, "x"]),
        ("{a: {b: [1]}}", {"a": {"b": [1]}}),
    ],
)
def test_values(document, text, value):
    found = document(f"key: {text}\n").data["key"]
    assert found == value
    assert type(found) is type(value)


def test_nothing_but_built_in_types(document):
    found = document("a: [{b: 1.5}, 'x']\n3: {c: 0x10}\n").data
    assert found == {"a": [{"b": 1.5}, "x"], "3": {"c": 16}}
    assert type(found) is dict
    assert type(found["a"]) is list
    assert [type(value) for value in (found["a"][0]["b"], found["a"][1])] == [float, str]


TEXT = """title: x
# a comment
baseline:
  a.b: 1

factors:
  one: [1, 2]
  two:
    - 3
    - {c: 4}
"""


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("title",), 1),
        (("baseline",), 3),
        (("baseline", "a.b"), 4),
        (("factors", "one", 1), 7),
        (("factors", "two", 0), 9),
        (("factors", "two", 1, "c"), 10),
        (("factors", "three"), 6),  # the nearest above
        (("baseline", "a.b", "deeper", "still"), 4),
    ],
)
def test_lines(document, place, line):
    found = document(TEXT)
    assert found.where(*place) == f"{found.file}:{line}"


def test_a_place_above_which_there_is_nothing_is_the_file(document):
    found = document(TEXT)
    assert found.where() == found.where("nowhere") == str(found.file)


def test_an_anchor_may_be_repeated_and_merged(document):
    found = document("a: &x {p: 1, q: 2}\nb: *x\nc:\n  <<: *x\n  q: 3\n")
    assert found.data == {"a": {"p": 1, "q": 2}, "b": {"p": 1, "q": 2}, "c": {"p": 1, "q": 3}}
    assert found.where("c", "q").endswith(":5")
    assert found.where("c", "p").endswith(":3")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb:\n  c: 1\n  c: 2\n", ":4: the key 'c' is given twice"),
        ("a: 1\n\na: 2\n", ":3: the key 'a' is given twice"),
        ("a: [1, 2\nb: 3\n", ":2: malformed YAML: expected ',' or ']'"),
        ("a: 1\n\tb: 2\n", ":2: malformed YAML: found character '\\t'"),
        ("a: *nowhere\n", ":1: malformed YAML: found undefined alias"),
        ("a: 'open\n", "malformed YAML: found unexpected end of stream"),
        (b"a: \xe9\n", ": malformed YAML: 'utf-8' codec"),
        ("", ": must be a mapping of keys to values"),
        ("- a\n- b\n", ": must be a mapping of keys to values"),
        ("just words\n", ": must be a mapping of keys to values"),
        ("null\n", ": must be a mapping of keys to values"),
        ("a: b\n---\nc: d\n", ":2: malformed YAML: but found another document"),
        # what YAML can say and no study means
        ("a:\n  b: 2020-01-01\n", ":2: a date cannot be used as a value"),
        ("a: 2001-12-14t21:59:43Z\n", ":1: a TimeStamp cannot be used as a value"),
        ("a: 2020-99-99\n", ": malformed YAML: month must be in 1..12"),
        ("a: !!binary aGVsbG8=\n", ":1: a bytes cannot be used as a value"),
        ("a: !!set {x, y}\n", ":1: a CommentedSet cannot be used as a value"),
        ("b: 1\na: !foo {b: 1}\n", ":2: the tag '!foo' is not supported"),
        ("a: [1, !foo bar]\n", ":1: the tag '!foo' is not supported"),
        ("a: !!python/object/apply:os.system [ls]\n", "python/object/apply:os.system' is not supp"),
        ("a: !!int x\n", ": malformed YAML: invalid literal for int()"),
        ("a: !!bool x\n", ": malformed YAML: 'x'"),
        ("a: 0x_\n", ": malformed YAML: string index out of range"),
        ("[1]: 2\n", " is not a valid key: put it in quotes"),
        ("a:\n  {b: 1}: 2\n", " is not a valid key: put it in quotes"),
        ("null: 1\n", ": None is not a valid key"),
        ("true: 1\n", ": True is not a valid key"),
        ("2020-01-01: 1\n", " is not a valid key"),
        ("1: a\n'1': b\n", ":2: the key '1' is given twice"),
        ('a: "x\\0y"\n', ":1: 'x\\x00y' contains a character that is not allowed in text"),
        ('a: "\\ud800"\n', "contains a character that is not allowed in text"),
        ('"\\e[2J": 1\n', "contains a character that is not allowed in text"),
        # what is too much
        ("a: " + "[" * 3000, ": more than 16 levels of nested mappings and lists"),
        ("a: " + "[" * 20 + "]" * 20, ":1: more than 16 levels of nested mappings and lists"),
        ("- " * 5000, ": more than 16 levels of nested mappings and lists"),
        ("a: &x [*x]\n", ":1: an alias refers to a value that contains it"),
        ("a: &x\n  b: {c: *x}\n", ":2: an alias refers to a value that contains it"),
        (BOMB, ": holds more than 20\u202f000 values (aliases count as what they repeat)"),
        ("a: " + "9" * 5000, ": malformed YAML: Exceeds the limit"),
        ("a: 0x" + "f" * 5000, ":1: the whole number <int too long to show> is too large"),
        ("? 0x" + "f" * 5000 + "\n: 1\n", "<HexInt too long to show> is not a valid key"),
        ("a: 2147483648\n", ":1: the whole number 2147483648 is too large"),
        ("a: " + "w" * 100_000, ":1: the text 'www"),
        ("k" * 500 + ": 1\n", ": a key has at most 200 characters: 'kkk"),
        ("a: *" + "n" * 50_000 + "\n", ":1: malformed YAML: found undefined alias"),
        ("a: [" + "1, " * 120_000 + "]\n", ": is larger than 256 kB"),
    ],
)
def test_what_cannot_be_read_is_one_line(document, tmp_path, text, message):
    with pytest.raises(HarnessError) as error:
        document(text)
    assert str(error.value).startswith(f"{tmp_path / 'a.yaml'}:")
    assert message in str(error.value)
    assert len(str(error.value)) < 500
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(HarnessError, match=r"b\.yaml: cannot be read \(No such file"):
        read_yaml(tmp_path / "b.yaml")
    with pytest.raises(HarnessError, match=r"cannot be read \(Is a directory"):
        read_yaml(tmp_path)


def test_a_mark_of_the_byte_order_is_no_part_of_the_text(document):
    assert document(b"\xef\xbb\xbfa: 1\n").data == {"a": 1}


def test_a_pipe_and_a_device_are_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    for path in (tmp_path / "pipe.yaml", Path("/dev/zero")):
        with pytest.raises(HarnessError, match="is not a regular file"):
            read_yaml(path)


@pytest.mark.parametrize(
    ("text", "value"),
    [("0.5", 0.5), ("off", "off"), ("", None), ("{times: 2}", {"times": 2}), ("[1, a]", [1, "a"])],
)
def test_a_value_of_the_command_line(text, value):
    assert read_value(text, "--set x") == value


@pytest.mark.parametrize(
    "text", ["[1", "[" * 3000, "'", "{a: 1, a: 2}", "!!int x", "9" * 5000, "&x [*x]", "w" * 99_999]
)
def test_what_is_no_value_is_one_line(text):
    with pytest.raises(HarnessError) as error:
        read_value(text, "--set x")
    assert str(error.value).startswith("--set x: ")
    assert len(str(error.value)) < 300
