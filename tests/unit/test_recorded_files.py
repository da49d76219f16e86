"""A clean clone plans and reports what is recorded, though encoder and images are not there."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from harness import app
from harness.config.inputs.lacking import Lacking
from harness.config.runtime import Runtime
from harness.core.errors import HarnessError
from harness.execution.options import Options
from tests.encoder_files import described

ROOT = Path(__file__).parents[2]
NAME = "card_tips_cifar10"
ENCODER = "runs/encoders/imagenet.keras"
NO_IMAGES = r"data\.path: pictures is neither a folder nor a \.zip"


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """Studies and committed records, and nothing else."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "studies", tmp_path / "studies")
    record = Path("reports") / NAME / "record" / "studies" / NAME
    record.mkdir(parents=True)
    shutil.copy(ROOT / record / "plan.json", record)
    return Runtime(Path("runs"), Path("reports"), Path("studies"))


@pytest.fixture
def committed():
    file = ROOT / "reports" / NAME / "record" / "studies" / NAME / "plan.json"
    return json.loads(file.read_text())


def requests(plan):
    return {cell["label"]: cell["request"] for cell in plan["cells"]}


def test_the_committed_study_is_planned_under_its_own_keys(clone, committed, capsys):
    plan, _ = app.plan(NAME, clone)
    document = plan.to_json()
    assert document["trials"] == committed["trials"]
    assert requests(document) == requests(committed)
    assert plan.lacking == (Lacking("evaluation.encoder", ENCODER, "c14c05f227e2cb24"),)
    lines = app.cost(plan, clone, 1).to_json()["lacking"]
    [line] = lines
    assert line.startswith(
        f"evaluation.encoder: {ENCODER} (relative to {Path.cwd()}): missing. Put "
    )
    assert "SHA-256 begins with c14c05f227e2cb24" in line
    from harness.cli.printing import show_forecast

    show_forecast(app.cost(plan, clone, 1), "why")
    assert f"{line}\n" in capsys.readouterr().out


def test_a_run_asks_for_the_file_before_anything_is_trained(clone):
    plan, _ = app.plan(NAME, clone)
    with pytest.raises(HarnessError, match=r"SHA-256 begins with c14c05f227e2cb24: this study"):
        app.run(plan, clone, Options(1))
    assert not clone.trials.exists()


def test_without_a_record_the_message_says_where_the_file_was_looked_for(clone):
    shutil.rmtree("reports")
    with pytest.raises(HarnessError, match=rf"no file {ENCODER} \(relative to .*\)"):
        app.plan(NAME, clone)


def test_a_file_that_is_there_counts_and_not_the_record(clone, committed):
    described(Path(ENCODER))
    plan, _ = app.plan(NAME, clone)
    assert plan.lacking == ()
    assert requests(plan.to_json()) != requests(committed)
    assert plan.to_json()["trials"] == committed["trials"]


def test_runs_here_count_before_what_was_published_and_two_contents_for_none(clone, committed):
    def started(run, content):
        for cell in committed["cells"]:
            cell["config"]["evaluation.encoder_content"] = content
        clone.study(run).mkdir(parents=True)
        (clone.study(run) / "plan.json").write_text(json.dumps(committed))

    started(NAME, "0" * 16)
    assert app.plan(NAME, clone)[0].lacking == (Lacking("evaluation.encoder", ENCODER, "0" * 16),)
    started("other", "1" * 16)
    with pytest.raises(HarnessError, match="there is no file"):
        app.plan(NAME, clone)


def photographs(clone):
    """A study of a folder of images that was planned with them, and begun; then they went away."""
    images = Path("pictures")
    for index in range(160):
        picture = images / "ab"[index % 2] / f"{index}.png"
        picture.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16), (index, 0, 0)).save(picture)
    Path("studies/photographs.yaml").write_text(
        "title: t\nquestion: q?\nheuristics: [hinge_loss]\nseeds: 6\n"
        "baseline: {data.name: folder, data.path: pictures, data.image_size: 16, "
        "training.batch_size: 16, "
        "evaluation.protocol: blocks, evaluation.encoder: inception_v3, "
        "evaluation.resolution: 75, evaluation.samples: null, data.validation_fraction: 0.8}\n"
    )
    plan, _ = app.plan("photographs", clone)
    file = clone.study("photographs") / "plan.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(plan.to_json()))
    shutil.move(images, "elsewhere")
    return plan.to_json()


def test_images_that_are_not_here_are_those_of_the_record(clone):
    before = photographs(clone)
    plan, _ = app.plan("photographs", clone)
    assert plan.to_json()["trials"] == before["trials"]
    assert requests(plan.to_json()) == requests(before)
    [line] = app.cost(plan, clone, 1).to_json()["lacking"]
    assert line == (
        f"data.path: pictures (relative to {Path.cwd()}): missing. Put the images there with "
        "which this study was trained; `plan` says so if they are others"
    )
    with pytest.raises(HarnessError, match=r"^data\.path: pictures .* missing"):
        app.run(plan, clone, Options(1))
    assert not clone.trials.exists()


def test_other_images_in_their_place_are_seen(clone):
    photographs(clone)
    Path("pictures").mkdir()
    for index in range(160):
        Image.new("RGB", (16, 16), (0, index, 0)).save(f"pictures/{index}.png")
    plan, _ = app.plan("photographs", clone)
    assert plan.lacking == ()
    assert app.cost(plan, clone, 1).changed


@pytest.mark.parametrize(
    "changes",
    [{"data.validation_fraction": 0.81}, {"labels.conditioning": "projection"}],
    ids=["another split", "labels"],
)
def test_a_record_stands_in_for_what_it_knows_and_no_more(clone, changes):
    photographs(clone)
    with pytest.raises(HarnessError, match=NO_IMAGES):
        app.plan("photographs", clone, changes=changes)


def test_images_that_were_never_recorded_are_asked_for(clone):
    photographs(clone)
    shutil.rmtree(clone.study("photographs"))
    with pytest.raises(HarnessError, match=NO_IMAGES):
        app.plan("photographs", clone)
