"""Study files: what they may say, and every mistake by file, line, key and nearest name."""

import pytest

from harness.config.study import read
from harness.core.errors import HarnessError
from harness.plan.expand import expand_study

HEAD = "title: T\nquestion: Q?\n"
TIP = "heuristics: [generator_ema]\n"


@pytest.fixture
def place(tmp_path):
    """Read and expand a study of this text; what it says."""

    def go(text, profile=None):
        (tmp_path / "a.yaml").write_text(text)
        return expand_study(read("a", tmp_path), profile, {}, tmp_path / "cache")

    go.file = tmp_path / "a.yaml"
    return go


# text after the head (two lines), line of the mistake, what is said
MISTAKES = {
    "unknown key": ("heuristicz: [x]\n", 3, "unknown key 'heuristicz'; did you mean 'heuristics'?"),
    "unknown key of a profile": (
        TIP + "profiles:\n  p:\n    patches: {}\n",
        6,
        "unknown key 'patches'; did you mean 'patch'?",
    ),
    "unknown knob": (
        TIP + "baseline:\n  training.kimg: 5\n  discriminator.droput: 1\n",
        6,
        "unknown knob 'discriminator.droput'; did you mean 'discriminator.dropout'?",
    ),
    "unknown knob of a profile": (
        TIP + "profiles:\n  p:\n    patch: {generator.widht: 4}\n",
        6,
        "unknown knob 'generator.widht'; did you mean 'generator.width'?",
    ),
    "unknown knob as a factor": (
        "factors:\n  loss.nam: [hinge]\n",
        4,
        "unknown knob 'loss.nam'; did you mean 'loss.name'?",
    ),
    "unknown knob of a level": (
        "factors:\n  loss:\n    a: {loss.name: hinge}\n    b: {loss.nam: hinge}\n",
        6,
        "unknown knob 'loss.nam'; did you mean 'loss.name'?",
    ),
    "unknown knob of a relation": (
        "factors:\n  generator.width: [{of: generator.depht, times: 2}]\n",
        4,
        "unknown knob 'generator.depht'; did you mean 'generator.depth'?",
    ),
    "unknown heuristic": (
        "heuristics:\n  - generator_ema\n  - generatr_emma\n",
        5,
        "unknown heuristic 'generatr_emma'; did you mean 'generator_ema'?",
    ),
    "unknown design": (
        TIP + "design: one_at_time\n",
        4,
        "design: unknown design 'one_at_time'; did you mean 'one_at_a_time'?",
    ),
    "unknown metric": (
        TIP + "metric: kers75\n",
        4,
        "metric: unknown protocol 'kers75'; did you mean 'keras75'?",
    ),
    "unknown metric of a profile": (
        TIP + "profiles:\n  p:\n    metric: kers75\n",
        6,
        "profiles.p.metric: unknown protocol 'kers75'; did you mean 'keras75'?",
    ),
    "unknown data set": (
        TIP + "baseline: {data.name: cifr10}\n",
        4,
        "data.name: unknown data set 'cifr10'; did you mean 'cifar10'?",
    ),
    "unknown tip in the recipe": (
        TIP + "recipe:\n  - generator_emma\n",
        5,
        "unknown heuristic of the study 'generator_emma'; did you mean 'generator_ema'?",
    ),
    "a recipe that the design does not follow": (
        TIP + "recipe: [generator_ema]\ndesign: one_at_a_time\n",
        4,
        "design one_at_a_time has no recipe",
    ),
    "a tip twice in the recipe": (
        TIP + "recipe: [generator_ema, generator_ema]\n",
        4,
        "the recipe contains 'generator_ema' twice",
    ),
    "a knob to tune that is none": (
        TIP + "tune:\n  values: {loss.nam: [hinge, minimax]}\n  seeds: [9]\n",
        5,
        "unknown knob 'loss.nam'; did you mean 'loss.name'?",
    ),
    "a value to tune that is out of bounds": (
        TIP + "tune:\n  values:\n    optimizer.generator.beta_1: [0.5, 1.5]\n  seeds: [9]\n",
        6,
        "optimizer.generator.beta_1: Input should be less than 1 (given: 1.5)",
    ),
    "more points than are allowed": (
        TIP + "tune:\n  values: {generator.width: [8, 16, 24, 32], "
        "generator.kernel_size: [3, 4]}\n  seeds: [9]\n",
        5,
        "tune.values: at most 6 combinations of values are allowed (given: 4 × 2)",
    ),
    "nothing to choose from": (
        TIP + "tune:\n  values: {generator.width: [8]}\n  seeds: [9]\n",
        5,
        "tune.values: give at least one knob two values or more",
    ),
    "a seed that tunes and judges": (
        TIP + "seeds: 4\ntune:\n  values: {generator.width: [8, 16]}\n  seeds: [3, 9]\n",
        7,
        "tune.seeds: 3 is also a seed of the study; use other seeds, for example [4, 5]",
    ),
    "a seed that tunes and judges in a profile": (
        TIP + "seeds: 4\ntune:\n  values: {generator.width: [8, 16]}\n  seeds: [5]\n"
        "profiles:\n  p: {seeds: 6}\n",
        7,
        "tune.seeds: 5 is also a seed of the study under profile p; use other seeds, for "
        "example [6]",
    ),
    "a key of the tuning that is none": (
        TIP + "tune:\n  values: {generator.width: [8, 16]}\n  seeds: [9]\n  seed: 5\n",
        7,
        "unknown key 'seed'; did you mean 'seeds'?",
    ),
    "missing key": (None, None, "the key 'title' is missing"),
    "wrong type of a key": (
        "heuristics: generator_ema\n",
        3,
        "heuristics: Input should be a valid list (given: 'generator_ema')",
    ),
    "wrong type of a level": (
        "factors:\n  training.batch_size:\n    - 64\n    - many\n",
        6,
        "training.batch_size: Input should be a valid integer (given: 'many')",
    ),
    "a word where a truth value belongs": (
        "factors:\n  discriminator.residual: [off]\n",
        4,
        "discriminator.residual: Input should be a valid boolean (given: 'off')",
    ),
    "levels that are none": (
        "factors:\n  discriminator.dropout: 0.1\n",
        4,
        "factors.discriminator.dropout: Input should be a valid list or a valid dictionary "
        "(given: 0.1)",
    ),
    "a level that is none": (
        "factors:\n  loss:\n    a: {}\n    b: 3\n",
        6,
        "factors.loss.b: Input should be a valid dictionary (given: 3)",
    ),
    "a section instead of a dotted name": (
        TIP + "baseline:\n  discriminator: {dropout: 0.1}\n",
        5,
        "unknown knob 'discriminator'; did you mean 'discriminator.width'?",
    ),
    "out of bounds": (
        TIP + "baseline: {discriminator.dropout: 1.5}\n",
        4,
        "discriminator.dropout: Input should be less than 1 (given: 1.5)",
    ),
    "out of bounds of a study": (
        TIP + "alpha: 0.7\n",
        4,
        "alpha: Input should be less than 0.5 (given: 0.7)",
    ),
    "not finite": (
        TIP + "baseline: {training.kimg: .inf}\n",
        4,
        "training.kimg: Input should be a finite number (given: inf)",
    ),
    "no relation": (
        "factors:\n  generator.width: [{twice: 2}]\n",
        4,
        "generator.width: {'twice': 2} is not a multiple; write {times: 2} or "
        "{of: generator.width, times: 2}",
    ),
    "seeds as a knob": (
        "factors:\n  seed: [0, 1]\n",
        4,
        "seed: set the study's key `seeds` instead",
    ),
    "no seed": (TIP + "seeds: 0\n", 4, "seeds: at least one seed is needed"),
    "a seed twice": (
        TIP + "seeds: [1, 1]\n",
        4,
        "seeds: seeds must be different whole numbers from 0 to below 2147483648",
    ),
    "a thousand million seeds": (
        TIP + "seeds: 1000000000\n",
        4,
        "seeds: at most 1\u202f000 seeds (given: 1\u202f000\u202f000\u202f000)",
    ),
    "a long list of seeds": (
        TIP + f"seeds: {list(range(1001))}\n",
        4,
        "seeds: at most 1\u202f000 seeds (given: 1\u202f001)",
    ),
    "a seed beyond what the knob takes": (
        TIP + "seeds: [2147483648]\n",
        4,
        "the whole number 2147483648 is too large",
    ),
    "a profile that is a path": (
        TIP + "profiles:\n  ../x: {}\n",
        4,
        "profiles: the name of a profile consists of letters, digits, _ and - (given: '../x')",
    ),
    "a threshold without an end": (
        TIP + "objective: time_to_threshold\nthreshold: .inf\n",
        5,
        "threshold: Input should be a finite number (given: inf)",
    ),
    "a long value": (
        TIP + f"seeds: {'w' * 9000}\n",
        4,
        "seeds: Input should be a valid integer or a valid list (given: 'www",
    ),
    "a path that is too long": (
        TIP + f"baseline:\n  data.path: {'w' * 300}\n",
        5,
        "data.path: 'www",
    ),
    "a negative seed": (
        TIP + "seeds: [0, -1]\n",
        4,
        "seeds: seeds must be different whole numbers from 0 to below 2147483648",
    ),
    "seeds that are none": (
        TIP + "seeds: many\n",
        4,
        "seeds: Input should be a valid integer or a valid list (given: 'many')",
    ),
    "a seed that is none": (
        TIP + "seeds:\n  - 0\n  - 0.5\n",
        6,
        "seeds.1: Input should be a valid integer (given: 0.5)",
    ),
    "duplicate key": ("title: again\n", 3, "the key 'title' is given twice"),
    "duplicate factor": (
        "factors:\n  training.ema: [0.5]\n  training.ema: [0.6]\n",
        5,
        "the key 'training.ema' is given twice",
    ),
    "duplicate tip": (
        "heuristics:\n  - generator_ema\n  - spectral_norm\n  - generator_ema\n",
        6,
        "the factor 'generator_ema' is given twice",
    ),
    "a factor named as a tip": (
        TIP + "factors:\n  generator_ema:\n    a: {training.ema: 0.9}\n",
        5,
        "the factor 'generator_ema' is given twice",
    ),
    "duplicate level": (
        "factors:\n  discriminator.dropout: [0.1, 0.10]\n",
        4,
        "the factor 'discriminator.dropout' has the same level twice",
    ),
    "no level": (
        "factors:\n  discriminator.dropout: []\n",
        4,
        "the factor 'discriminator.dropout' has no levels",
    ),
    "empty design": ("", None, "the design is empty: name heuristics, or factors with levels"),
    "nothing but the reference": (
        "factors:\n  discriminator.dropout: [0.4]\n",
        None,
        "the design is empty: every level equals the reference",
    ),
    "malformed": ("factors: [1, 2\nseeds: 3\n", 4, "malformed YAML: expected ',' or ']', "),
    "clash in the baseline": (
        TIP + "baseline:\n  loss.name: hinge\n  loss.label_smoothing: 0.1\n",
        6,
        "cell 'reference': loss.label_smoothing clashes with loss.name (",
    ),
    "clash in a profile": (
        TIP + "profiles:\n  p:\n    patch:\n      training.kimg: 1\n",
        7,
        "cell 'reference': training.evaluations clashes with training.kimg (",
    ),
    "clash in a level": (
        "factors:\n  loss:\n    a: {loss.name: hinge}\n"
        "    b: {loss.name: hinge, loss.label_smoothing: 0.1}\n",
        6,
        "cell 'loss=b': loss.label_smoothing clashes with loss.name (",
    ),
    "clash with a tip": (
        "heuristics:\n  - generator_ema\n  - one_sided_label_smoothing\n"
        "baseline: {loss.name: hinge}\n",
        5,
        "cell 'one_sided_label_smoothing=on': loss.label_smoothing clashes with loss.name (",
    ),
    "an image size that is no power": (
        TIP + "baseline:\n  data.image_size: 48\n",
        5,
        "cell 'reference': data.image_size: 48 is not 4 times a power of two; "
        "the nearest are 32 and 64",
    ),
    "tips that cannot be combined": (
        "heuristics: [adam_beta_1_half, adam_beta_1_zero]\n"
        "recipe: [adam_beta_1_half, adam_beta_1_zero]\ndesign: leave_one_out\n",
        5,
        "adam_beta_1_half and adam_beta_1_zero cannot be followed together: leave one out of the "
        "recipe, or use design: one_at_a_time (both set optimizer.discriminator.beta_1)",
    ),
    "tips that cannot be followed together": (
        "heuristics: [one_sided_label_smoothing, hinge_loss]\n"
        "recipe: [one_sided_label_smoothing, hinge_loss]\ndesign: leave_one_out\n",
        5,
        "one_sided_label_smoothing and hinge_loss cannot be followed together: leave one out of "
        "the recipe, or use design: one_at_a_time (loss.label_smoothing clashes with loss.name",
    ),
    "a factor that cannot be left out": (
        TIP + "factors:\n  discriminator.dropout: [0.1]\ndesign: leave_one_out\n",
        6,
        "the factor 'discriminator.dropout' is not a tip and cannot be left out",
    ),
    "a tip without effect": (
        "heuristics: [batch_norm_without_scale]\n"
        "baseline: {generator.normalization: none, discriminator.normalization: none}\n",
        3,
        "both sides of batch_norm_without_scale train the same here",
    ),
    "missing folder": (
        TIP + "baseline:\n  data.name: folder\n  data.path: nowhere\n",
        6,
        "cell 'reference': data.path: nowhere is neither a folder",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_line_with_its_place(place, name):
    body, line, said = MISTAKES[name]
    text = "question: Q?\n" + TIP if body is None else HEAD + body
    with pytest.raises(HarnessError) as error:
        place(text, "p" if "profiles:" in text else None)
    where = place.file if line is None else f"{place.file}:{line}"
    assert str(error.value).startswith(f"{where}: {said}")
    assert len(str(error.value)) < len(str(place.file)) + 600
    assert "\n" not in str(error.value)


def test_mistakes_in_several_keys_are_told_together(place):
    with pytest.raises(HarnessError) as error:
        place("title: 3\nalpha: 0\nseed: 1\n" + TIP)
    found = str(error.value).splitlines()
    assert found == [
        f"{place.file}:1: title: Input should be a valid string (given: 3)",
        f"{place.file}: the key 'question' is missing",
        f"{place.file}:2: alpha: Input should be greater than 0 (given: 0)",
        f"{place.file}:3: unknown key 'seed'; did you mean 'seeds'?",
    ]


def test_defaults_of_a_study(tmp_path):
    (tmp_path / "a.yaml").write_text(HEAD)
    study = read("a", tmp_path).study
    assert (study.design, study.objective, study.alpha) == ("ablation", "final", 0.05)
    assert (study.equivalence, study.seed_list(None)) == (0.05, list(range(8)))


@pytest.mark.parametrize(
    ("seeds", "own", "expected"),
    [
        ("3", "", [0, 1, 2]),
        ("[4, 2]", "", [4, 2]),
        ("3", "seeds: [7]", [7]),
        ("3", "seeds: 1", [0]),
    ],
)
def test_seeds_of_a_profile(tmp_path, seeds, own, expected):
    text = f"{HEAD}seeds: {seeds}\nprofiles:\n  p: {{{own}}}\n"
    (tmp_path / "a.yaml").write_text(text)
    assert read("a", tmp_path).study.seed_list("p") == expected


def test_a_study_is_found_by_name_or_by_path(tmp_path, monkeypatch):
    (tmp_path / "b2_x.yaml").write_text(HEAD)
    (tmp_path / "a.yaml").write_text(HEAD)
    assert read("b2_x", tmp_path).document.file == tmp_path / "b2_x.yaml"
    monkeypatch.chdir(tmp_path)
    assert read("b2_x.yaml", tmp_path / "elsewhere").name == "b2_x"
    assert read(str(tmp_path / "a.yaml"), tmp_path / "elsewhere").name == "a"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("quickstrat", "unknown study 'quickstrat'; did you mean 'quickstart'?"),
        ("a/b", "'a/b' is not a study: give the name of one ("),
        ("../quickstart", "'../quickstart' is not a study: give the name of one ("),
        ("..", "'..' is not a study: give the name of one ("),
        ("Quick-Start", "'Quick-Start' is not a study: give the name of one ("),
        ("", "'' is not a study: give the name of one ("),
        ("nowhere/x.yaml", "there is no study file nowhere/x.yaml"),
        ("quickstart.yaml/", "'quickstart.yaml/' is not a study"),
    ],
)
def test_names_that_are_no_study(tmp_path, monkeypatch, name, said):
    (tmp_path / "quickstart.yaml").write_text(HEAD)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(HarnessError) as error:
        read(name, tmp_path)
    assert str(error.value).startswith(said)


def test_a_file_whose_name_cannot_name_a_run_is_refused(tmp_path):
    path = tmp_path / "My study.yaml"
    path.write_text(HEAD)
    with pytest.raises(HarnessError, match="consists of a to z, 0 to 9 and _"):
        read(str(path), tmp_path)
