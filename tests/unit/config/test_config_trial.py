"""The parameter space: documented knob by knob, S0's defaults, and the rules between knobs."""

import itertools

import pytest

from harness.config.describe import rows, table
from harness.config.identity import key, metric_request
from harness.config.patch import DEFAULTS, KNOBS, flatten, resolve, unflatten
from harness.config.trial import TrialConfig, rules
from harness.config.trial.rule import read
from harness.core.errors import HarnessError

FOLDER = {"data.name": "folder", "data.path": "photos"}
CRITIC = {"loss.name": "wasserstein"}
ENERGY = {"augmentation.policy": "none"}

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
        ("training.update", "alternate", "'simultaneous', 'alternating' or 'variational'"),
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


UNAUGMENTED = {"augmentation.policy": "none"}
UNPLAYED = {"training.update": "variational", **UNAUGMENTED}
EDGES = {"translation.source": "edges"}
ONE_BLOCK = {"data.image_size": 8}
LABELLED = {"labels.conditioning": "projection"}
PLAYED = {
    "labels.conditioning": "infogan",
    "discriminator.minibatch": "stddev",
    "discriminator.output": "sigmoid",
    "generator.latent": "uniform",
    "translation.source": "edges",
    "augmentation.policy": "fixed",
    "discriminator.instance_noise": 0.1,
    "loss.name": "hinge",
    "loss.generator": "feature_matching",
    "loss.label_smoothing": 0.1,
    "loss.smoothing_noise": 0.1,
    "loss.label_noise": 0.1,
    "penalties.gradient.weight": 10.0,
    "penalties.r1.weight": 10.0,
    "penalties.dragan.weight": 10.0,
    "penalties.orthogonal.weight": 1e-4,
    "penalties.orthogonal.generator_weight": 1e-4,
    "penalties.orthonormal.weight": 1e-4,
    "penalties.orthonormal.generator_weight": 1e-4,
    "penalties.pulling_away.generator_weight": 0.1,
    "penalties.historical.weight": 1.0,
    "penalties.historical.generator_weight": 1.0,
    "training.balance": "loss",
    "training.batches": "joint",
    "training.discriminator_steps": 5,
    "training.generator_steps": 2,
    "training.replay": 0.5,
}
CLASHES = {
    **{(knob, "training.update"): {**UNPLAYED, knob: value} for knob, value in PLAYED.items()},
    ("loss.smoothing_noise", "loss.name"): {"loss.name": "hinge", "loss.smoothing_noise": 0.1},
    ("loss.label_noise", "loss.name"): {"loss.name": "hinge", "loss.label_noise": 0.1},
    ("augmentation.policy", "loss.name"): {"loss.name": "began"},
    ("loss.label_smoothing", "loss.name"): {"loss.name": "hinge", "loss.label_smoothing": 0.1},
    ("translation.source", "loss.name"): {**EDGES, "loss.name": "began", **UNAUGMENTED},
    ("translation.source", "data.name"): {"translation.source": "grey", "data.name": "mnist"},
    **{
        (f"augmentation.{knob}", "translation.source"): {**EDGES, f"augmentation.{knob}": 0.5}
        for knob in ("brightness", "saturation", "contrast")
    },
    **{
        (f"{network}.normalization", "translation.source"): {
            **EDGES,
            f"{network}.normalization": "virtual_batch",
        }
        for network in ("generator", "discriminator")
    },
    ("discriminator.output", "loss.name"): {
        "loss.name": "hinge",
        "discriminator.output": "sigmoid",
    },
    ("discriminator.minibatch", "discriminator.normalization"): {
        "discriminator.minibatch": "stddev",
        "discriminator.normalization": "virtual_batch",
    },
    ("discriminator.minibatch", "loss.name"): {
        **UNAUGMENTED,
        "loss.name": "ebgan",
        "discriminator.minibatch": "stddev",
    },
    ("labels.conditioning", "data.name"): {**LABELLED, "data.name": "celeb_a"},
    ("labels.conditioning", "translation.source"): {**LABELLED, **EDGES},
    ("labels.conditioning", "loss.name"): {**LABELLED, "loss.name": "began", **UNAUGMENTED},
    **{
        ("labels.conditioning", f"{network}.normalization"): {
            **LABELLED,
            f"{network}.normalization": "virtual_batch",
        }
        for network in ("generator", "discriminator")
    },
    ("labels.conditioning", "training.replay"): {**LABELLED, "training.replay": 0.5},
    ("augmentation.probability", "augmentation.max_probability"): {
        "augmentation.probability": 0.5,
        "augmentation.max_probability": 0.4,
    },
    ("penalties.clipping.limit", "loss.name"): {"penalties.clipping.limit": 0.01},
    ("generator.depth", "data.image_size"): {"generator.depth": 3},
    ("discriminator.depth", "data.image_size"): {"discriminator.depth": 7},
    ("training.evaluations", "training.kimg"): {"training.kimg": 2.0},
    ("training.accumulation", "training.batch_size"): {"training.accumulation": 3},
    ("training.ema_start", "training.kimg"): {"training.ema_start": 2355.2},
    ("training.balance", "loss.name"): {"training.balance": "loss", "loss.name": "hinge"},
    ("training.balance", "loss.generator"): {
        "training.balance": "loss",
        "loss.generator": "feature_matching",
    },
    ("training.replay", "training.replay_size"): {
        "training.replay": 0.5,
        "training.replay_size": 63,
    },
    ("data.path", "data.name"): {"data.path": "photos"},
    ("data.train_split", "data.validation_split"): {"data.train_split": "test"},
    ("evaluation.protocol", "evaluation.encoder"): {
        "evaluation.protocol": "fidelity299",
        "evaluation.encoder": "inception_v3",
    },
    ("evaluation.protocol", "evaluation.resolution"): {"evaluation.resolution": 299},
}


