"""Files of results from elsewhere: each way in which they go wrong is understood or named."""

import bz2
import gzip
import io
import lzma
import os
import tarfile
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest

from harness.analysis import results, results_file
from harness.analysis.direction import lower_is_better
from harness.analysis.fields import Columns
from harness.analysis.results import read_results
from harness.core.errors import HarnessError

GOOD = "gan,seed,kid\nA,0,0.1\nB,0,0.2\nA,1,0.3\nB,1,0.4\n"
VALUES = {"A": [0.1, 0.3], "B": [0.2, 0.4]}


def _read(folder: Path, content, name="a.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_results(path, Columns("gan", "seed", "kid"))


def _zip(*members, encrypted=False):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members:
            archive.writestr(name, text)
    found = bytearray(file.getvalue())
    if encrypted:  # the flag in both headers; nothing is decrypted before it is looked at
        for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            found[found.index(mark) + place] |= 1
    return bytes(found)


def _tar():
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.csv"))
    return file.getvalue()


UNDERSTOOD = {
    "plain": GOOD,
    "no line at the end": GOOD.rstrip(),
    "Windows": GOOD.replace("\n", "\r\n"),
    "old Mac": GOOD.replace("\n", "\r"),
    "byte-order mark": b"\xef\xbb\xbf" + GOOD.encode(),
    "UTF-16": GOOD.encode("utf-16"),
    "UTF-16, big end first": b"\xfe\xff" + GOOD.encode("utf-16-be"),
    "UTF-32": GOOD.encode("utf-32"),
    "semicolons": GOOD.replace(",", ";"),
    "tabs": GOOD.replace(",", "\t"),
    "bars": GOOD.replace(",", "|"),
    "declared": "sep=;\n" + GOOD.replace(",", ";"),
    "quotes": GOOD.replace("A", '"A"'),
    "quotes after spaces": GOOD.replace("\nA,", '\n "A", '),
    "spaces": GOOD.replace(",", " , "),
    "a space at the end of some names": GOOD.replace("A,1", "A ,1"),
    "no-break spaces": GOOD.replace("A,1", "A\u00a0,1"),
    "blank lines": "\n\n" + GOOD.replace("\n", "\n\n,,\n"),
    "an index": ",gan,seed,kid\n0,A,0,0.1\n1,B,0,0.2\n2,A,1,0.3\n3,B,1,0.4\n",
    "other columns": "kid,note,gan,seed\n0.1,,A,0\n0.2,x,B,0\n0.3,\"y, z\",A,1\n0.4,,B,1\n",
    "another order": "gan,seed,kid\nB,1,0.4\nA,1,0.3\nB,0,0.2\nA,0,0.1\n",
    "a number as floats": GOOD.replace("A,0", "A,0.0").replace("B,1", "B,1.00"),
    "other ways of numbers": GOOD.replace("0.1", "+1e-1").replace("0.2", ".2"),
    "gzip": gzip.compress(GOOD.encode()),
    "bzip2": bz2.compress(GOOD.encode()),
    "xz": lzma.compress(GOOD.encode()),
    "zip": _zip(("folder/a.csv", GOOD)),
    "zip of a Mac": _zip(("a.csv", GOOD), ("__MACOSX/._a.csv", "x")),
}  # fmt: skip


@pytest.mark.parametrize("content", UNDERSTOOD.values(), ids=UNDERSTOOD)
def test_ways_to_write_one_table(tmp_path: Path, content):
    assert _read(tmp_path, content).table.to_dict("list") == VALUES


def _line(text, after=GOOD):
    return after + text + "\n"


MISTAKES = {
    "more fields": ("gan,seed,kid\nA,0,0.10,12\n", "line 2: 4 fields where the header .* has 3"),
    "more fields below": (_line("A,2,0.5,1"), "line 6: 4 fields"),
    "fewer fields": (_line("A,2"), "line 6: 2 fields"),
    "one field": (_line("A"), "line 6: 1 field where"),
    "trailing comma": (_line("A,2,0.5,"), "line 6: .*take away what follows the last column"),
    "decimal comma": (_line("A,2,0,5"), "line 6: 4 fields.* a comma within a field needs quotes"),
    "decimal comma, quoted": (_line('A,2,"0,5"'), "line 6: kid is no number: '0,5' .*point"),
    "thousands": (_line('A,2,"1,234.5"'), "line 6: .*nothing between thousands"),
    "thin thousands": (_line("A,2,1 234"), "line 6: .*nothing between thousands"),
    "Swiss thousands": (_line("A,2,1'234"), "line 6: .*nothing between thousands"),
    "Python's thousands": (_line("A,2,1_234"), "line 6: .*nothing between thousands"),
    "spread": (_line("A,2,0.12 ± 0.01"), "line 6: .*the value alone"),
    "spread in ASCII": (_line("A,2,0.12+-0.01"), "line 6: .*the value alone"),
    "spread in brackets": (_line("A,2,0.12 (0.01)"), "line 6: .*the value alone"),
    "per cent": (_line("A,2,12%"), "line 6: .*per cent"),
    "infinite": (_line("A,2,inf"), "line 6: kid .*is infinite"),
    "infinite below": (_line("A,2,-Infinity"), "line 6: kid .*is infinite"),
    "too large": (_line("A,2,1e999"), "line 6: kid is out of range"),
    "too small": (_line("A,2,1e-999"), "line 6: kid is out of range"),
    "unit": (_line("A,2,3 ms"), "line 6: .*the number alone"),
    "hexadecimal": (_line("A,2,0x1F"), "line 6: .*the number alone"),
    "other digits": (_line("A,2,١٢"), "line 6: kid is no number"),
    "word": (_line("A,2,diverged"), "line 6: .*leave the field empty"),
    "long word": (_line("A,2," + "x" * 100_000), "line 6: kid is no number: 'x{57}…'"),
    "no name": (_line(",2,0.5"), "line 6: gan is empty"),
    "no block": (_line("A,,0.5"), "line 6: seed is empty"),
    "long name": (_line("A" * 300 + ",2,0.5"), "line 6: gan has 300 letters"),
    "line break in a name": (_line('"A\nB",2,0.5'), "line 6: gan holds a line break"),
    "escape in a name": (_line("\x1b[31mA,2,0.5"), "line 6: gan holds .*control character"),
    "second value": (_line("A,1,0.5"), "line 6: a second value of gan 'A'.*is in line 4"),
    "second value, other writing": (_line("A,1.0,0.5"), "line 6: a second value of gan 'A'"),
    "open quote": (_line('A,2,"0.5'), "line 6: a quote that is opened here is never closed"),
    "text after a quote": (_line('"A"x,2,0.5'), "line 6: is no line of a table"),
    "huge field": (_line("A" * 200_000 + ",2,0.5"), "line 6: a field of more than 131\u202f072"),
    "comment": (_line("# made by hand"), "line 6: 1 field .*comments are not read"),
    "comment first": ("# by hand\n" + GOOD, "unknown column 'gan'.*line 1 is read as the header"),
    "no header": (GOOD.split("\n", 1)[1], "unknown column 'gan'"),
    "header alone": ("gan,seed,kid\n", "0 in gan and 0 in seed have results"),
    "nothing": ("", "is empty"),
    "nothing but lines": ("\n \n\r\n", "is empty"),
    "a mark alone": (b"\xef\xbb\xbf", "is empty"),
    "column twice": (GOOD.replace("seed,kid", "kid,seed,kid", 1), "column 'kid' stands twice"),
    "column twice, a space": ("gan,seed,kid,kid \nA,0,1,2\n", "column 'kid' stands twice"),
    "NUL": (_line("A,2,0.5\0"), "line 6: holds a NUL byte"),
    "UTF-16 unmarked": (GOOD.encode("utf-16-le"), "line 1: holds a NUL byte .UTF-16"),
    "Latin-1": (_line("é,2,0.5").encode("latin-1"), "line 6: is not UTF-8 .byte 0xe9"),
    "half a UTF-16": (GOOD.encode("utf-16")[:-1], "line 5: is not UTF-16"),
    "spaces for commas": (GOOD.replace(",", " "), "unknown column 'gan'"),
    "JSON": ('[{"gan": "A"}]', "is JSON"),
    "JSON a line": ('{"gan": "A"}\n{"gan": "B"}\n', "is JSON"),
    "deep JSON": ("[" * 200_000, "is JSON"),
    "web page": ("<!DOCTYPE html><table>", "is HTML"),
    "Parquet": (b"PAR1" + bytes(40), "is a Parquet file"),
    "workbook": (_zip(("[Content_Types].xml", ""), ("xl/a.xml", "")), "is an Excel workbook"),
    "old workbook": (b"\xd0\xcf\x11\xe0" + bytes(40), "is an Excel workbook"),
    "pickle": (b"\x80\x04\x95" + bytes(40), "is a pickle"),
    "zip of two": (_zip(("a.csv", GOOD), ("b.csv", GOOD)), r"2 files .* \(a.csv, b.csv\)"),
    "zip of none": (_zip(), "holds 0 files where one is read"),
    "locked zip": (_zip(("a.csv", GOOD), encrypted=True), "zip archive that cannot be unpacked"),
    "half a zip": (_zip(("a.csv", GOOD))[:60], "zip archive that cannot be unpacked"),
    "half a gzip": (gzip.compress(GOOD.encode())[:-9], "gzip archive that cannot be unpacked"),
    "damaged gzip": (b"\x1f\x8b\x08" + bytes(60), "gzip archive that cannot be unpacked"),
    "half a bzip2": (bz2.compress(GOOD.encode())[:-9], "bzip2 archive that cannot be unpacked"),
    "half an xz": (lzma.compress(GOOD.encode())[:-9], "xz archive that cannot be unpacked"),
    "tar": (_tar(), "is a tar archive"),
    "packed tar": (gzip.compress(_tar()), "is a tar archive"),
    "one gan": ("gan,seed,kid\nA,0,1\nA,1,1\n", "1 in gan and 2 in seed have results; a ranking"),
    "one with results": ("gan,seed,kid\nA,0,1\nA,1,1\nC,0,\n", "C without results.; a ranking"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_message_with_its_place(tmp_path: Path, content, said):
    with pytest.raises(HarnessError, match=said) as error:
        _read(tmp_path, content)
    assert str(error.value).startswith(f"{tmp_path / 'a.csv'}")
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 400 + len(str(tmp_path))


@pytest.mark.parametrize("name", ["a.csv.gz", "a.bz2", "A.XZ", "a.zip"])
@pytest.mark.parametrize("content", [b"", GOOD.encode()])
def test_what_is_called_an_archive_and_is_none(tmp_path: Path, name, content):
    with pytest.raises(HarnessError, match=r"is called .* and is no"):
        _read(tmp_path, content, name)


def test_a_file_that_unpacks_to_too_much(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(results_file, "LARGEST", 1 << 20)
    for content in (gzip.compress(bytes(2 << 20)), _zip(("a", bytes(2 << 20))), bytes(2 << 20)):
        with pytest.raises(HarnessError, match="more than 1 MiB"):
            _read(tmp_path, content)


def test_a_pipe_is_read_and_neither_it_nor_a_device_is_waited_for(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(HarnessError, match="pipe: is empty"):  # nobody writes to it
        read_results(pipe, Columns("t", "b", "v"))
    for device in ("/dev/zero", "/dev/null"):
        with pytest.raises(HarnessError, match="is a device; name one CSV file"):
            read_results(Path(device), Columns("t", "b", "v"))
    rows = "t,b,v\nA,0,1\nA,1,2\nB,0,3\nB,1,4\n"
    writer = threading.Thread(target=pipe.write_text, args=[rows])
    writer.start()  # waits until the pipe is opened, as a shell's <(…) does
    while "is empty" in (said := _read_or_said(pipe)):
        pass
    writer.join()
    assert said == "2 blocks"


def _read_or_said(path: Path) -> str:
    try:
        return f"{len(read_results(path, Columns('t', 'b', 'v')).table)} blocks"
    except HarnessError as error:
        return str(error)


def test_a_folder_and_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch):
    with pytest.raises(HarnessError, match="is a folder; name one CSV file"):
        read_results(tmp_path, Columns("gan", "seed", "kid"))
    (tmp_path / "a.csv").write_text(GOOD)

    def refused(*_, **__):
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(HarnessError, match=r"a.csv: cannot be read .Permission denied"):
        read_results(tmp_path / "a.csv", Columns("gan", "seed", "kid"))


@pytest.mark.parametrize("columns", [("gan", "gan", "kid"), ("kid", "seed", "kid"),
                                     ("gan", "kid", "kid "), ("seed", "seed", "seed")])  # fmt: skip
def test_one_column_for_two_things(tmp_path: Path, columns):
    (tmp_path / "a.csv").write_text(GOOD)
    with pytest.raises(HarnessError, match="are one column"):
        read_results(tmp_path / "a.csv", Columns(*columns))


NOTES = {
    "no result": (_line("C,0,\nC,1,"), "gan without results: C"),
    "a name alone": (_line("C,,"), "gan without results: C"),
    "a block alone": (_line("A,7,\nB,7,"), "seed without results: 7"),
    "words for none": (_line("A,2,nan\nB,2,NA\nA,3,—\nB,3,n/a\nB,4,nan"),
                       "kid: read as no result: 'nan' × 2, 'NA' × 1, '—' × 1, 'n/a' × 1"),
    "0 and 0.0": (GOOD.replace("B,0", "B,0.0"), "seed: '0' and '0.0' are taken as one"),
    "accents": (_line("é,0,1\ne\u0301,1,1"), "gan: 'é' and 'e\u0301' are taken as one"),
    "capitals": (_line("a,0,0.5"), "gan: 'A' and 'a' look alike"),
    "versions": (_line("1.1,0,0.5\n1.10,0,0.5"), "gan: '1.1' and '1.10' look alike"),
    "zeros": (_line("A,007,0.5\nA,7,0.5"), "seed: '007' and '7' look alike"),
    "space inside": (_line("A B,0,1\nA  B,1,1"), "gan: 'A  B' and 'A B' look alike"),
    "unseen": (_line("A\u200b,0,1"), "gan: 'A' and 'A\\u200b' look alike"),
    "a missing name": (_line("nan,0,1"), "gan: 'nan' is taken as a name"),
    "comment": (_line("#C,0,1"), "rows that begin with # are read like any other: line 6"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "said"), NOTES.values(), ids=NOTES)
def test_what_a_reader_must_know_is_said(tmp_path: Path, content, said):
    assert any(note.startswith(said) for note in _read(tmp_path, content).notes)


def test_nothing_is_said_of_a_good_table(tmp_path: Path):
    assert _read(tmp_path, GOOD).notes == []


@pytest.mark.parametrize("word", ["", "NA", "N/A", "nan", "NaN", "None", "null", "missing", "-",
                                  "–", "—", "#N/A", "?"])  # fmt: skip
def test_words_for_a_missing_result(tmp_path: Path, word):
    table = _read(tmp_path, _line(f"A,2,{word}\nB,2,0.5")).table
    assert np.isnan(table["A"].iloc[2])
    assert table["B"].iloc[2] == 0.5


def test_a_true_minus_is_a_minus(tmp_path: Path):
    assert _read(tmp_path, _line("A,2,−0.5")).table["A"].iloc[2] == -0.5


def test_numbers_are_the_doubles_that_were_written(tmp_path: Path):
    """Every bit: pandas 2 reads most doubles with 17 digits wrong in the last one or two."""
    draw = np.random.default_rng(0)
    values = [*draw.normal(size=2000), *10 ** draw.uniform(-90, 90, 2000)]
    for form in ("{!r}", "{:.17g}", "{:.16e}"):
        lines = [f"{'AB'[i % 2]},{i // 2},{form.format(float(v))}" for i, v in enumerate(values)]
        table = _read(tmp_path, "gan,seed,kid\n" + "\n".join(lines)).table
        table = table.loc[[str(i) for i in range(len(table))]]
        assert table.to_numpy().ravel().tolist() == [float(v) for v in values]


def test_too_many_pairs_are_refused_before_they_fill_the_memory(tmp_path: Path, monkeypatch):
    lines = "".join(f"{gan},{seed},1\n" for gan in range(20) for seed in range(20))
    monkeypatch.setattr(results, "MOST_NUMBERS", 3000)
    with pytest.raises(HarnessError, match="20 in gan and 20 in seed are too many"):
        _read(tmp_path, "gan,seed,kid\n" + lines)


@pytest.mark.parametrize(
    "name",
    ["kid", "KID", "fid50k", "FID-50k", "val_loss", "valLoss", "test error", "RMSE", "mae", "kid2",
     "fid_score", "Fréchet Inception Distance", "eval/fid", "loss1", "FIDScore", "KID × 10³",
     "neg_log_likelihood"],
)  # fmt: skip
def test_lower_is_better_by_name(name):
    assert lower_is_better(name) is True


@pytest.mark.parametrize("name", ["accuracy", "val_acc", "f1", "inception_score", "PSNR (dB)"])
def test_higher_is_better_by_name(name):
    assert lower_is_better(name) is False


@pytest.mark.parametrize(
    "name", ["kidney", "fiddle", "closs", "terror", "value", "score", "neg_mean_squared_error",
             "error reduction", "accuracy loss", ""]
)  # fmt: skip
def test_a_name_that_does_not_tell(name):
    assert lower_is_better(name) is None
