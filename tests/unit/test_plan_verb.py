"""What `harness plan` says of a design and of what its seeds can find."""

import json
import sys

import pytest

from harness import app, cli
from harness.analysis.course import Course
from harness.analysis.frame import load
from harness.analysis.sample_size import detected_size, detection_seeds, equivalence_seeds
from harness.cli.printing.plans import show_course
from harness.config.identity import metric_request
from harness.config.runtime import Runtime
from harness.core.files import write_json
from harness.plan.expand import Plan
from tests.synthetic import TIDY, TIPS, build

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

    def go(text, *options, whole=False):
        (tmp_path / "studies/one.yaml").write_text(text if whole else STUDY + text)
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
    assert "5 of 6 two-way interactions can be estimated" in said
    assert (
        "Dropped: One-sided label smoothing: on, Hinge loss: on, Spectral normalisation of the "
        "discriminator: on, Moving average of the generator: off: loss.label_smoothing clashes "
        "with loss.name"
    ) in said
    assert "Aliased: One-sided label smoothing × Hinge loss: the combinations" in said
    assert "Smallest adjusted p: 0.0312 with 6 seeds (max-|t|" in said
    assert (
        "Equivalent: cannot be shown with 6 seeds and 4 contrasts; 7 seeds or more are needed "
        "(an effect within ± 5 % of the reference's improvement)"
    ) in said


def test_a_fraction_tells_its_aliases(plan):
    _, said, _ = plan("design: fractional\nseeds: 8\n")
    assert (
        "Equivalent: an effect within ± 5 % of the reference's improvement; its "
        "smallest adjusted p is 0.0156"
    ) in said
    assert "resolution IV" in said
    norm, average = "Spectral normalisation of the discriminator", "Moving average of the generator"
    aliases = f"One-sided label smoothing × Hinge loss: {norm} × {average}"
    assert f"Aliased: {aliases}" in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seeds: 1\n", "Smallest adjusted p: none with 1 seed; at least 6 seeds are needed"),
        ("seeds: 1\n", "cannot be shown with 1 seed and 4 contrasts"),
        (
            "seeds: 5\n",
            "with 5 seeds the exact paired test cannot reach significance (smallest p 0.0625)",
        ),
        (
            "seeds: 6\nalpha: 0.01\n",
            "0.0312 with 6 seeds, above the study's alpha of 0.01: no effect",
        ),
        ("seeds: 8\n", "0.00781 with 8 seeds (max-|t|, for any number of contrasts; here"),
    ],
)
def test_it_says_what_the_seeds_can_find(plan, text, words):
    _, said, _ = plan(f"design: one_at_a_time\n{text}")
    assert words in said
    assert "Detectable" not in said


LIKE = """title: A study
question: Q?
baseline: {data.name: cifar10, data.image_size: 16, training.kimg: 128, training.batch_size: 64}
heuristics: [spectral_norm, hinge_loss]
design: one_at_a_time
seeds: 8
"""


def _scatter(trials, tip):
    pair = trials[trials["cell"].isin(["reference", TIDY.label(tip)])]
    wide = pair.pivot_table("final", "seed", "cell")
    return float((wide[TIDY.label(tip)] - wide["reference"]).std())


def test_a_pilot_says_what_of_each_contrast_would_be_decided(plan, tmp_path):
    runtime = build(tmp_path, TIDY)
    run = TIDY.run_name
    _, said, _ = plan(LIKE, "--pilot", run, whole=True)
    trials = load(run, runtime).trials
    sizes = [_scatter(trials, tip) * detected_size(8, 0.05, 2) for tip in TIPS]
    reference = trials[trials["cell"] == "reference"]
    margin = 0.05 * float((reference["untrained"] - reference["final"]).mean())
    sd, effect = _scatter(trials, TIPS[1]), sizes[1]
    seeds = [count(margin / sd, 0.05, 2) for count in (detection_seeds, equivalence_seeds)]
    numbers = f"{1000 * sd:.3g} 8 {1000 * effect:.3g} {1000 * margin:.3g} {seeds[0]} {seeds[1]}"
    first, rest = "Spectral normalisation of the", "discriminator"  # the title, folded
    assert f"{first} {numbers} {rest}" in said
    assert "To detect: the seeds for one as large as the margin" in said
    least, most = (f"{1000 * of(sizes):.3g}" for of in (min, max))
    assert f"Not in {run}, so unknown: Hinge loss; 8 seeds of the contrasts of {run}" in said
    assert f"detect {least} to {most}" in said
    _, said, _ = plan(LIKE, "--pilot", run, "--json", whole=True)
    found = json.loads(said)["reach"]
    (one,) = found["detectable"]["found"]
    assert (one["contrast"], one["pilot_seeds"]) == ("spectral_norm", 8)
    assert found["detectable"]["titles"] == {
        "spectral_norm": f"{first} {rest}",
        "hinge_loss": "Hinge loss",
    }
    assert (one["sd"], one["effect"], one["margin"]) == pytest.approx((sd, effect, margin))
    assert [one["detection_seeds"], one["equivalence_seeds"]] == seeds
    assert found["detectable"]["lacking"] == ["hinge_loss"]
    assert (found["seeds"], found["contrasts"], found["test"]) == (8, 2, "max_t")


