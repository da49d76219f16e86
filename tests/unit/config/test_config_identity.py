"""Keys and metric requests: what is part of an identity, and what is not."""

import re

import pytest

from harness.config.identity import digest, key, metric_request, weight_knobs
from harness.config.patch import resolve
from harness.config.trial import TrialConfig

FOLDER = {"data.name": "folder"}


def ids(*layers):
    config = resolve(list(layers))
    return key(config), metric_request(config)


DEFAULT = ids()


def test_shape():
    assert re.fullmatch(r"[0-9a-f]{16}", DEFAULT[0])
    assert re.fullmatch(r"[0-9a-f]{8}", DEFAULT[1])


def test_only_what_differs_from_the_default_enters():
    assert weight_knobs(TrialConfig()) == {}
    config = resolve([{"training.ema": 0.5, "seed": 3, "evaluation.samples": 256}])
    assert weight_knobs(config) == {"seed": 3, "training.ema": 0.5}


@pytest.mark.parametrize(
    ("patch", "trained_otherwise", "scored_otherwise"),
    [
        ({"discriminator.dropout": 0.4}, False, False),  # the default, said aloud
        ({"discriminator.dropout": 0.3}, True, False),
        ({"seed": 1}, True, False),
        ({"training.kimg": 100.0}, True, False),
        ({"evaluation.samples": 1024}, False, True),
        ({"evaluation.resizer": "bicubic"}, False, True),
        ({"evaluation.protocol": "subsets"}, False, True),
        ({"evaluation.protocol": "keras75"}, False, False),
        ({"evaluation.encoder": "inception_v3"}, False, False),
        ({"data.image_size": 32}, True, True),  # the reference images are others too
        ({"data.validation_split": "test[:50%]"}, True, True),
        # the reference images do not depend on how many are trained on
        ({"data.train_images": 500}, True, False),
        ({"data.train_images": 500, "data.subset_seed": 1}, True, False),
    ],
)
def test_what_an_identity_depends_on(patch, trained_otherwise, scored_otherwise):
    found = ids(patch)
    assert (found[0] != DEFAULT[0], found[1] != DEFAULT[1]) == (trained_otherwise, scored_otherwise)


def test_a_folder_is_its_content_and_not_its_place():
    here, there = ({**FOLDER, "data.path": path} for path in ("photos", "elsewhere/photos"))
    assert ids(here, {"data.content": "a" * 16}) == ids(there, {"data.content": "a" * 16})
    one, two = ids(here, {"data.content": "a" * 16}), ids(here, {"data.content": "b" * 16})
    assert one[0] != two[0]
    assert one[1] != two[1]


def test_an_encoder_file_is_its_content_and_not_its_place():
    blocks = {"evaluation.protocol": "blocks"}
    here, there = ({**blocks, "evaluation.encoder": path} for path in ("a.keras", "b/c.keras"))
    same = {"evaluation.encoder_content": "a" * 16}
    assert ids(here, same) == ids(there, same)
    assert ids(here, same)[1] != ids(here, {"evaluation.encoder_content": "b" * 16})[1]
    assert ids(here, same)[0] == DEFAULT[0]


def test_the_order_of_a_patch_is_no_part_of_it():
    patch = {"generator.width": 64, "discriminator.width": 32, "training.ema": 0.5}
    assert ids(patch) == ids(dict(reversed(patch.items())))


def test_digest_is_sha256_of_compact_json_with_sorted_keys():
    # printf '{"a":[1,2.5],"b":null}' | sha256sum
    assert digest({"b": None, "a": [1, 2.5]}, 12) == "f66b2c50ccae"
