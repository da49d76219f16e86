"""A report names the files from outside that its run reads, by their contents."""

from dataclasses import replace

import pytest

from harness.analysis.frame import load
from harness.report.data import analyse
from harness.report.read_files import list_files
from harness.report.sections import provenance
from harness.runs.plugins import PluginsRecord
from tests.synthetic import Recipe

ENCODER = {
    "evaluation.encoder": "encoders/mine.keras",
    "evaluation.encoder_content": "c14c05f227e2cb24-bytes",
}
FOLDER = {"data.path": "/home/somebody/pictures", "data.content": "3fa4cc7fcc3370cd"}


@pytest.fixture(scope="module")
def data(runtime):
    return analyse(load(Recipe.run_name, runtime))


def _with(data, knobs, cells=None, **plan):
    configs = {
        label: {**config, **(knobs if cells is None or label in cells else {})}
        for label, config in data.frames.configs.items()
    }
    plan = data.plan.replaced(**plan)
    return replace(data, frames=replace(data.frames, configs=configs, plan=plan))


def test_a_study_of_the_catalogue_reads_no_file(data):
    assert list(list_files(data)) == []


def test_files_are_named_by_their_contents_with_what_to_do_without_them(data):
    terms, words = list_files(_with(data, {**ENCODER, **FOLDER}))
    assert terms.terms == [
        (
            "Encoder",
            "evaluation.encoder = encoders/mine.keras: a file whose SHA-256 begins with "
            "c14c05f227e2cb24",
        ),
        (
            "Images",
            "data.path = pictures: a folder or .zip with the content 3fa4cc7fcc3370cd, a digest of "
            "its images",
        ),
    ]
    assert "Without the files `harness report` still renders this page" in words.text


def test_a_file_that_some_cells_read_names_them(data):
    (terms, _) = list_files(_with(data, FOLDER, ["reference"]))
    assert terms.terms[0][1].endswith("a digest of its images (reference)")
    further = {**ENCODER, "evaluation.protocol": "blocks"}
    (terms, _) = list_files(_with(data, {}, metrics=[further]))
    assert terms.terms[0][1].endswith("c14c05f227e2cb24 (a further metric)")
    built_in = {"evaluation.encoder": "inception_v3", "evaluation.encoder_content": None}
    assert list(list_files(_with(data, {}, metrics=[built_in]))) == []


def test_plug_ins_are_needed_too(data):
    (words,) = list_files(_with(data, {}, plugins=PluginsRecord()))
    assert "plug-ins" in words.text


def test_they_follow_the_commands_which_name_no_folder_of_the_machine(data):
    changes = {"evaluation.encoder": "/home/somebody/mine.keras", "training.kimg": 3}
    *_, before, commands, terms, _ = provenance.build(_with(data, ENCODER, changes=changes))
    assert before.text.startswith("Run it again")
    assert 'evaluation.encoder="mine.keras"' in commands.text
    assert "somebody" not in commands.text
    assert "training.kimg=3" in commands.text
    assert terms.title == "Files that it reads, and that are not part of the harness"
