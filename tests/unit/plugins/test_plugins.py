"""Plug-ins of a study: what they add, what of them is recorded, and every mistake's message."""

import json
from pathlib import Path

import pytest

from harness.config import plugins
from harness.config.identity import key, metric_request, weight_knobs
from harness.config.patch import default, flatten, unflatten
from harness.config.study import read
from harness.config.trial import TrialConfig
from harness.core.errors import HarnessError
from harness.core.plugins import activate, source_digest
from harness.plan.expand import expand_study
from tests.plugin_files import MODULE, STUDY, TIPS, install, write


@pytest.fixture(autouse=True)
def _none_after():
    yield
    activate([])


@pytest.fixture
def planned(tmp_path):
    """A function that plans a study of changed text: `(old, new)` in the study, module or tips."""

    def plan(study=(), module=(), tips=(), more="", folder="own"):
        def changed(text, pair):
            assert not pair or pair[0] in text
            return text.replace(*pair) if pair else text

        texts = (changed(STUDY, study) + more, changed(MODULE, module), changed(TIPS, tips))
        file = write(tmp_path / folder, *texts)
        return expand_study(read(str(file), tmp_path), None, {}, tmp_path / "cache")

    return plan


def _recall(document):
    rows = document["plugins"]["modules"]
    plugins.recall("own", ((row["file"], row["digest"]) for row in rows))


def following(plan):
    return plan.cell("shifted_loss=on").config


def test_a_tip_of_a_study_is_a_contrast_with_its_claims(planned):
    document = planned().to_json()
    [contrast] = document["contrasts"]
    assert [claim["source"] for claim in contrast["claims"]] == ["L1", "S0"]
    assert document["plugins"]["sources"] == {
        "L1": "A. Author, 2026, On shifts, https://example.org/shifts"
    }
    assert [row["name"] for row in document["plugins"]["used"]] == ["shifted", "shifted_loss"]


def test_a_digest_is_in_the_keys_of_those_trials_that_use_the_plug_in(planned, tmp_path):
    before = planned()
    digest = source_digest(tmp_path / "own" / "own.py")
    assert weight_knobs(following(before))["plugins.losses.shifted"] == digest
    assert not any("plugins" in path for path in flatten(before.cells[0].config))
    # a comment is other code: who could tell
    after = planned(module=("def shift", "# changed\ndef shift"))
    assert key(following(after)) != key(following(before))
    assert key(after.cells[0].config) == key(before.cells[0].config)
    assert "plugins" not in str(after.cell("shifted_loss=on").patch)


def test_a_plan_without_plug_ins_holds_nothing_of_them(planned):
    plan = planned(
        study=("plugins: [own]\ntips: tips.yaml\nheuristics: [shifted_loss]",
               "heuristics: [hinge_loss]"),
    )  # fmt: skip
    assert "plugins" not in json.dumps(plan.to_json())
    assert "plugins" not in json.dumps(flatten(TrialConfig()))


def test_a_penalty_has_the_knobs_of_a_penalty(planned):
    plan = planned(more="factors: {penalties.brightness.weight: [0.5, 0.0]}\n")
    config = plan.cell("penalties.brightness.weight=0.5").config
    assert flatten(config)["penalties.brightness.weight"] == 0.5
    assert weight_knobs(config)["penalties.brightness.weight"] == 0.5
    assert "penalties.brightness.every" not in weight_knobs(config)
    assert plan.cells[0].config.penalties.plugged == {}
    assert unflatten(flatten(config)) == config
    assert plan.cell("penalties.brightness.weight=0.5").patch == {
        "penalties.brightness.weight": 0.5
    }
    assert default("penalties.brightness.every") == 1