def test_every_clash_has_a_case():
    assert set(CLASHES) == {clash.knobs for clash in rules.CLASHES}


@pytest.mark.parametrize("clash", rules.CLASHES, ids=lambda clash: " x ".join(clash.knobs))
def test_a_clash_names_both_knobs_their_values_and_what_to_change(clash):
    with pytest.raises(HarnessError) as error:
        resolve([CLASHES[clash.knobs]])
    one, two = clash.knobs
    assert str(error.value).startswith(f"{one} clashes with {two} ({one}=")
    assert f", {two}=" in str(error.value)
    assert str(error.value).endswith(clash.advice)


@pytest.mark.parametrize(
    "patch",
    [
        {"loss.name": "least_squares", "loss.label_smoothing": 0.1},
        {**CRITIC, "penalties.clipping.limit": 0.01},
        {"loss.name": "began", "augmentation.policy": "fixed"},
        UNPLAYED,
        {"translation.source": "grey", "augmentation.policy": "fixed"},
        {"discriminator.depth": 6},
        {"training.kimg": 25 * 0.128},
        {"labels.conditioning": "infogan", "data.name": "celeb_a"},
        {"labels.conditioning": "acgan", "discriminator.normalization": "virtual_batch"},
        {**LABELLED, "data.name": "folder", "data.path": "photos"},
        {"training.accumulation": 64},
        {"training.ema_start": 2355.0},
        {"training.balance": "loss", "loss.name": "relativistic_average"},
        {"training.replay": 0.5, "training.replay_size": 64},
        {"augmentation.probability": 0.5, "augmentation.max_probability": 0.5},
        {"training.replay": 0.5, "training.replay_size": 16, "training.accumulation": 4},
        FOLDER,
        {"evaluation.protocol": "fidelity299"},
        {"evaluation.protocol": "blocks", "evaluation.resolution": 299},
    ],
)
def test_the_legal_neighbours_of_clashes_are_accepted(patch):
    values = flatten(resolve([patch]))
    assert {path: values[path] for path in patch} == patch


