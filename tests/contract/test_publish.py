"""What is published of a study: the specification, and what W&B's own library makes of it."""

import json
import warnings
from dataclasses import asdict
from types import SimpleNamespace

import mirrored
import pandas as pd
import pytest

from harness import app
from harness.app import wandb as app_wandb
from harness.core.errors import HarnessError
from harness.core.files import write_json
from harness.mirror import publish, wandb_library
from harness.mirror.publication import TITLE_LENGTH, study_publication
from harness.runs.plan import CellRecord, PlanRecord

PLAN = PlanRecord(
    run_name="bn_ablation-smoke",
    study="bn_ablation",
    profile="smoke",
    title="Batch normalisation",
    question="Does it help?",
    seeds=(0,),
    cells=(
        CellRecord(label="reference", request=""),
        CellRecord(label="batch_norm=off", request=""),
    ),
    trials=(),
)
STUDY = """title: A study
question: Q?
baseline: {data.name: digits, data.image_size: 16}
heuristics: [generator_ema]
"""
VERDICT = "None of the 2 contrasts is distinguishable from zero; that is not “no effect”."


@pytest.fixture(autouse=True)
def no_account(monkeypatch, tmp_path):
    for name in ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE", "WANDB_MODE", "WANDB_ENTITY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


@pytest.fixture
def shown():
    return study_publication(PLAN, "gan-ablation", VERDICT, ["curves", "forest"])


def test_the_specification_is_plain_data(shown):
    document = json.loads(json.dumps(asdict(shown)))
    assert (document["title"], document["cells"]) == ("Batch normalisation (bn_ablation-smoke)", 2)
    sections = {section["title"]: section for section in document["sections"]}
    assert {title: section["runs"] for title, section in sections.items()} == {
        "Ranking": "report",
        "KID by cell": "trials",
        "Sample grids": "trials",
        "Training": "trials",
    }
    kinds = [(panel["kind"], panel["keys"]) for panel in sections["Ranking"]["panels"]]
    assert kinds == [
        ("table", ["ranking"]),
        ("media", ["figures/curves"]),
        ("media", ["figures/forest"]),
    ]
    [kid], [real, grid] = (sections[name]["panels"] for name in ("KID by cell", "Sample grids"))
    assert (kid["kind"], kid["keys"]) == ("curve", ["kid"])
    assert (real["kind"], real["keys"]) == ("media", ["validation_images"])
    assert (grid["kind"], grid["keys"]) == ("media", ["samples"])


def test_a_title_as_long_as_is_taken():
    long = study_publication(PLAN.replaced(title="t" * 200), "p", "", [])
    assert len(long.title) == TITLE_LENGTH


@pytest.fixture
def extra():
    """The extra, if it is installed (as `make setup` does)."""
    with warnings.catch_warnings(action="ignore"):  # of pydantic, about the extra's own code
        pytest.importorskip("wandb_workspaces.workspaces")


def specification(item):
    """What would be sent to the server."""
    return item._to_model().spec.model_dump(by_alias=True, exclude_none=True)


FILTERS = [
    {
        "key": {"section": "run", "name": "group"},
        "op": "=",
        "value": "bn_ablation-smoke",
        "disabled": False,
    },
    {
        "key": {"section": "run", "name": "jobType"},
        "op": "!=",
        "value": "report",
        "disabled": False,
        "connector": "AND",
    },
]
BY_CELL = [{"section": "run", "name": "jobType"}]
KID = {
    "chartTitle": "KID",
    "xAxis": "kimg",
    "metrics": ["kid"],
    "groupBy": "jobType",
    "groupAgg": "mean",
    "groupArea": "stderr",
    "aggregate": True,
    "limit": 2,
}


def test_the_workspace_view(extra, shown):
    section = specification(publish.workspace(shown, "someone"))["section"]
    (runs,) = section["runSets"]
    assert (runs["filters"]["filters"], runs["grouping"]) == (FILTERS[:1], BY_CELL)
    parts = {part["name"]: part["panels"] for part in section["panelBankConfig"]["sections"]}
    assert list(parts) == [part.title for part in shown.sections]
    assert parts["KID by cell"][0]["config"] == KID
    assert section["settings"]["xAxis"] == "kimg"


