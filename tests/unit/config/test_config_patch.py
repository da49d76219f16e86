"""Patches: layers in order, relations to what came before, epochs, and what is refused."""

import pytest

from harness.config.patch import DEFAULTS, check_value, flatten, resolve, unflatten
from harness.core.errors import HarnessError

FOLDER = {"data.name": "folder", "data.path": "photos"}


def values(*layers):
    return flatten(resolve(list(layers)))


def test_a_later_layer_wins_and_the_rest_stays():
    found = values({"discriminator.dropout": 0.1, "training.ema": 0.5}, {"training.ema": 0.9})
    assert found["discriminator.dropout"] == 0.1
    assert found["training.ema"] == 0.9
    changed = {path for path in DEFAULTS if found[path] != DEFAULTS[path]}
    assert changed == {"discriminator.dropout", "training.ema"}


@pytest.mark.parametrize(
    ("layers", "knob", "expected"),
    [
        # twice the default, and twice what an earlier layer set
        ([{"generator.width": {"times": 2}}], "generator.width", 256),
        ([{"generator.width": 48}, {"generator.width": {"times": 2}}], "generator.width", 96),
        # another knob's; of the layers before, not of the same one
        (
            [
                {"generator.width": 32},
                {"discriminator.width": {"of": "generator.width", "times": 3}},
            ],
            "discriminator.width",
            96,
        ),
        (
            [{"generator.width": 32, "discriminator.width": {"of": "generator.width", "times": 1}}],
            "discriminator.width",
            128,
        ),
        # a whole number stays one
        ([{"generator.width": 33}, {"generator.width": {"times": 0.5}}], "generator.width", 16),
        (
            [{"optimizer.discriminator.learning_rate": {"times": 4}}],
            "optimizer.discriminator.learning_rate",
            8e-4,
        ),
        # depth is what the image size makes it
        (
            [{"data.image_size": 32}, {"discriminator.depth": {"times": 1.4}}],
            "discriminator.depth",
            4,
        ),
    ],
)
def test_relations(layers, knob, expected):
    found = values(*layers)[knob]
    assert found == pytest.approx(expected, rel=1e-12)
    assert type(found) is type(DEFAULTS[knob])


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ({"generator.width": {"twice": 2}}, r"generator.width: \{'twice': 2\} is not a multiple"),
        (
            {"training.evaluations": {"early": 4, "final": 4}},
            "must be a number .* `training.final_evaluations`",
        ),
        ({"generator.width": {"of": "discriminator.width"}}, "is not a multiple; write {times: 2}"),
        ({"generator.width": {"times": "two"}}, "`times` must be a number .given: 'two'"),
        ({"generator.width": {"times": True}}, "`times` must be a number .given: True"),
        ({"generator.width": {"times": float("inf")}}, "`times` must be a number .given: inf"),
        (
            {"generator.width": {"of": "generator.widht", "times": 2}},
            "unknown knob 'generator.widht'; did you mean 'generator.width'",
        ),
        (
            {"generator.residual": {"times": 2}},
            "generator.residual is False, which cannot be mul",
        ),
        ({"loss.name": {"times": 2}}, "loss.name is 'non_saturating', which cannot be multiplied"),
        (
            {"data.train_images": {"times": 2}},
            "data.train_images is None, which cannot be multiplied",
        ),
        (
            {"training.epochs": {"times": 2}},
            "use a multiple of training.kimg instead of training.epochs",
        ),
        (
            {"training.kimg": {"of": "training.epochs", "times": 2}},
            "use a multiple of training.kimg instead of training.epochs",
        ),
        # resolved numbers are bounds-checked
        (
            {"discriminator.dropout": {"times": 3}},
            r"discriminator.dropout: .*less than 1 \(given: 1.2",
        ),
        ({"generator.widht": 3}, "unknown knob 'generator.widht'; did you mean 'generator.width'"),
        ({"generator": 3}, "unknown knob 'generator'"),
    ],
)
def test_what_is_no_patch(patch, message):
    with pytest.raises(HarnessError, match=message.replace("{times", r"\{times")):
        resolve([patch])


