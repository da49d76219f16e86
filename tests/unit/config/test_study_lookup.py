"""Which file a study's name stands for: the nearest of its name, and the included ones last."""

import pytest

from harness import app
from harness.config.lookup import find_study, list_studies, origin
from harness.config.runtime import SHIPPED, Runtime
from harness.core.errors import HarnessError

STUDY = "title: T\nquestion: Does {word} help?\nheuristics: [generator_ema]\n"


@pytest.fixture
def runtime(tmp_path, monkeypatch):
    """A current folder with a studies/ of its own, and a folder that HARNESS_STUDIES names."""
    monkeypatch.chdir(tmp_path)
    for folder, names in {"studies": ("mine", "both"), "more": ("both", "quickstart")}.items():
        (tmp_path / folder).mkdir()
        for name in names:
            (tmp_path / folder / f"{name}.yaml").write_text(STUDY.format(word=folder))
    monkeypatch.setenv("HARNESS_STUDIES", "more")
    return Runtime()


def test_the_nearest_of_a_name_is_taken(runtime):
    places = {
        name: str(find_study(name, runtime.study_folders))
        for name in ("mine", "both", "quickstart", "bn_ablation")
    }
    assert places == {
        "mine": "studies/mine.yaml",
        "both": "studies/both.yaml",
        "quickstart": "more/quickstart.yaml",
        "bn_ablation": str(SHIPPED / "bn_ablation.yaml"),
    }


def test_what_a_file_hides_is_told(runtime):
    folders = runtime.study_folders
    assert origin("mine", folders) == "studies/mine.yaml"
    assert origin("both", folders) == "studies/both.yaml, hiding more/both.yaml"
    hiding = "more/quickstart.yaml, hiding the included one"
    assert origin("quickstart", folders) == hiding
    assert origin("bn_ablation", folders) == "included with the harness"
    changes = {"data.name": "digits", "data.image_size": 16}
    assert app.plan("quickstart", runtime, None, changes)[1].endswith(f"; study file: {hiding}")
    for given in ("mine", "studies/mine.yaml"):  # where one looks first; the path of a file
        assert app.plan(given, runtime, None, changes)[1] == "the study has no profiles"


def test_a_checkout_shows_its_studies_once(monkeypatch):
    monkeypatch.chdir(SHIPPED.resolve().parent)
    monkeypatch.setenv("HARNESS_STUDIES", "studies")
    assert {len(files) for files in list_studies(Runtime().study_folders).values()} == {1}
    assert origin("quickstart", Runtime().study_folders) == "studies/quickstart.yaml"


def test_an_unknown_name_is_compared_with_all(runtime):
    for given, nearest in (("mime", "mine"), ("bn_ablatoin", "bn_ablation")):
        with pytest.raises(HarnessError, match=f"did you mean '{nearest}'[?]$"):
            find_study(given, runtime.study_folders)


def test_a_further_folder_that_is_not_there_is_told_where_a_name_is_unknown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # that it has no studies/ is no mistake
    monkeypatch.setenv("HARNESS_STUDIES", "stdies")
    with pytest.raises(HarnessError, match=r"there is no folder stdies$"):
        find_study("mine", Runtime().study_folders)
    assert find_study("quickstart", Runtime().study_folders).is_file()


def test_the_list_names_every_study_also_one_that_cannot_be_read(runtime, tmp_path):
    (tmp_path / "studies" / "wrong.yaml").write_text("title: T\n")
    (tmp_path / "studies" / "Not a name.yaml").write_text(STUDY)
    rows = {row["name"]: row for row in app.study_rows(runtime)}
    assert {path.stem for path in SHIPPED.glob("*.yaml")} | {"mine", "both", "wrong"} == set(rows)
    assert rows["mine"]["question"] == "Does studies help?"
    assert rows["wrong"]["question"].endswith("the key 'question' is missing")
    assert app.study_text("both", runtime) == STUDY.format(word="studies")