def test_an_effect_to_be_detected_is_stated_as_it_is_shown(plan, tmp_path):
    runtime = build(tmp_path, TIDY)
    sd = _scatter(load(TIDY.run_name, runtime).trials, TIPS[1])
    _, said, _ = plan(LIKE, "--pilot", TIDY.run_name, "--effect", "30", whole=True)
    assert "To detect: the seeds for one of 30." in said
    _, said, _ = plan(LIKE, "--pilot", TIDY.run_name, "--effect", "30", "--json", whole=True)
    document = json.loads(said)["reach"]["detectable"]
    assert document["stated"] == pytest.approx(0.03)
    assert document["found"][0]["detection_seeds"] == detection_seeds(0.03 / sd, 0.05, 2)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--effect", "20"], "--effect: one has no trials that show the scatter of its contrasts"),
        (["--effect", "0"], "--effect: give the size of an effect, a number above 0"),
        (["--effect", "nan"], "as in --effect 20 (given: nan)"),
    ],
)
def test_an_effect_that_cannot_be_planned_for_is_a_mistake_of_the_user(plan, options, words):
    code, _, said = plan("seeds: 8\n", *options)
    assert (code, words in said) == (2, True)


def test_a_pilot_of_another_metric_is_refused_with_both_named(plan, tmp_path):
    runtime = build(tmp_path, TIDY)
    identity = load(TIDY.run_name, runtime).trials["identity"].iloc[0]
    code, _, said = plan("seeds: 8\n", "--pilot", TIDY.run_name)  # digits, by their classifier
    assert code == 2
    assert f"--pilot {TIDY.run_name}: it was scored as {identity}, and one is scored as sub" in said
    assert "subsets by classifier against digits at 16 px (request " in said
    other = LIKE.replace("training.kimg", "evaluation.samples: 1024, training.kimg")
    code, _, said = plan(other, "--pilot", TIDY.run_name, whole=True)
    assert code == 2
    assert identity in said
    assert "keras75 by inception_v3 against cifar10 at 16 px, 1024 images (request" in said


def test_an_identity_that_another_request_has_too_is_the_same_metric(plan, tmp_path):
    """Once a trial of the plan was scored, its identity is known and not only asked for."""
    runtime = build(tmp_path, TIDY)
    other = LIKE.replace("training.kimg", "evaluation.samples: 1024, training.kimg")
    studied = tmp_path / "studies"
    (studied / "like.yaml").write_text(other)
    of, _ = app.plan("like", Runtime(runs=runtime.runs, studies=studied))
    folder = runtime.trials / of.trials[0].key
    identity = load(TIDY.run_name, runtime).trials["identity"].iloc[0]
    request = metric_request(of.cells[0].config)
    for kind in ("config", "result"):
        write_json(folder / f"{kind}.json", {"status": "finished"})
    spec = {"requests": [request], "identity": identity, "protocol": "blocks"}
    write_json(folder / "evaluations" / f"{identity}.json", spec)
    code, said, _ = plan(other, "--pilot", TIDY.run_name, whole=True)
    assert (code, "Power 80 %" in said) == (0, True)


def test_a_pilot_of_another_objective_is_refused(plan, tmp_path):
    build(tmp_path, TIDY)
    code, _, said = plan(f"{LIKE}objective: area\n", "--pilot", TIDY.run_name, whole=True)
    assert code == 2
    assert "its objective is final, but that of one is area" in said


def test_a_pilot_that_is_none_is_a_mistake_of_the_user(plan, tmp_path):
    code, _, said = plan("", "--pilot", "card_tips")
    assert (code, said.startswith("harness: unknown run 'card_tips'")) == (2, True)
    build(tmp_path, type(TIDY)(seeds=[0], diverged=(), crashed=(), missing=()))
    code, _, said = plan(LIKE, "--pilot", TIDY.run_name, whole=True)
    assert code == 2
    assert "no contrast has values of two seeds there" in said


def test_the_json_has_what_was_crossed(plan):
    _, said, _ = plan("design: factorial\nseeds: 2\n", "--json")
    document = json.loads(said)
    assert len(document["crossed"]["dropped"]) == 4
    assert len(document["crossed"]["cells"]) == 12
    assert document["reach"]["smallest_exact_p"] == 0.5


@pytest.mark.parametrize(
    ("contrasts", "words"),
    [
        (1, "if its contrast has an effect of 3 standard deviations and the equivalence margin"),
        (2, "if 1 of 2 contrasts has an effect of 3 standard deviations, the others none, and the"),
        (4, "if 2 of 4 contrasts have an effect of 3 standard deviations, the others none, and"),
    ],
)
def test_the_effects_that_a_plan_assumes_are_counted(capsys, contrasts, words):
    show_course(Course((13, 24), contrasts, 1170, 1711.6, 2160, "", 0.0002, 0.0004, None))
    assert words in " ".join(capsys.readouterr().out.split())


def test_thousands_of_trials_are_written_alike(capsys):
    show_course(Course((13, 24), 89, 1170, 1711.6, 2160, "earlier", 0.0002, 0.0004, None))
    said = capsys.readouterr().out.replace("\n", " ")
    assert "1\u202f170 trials if the first" in said
    assert "2\u202f160 at most, about 1\u202f712 expected" in said


def test_a_plan_that_is_printed_is_not_made_a_record(plan, monkeypatch):
    """A record has the levels and warnings of all cells, which nobody asks for."""
    monkeypatch.setattr(Plan, "record", None)
    code, text, _ = plan("seeds: 8\ndesign: one_at_a_time\n")
    assert code == 0
    assert "5 cells × 8 seeds = 40 trials" in text


SEARCH = """design: search
search: {space: {optimizer.generator.beta_1: {low: 0.0, high: 0.9}}, trials: 8, sampler: random}
seeds: 1
"""


def test_a_search_says_that_suggestions_follow(plan):
    _, said, _ = plan(SEARCH)
    assert "= 1 trial so far; 0 already trained, 1 to train, then 8 suggestions" in said
