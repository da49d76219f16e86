"""A report as one file: complete, the same each time, and with nothing of the machine in it."""

import json
import re
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from harness.cli import app
from harness.report import render
from harness.report.page import OURS
from harness.report.private import redact
from harness.report.record import publish_record
from harness.report.zipped import pack
from tests.synthetic import build

RUN = "quickstart"
SECRET = "hunter-2-and-more"


@pytest.fixture
def runtime(tmp_path: Path, no_figures, small):
    crashed = (("spectral_norm=following", 1),)
    return build(tmp_path, replace(small, run_name=RUN, crashed=crashed))


def members(archive):
    with zipfile.ZipFile(archive) as opened:
        return {entry.filename: opened.read(entry) for entry in opened.infolist()}


def test_the_archive_is_the_folder_as_it_was_rendered(runtime):
    folder = render(RUN, runtime).path.parent
    (folder / "figures" / "a.png").write_bytes(b"a figure")
    publish_record(RUN, runtime)
    (folder / "my-notes.txt").write_text("of nobody else")
    archive = pack(folder / "index.html")
    assert archive == runtime.reports / f"{RUN}.zip"
    held = members(archive)
    ours = [path for name in OURS for path in (folder / name, *(folder / name).rglob("*"))]
    kept = {path.relative_to(folder.parent).as_posix(): path for path in ours if path.is_file()}
    assert held == {name: path.read_bytes() for name, path in kept.items()}
    assert {f"{RUN}/index.html", f"{RUN}/tables/ranking.csv", f"{RUN}/report.md"} < set(held)
    assert list(held) == sorted(held)
    assert {path.name for path in runtime.reports.iterdir()} == {
        RUN, archive.name, "index.html"
    }  # fmt: skip


def test_the_same_report_is_the_same_archive(runtime):
    archive = pack(render(RUN, runtime).path)
    first = archive.read_bytes()
    shutil.rmtree(runtime.reports)
    assert pack(render(RUN, runtime).path).read_bytes() == first


def test_neither_secrets_nor_folders_travel(runtime, tmp_path: Path):
    [failure] = runtime.trials.glob("*/failure.json")
    told = json.loads(failure.read_text())
    message = f"cannot read {tmp_path}/a.png or '{tmp_path}/my images/b.png', token={SECRET}"
    failure.write_text(json.dumps(told | {"error": message}))
    held = members(pack(render(RUN, runtime).path))
    assert any(b"a.png" in content for content in held.values())
    for name, content in held.items():
        for private in (SECRET, str(tmp_path), "my images", "hidden-host"):
            assert private.encode() not in content, name


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/me/data/a.png: no such file", "…/a.png: no such file"),
        ("No such file: '/home/a b/data/x y.png'", "No such file: '…/x y.png'"),
        ("read ~/secret/a.npz", "read …/a.npz"),
        ("at https://me:pass@host/a/b/c", "at https://…@host/a/b/c"),
        ("loss/total and 1 / 2 of 3/4", "loss/total and 1 / 2 of 3/4"),
        ('File "/usr/lib/python3/x.py", line 3', 'File "…/x.py", line 3'),
        ("path=/srv/data/a", "path=…/a"),
        ("at /gpu:0", "at /gpu:0"),
        ("OPENAI_API_KEY=abc", "OPENAI_API_KEY=…"),
    ],
)
def test_folders_and_credentials_are_masked(text, shown):
    assert redact(text) == shown


@pytest.mark.parametrize("json_too", [False, True])
def test_the_command_says_where_the_archive_is(runtime, tmp_path: Path, monkeypatch, json_too):
    monkeypatch.chdir(tmp_path)
    shown = CliRunner().invoke(app, ["report", RUN, "--zip", *["--json"] * json_too])
    assert shown.exit_code == 0, shown.output
    archive = runtime.reports / f"{RUN}.zip"
    if json_too:
        assert Path(json.loads(shown.stdout)["zip"]).resolve() == archive
    else:
        assert re.search(rf"Packed: \S*reports/{RUN}\.zip \(\d+ kB\)", shown.output)
    assert archive.exists()


def test_a_comparison_is_packed_too(runtime, tmp_path: Path, monkeypatch, small):
    build(tmp_path, replace(small, run_name="other"))
    monkeypatch.chdir(tmp_path)
    shown = CliRunner().invoke(app, ["compare", RUN, "other", "--zip"])
    assert shown.exit_code == 0, shown.output
    [archive] = runtime.reports.glob("compared-*.zip")
    assert f"{archive.stem}/index.html" in members(archive)
    assert f"{archive.name} (" in shown.output


def test_without_asking_nothing_is_packed(runtime, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["report", RUN]).exit_code == 0
    assert not list(runtime.reports.glob("*.zip"))
