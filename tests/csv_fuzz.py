"""Mutated tables of results, and an independent reading of what one says.

`plain` reads a file as a person would who knows the rules, with none of the harness's code; what it
cannot read is None. `mutate` breaks a well-formed table in one to three ways.
"""

import bz2
import gzip
import io
import lzma
import random
import re
import zipfile

COLUMNS = ("method", "seed", "kid")
SPREAD = ("sd", "n")
SEPARATORS = ",;\t|"
TOKENS = (
    "NA", "nan", "-", "—", "none", "inf", "-inf", "1e999", "1e-999", "0,5", "1,234.5", "12%",
    "0.1 ± 0.2", "0.1 (0.2)", "1_000", "0x1F", "−0.25", "\u0661", "", " ", "A ", "a", "0.0", "1.0",
    "#", "'", '"', '""', '"x', 'x"', '"a,b"', "\\", "\t", ";", ",", ",,", "\r", "\n", "\n\n", "\0",
    "\u200b", "\ufeff", "é", "🙂", "[red]", "[/x]", "\x1b[31m", "=1+1", "true", "null", "{", "[",
    "x" * 300, "9" * 400, "1" * 140_000, "sep=;\n", "+.5e1", "5.", ".", "e5", "+", "--1", "NaN",
)  # fmt: skip


def table(draw: random.Random) -> str:
    """A well-formed table: each method in each seed, numbers with all digits."""
    methods = draw.sample(["A", "B", "C", "wgan", "ada gan", "1", "é"], draw.randint(2, 4))
    rows = [(method, str(seed), repr(draw.gauss(5, 2))) for method in methods
            for seed in range(draw.randint(2, 7))]  # fmt: skip
    if draw.random() < 0.3:
        draw.shuffle(rows)
    separator = draw.choice(SEPARATORS) if draw.random() < 0.3 else ","
    lines = [separator.join(row) for row in (COLUMNS, *rows)]
    return "\n".join(lines) + "\n"


def table_of_means(draw: random.Random) -> str:
    """A well-formed table of means, with deviations and counts; some have neither."""
    rows = [(*COLUMNS, *SPREAD)]
    for method in draw.sample(["A", "B", "C", "wgan", "1"], draw.randint(2, 4)):
        for seed in range(draw.randint(1, 3)):
            sd = draw.choice(("", f"±{draw.random()!r}", *[repr(draw.random())] * 8))
            mean = repr(draw.gauss(5, 2))
            rows.append((method, str(seed), mean, sd, str(draw.choice((2, 3, 5, "5.0")))))
    return "".join(",".join(row) + "\n" for row in rows)


def mutate(draw: random.Random, text: str, most: int = 3) -> bytes:
    """Break a table in one to `most` ways, then write it in some encoding, whole or not."""
    for _ in range(draw.randint(1, most)):
        text = draw.choice((_field, _line, _token, _separator, _letter, _header))(draw, text)
    content = _encoded(draw, text)
    if draw.random() < 0.1:
        content = _packed(draw, content)
    if draw.random() < 0.1:
        content = content[: draw.randrange(len(content) + 1)]
    if draw.random() < 0.05 and content:
        place = draw.randrange(len(content))
        content = content[:place] + bytes([draw.randrange(256)]) + content[place + 1 :]
    return content


def _field(draw: random.Random, text: str) -> str:
    """Take a field away, add one, or put another in its place."""
    lines = text.split("\n")
    at = draw.randrange(len(lines))
    fields = lines[at].split(",")
    place = draw.randrange(len(fields))
    how = draw.randrange(4)
    if how == 0:
        del fields[place]
    elif how == 1:
        fields.insert(place, draw.choice(TOKENS))
    elif how == 2:
        fields[place] = draw.choice(TOKENS)
    else:
        fields.append("")
    lines[at] = ",".join(fields)
    return "\n".join(lines)


def _line(draw: random.Random, text: str) -> str:
    """Take a line away, double it, move it, or add a blank or a comment."""
    lines = text.split("\n")
    at = draw.randrange(len(lines))
    how = draw.randrange(4)
    if how == 0:
        del lines[at]
    elif how == 1:
        lines.insert(draw.randrange(len(lines)), lines[at])
    elif how == 2:
        lines.insert(draw.randrange(len(lines)), lines.pop(at))
    else:
        lines.insert(at, draw.choice(("", "  ", ",,", "# a comment", "#,1,2", "---")))
    return "\n".join(lines)


def _token(draw: random.Random, text: str) -> str:
    at = draw.randrange(len(text) + 1)
    return text[:at] + draw.choice(TOKENS) + text[at:]


