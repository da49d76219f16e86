"""From a study to trials: precedence, order, run names, and what plan.json holds."""

import re

import pytest

from harness.config.identity import key, metric_request
from harness.config.patch import flatten, resolve
from harness.core.errors import HarnessError

TIPS = "heuristics: [batch_norm_in_discriminator, spectral_norm]\ndesign: one_at_a_time\n"
WIDTHS = """title: T
question: Q?
baseline: {data.name: digits, data.image_size: 16, generator.width: 32}
factors:
  generator.width: [8]
profiles:
  p: {patch: {generator.width: 16}}
  q: {}
"""


@pytest.mark.parametrize(
    ("profile", "changes", "width"),
    [
        ("q", {}, 32),
        ("p", {}, 16),
        ("q", {"generator.width": 64}, 64),
        ("p", {"generator.width": 64}, 64),
    ],
)
def test_default_then_baseline_then_profile_then_command_line_then_factor(
    expanded, profile, changes, width
):
    plan = expanded("", profile, changes, head=WIDTHS)
    assert [cell.config.generator.width for cell in plan.cells] == [width, 8]
    assert plan.cells[0].config.discriminator.width == 128


@pytest.mark.parametrize(
    ("metrics", "protocol"),
    [
        (("", ""), "subsets"),  # the data set's own
        (("metric: blocks\n", ""), "blocks"),
        (("metric: blocks\n", "metric: keras75"), "keras75"),
    ],
)
def test_the_metric_of_a_profile_goes_before_the_studys(expanded, metrics, protocol):
    text = f"{TIPS}{metrics[0]}profiles:\n  p: {{{metrics[1]}}}\n"
    assert expanded(text, "p").cells[0].config.evaluation.protocol == protocol


def test_relations_are_to_the_cells_own_baseline(expanded):
    text = WIDTHS.replace("[8]", "[{times: 2}]")
    plan = expanded("", "p", head=text)
    assert plan.cells[1].config.generator.width == 32
    assert dict(plan.cells[1].patch) == {"generator.width": 32}


def test_trials_are_seed_major_and_keyed_by_what_they_train(expanded):
    plan = expanded(TIPS)
    labels = [cell.label for cell in plan.cells]
    assert len(labels) == 3
    order = [(trial.seed, trial.cell.label) for trial in plan.trials]
    assert order == [(seed, label) for seed in (0, 1) for label in labels]
    for trial in plan.trials:
        config = trial.cell.trial(trial.seed)
        assert config.seed == trial.seed
        assert trial.key == key(config)
        assert flatten(config) == {**flatten(trial.cell.config), "seed": trial.seed}
    assert len({trial.key for trial in plan.trials}) == len(plan.trials)


def test_a_further_seed_or_level_leaves_the_other_keys_alone(expanded):
    before = {trial.key for trial in expanded(TIPS).trials}
    more = {trial.key for trial in expanded(TIPS.replace("[", "[generator_ema, ")).trials}
    assert before < more
    assert len(more - before) == 2  # one cell, two seeds


@pytest.mark.parametrize(
    ("profile", "changes", "name"),
    [
        (None, {}, r"a"),
        ("p", {}, r"a-p"),
        (None, {"training.ema": 0.5}, r"a-[0-9a-f]{6}"),
        ("p", {"training.ema": 0.5}, r"a-p-[0-9a-f]{6}"),
    ],
)
def test_run_names(expanded, profile, changes, name):
    text = TIPS + ("profiles: {p: {}}\n" if profile else "")
    assert re.fullmatch(name, expanded(text, profile, changes).run_name)


def test_a_run_name_follows_the_changes_and_not_their_order(expanded):
    one, two = {"training.ema": 0.5, "generator.width": 8}, {"training.ema": 0.6}
    name = expanded(TIPS, changes=one).run_name
    assert expanded(TIPS, changes=dict(reversed(one.items()))).run_name == name
    assert expanded(TIPS, changes=two).run_name != name


