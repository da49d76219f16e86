"""A study made of keywords is the study that a file would hold, and its mistakes name keywords."""

import inspect

import numpy as np
import pytest

import harness as h
from harness.config import study as studies
from harness.config.study import Study as Keys

BASELINE = {"data.name": "digits", "data.image_size": 16, "training.kimg": 6.4}
EVERYTHING = {
    "question": "Which?",
    "sources": ["S0"],
    "tips": ["generator_ema", "hinge_loss"],
    "baseline": {**BASELINE, "optimizer.generator.learning_rate": 2e-4},
    "factors": {"generator.width": [8, 16], "both": {"off": {"loss.name": "minimax"}}},
    "design": "one_at_a_time",
    "seeds": [3, 4],
    "metric": "subsets",
    "objective": "best",
    "equivalence": 0.1,
    "alpha": 0.01,
    "profiles": {"smoke": {"patch": {"training.kimg": 3.2}, "evidence": False, "note": "no: yes"}},
}


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("RUNS", "REPORTS", "STUDIES"):
        monkeypatch.delenv(f"HARNESS_{name}", raising=False)
    return tmp_path


def mistake(call):
    with pytest.raises(h.HarnessError) as error:
        call()
    return str(error.value)


def test_a_study_that_is_saved_and_loaded_plans_the_same():
    study = h.Study("Café au lait: 2 tips!", **EVERYTHING)
    assert study.name == "cafe_au_lait_2_tips"
    path = study.save()
    assert str(path) == "studies/cafe_au_lait_2_tips.yaml"
    loaded = h.Study.load(study.name)
    assert loaded.title == "Café au lait: 2 tips!"
    for profile in (None, "smoke"):
        keys = [made.plan(profile).trials["key"].tolist() for made in (study, loaded)]
        assert len(keys[0]) == 12  # reference, 2 tips and 3 levels, with 2 seeds
        assert keys[0] == keys[1]
    assert study.save() == path  # the same again is no loss


def test_another_study_is_not_replaced(place):
    h.Study("One", baseline=BASELINE).save()
    before = (place / "studies/one.yaml").read_text()
    said = mistake(h.Study("One", baseline=BASELINE, seeds=3).save)
    assert said == "studies/one.yaml: is there already; remove it, or give another path"
    assert (place / "studies/one.yaml").read_text() == before
    said = mistake(lambda: h.Study("One").save("My Study.yml"))
    assert said.startswith("My Study.yml: a study file is named <name>.yaml")


def test_values_of_numpy_and_python_are_those_of_a_file():
    plain = h.Study(
        "A", baseline={"generator.width": 16, "loss.label_smoothing": 0.1}, seeds=[0, 1]
    )
    other = h.Study(
        "A",
        baseline={"generator.width": np.int64(16), "loss.label_smoothing": np.float64(0.1)},
        seeds=range(2),
    )
    assert other.to_yaml() == plain.to_yaml()
    assert h.Study("A", seeds=np.arange(2)).to_yaml() == h.Study("A", seeds=(0, 1)).to_yaml()


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ({"sedes": 3}, "Study: unknown keyword 'sedes'; did you mean 'seeds'?"),
        ({"tip": ["hinge_loss"]}, "Study: unknown keyword 'tip'; did you mean 'tips'?"),
        (
            {"heuristics": ["hinge_loss"]},
            "Study: 'heuristics' is a key of study files; the keyword is 'tips'",
        ),
        (
            {"tips": "hinge_loss"},
            "Study(tips): tips: Input should be a valid list (given: 'hinge_loss')",
        ),
        ({"seeds": 0}, "Study(seeds): seeds: at least one seed is needed"),
        (
            {"tips": ["generator_ema", "hinge_los"]},
            "Study(tips[1]): unknown heuristic 'hinge_los'; did you mean 'hinge_loss'?",
        ),
        (
            {"baseline": {"generator.widht": 8}},
            "Study(baseline['generator.widht']): unknown knob 'generator.widht'; did you mean "
            "'generator.width'?",
        ),
        (
            {"profiles": {"smoke": {"sedes": 3}}},
            "Study(profiles['smoke']['sedes']): unknown key 'sedes'; did you mean 'seeds'?",
        ),
        (
            {"baseline": {"generator.width": {8}}},
            "Study(baseline['generator.width']): {8} is a set; a study holds numbers, text, lists "
            "and mappings",
        ),
        ({"design": "ablatoin"}, "Study(design): design: unknown design 'ablatoin'; did you mean "
         "'ablation'?"),
        ({"question": "a\0b"}, "Study: 'a\\x00b' contains a character that is not allowed in text"),
    ],
)  # fmt: skip
def test_a_mistake_names_keyword_and_nearest_choice(keywords, said):
    assert mistake(lambda: h.Study("A study", **keywords)) == said