def test_the_report(extra, shown):
    item = publish.report(shown, "someone")
    assert item.title == shown.title
    blocks = specification(item)["blocks"]
    text = json.dumps(blocks, ensure_ascii=False)
    assert VERDICT in text
    assert "Does it help?" in text
    ranking, kid, samples, training = (b for b in blocks if b["type"] == "panel-grid")
    (runs,) = kid["metadata"]["runSets"]
    assert (runs["filters"]["filters"], runs["grouping"]) == (FILTERS, BY_CELL)
    (runs,) = ranking["metadata"]["runSets"]
    assert runs["filters"]["filters"][1]["op"] == "="
    assert runs["grouping"] == []
    assert panels(kid)[0]["config"] == KID
    media = [panel["config"]["mediaKeys"] for panel in panels(samples)]
    assert media == [["validation_images"], ["samples"]]
    assert [panel["viewType"] for panel in panels(ranking)] == ["Weave"] + 2 * ["Media Browser"]
    assert "'ranking'" in str(panels(ranking)[0]["config"])
    assert len(panels(training)) == 9


def panels(grid):
    return grid["metadata"]["panelBankSectionConfig"]["panels"]


def test_what_is_missing_is_named_together(monkeypatch):
    monkeypatch.setattr(publish, "find_spec", lambda name: None)
    with pytest.raises(HarnessError) as error:
        publish.check("offline")
    assert str(error.value) == (
        "to publish, W&B needs the package wandb-workspaces: pip install wandb-workspaces; and to "
        "be online, and WANDB_MODE is offline: unset WANDB_MODE; and an account, and none is "
        "configured: wandb login (or set WANDB_API_KEY)"
    )
    monkeypatch.setattr(publish, "find_spec", lambda name: True)
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    publish.check("")


class Saved:
    """What the library would save, and where the server says that it is."""

    def __init__(self, kind, fails=""):
        self.kind, self.fails, self.url = kind, fails, ""

    def save(self):
        if self.fails:
            raise RuntimeError(self.fails)
        self.url = f"https://wandb.example/{self.kind}"
        return self


def test_a_study_is_mirrored_and_published(tmp_path, monkeypatch):
    made = []

    def make(kind):
        return lambda shown, entity: made.append((shown, entity)) or Saved(kind)

    for kind in ("workspace", "report"):
        monkeypatch.setattr(publish, kind, make(kind))
    monkeypatch.setattr(publish, "check", lambda mode: None)
    page = tmp_path / "reports/one/index.html"
    summary = SimpleNamespace(verdict=VERDICT, ranking=pd.DataFrame(), path=page)
    monkeypatch.setattr(app_wandb, "_summary", lambda *_: summary if page.exists() else None)
    monkeypatch.setenv("WANDB_ENTITY", "someone")
    runtime = mirrored.runtime(tmp_path)
    runtime.studies.mkdir()
    (runtime.studies / "one.yaml").write_text(STUDY)
    plan, _ = app.plan("one", runtime)
    write_json(runtime.study(plan.run_name) / "plan.json", plan.to_json())
    with pytest.raises(HarnessError, match="there is no report yet"):
        app_wandb.publish(plan, runtime)
    folder = runtime.reports / plan.run_name
    for name in ("index.html", "figures/forest.svg", "figures/forest.png", "figures/grid.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    assert app_wandb.publish(plan, runtime).said.splitlines()[1:] == [
        "workspace: https://wandb.example/workspace",
        "report: https://wandb.example/report",
    ]
    (shown, entity), (again, _) = made
    assert (entity, shown.verdict, shown.run_name) == ("someone", VERDICT, plan.run_name)
    assert shown == again
    media = [panel.keys for panel in shown.sections[0].panels if panel.kind == "media"]
    assert media == [("figures/forest",)]  # what is drawn, not each grid of samples


def test_a_server_that_refuses(shown, monkeypatch):
    secret = "5ec2e7" * 7
    monkeypatch.setenv("WANDB_API_KEY", secret)
    monkeypatch.setattr(publish, "workspace", lambda *_: Saved("w", f"403 for {secret}"))
    monkeypatch.setattr(publish, "default_entity", lambda: "someone")
    with pytest.raises(HarnessError, match=r"RuntimeError: 403 for \*{3}"):
        publish.save(shown)


def test_an_account_without_an_entity(shown, monkeypatch):
    nobody = SimpleNamespace(Api=lambda: SimpleNamespace(default_entity=None))
    monkeypatch.setattr(wandb_library, "library", lambda: nobody)
    with pytest.raises(HarnessError, match="set WANDB_ENTITY"):
        publish.save(shown)
