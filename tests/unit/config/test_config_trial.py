"""The parameter space: documented knob by knob, S0's defaults, and what follows from knobs."""

import itertools

import pytest

from harness.config.describe import rows, table
from harness.config.identity import metric_request
from harness.config.patch import DEFAULTS, KNOBS, flatten, resolve, unflatten
from harness.config.trial import TrialConfig
from harness.core.errors import HarnessError
from tests.unit.config.surroundings import (
    LABELLED,
)

# values as S0 sets them (Keras example, "Hyperparameters"); 400 epochs x 46 batches x 128 images
S0 = {
    "data.name": "caltech_birds2011",
    "data.image_size": 64,
    "generator.noise_size": 64,
    "generator.depth": 4,
    "generator.width": 128,
    "generator.batch_norm_scale": False,
    "generator.dropout": 0.0,
    "discriminator.depth": 4,
    "discriminator.width": 128,
    "discriminator.leaky_slope": 0.2,
    "discriminator.normalization": "batch",
    "discriminator.dropout": 0.4,
    "loss.name": "non_saturating",
    "optimizer.generator.learning_rate": 2e-4,
    "optimizer.generator.beta_1": 0.5,
    "optimizer.generator.beta_2": 0.999,
    "optimizer.discriminator.learning_rate": 2e-4,
    "optimizer.discriminator.beta_1": 0.5,
    "augmentation.policy": "adaptive",
    "augmentation.target_accuracy": 0.85,
    "augmentation.integration_steps": 1000,
    "augmentation.translation": 0.125,
    "augmentation.rotation": 0.125,
    "augmentation.zoom": 0.25,
    "training.kimg": 400 * 46 * 128 / 1000,
    "training.batch_size": 128,
    "training.update": "simultaneous",
    "training.ema": 0.99,
    "training.evaluations": 25,
    "training.final_evaluations": 0,
    "evaluation.protocol": "keras75",
    "evaluation.encoder": "inception_v3",
    "evaluation.resolution": 75,
}


@pytest.mark.parametrize("knob", S0)
def test_defaults_are_those_of_s0(knob):
    assert DEFAULTS[knob] == S0[knob]


def test_the_default_budget_is_400_epochs():
    assert TrialConfig().training.kimg == 2355.2
    assert TrialConfig().iterations == 400 * 46


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["knob"])
def test_every_knob_is_documented(row):
    assert row["meaning"]
    assert row["source"]
    default = DEFAULTS[row["knob"]]
    number = isinstance(default, int | float) and not isinstance(default, bool)
    assert row["bounds"] or not number


def test_rows_are_the_knobs_in_order_and_the_table_holds_them():
    assert tuple(row["knob"] for row in rows()) == KNOBS
    by_knob = {row["knob"]: row for row in rows()}
    assert by_knob["discriminator.dropout"] == {
        "knob": "discriminator.dropout",
        "meaning": "dropout rate before the last layer",
        "unit": "",
        "bounds": "≥ 0.0, < 1.0",
        "default": "0.4",
        "source": "S0",
    }
    assert by_knob["training.update"]["bounds"] == "simultaneous, alternating, variational"
    assert by_knob["generator.depth"]["bounds"] == "≥ 1, ≤ 7"
    lines = table().splitlines()
    assert len(lines) == 2 + len(KNOBS)
    assert any(
        line.startswith("| `data.image_size` | height and width of an image [px] | ≥ 8, ≤ 512 |")
        for line in lines
    )


@pytest.mark.parametrize(
    ("knob", "value", "message"),
    [
        ("discriminator.dropout", 1.0, "less than 1"),
        ("discriminator.dropout", -0.1, "greater than or equal to 0"),
        ("training.kimg", 0.0, "greater than 0"),
        ("training.kimg", float("inf"), "finite"),
        ("training.kimg", float("nan"), "finite"),
        ("training.batch_size", 64.0, "valid integer"),
        ("training.batch_size", True, "valid integer"),
        ("generator.batch_norm_scale", 1, "valid boolean"),
        ("generator.batch_norm_scale", "off", "valid boolean"),
        ("optimizer.generator.learning_rate", "2e-4", "valid number"),
        ("training.update", "alternate", "unknown update 'alternate'; did you mean 'alternating'?"),
        ("loss.name", "hingd", "unknown loss 'hingd'; did you mean 'hinge'?"),
        ("evaluation.encoder", "inception", "unknown encoder 'inception'; did you mean"),
        ("evaluation.protocol", "kers75", "unknown protocol 'kers75'; did you mean 'keras75'?"),
        ("data.name", "cifr10", "unknown data set 'cifr10'; did you mean 'cifar10'?"),
        ("labels.conditioning", "conct", "unknown conditioning 'conct'; did you mean 'concat'?"),
        ("seed", -1, "greater than or equal to 0"),
    ],
)
def test_a_wrong_value_is_named(knob, value, message):
    with pytest.raises(HarnessError) as error:
        unflatten({knob: value})
    assert str(error.value).startswith(f"{knob}: ")
    assert message in str(error.value)
    assert repr(value).strip("'") in str(error.value)