def test_data_set_and_encoder_are_in_the_request_and_networks_in_the_key(planned):
    plan = planned(
        more="factors:\n  own:\n    all: {data.name: stripes, evaluation.encoder: pool, "
        "evaluation.protocol: subsets, generator.architecture: plain}\n    none: {}\n"
    )
    config = plan.cell("own=all").config
    names = {path for path in flatten(config) if path.startswith("plugins.")}
    assert names == {"plugins.datasets.stripes", "plugins.encoders.pool", "plugins.networks.plain"}
    assert {path for path in weight_knobs(config) if path.startswith("plugins.")} == {
        "plugins.datasets.stripes",
        "plugins.networks.plain",
    }
    for group, name, weighs, asks in (
        ("datasets", "stripes", True, True),
        ("encoders", "pool", False, True),
        ("networks", "plain", True, False),
    ):
        changed = unflatten({**flatten(config), f"plugins.{group}.{name}": "0" * 16})
        assert (key(changed) != key(config)) is weighs, group
        assert (metric_request(changed) != metric_request(config)) is asks, group


def test_a_design_of_a_plug_in(planned):
    plan = planned(study=("one_at_a_time", "last_levels"))
    assert [cell.label for cell in plan.cells] == ["reference", "shifted_loss=off"]
    assert "last_levels" in [row["name"] for row in plan.to_json()["plugins"]["used"]]


def test_two_modules_of_one_name_do_not_meet(planned):
    one = planned()
    two = planned(module=("2.0", "3.0"), folder="other")
    assert key(following(one)) != key(following(two))