# knob → (where nothing reads it, another value, where it is read)
INERT = {
    "discriminator.attention": ({"discriminator.depth": 1}, True, {}),
    "generator.architecture": (EDGES, "biggan", {}),
    "discriminator.residual": ({"discriminator.architecture": "biggan"}, True, {}),
    "discriminator.instance_noise_every": ({}, 4, {"discriminator.instance_noise": 0.1}),
    "loss.smoothing_noise_every": ({}, 4, {"loss.smoothing_noise": 0.1}),
    "loss.label_noise_every": ({}, 4, {"loss.label_noise": 0.1}),
    "penalties.clipping.every": ({}, 4, {**CRITIC, "penalties.clipping.limit": 0.01}),
    "training.replay_every": ({}, 4, {"training.replay": 0.5}),
    "augmentation.max_probability": ({"augmentation.policy": "fixed"}, 0.5, {}),
    "generator.leaky_slope": ({}, 0.1, {"generator.activation": "leaky_relu"}),
    "discriminator.leaky_slope": ({"discriminator.activation": "relu"}, 0.1, {}),
    "generator.batch_norm_momentum": ({"generator.normalization": "none"}, 0.9, {}),
    "generator.batch_norm_scale": ({"generator.normalization": "none"}, True, {}),
    "discriminator.batch_norm_momentum": ({"discriminator.normalization": "none"}, 0.9, {}),
    "discriminator.batch_norm_scale": ({"discriminator.normalization": "none"}, True, {}),
    "generator.noise_size": (EDGES, 32, {}),
    "generator.dropout": (EDGES, 0.5, {}),
    "generator.latent": (EDGES, "uniform", {}),
    "generator.truncation": (EDGES, 0.5, {}),
    "generator.skip_z": (ONE_BLOCK, True, {}),
    "generator.filters": (ONE_BLOCK, "tapering", {}),
    "discriminator.filters": ({"discriminator.depth": 1}, "tapering", {}),
    "generator.hidden_dense": (EDGES, 1, {}),
    "generator.residual": (ONE_BLOCK, True, {}),
    "generator.attention": (EDGES, True, {}),
    "generator.dropout_at_generation": ({}, True, {"generator.dropout": 0.5}),
    "discriminator.output_epsilon": ({}, 0.0, {"discriminator.output": "sigmoid"}),
    **{
        f"{network}.{knob}": (around, other, read)
        for network in ("generator", "discriminator")
        for knob, around, other, read in (
            ("norm_placement", {f"{network}.normalization": "none"}, "after", {}),
            ("bias_before_norm", {f"{network}.normalization": "none"}, True, {}),
            ("initializer_stddev", {}, 0.1, {f"{network}.initializer": "normal"}),
        )
    },
    "labels.embedding_size": ({"labels.conditioning": "infogan"}, 8, LABELLED),
    "labels.every_block": ({**LABELLED, **ONE_BLOCK}, True, LABELLED),
    "labels.shared_embedding": (LABELLED, True, {**LABELLED, "labels.every_block": True}),
    "labels.classifier_weight": (LABELLED, 2.0, {"labels.conditioning": "acgan"}),
    "labels.codes": (LABELLED, 4, {"labels.conditioning": "infogan"}),
    "labels.information_weight": ({}, 2.0, {"labels.conditioning": "infogan"}),
    "translation.l1_weight": ({}, 1.0, EDGES),
    "translation.decoder_dropout": ({}, 0.0, EDGES),
    "loss.margin": ({}, 1.0, {**ENERGY, "loss.name": "ebgan"}),
    "loss.diversity_ratio": ({}, 0.7, {**ENERGY, "loss.name": "began"}),
    "loss.equilibrium_gain": ({}, 0.01, {**ENERGY, "loss.name": "began"}),
    "discriminator.instance_noise_end": ({}, 0.5, {"discriminator.instance_noise": 0.1}),
    "penalties.gradient.every": ({}, 4, {"penalties.gradient.weight": 10.0}),
    "penalties.r1.every": ({}, 4, {"penalties.r1.weight": 10.0}),
    "penalties.dragan.every": ({}, 4, {"penalties.dragan.weight": 10.0}),
    "penalties.orthogonal.every": ({}, 4, {"penalties.orthogonal.generator_weight": 1e-4}),
    "penalties.orthonormal.every": ({}, 4, {"penalties.orthonormal.weight": 1e-4}),
    "penalties.pulling_away.every": ({}, 4, {"penalties.pulling_away.generator_weight": 0.1}),
    "penalties.historical.every": ({}, 4, {"penalties.historical.generator_weight": 1.0}),
    **{
        f"optimizer.{owner}.{number}": (
            {f"optimizer.{owner}.name": unread},
            value,
            {f"optimizer.{owner}.name": reader},
        )
        for owner in ("generator", "discriminator")
        for number, unread, value, reader in (
            ("beta_1", "rmsprop", 0.9, "adam"),
            ("beta_2", "sgd", 0.9, "adam"),
            ("epsilon", "sgd", 1e-3, "rmsprop"),
            ("rho", "adam", 0.5, "rmsprop"),
            ("momentum", "adam", 0.5, "sgd"),
        )
    },
    "training.ema_start": ({"training.ema": 0.0}, 100.0, {}),
    "training.balance_ratio": ({}, 2.0, {"training.balance": "loss"}),
    "training.replay_size": ({}, 256, {"training.replay": 0.5}),
    "augmentation.probability": ({"augmentation.policy": "none"}, 0.5, {}),
    "augmentation.target_accuracy": ({"augmentation.policy": "fixed"}, 0.6, {}),
    "augmentation.integration_steps": ({"augmentation.policy": "fixed"}, 100, {}),
    "augmentation.flip": ({"augmentation.policy": "none"}, False, {}),
    "augmentation.translation": ({"augmentation.policy": "none"}, 0.2, {}),
    "augmentation.rotation": ({"augmentation.policy": "none"}, 0.2, {}),
    "augmentation.zoom": ({"augmentation.policy": "none"}, 0.5, {}),
    "augmentation.brightness": ({"augmentation.policy": "none"}, 0.2, {}),
    "augmentation.saturation": ({"augmentation.policy": "none"}, 0.2, {}),
    "augmentation.contrast": ({"augmentation.policy": "none"}, 0.2, {}),
    "data.subset_seed": ({}, 3, {"data.train_images": 500}),
    "data.validation_fraction": ({}, 0.5, FOLDER),
}


