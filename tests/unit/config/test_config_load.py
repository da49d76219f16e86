"""YAML 1.2 with lines: numbers, words, lines of keys and items, and what is malformed."""

import pytest

from harness.config.load import load
from harness.errors import HarnessError


@pytest.fixture
def document(tmp_path):
    def write(text):
        path = tmp_path / "a.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load(path)

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
        ("", ": a study is a mapping of keys to values"),
        ("- a\n- b\n", ": a study is a mapping of keys to values"),
        ("just words\n", ": a study is a mapping of keys to values"),
    ],
)
def test_what_cannot_be_read_is_one_line(document, tmp_path, text, message):
    with pytest.raises(HarnessError) as error:
        document(text)
    assert str(error.value).startswith(f"{tmp_path / 'a.yaml'}:")
    assert message in str(error.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(HarnessError, match=r"b\.yaml: cannot be read \(No such file"):
        load(tmp_path / "b.yaml")
    with pytest.raises(HarnessError, match=r"cannot be read \(Is a directory"):
        load(tmp_path)