def _letter(draw: random.Random, text: str) -> str:
    at = draw.randrange(len(text) + 1)
    return text[:at] + text[at + draw.randint(1, 3) :]


def _separator(draw: random.Random, text: str) -> str:
    """Other separators, everywhere or at one place; or spaces around them."""
    old, new = ",", draw.choice((*SEPARATORS, " ", " , ", ", ", ",,"))
    return text.replace(old, new) if draw.random() < 0.5 else text.replace(old, new, 1)


def _header(draw: random.Random, text: str) -> str:
    first, _, rest = text.partition("\n")
    changes = (first.upper(), f"\n{first}", f"{first},kid", f",{first}", f'"{first}"', "",
               first.replace("seed", "method"), f"{first} ",
               first.replace("kid", "Kid"))  # fmt: skip
    return f"{draw.choice(changes)}\n{rest}"


def _encoded(draw: random.Random, text: str) -> bytes:
    if draw.random() < 0.2:
        text = text.replace("\n", draw.choice(("\r\n", "\r")))
    name = "utf-8" if draw.random() < 0.7 else draw.choice(
        ("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252"))  # fmt: skip
    return text.encode(name, "replace")


def _packed(draw: random.Random, content: bytes) -> bytes:
    how = draw.randrange(4)
    if how < 3:
        return (gzip.compress, bz2.compress, lzma.compress)[how](content)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(draw.choice((0, 1, 1, 1, 2))):
            archive.writestr(f"{number}.csv", content)
    return file.getvalue()


def plain(content: bytes) -> dict[tuple[str, str], float] | None:
    """(method, seed) → value, of a table that leaves no doubt; else None: to be refused or not."""
    rows = _rows(content, COLUMNS)
    return rows and _values(rows)


def plain_means(content: bytes) -> dict[tuple[str, str], tuple[float, float, int]] | None:
    """(method, seed) → mean, deviation, count, of those that have all; else as `plain`."""
    rows = _rows(content, (*COLUMNS, *SPREAD))
    means = rows and _values(rows)
    if not rows or means is None:
        return None
    found = {}
    for row in filter(any, rows[1:]):
        method, seed, mean, sd, n = (row[rows[0].index(name)] for name in (*COLUMNS, *SPREAD))
        if mean.lower() in _NONE:
            continue
        sd = sd.removeprefix("±").strip()
        deviation, count = (None if text.lower() in _NONE else _number(text) for text in (sd, n))
        if sd.lower() not in _NONE and (deviation is None or deviation < 0):
            return None
        if n.lower() not in _NONE and (count is None or count < 2 or count % 1):
            return None
        if deviation is not None and count is not None:
            name = (_whole(method), _whole(seed))
            found[name] = (means[name], deviation, int(count))
    return found


def _rows(content: bytes, columns: tuple[str, ...]) -> list[list[str]] | None:
    """No quotes, no archive, one separator that the header tells: what can be read by hand."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if any(mark in text for mark in '"\0\r') or len(text) > 100_000:
        return None
    lines = [line for line in text.split("\n") if line.strip()]
    for separator in SEPARATORS:
        rows = [[field.strip() for field in line.split(separator)] for line in lines]
        if rows and all(rows[0].count(name) == 1 for name in columns):
            return rows
    return None


_NONE = ("", "na", "nan", "-", "—", "none", "null", ".")


def _whole(name: str) -> str:
    """0, 0. and 0.0 are one name."""
    return re.sub("^(-?[0-9]+)[.]0*$", r"\1", name)


def _values(rows: list[list[str]]) -> dict[tuple[str, str], float] | None:
    places = [rows[0].index(name) for name in COLUMNS]
    found: dict[tuple[str, str], float] = {}
    for row in rows[1:]:
        if not any(row):
            continue
        if len(row) != len(rows[0]):
            return None
        method, seed, text = (row[place] for place in places)
        names = [name for name in (method, seed) if name]
        if any(len(name) > 200 or not name.isprintable() for name in names):
            return None
        if text.lower() in _NONE:
            continue
        value = _number(text)
        key = (_whole(method), _whole(seed))
        if len(names) < 2 or key in found or value is None:
            return None
        found[key] = value
    return found


def _number(text: str) -> float | None:
    if not re.fullmatch("[-+−]?[0-9]*[.]?[0-9]*(e[+-]?[0-9]+)?", text):
        return None
    try:
        value = float(text.replace("−", "-"))
    except ValueError:
        return None
    zero = value == 0 and "e" not in text
    return value if zero or 1e-100 < abs(value) < 1e100 else None