def test_every_inert_knob_has_a_case():
    assert set(INERT) == {rule.knob for rule in rules.INERT}


@pytest.mark.parametrize("rule", rules.INERT, ids=lambda rule: rule.knob)
def test_a_knob_that_nothing_reads_is_reset_and_changes_no_key(rule):
    unread, other, around = INERT[rule.knob]
    reset = resolve([unread, {rule.knob: other}])
    assert read(reset, rule.knob) == DEFAULTS[rule.knob]
    assert reset == resolve([unread])
    kept = resolve([around, {rule.knob: other}])
    assert read(kept, rule.knob) == other
    assert key(kept) != key(resolve([around]))


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


WARNED = [
    ({"penalties.gradient.weight": 10.0}, "make images depend on their batch"),
    (
        {"discriminator.minibatch": "stddev", "training.batches": "joint"},
        "joint mixes real and generated",
    ),
    (
        {"discriminator.spectral_norm": True, "discriminator.batch_norm_scale": True},
        "removes the bound",
    ),
    (CRITIC, "needs a bounded discriminator"),
]


def test_every_advice_has_a_case():
    assert len(WARNED) == len(rules.ADVISED_AGAINST)


@pytest.mark.parametrize(("patch", "words"), WARNED)
def test_what_the_sources_advise_against_is_one_warning(patch, words):
    [warning] = rules.warnings(resolve([patch]))
    assert words in warning


@pytest.mark.parametrize(
    "patch",
    [
        {},
        {"penalties.gradient.weight": 10.0, "discriminator.normalization": "none"},
        {**CRITIC, "discriminator.spectral_norm": True},
        {**CRITIC, "penalties.clipping.limit": 0.01},
        {**CRITIC, "penalties.gradient.weight": 10.0, "discriminator.normalization": "none"},
    ],
)
def test_nothing_else_is_warned_of(patch):
    assert rules.warnings(resolve([patch])) == []


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