@pytest.mark.parametrize(("size", "depth"), [(8, 1), (16, 2), (32, 3), (64, 4), (128, 5)])
def test_depth_follows_from_the_image_size(size, depth):
    config = resolve([{"data.image_size": size}])
    assert (config.generator.depth, config.discriminator.depth) == (depth, depth)


@pytest.mark.parametrize(
    ("size", "nearest"),
    [(12, "8 and 16"), (48, "32 and 64"), (65, "64 and 128"), (127, "64 and 128")],
)
def test_a_size_that_is_no_power_is_refused_with_the_nearest(size, nearest):
    with pytest.raises(HarnessError, match=f"data.image_size: {size} is not .* are {nearest}"):
        resolve([{"data.image_size": size}])


@pytest.mark.parametrize(
    ("data", "classes"), [("caltech_birds2011", 200), ("digits", 10), ("oxford_flowers102", 102)]
)
def test_the_data_set_says_how_many_classes_there_are_where_labels_are_used(data, classes):
    of = {"data.name": data}
    assert resolve([of]).labels.classes is None  # so that other keys stay
    config = resolve([of, LABELLED])
    assert (config.labels.classes, config.labels.values) == (classes, classes)
    assert unflatten({**flatten(config), "seed": 1}).labels == config.labels
    infogan = resolve([of, {"labels.conditioning": "infogan", "labels.codes": 3}])
    assert (infogan.labels.classes, infogan.labels.values) == (None, 3)


def test_labels_are_no_part_of_what_is_asked_of_a_metric():
    assert metric_request(resolve([LABELLED])) == metric_request(resolve([]))


@pytest.mark.parametrize("name", ["tfds:coil100", "celeb_a"])
def test_a_data_set_without_known_labels_is_refused_with_those_that_have_some(name):
    with pytest.raises(
        HarnessError, match=r"this data set has no labels.*caltech_birds2011, cifar10.*fol"
    ):
        resolve([LABELLED, {"data.name": name}])


@pytest.mark.parametrize(
    ("kimg", "batch", "steps", "evaluations", "iterations"),
    [
        (2355.2, 128, 1, 25, 18400),
        (60.0, 32, 1, 8, 1875),
        (20.0, 64, 1, 5, 312),  # 312.5 rounds to even
        (20.0, 64, 5, 5, 62),
        (0.64, 16, 1, 40, 40),
    ],
)
def test_evaluations_are_equally_spaced(kimg, batch, steps, evaluations, iterations):
    config = resolve(
        [
            {
                "training.kimg": kimg,
                "training.batch_size": batch,
                "training.discriminator_steps": steps,
                "training.evaluations": evaluations,
            }
        ]
    )
    assert config.iteration_images == batch * steps
    assert config.iterations == iterations
    points = config.evaluation_iterations
    assert len(points) == evaluations + 1
    assert (points[0], points[-1]) == (0, iterations)
    gaps = [later - earlier for earlier, later in itertools.pairwise(points)]
    assert min(gaps) >= 1
    assert max(gaps) - min(gaps) <= 1


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ({"data.name": "digits", "data.image_size": 16}, ("subsets", "classifier", None, 500)),
        ({"data.name": "cifar10", "data.image_size": 32}, ("keras75", "inception_v3", 75, None)),
        ({"evaluation.protocol": "fidelity299"}, ("fidelity299", "inception_2015", 299, 1000)),
        ({"evaluation.protocol": "subsets"}, ("subsets", "inception_v3", None, 1000)),
    ],
)
def test_the_data_set_and_the_protocol_decide_what_the_study_leaves_open(patch, expected):
    chosen = resolve([patch]).evaluation
    assert (chosen.protocol, chosen.encoder, chosen.resolution, chosen.subset_size) == expected


def test_a_configuration_is_frozen_and_survives_a_round_trip():
    config = resolve([{"discriminator.dropout": 0.1, "data.image_size": 32}])
    with pytest.raises(ValueError, match="frozen"):
        config.training.kimg = 1.0
    assert unflatten(flatten(config)) == config