@pytest.mark.parametrize(
    ("layers", "kimg"),
    [
        ([{"training.epochs": 400}], 2355.2),
        ([{"training.epochs": 1, "training.batch_size": 64}], 93 * 64 / 1000),  # of 5994 images
        ([{"data.name": "cifar10", "training.epochs": 2.5}], 2.5 * 390 * 128 / 1000),
        ([{"data.train_images": 1000}, {"training.epochs": 10}], 10 * 7 * 128 / 1000),
        ([{"training.kimg": 1.0}, {"training.epochs": 4}], 4 * 46 * 128 / 1000),
        ([{"training.epochs": 4}, {"training.kimg": 30.0}], 30.0),
        ([{"training.epochs": 10}, {"training.kimg": {"times": 2}}], 20 * 46 * 128 / 1000),
        (
            [{**FOLDER, "data.train_images": 256}, {"training.epochs": 50}],
            50 * 256 / 1000,
        ),
    ],
)
def test_epochs_become_kimg(layers, kimg):
    found = values({"training.evaluations": 1}, *layers)
    assert found["training.kimg"] == pytest.approx(kimg, rel=1e-12)
    assert "training.epochs" not in found


@pytest.mark.parametrize("epochs", [0, -1, "ten", True, None, float("inf"), float("nan")])
def test_epochs_are_a_positive_number(epochs):
    for check in (lambda: resolve([{"training.epochs": epochs}]),
                  lambda: check_value("training.epochs", epochs)):  # fmt: skip
        with pytest.raises(HarnessError, match=r"training.epochs: must be a positive number"):
            check()


def test_epochs_of_a_set_of_unknown_size_are_refused():
    with pytest.raises(
        HarnessError, match=r"size of data set 'tfds:stl10' is not known .*training.kimg"
    ):
        resolve([{"data.name": "tfds:stl10", "training.epochs": 5}])


def test_epochs_of_a_folder_go_by_its_training_files(tmp_path):
    for split, count in (("train", 37), ("test", 5)):
        (tmp_path / split).mkdir()
        for number in range(count):
            (tmp_path / split / f"{number}.png").write_bytes(bytes([number]))
    patch = {"data.name": "folder", "data.path": str(tmp_path), "training.batch_size": 8}
    patch |= {"training.epochs": 50, "training.evaluations": 5}
    assert resolve([patch]).training.kimg == pytest.approx(50 * 8 * 4 / 1000)


def test_epochs_and_kimg_together_are_ambiguous():
    with pytest.raises(HarnessError, match="both give the length"):
        resolve([{"training.epochs": 5, "training.kimg": 5.0}])


def test_rules_are_checked_on_the_result_only():
    """Half of a pair may stand in one layer and half in the next."""
    half = {"data.name": "folder"}
    with pytest.raises(HarnessError, match=r"data.path clashes with data.name"):
        resolve([half])
    assert resolve([half, {"data.path": "photos"}]).data.path == "photos"


def test_all_mistakes_of_a_configuration_are_told_at_once():
    with pytest.raises(HarnessError) as error:
        unflatten({"generator.width": 0, "training.ema": 2.0})
    assert "generator.width: " in str(error.value)
    assert "training.ema: " in str(error.value)


@pytest.mark.parametrize(
    ("knob", "words"),
    [
        ("seed", "set the study's key `seeds` instead"),
        ("data.content", "sets it from data.path"),
        ("evaluation.encoder_content", "sets it from evaluation.encoder"),
    ],
)
def test_what_no_patch_may_set(knob, words):
    for value in (1, "abc", {"times": 2}):
        with pytest.raises(HarnessError, match=f"^{knob}: .*{words}"):
            check_value(knob, value)


@pytest.mark.parametrize(
    ("knob", "value"),
    [("discriminator.dropout", 0), ("training.epochs", 3), ("generator.width", {"times": 2})],
)
def test_a_right_value_alone_is_accepted(knob, value):
    check_value(knob, value)
    resolve([{knob: value, "training.evaluations": 1}])