def test_what_is_nested_in_itself_is_refused():
    endless = {}
    endless["a"] = endless
    assert "more than 16 levels" in mistake(lambda: h.Study("A", baseline=endless))


def test_a_title_without_a_letter_makes_no_name():
    assert mistake(lambda: h.Study("数字")).startswith("Study(title): '数字' has no letter")


def test_mistakes_in_a_plan_name_their_place():
    study = h.Study("A study", tips=["hinge_loss"], baseline=BASELINE, profiles={"smoke": {}})
    assert mistake(lambda: study.plan("smok")) == "unknown profile 'smok'; did you mean 'smoke'?"
    assert mistake(lambda: study.plan(profil="smoke")) == (
        "Study.plan: unknown keyword 'profil'; did you mean 'profile'?"
    )
    assert mistake(lambda: study.plan(changes={"trainig.kimg": 2})) == (
        "plan(changes['trainig.kimg']): unknown knob 'trainig.kimg'; did you mean 'training.kimg'?"
    )
    together = {"discriminator.depth": 1, "data.image_size": 64}
    said = mistake(lambda: study.plan(changes={"training.batch_size": 100_000_000, **together}))
    assert said.startswith("plan(changes['")
    assert "command line" not in said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ("training.kimg=3", "plan(changes): 'training.kimg=3' is no dictionary, such as "),
        ({3: 4}, "plan(changes['3']): unknown knob '3'"),
        ({"data.name": b"x"}, "plan(changes['data.name']): b'x' is a bytes; "),
    ],
)
def test_changes_that_are_none(changes, said):
    study = h.Study("A study", tips=["hinge_loss"], baseline=BASELINE)
    assert mistake(lambda: study.plan(changes=changes)).startswith(said)


def test_a_change_by_a_number_of_numpy_has_the_name_of_the_same_number():
    study = h.Study("A study", tips=["hinge_loss"], baseline=BASELINE)
    one, other = (study.plan(changes={"training.kimg": kind(30)}) for kind in (np.int64, int))
    assert one.name == other.name


def test_missing_and_surplus_arguments_are_mistakes():
    assert mistake(h.rank) == "rank: missing a required argument: 'frame'"
    assert mistake(lambda: h.knobs("*", 3)) == "knobs: too many positional arguments"
    assert mistake(lambda: h.open_run(nam="x")).startswith("open_run: unknown keyword 'nam'")


def test_a_study_is_not_saved_over_what_is_no_study(place):
    study = h.Study("One", baseline=BASELINE)
    (place / "folder.yaml").mkdir()
    (place / "bytes.yaml").write_bytes(b"\xff\xfe")
    for name in ("folder.yaml", "bytes.yaml"):
        assert "is there already" in mistake(lambda name=name: study.save(name))
    assert (place / "bytes.yaml").read_bytes() == b"\xff\xfe"
    assert mistake(lambda: study.save(3)) == "Study.save: 3 is no path"


def test_help_and_completion_know_the_keys_of_a_study():
    parameters = inspect.signature(h.Study).parameters
    assert set(parameters) == {*Keys.model_fields, "tips_file"} - {"heuristics"}
    assert parameters["seeds"].default == 8


def test_a_study_shows_itself_in_a_line_and_as_a_file():
    study = h.Study("A study", tips=["hinge_loss"], seeds=3)
    assert repr(study) == "Study(a_study: 3 seeds, hinge_loss)"
    assert "- hinge_loss" in study._repr_html_()
    many = h.Study("x" * 300, tips=["hinge_loss", "generator_ema"])
    assert len(repr(many)) < 100
    assert studies.NAME.fullmatch(many.name)
