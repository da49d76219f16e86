"""A user's encoder on the command line: scored right or refused, and the same after damage."""

import json

import keras
import pytest
from keras import layers

from harness.core.cache import NOTE
from tests.e2e.place import Place, rows

pytestmark = [pytest.mark.tf, pytest.mark.slow]


def network(dtype="float32", factor=None, tail=lambda x: x):
    keras.utils.set_random_seed(0)
    x = given = keras.Input((16, 16, 3), dtype=dtype)
    x = layers.Rescaling(factor)(x) if factor else x
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(8, 5, 2, activation="relu")(x))
    return keras.Model(given, tail(x))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A place with one trained trial and one encoder of each kind."""
    place = Place(tmp_path_factory.mktemp("own"))
    place.study("one", kimg=0.16, seeds=1)
    assert place.here("run", "one", "--workers", "1")[0] == 0
    for name, model in {
        "floats": network(),
        "bytes": network("uint8", 1 / 255),
        "constant": network(tail=lambda x: x * 0.0 + 1.0),
        "two": network(tail=lambda x: [x, x * 2]),
    }.items():
        model.save(place.folder / f"{name}.keras")
    return place


def evaluate(place, name, code=0, fresh=False):
    """What is said; `fresh`: by a worker that has verified no cache."""
    command = ("evaluate", "one", "--metric", "blocks", "--encoder", f"{name}.keras")
    if fresh:
        return place.run(*command, "--workers", "1", code=code)
    ended, output, errors = place.here(*command, "--workers", "1")
    assert ended == code, output + errors
    return output + errors


def scores(place):
    """metric identity → trial and iteration → KID, of saved models."""
    found = {}
    for file in sorted(place.folder.glob("runs/trials/*/evaluations/custom.*.jsonl")):
        for row in rows(file):
            found.setdefault(file.stem, {})[file.parts[-3], row["iteration"]] = row["kid"]
    return found


def test_bytes_and_floats_give_one_kid_and_what_is_none_gives_no_score(place):
    evaluate(place, "floats")
    [(floats, first)] = scores(place).items()
    evaluate(place, "bytes")
    both = scores(place)
    [second] = [kids for identity, kids in both.items() if identity != floats]
    assert second == pytest.approx(first, rel=1e-3)
    assert min(first.values()) > 1e-3
    assert "two.keras has 2 outputs" in evaluate(place, "two", code=2)
    assert "constant.keras gives all 256 real images the same" in evaluate(
        place, "constant", code=2
    )
    assert scores(place) == both


def test_damage_changes_no_kid_and_is_said_in_the_output_and_the_log(place):
    evaluate(place, "floats")
    before = scores(place)
    for file in [*place.folder.glob("runs/cache/*/*/images.npy"),
                 *place.folder.glob("runs/cache/features/*/real.npy")]:  # fmt: skip
        with file.open("r+b") as opened:
            opened.seek(min(4096, file.stat().st_size // 2))
            opened.write(bytes(4096))
    for file in place.folder.glob("runs/trials/*/evaluations/custom.*"):
        file.unlink()
    said = evaluate(place, "floats", fresh=True)
    again = scores(place)
    assert again == {identity: before[identity] for identity in again}
    notes = [line for line in said.splitlines() if line.startswith(NOTE)]
    assert sum("decoded images" in line for line in notes) == 2
    assert sum("features of the real images" in line for line in notes) == 1
    logs = [file.read_text() for file in place.folder.glob("runs/trials/*/log.txt")]
    assert any("features of the real images" in log and "rebuilt" in log for log in logs)


def test_a_file_that_is_removed_is_asked_for_by_its_digest(place):
    evaluate(place, "floats")
    (place.folder / "floats.keras").rename(place.folder / "elsewhere.keras")
    [plan] = [
        plan
        for file in place.folder.glob("runs/studies/*/plan.json")
        if (plan := json.loads(file.read_text()))["changes"].get("evaluation.encoder")
        == "floats.keras"
    ]
    content = plan["cells"][0]["config"]["evaluation.encoder_content"]
    assert "0 to train" in evaluate(place, "floats")  # nothing is missing: nothing is asked for
    for file in place.folder.glob("runs/trials/*/evaluations/custom.*"):
        file.unlink()
    said = evaluate(place, "floats", code=2)
    assert f"SHA-256 begins with {content}" in said
