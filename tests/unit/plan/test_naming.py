"""Names of cells on a page: what differs, a tip by its title and side."""

import pytest

from harness.config.study import read
from harness.plan.expand import expand_study
from harness.plan.naming import cell_names, contrast_names, named_by_title, reference_side
from harness.runs.plan import CellRecord

BATCH_NORM, ADAM = "Batch normalisation in the discriminator", "Adam with beta_1 = 0.5"
TIPS = "heuristics: [batch_norm_in_discriminator, adam_beta_1_half]\n"
HEAD = "title: T\nquestion: Q?\nbaseline: {data.name: digits, data.image_size: 16}\nseeds: 2\n"


def expanded(folder, text):
    (folder / "a.yaml").write_text(HEAD + text)
    return expand_study(read("a", folder), None, {}, folder / "cache")


def plan(folder, text):
    return expanded(folder, text).record()


def test_a_side_of_a_tip_is_named_by_its_title(tmp_path):
    record = plan(tmp_path, f"{TIPS}factors: {{loss.name: [hinge]}}\ndesign: one_at_a_time\n")
    assert cell_names(record) == {
        "reference": "reference",
        "batch_norm_in_discriminator=off": f"{BATCH_NORM}: off",
        "adam_beta_1_half=off": f"{ADAM}: off",
        "loss.name=hinge": "loss.name=hinge",
    }
    assert [reference_side(record, tip) for tip in record.tips] == ["on", "on"]


def test_a_crossed_cell_is_named_by_all_of_its_factors(tmp_path):
    text = f"{TIPS}factors: {{loss.name: [non_saturating, hinge]}}\ndesign: factorial\n"
    record = plan(tmp_path, text)
    names = cell_names(record)
    assert names["off,on,hinge"] == f"{BATCH_NORM}: off, {ADAM}: on, loss.name=hinge"
    assert names["reference"] == "reference"
    assert len(set(names.values())) == len(record.cells) == 8
    assert named_by_title(record.crossed).named((0, 2)) == f"{BATCH_NORM} × loss.name"


def test_recipes_and_steps_name_what_they_add(tmp_path):
    names = cell_names(plan(tmp_path, f"{TIPS}design: leave_one_out\n"))
    assert names["recipe,adam_beta_1_half=off"] == f"recipe, {ADAM}: off"
    names = cell_names(plan(tmp_path, f"{TIPS}design: path\n"))
    assert names["step_01,batch_norm_in_discriminator=off"] == f"step 1, {BATCH_NORM}: off"


def test_no_two_cells_have_one_name(tmp_path):
    record = plan(tmp_path, f"{TIPS}design: one_at_a_time\n")
    tip, other = record.contrasts
    alike = record.replaced(contrasts=(tip, other.replaced(title=tip.title)))
    names = cell_names(alike)
    assert names["adam_beta_1_half=off"] == f"{BATCH_NORM}: off (adam_beta_1_half=off)"
    assert len(set(names.values())) == len(record.cells)


def test_no_two_contrasts_have_one_name(tmp_path):
    tips = "[hinge_loss, spectral_norm]"
    record = plan(tmp_path, f"heuristics: {tips}\nrecipe: {tips}\ndesign: ablation\n")
    names = contrast_names(record.contrasts)
    assert names["hinge_loss"] == "Hinge loss"
    assert names["hinge_loss (leave one out)"] == "Hinge loss (leave one out)"
    alike = [one.replaced(title="Hinge loss") for one in record.contrasts]
    names = contrast_names(alike)
    assert names["spectral_norm"] == "Hinge loss (spectral_norm)"
    assert len(set(names.values())) == len(alike) == 4


def test_a_label_that_names_no_tip_stays_as_it_is(tmp_path):
    record = plan(tmp_path, f"{TIPS}design: one_at_a_time\n")
    odd = CellRecord(label="suggestion 003", request="")
    names = cell_names(record.replaced(cells=(*record.cells, odd)))
    assert names["suggestion 003"] == "suggestion 003"


@pytest.mark.parametrize(
    "text",
    [
        "design: path\n",
        "design: factorial\n",
        "design: leave_one_out\ntune: {values: {generator.width: [8, 9]}, seeds: [9]}\n",
    ],
)
def test_a_plan_names_its_cells_before_it_is_recorded(tmp_path, text):
    made = expanded(tmp_path, TIPS + text)
    names = cell_names(made)
    assert "_record" not in vars(made)  # which takes a tenth of the time of a plan
    assert names == cell_names(made.record())
    assert (made.labels, made.reference) == (made.record().labels, made.record().reference)