def test_a_clash_with_the_command_line_is_blamed_on_it(expanded):
    changes = {"loss.name": "hinge", "loss.label_smoothing": 0.1}
    with pytest.raises(HarnessError, match=r"a\.yaml, command line: cell 'reference': loss\.label"):
        expanded(TIPS, changes=changes)


def test_a_cell_by_its_label(expanded):
    plan = expanded(TIPS)
    assert plan.cell("spectral_norm=on") is plan.cells[2]
    with pytest.raises(HarnessError, match="unknown cell 'spectral_norm=off'; did you mean"):
        plan.cell("spectral_norm=off")


def test_what_the_plan_file_holds(expanded):
    plan = expanded(
        TIPS
        + "sources: [S0]\nprofiles:\n  p: {evidence: false, note: Only the path., seeds: [5]}\n",
        "p",
        {"training.ema": 0.5},
    )
    document = plan.to_json()
    assert document["run_name"] == plan.run_name
    assert (document["study"], document["profile"]) == ("a", "p")
    assert (document["evidence"], document["note"]) == (False, "Only the path.")
    assert document["changes"] == {"training.ema": 0.5}
    assert document["seeds"] == [5]
    assert document["reference"] == "reference"
    first = document["cells"][0]
    assert first["config"] == flatten(plan.cells[0].config)
    assert first["request"] == metric_request(plan.cells[0].config)
    assert [trial["key"] for trial in document["trials"]] == [trial.key for trial in plan.trials]
    tip = document["contrasts"][0]
    assert (tip["kind"], tip["heuristic"]) == ("tip", "batch_norm_in_discriminator")
    assert tip["weights"] == {"reference": 1, "batch_norm_in_discriminator=off": -1}
    assert tip["claims"][3] == {
        "source": "S2",
        "effect": "hurts",
        "of": "quality",
        "condition": "with WGAN-GP",
        "met": False,
        "quote": "off",
    }


def test_a_level_makes_no_claims(expanded):
    [level] = expanded("factors: {training.ema: [0.5]}\n").to_json()["contrasts"]
    assert (level["kind"], level["heuristic"], level["claims"]) == ("level", None, [])
    assert level["weights"] == {"training.ema=0.5": 1, "reference": -1}


def test_warnings_are_told_cell_by_cell(expanded):
    plan = expanded("factors: {loss.name: [wasserstein]}\n").to_json()
    assert [len(cell["warnings"]) for cell in plan["cells"]] == [0, 1]


@pytest.mark.parametrize(
    ("declared", "other"),
    [
        ("alpha: 0.01\n", True),
        ("equivalence: 0.1\n", True),
        ("metric: blocks\n", True),
        ("design: ablation\n", True),
        ("sources: [S1]\n", False),
        ("profiles: {p: {}}\n", False),
    ],
)
def test_the_declared_analysis_is_hashed(expanded, declared, other):
    plain = "heuristics: [spectral_norm]\n"
    before = expanded(plain + "design: one_at_a_time\n").to_json()["analysis_digest"]
    text = plain + declared + ("" if "design" in declared else "design: one_at_a_time\n")
    assert (expanded(text).to_json()["analysis_digest"] != before) is other
    assert re.fullmatch(r"[0-9a-f]{8}", before)


def test_a_folder_enters_every_cell_by_its_content(expanded, tmp_path):
    (tmp_path / "photos").mkdir()
    for number in range(40):
        (tmp_path / f"photos/{number}.png").write_bytes(b"%d" % number)
    few = "training.batch_size: 16, evaluation.protocol: subsets"
    place = f"data.name: folder, data.path: {tmp_path}/photos"
    head = f"title: T\nquestion: Q?\nbaseline: {{{place}, {few}}}\n"
    plan = expanded(TIPS, head=head)
    contents = {cell.config.data.content for cell in plan.cells}
    assert contents == {plan.cells[0].config.data.content} != {None}
    bare = resolve([{"data.name": "folder", "data.path": "anywhere"}])
    assert plan.cells[0].trial(0).data.content is not None
    assert plan.trials[0].key != key(bare)