def test_a_package_next_to_a_study_imports_among_its_own_files(tmp_path):
    file = write(tmp_path / "own")
    folder = tmp_path / "own" / "own"
    folder.mkdir()
    (tmp_path / "own" / "own.py").rename(folder / "parts.py")
    (folder / "__init__.py").write_text("from .parts import LOSSES\n")
    before = read(str(file), tmp_path).modules[0]
    assert [plugin.name for plugin in before.plugins] == ["shifted"]
    (folder / "parts.py").write_text(MODULE.replace("2.0", "3.0"))
    assert read(str(file), tmp_path).modules[0].digest != before.digest
    assert not [*folder.glob("__pycache__")]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"study": ("[own]", "[owm]")},
         r"study.yaml:4: plugins: .*owm.py: is not there; .*did you mean 'own'"),
        ({"study": ("[own]", "[json]")}, r"json.py: is not there"),  # but on the path
        ({"study": ("[own]", "[../own]")}, r"study.yaml:4: plugins: '../own' is no module"),
        ({"module": ("def shift", "def shift(")},
         r"study.yaml:4: plugins: .*own.py:6: does not import: SyntaxError"),
        ({"module": ("def shift", "import absent_\ndef shift")},
         r"own.py:6: does not import: ModuleNotFoundError: No module named 'absent_'"),
        ({"module": ("LOSSES = ", "LOSES = ")}, None),
        ({"module": ('"shifted"', '"hinge"')},
         "own.py, losses: hinge: the harness has a loss of that name"),
        ({"module": ('"shifted": Loss(discriminator=shift, generator=raised)', '"shifted": shift')},
         r"own.py, losses: shifted: must be a harness.plugins.Loss \(given: function\)"),
        ({"module": ("{\"brightness\": brightness}", "[brightness]")},
         r"own.py: PENALTIES: must be a dictionary \(given: list\)"),
        ({"module": ('"brightness": brightness', '"bright ness": brightness')},
         "PENALTIES: 'bright ness': a name is made of"),
        ({"tips": ("S0, effect", "S9, effect")},
         r"tips.yaml:10: unknown source 'S9'; did you mean"),
        ({"tips": ("effect: helps", "effect: help")}, "tips.yaml:9: .*did you mean 'helps'"),
        ({"tips": ("loss.name: shifted", "loss.nam: shifted")},
         r"tips.yaml:11: unknown knob 'loss.nam'; did you mean 'loss.name'"),
        ({"tips": ("loss.name: shifted", "loss.name: shifte")},
         r"tips.yaml:11: .*unknown loss 'shifte'; did you mean 'shifted'"),
        ({"tips": ("loss.name: least_squares", "loss.margin: 1.0")},
         r"tips.yaml:11: loss.margin is set by one side alone"),
        ({"tips": ("loss.name: least_squares", "loss.name: shifted")}, "set the same"),
        ({"tips": ("shifted_loss:", "hinge_loss:")}, "has a heuristic hinge_loss"),
        ({"tips": ("L1:", "S1:")}, "tips.yaml:3: the harness has a source S1"),
        ({"tips": ("statement:", "statment:")},
         r"tips.yaml:7: unknown key 'statment'; did you mean 'statement'"),
        ({"study": ("tips.yaml", "tipps.yaml")},
         r"study.yaml:5: unknown file of tips 'tipps.yaml'; did you mean 'tips.yaml'"),
        ({"study": ("tips.yaml", "/etc/tips.yaml")}, "is no file of tips"),
        ({"study": ("[shifted_loss]", "[shifted_los]")},
         r"study.yaml:6: unknown heuristic 'shifted_los'; did you mean 'shifted_loss'"),
        ({"more": "factors: {penalties.brightnes.weight: [1.0]}\n"},
         r"unknown knob 'penalties.brightnes.weight'; did you mean 'penalties.brightness.weight'"),
        ({"more": "factors: {discriminator.architecture: [half]}\n"},
         "this plug-in has no discriminator"),
        ({"study": ("one_at_a_time", "last_level")},
         r"study.yaml:7: design: unknown design 'last_level'; did you mean 'last_levels'"),
        ({"study": ("one_at_a_time", "last_levels"), "module": ("return draft", "return 1")},
         "designs: last_levels: must give a harness.plugins.Draft"),
        ({"study": ("one_at_a_time", "last_levels"), "module": ("return draft", "return drift")},
         "designs: last_levels: fails: NameError"),
        ({"study": ("[own]", "[own, own]")}, "study.yaml:4: plugins: 'own' is given twice"),
        ({"module": ("discriminator=shift", "discriminator=2")}, r"both sides are .*given: 2"),
        ({"module": ("LOSSES =", "SOURCES = {'L2': 3}\nLOSSES =")}, "sources: L2: must be text"),
        ({"study": ("one_at_a_time", "last_levels"),
          "module": ("draft = Draft({REFERENCE: []})", "draft = Draft({REFERENCE: [], 'a': [1]})")},
         "cell 'a' must be a list of patches"),
        ({"study": ("one_at_a_time", "last_levels"),
          "module": ("pair(cell, REFERENCE)", "{cell: 1}")}, "do not sum to zero"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_message(planned, change, message):
    if message is None:  # a table that is named wrong adds nothing: the loss is then unknown
        message = "unknown loss 'shifted'"
    with pytest.raises(HarnessError, match=message) as caught:
        planned(**change)
    assert "\n" not in str(caught.value)


def test_packages_are_asked_only_for_a_name_that_nobody_has(planned, monkeypatch):
    monkeypatch.setattr("harness.core.plugins._points", lambda group: pytest.fail(group))
    planned()
    with pytest.raises(pytest.fail.Exception, match="losses"):
        planned(tips=("loss.name: shifted", "loss.name: shifte"))


def test_the_line_of_a_mistake_is_told_also_of_a_path_from_here(tmp_path, monkeypatch):
    write(tmp_path / "own", module=MODULE.replace("def shift", "1 / 0\ndef shift"))
    for folder, said in ((tmp_path, "own/own.py:6"), (tmp_path / "own", "own.py:6")):
        monkeypatch.chdir(folder)
        with pytest.raises(HarnessError, match=f"plugins: {said}: does not import: ZeroDivision"):
            read(str(next(Path().rglob("study.yaml"))), tmp_path)


def test_what_a_module_prints_is_no_part_of_a_verbs_output(planned, capsys):
    planned(module=("def shift", "print('hello')\n\n\ndef shift"))
    assert capsys.readouterr() == ("", "hello\n")


def test_a_module_without_tables_says_what_it_could_have(planned):
    with pytest.raises(HarnessError, match=r"own.py: adds nothing: .* LOSSES, PENALTIES"):
        planned(module=(MODULE, "x = 1\n"))


def test_two_modules_that_give_one_name_are_refused(planned, tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "twin.py").write_text(MODULE)
    with pytest.raises(HarnessError, match=r"twin.py, losses: shifted: .*own.py gives that name"):
        planned(study=("[own]", "[own, twin]"))


def test_workers_learn_plug_ins_from_the_plan_and_notice_a_change(planned, tmp_path):
    plan = planned()
    config = following(plan)
    document = plan.to_json()
    activate([])
    _recall(document)
    plugins.check_contents(config)
    file = tmp_path / "own" / "own.py"
    old = source_digest(file)
    file.write_text(MODULE + "# changed\n")
    new = source_digest(file)
    with pytest.raises(HarnessError, match=f"own.py: has changed .*then {old}, now {new}"):
        _recall(document)
    file.unlink()
    with pytest.raises(HarnessError, match=rf"own.py: the plug-in \({old}\) .* is not there"):
        _recall(document)


def test_a_configuration_is_not_trained_with_other_code(planned):
    config = following(planned())
    planned(module=("2.0", "3.0"))
    with pytest.raises(HarnessError, match=r"own.py has changed: 'shifted' of losses was"):
        plugins.check_contents(config)


PACKAGE = MODULE + (
    "from harness.plugins import Claim, Tip\n"
    "TIP = Tip(id='{tip}', title='T', statement='S.', literature='', following={{'loss.name': "
    "'{loss}'}}, ignoring={{'loss.name': 'hinge'}}, claims=(Claim('{source}', 'helps', 'so'),))\n"
    "LOSS = LOSSES['shifted']\n"
)
INSTALLED = "title: T\nquestion: Q\nheuristics: [{tip}]\ndesign: one_at_a_time\n"


def package(tmp_path, monkeypatch, name, code=PACKAGE):
    names = {"loss": f"{name}_loss", "tip": f"{name}_tip", "source": name.upper()}
    head, tail = code[: len(MODULE)], code[len(MODULE) :]
    install(tmp_path / name, name, head + tail.format(**names), {
        "harness.losses": f"{name}_loss = {name}:LOSS\n",
        "harness.tips": f"{name}_tip = {name}:TIP\n",
        "harness.sources": f"{name.upper()} = {name}:__name__\n",
    })  # fmt: skip
    monkeypatch.syspath_prepend(tmp_path / name)
    file = tmp_path / f"{name}_study.yaml"
    file.write_text(INSTALLED.format(**names))
    return file


def test_an_installed_package_adds_names_by_entry_points(tmp_path, monkeypatch):
    file = package(tmp_path, monkeypatch, "tinypack")
    plan = expand_study(read(str(file), tmp_path), None, {}, tmp_path / "cache")
    config = plan.cell("tinypack_tip=on").config
    digest = source_digest(tmp_path / "tinypack" / "tinypack" / "__init__.py")
    assert config.plugins == {"losses": {"tinypack_loss": digest}}
    record = plan.to_json()["plugins"]
    assert record["modules"] == []
    assert {row["origin"] for row in record["used"]} == {"tinypack 1.0"}
    assert record["sources"] == {"TINYPACK": "tinypack"}


def test_a_package_that_does_not_import_is_named(tmp_path, monkeypatch):
    file = package(tmp_path, monkeypatch, "brokenpack", PACKAGE + "raise OSError('no disk')\n")
    with pytest.raises(HarnessError, match=r"brokenpack 1.0, tips: brokenpack_tip: .*no disk"):
        expand_study(read(str(file), tmp_path), None, {}, tmp_path / "cache")


def test_two_packages_that_give_one_name_are_named(tmp_path, monkeypatch):
    file = package(tmp_path, monkeypatch, "onepack")
    install(tmp_path / "more", "morepack", "", {"harness.tips": "onepack_tip = morepack:T\n"})
    monkeypatch.syspath_prepend(tmp_path / "more")
    with pytest.raises(HarnessError, match=r"is given by morepack 1.0 and by onepack 1.0"):
        expand_study(read(str(file), tmp_path), None, {}, tmp_path / "cache")
