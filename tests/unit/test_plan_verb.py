"""What `harness plan` says of a design and of what its seeds can find."""

import json
import sys

import pytest

from harness import cli
from harness.analysis.frame import load
from harness.analysis.power import scatter, standardised
from tests.synthetic import TIDY, build

STUDY = """title: A study
question: Q?
baseline: {data.name: digits, data.image_size: 16, training.kimg: 6.4, training.evaluations: 5}
heuristics: [one_sided_label_smoothing, hinge_loss, spectral_norm, generator_ema]
"""


@pytest.fixture
def plan(tmp_path, monkeypatch, capsys):
    """A function: the end of a study file and options → exit code, output in one line, errors."""
    monkeypatch.chdir(tmp_path)
    for name in ("RUNS", "REPORTS", "STUDIES"):
        monkeypatch.delenv(f"HARNESS_{name}", raising=False)
    (tmp_path / "studies").mkdir()

    def go(text, *options):
        (tmp_path / "studies/one.yaml").write_text(STUDY + text)
        monkeypatch.setattr(sys, "argv", ["harness", "plan", "one", *options])
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code
        captured = capsys.readouterr()
        return code, " ".join(captured.out.split()), captured.err

    return go


def test_a_factorial_tells_what_it_drops_and_what_that_costs(plan):
    _, said, _ = plan("design: factorial\nseeds: 6\n")
    assert "16 combinations of the levels of 4 factors, 4 of them dropped, D-efficiency" in said
    assert "5 of 6 interactions of two can be estimated" in said
    assert (
        "Dropped: one_sided_label_smoothing=on, hinge_loss=on, spectral_norm=on, "
        "generator_ema=off: loss.label_smoothing clashes with loss.name"
    ) in said
    assert "Not told apart: one_sided_label_smoothing × hinge_loss: combinations" in said
    assert "Smallest adjusted p: 0.0312 with 6 seeds (max-|t|" in said
    assert (
        "Equivalent: nothing can be called so with 6 seeds and 4 contrasts; 7 seeds or more are "
        "needed (surely within ± 0.05 of what the reference will have learnt)"
    ) in said


def test_a_fraction_tells_its_aliases(plan):
    _, said, _ = plan("design: fractional\nseeds: 8\n")
    assert (
        "Equivalent: surely within ± 0.05 of what the reference will have learnt; its smallest "
        "adjusted p is 0.0156"
    ) in said
    assert "resolution IV" in said
    aliases = "one_sided_label_smoothing × hinge_loss: spectral_norm × generator_ema"
    assert f"Not told apart: {aliases}" in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seeds: 5\n", "with 5 seeds an exact paired test gives no p below 0.0625, so it separ"),
        ("seeds: 6\nalpha: 0.01\n", "0.0312 with 6 seeds, above the study's 0.01: nothing can be"),
        ("seeds: 8\n", "0.00781 with 8 seeds (max-|t|, for any number of contrasts; here"),
    ],
)
def test_it_says_what_the_seeds_can_find(plan, text, words):
    _, said, _ = plan(f"design: one_at_a_time\n{text}")
    assert words in said
    assert "Detectable" not in said


def test_a_pilot_says_which_effect_would_be_found(plan, tmp_path):
    runtime = build(tmp_path, TIDY)
    run = TIDY.run_name
    text = "design: one_at_a_time\nseeds: 8\n"
    _, said, _ = plan(text, "--pilot", run)
    sd = scatter(load(run, runtime)) * 2**0.5
    effect = sd * standardised(8, 0.05 / 4)
    assert f"power of 80%: an effect on KID × 10³ of {effect * 1000:.3g}" in said
    assert f"cells as in {run}, all alike" in said
    _, said, _ = plan(text, "--pilot", run, "--json")
    found = json.loads(said)["reach"]
    assert found["detectable"]["effect"] == pytest.approx(effect)
    assert (found["seeds"], found["contrasts"], found["test"]) == (8, 4, "max_t")


def test_a_pilot_that_is_none_is_a_mistake_of_the_user(plan, tmp_path):
    code, _, said = plan("", "--pilot", "card_tips")
    assert (code, said.startswith("harness: unknown run 'card_tips'")) == (2, True)
    build(tmp_path, type(TIDY)(seeds=[0], diverged=(), crashed=(), missing=()))
    code, _, said = plan("", "--pilot", TIDY.run_name)
    assert code == 2
    assert "no two seeds of a contrast have a value there" in said


def test_the_json_has_what_was_crossed(plan):
    _, said, _ = plan("design: factorial\nseeds: 2\n", "--json")
    document = json.loads(said)
    assert len(document["crossed"]["dropped"]) == 4
    assert len(document["crossed"]["cells"]) == 12
    assert document["reach"]["smallest_exact_p"] == 0.5
