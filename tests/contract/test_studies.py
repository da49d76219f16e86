"""What every shipped study keeps: it loads and expands in each of its profiles."""

from pathlib import Path

import pytest

from harness.config.catalog import DATASETS, TFDS
from harness.config.runtime import Runtime
from harness.config.study import read
from harness.heuristics import HEURISTICS
from harness.heuristics.sources import SOURCES
from harness.plan.elsewhere import H200
from harness.plan.expand import expand_study
from harness.plan.forecast import forecast_cost
from tests.encoder_files import described

FOLDER = Path(__file__).parents[2] / "studies"
FILES = {path.stem: read(str(path), FOLDER) for path in sorted(FOLDER.glob("*.yaml"))}
RUNS = [
    (name, profile) for name, file in FILES.items() for profile in file.study.profiles or [None]
]
# a study for each tip of the card, and knobs that its cells must differ in
CARD = {
    "beta1_ablation": {"optimizer.generator.beta_1", "optimizer.discriminator.beta_1"},
    "label_smoothing_ablation": {"loss.label_smoothing"},
    "bn_ablation": {"discriminator.normalization", "discriminator.spectral_norm"},
    "spectral_norm_ablation": {"discriminator.spectral_norm"},
    "dropout_ablation": {"discriminator.dropout"},
    "loss_ablation": {"loss.name", "penalties.gradient.weight", "penalties.clipping.limit"},
}


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    """Studies are planned where the encoder and the photographs are that they name by path."""
    monkeypatch.chdir(tmp_path)
    described(tmp_path / "runs" / "encoders" / "imagenet.keras")
    for split, images in (("train", 64), ("test", 512)):
        folder = tmp_path / "runs" / "data" / "flowers102_80px" / split
        folder.mkdir(parents=True)
        for index in range(images):
            (folder / f"{index}.jpg").write_bytes(b"\xff\xd8\xff" + index.to_bytes(2))


def plan(name, profile, tmp_path):
    return expand_study(FILES[name], profile, {}, tmp_path)


@pytest.mark.parametrize(("name", "profile"), RUNS)
def test_it_expands(name, profile, tmp_path):
    found = plan(name, profile, tmp_path)
    assert found.run_name == "-".join(filter(None, (name, profile)))
    # a search grows as it is run
    assert len(found.cells) >= (1 if found.stages.record.grows else 2)
    assert len({trial.key for trial in found.trials}) == len(found.trials)
    seeds = found.file.study.seed_list(profile)
    assert {trial.seed for trial in found.judging} == set(found.stages.first(seeds))
    tips = {item.tip.id for item in found.contrasts if item.tip}
    tips |= set(getattr(found.stages.record, "factors", ()))
    assert tips == set(found.file.study.heuristics)


@pytest.mark.parametrize("name", FILES)
def test_it_says_what_it_asks_and_who_claims_it(name):
    study = FILES[name].study
    assert study.question.endswith("?")
    assert set(study.sources) <= set(SOURCES)
    claims = (claim for tip in study.heuristics for claim in HEURISTICS[tip].claims)
    assert {claim.source for claim in claims} <= set(study.sources)


def test_there_is_one_for_each_tip_of_the_card_and_a_quickstart():
    assert {*CARD, "quickstart"} <= set(FILES)


@pytest.mark.parametrize("name", CARD)
def test_it_varies_its_tip(name, tmp_path):
    varied = {path for cell in plan(name, "full", tmp_path).cells for path in cell.patch}
    assert varied >= CARD[name]


@pytest.mark.parametrize("name", CARD)
@pytest.mark.parametrize(
    ("profile", "data", "size", "seeds", "evidence"),
    [
        ("full", "caltech_birds2011", 64, 8, True),
        ("cpu", "cifar10", 32, 8, True),
        ("smoke", "digits", 16, 2, False),
    ],
)
def test_its_profiles(name, profile, data, size, seeds, evidence, tmp_path):
    found = plan(name, profile, tmp_path)
    reference = found.cells[0].config
    assert (reference.data.name, reference.data.image_size) == (data, size)
    assert len({trial.seed for trial in found.trials}) == seeds
    document = found.to_json()
    assert (document["evidence"], bool(document["note"])) == (evidence, not evidence)
    if profile == "full":
        assert reference.training.kimg == 2355.2  # 400 epochs of S0


def test_the_first_half_hour_on_a_gpu(tmp_path):
    """Three tips, 32 px, looks from eight seeds on, images without an account, half an hour."""
    found = plan("three_tips", "gpu", tmp_path)
    assert len(found.contrasts) == 3
    for cell in found.cells:
        data = cell.config.data
        assert (data.name, data.image_size) == ("cifar10", 32)
        assert cell.config.evaluation.encoder == "inception_v3"
    assert DATASETS["cifar10"].target == TFDS
    document = found.record()
    assert document.evidence
    assert document.looks.planned == (8, 10, 12)
    minutes = half_hour(found, tmp_path)
    assert sum(minutes) <= 30
    # the documents state what the plan prints
    least, further = map(round, minutes)
    gpu = (FOLDER.parent / "benchmarks/GPU.md").read_text("utf-8")
    assert f"32 trials of 4 cells: {least} minutes" in gpu
    assert f"16 trials follow: {further} minutes" in gpu
    readme = (FOLDER.parent / "README.md").read_text("utf-8")
    assert f"this takes {least} to {least + further} minutes" in readme


def half_hour(plan, folder):
    """Estimated minutes on the GPU: up to the first look, and of all that looks may add."""
    forecast = forecast_cost(plan, Runtime(runs=folder / "runs"), 1)
    assert (len(forecast.to_train), len(forecast.further.to_train)) == (32, 16)
    return [
        next(each.seconds for each in part.estimates if each.machine == H200.name) / 60
        for part in (forecast, forecast.further)
    ]


def test_the_quickstart_needs_nothing_but_the_embedded_digits(tmp_path):
    found = plan("quickstart", None, tmp_path)
    for cell in found.cells:
        assert cell.config.data.name == "digits"
        assert cell.config.evaluation.encoder == "classifier"
