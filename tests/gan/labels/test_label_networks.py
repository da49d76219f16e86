"""What networks make of a class."""

import numpy as np
import pytest
import tensorflow as tf

from harness.config.catalog import CONDITIONINGS
from harness.gan.models.network import GENERATION
from harness.gan.train.state import build
from tests.gan.labels.labelling import LABELS, RUN, conditioned, real

pytestmark = pytest.mark.tf


@pytest.mark.parametrize(
    "changes",
    [
        *(conditioned(name) for name in CONDITIONINGS),
        conditioned("projection", every_block=True),
        conditioned("projection", every_block=True, shared_embedding=True),
    ],
    ids=str,
)
def test_images_differ_by_class_and_are_equal_for_the_same(tiny, changes):
    gan = build(tiny(changes), 1)
    z = tf.random.stateless_normal((4, 16), [1, 2])
    of = [gan.generator(z, GENERATION._replace(labels=tf.fill(4, c))) for c in (1, 1, 2)]
    np.testing.assert_array_equal(of[0], of[1])
    assert all(np.abs(one - two).max() > 1e-4 for one, two in zip(of[0], of[2], strict=True))
    # each image by its own class
    mixed = gan.generator(z, GENERATION._replace(labels=tf.constant([1, 2, 1, 2])))
    np.testing.assert_allclose(mixed[::2], of[0][::2], atol=1e-6)
    np.testing.assert_allclose(mixed[1::2], of[2][1::2], atol=1e-6)


def test_the_class_is_beside_the_latents_as_an_embedding_or_a_code(tiny):
    for name, width in (("acgan", 5), ("infogan", 10)):
        gan = build(tiny(conditioned(name, embedding_size=5)), 1)
        run = GENERATION._replace(labels=tf.constant([3, 7]))
        found = gan.generator.parts[0](tf.ones((2, 16)), run).numpy()
        assert found.shape == (2, 16 + width)
        np.testing.assert_array_equal(found[:, :16], 1)
        table = gan.generator.variables.get("generator/class/kernel", tf.eye(10))
        np.testing.assert_allclose(found[:, 16:], np.asarray(table)[[3, 7]], rtol=1e-6)


def test_the_projection_is_its_formula(tiny):
    """logit = w . f + b + V[y] . f, by hand, f what reaches the last layer."""
    gan = build(tiny({**conditioned("projection"), "discriminator.dropout": 0.0}), 1)
    given = real()
    logits, features = gan.discriminator.with_features(
        given.values, RUN._replace(labels=given.labels)
    )
    named = {
        name.split("/", 1)[1]: np.asarray(v) for name, v in gan.discriminator.variables.items()
    }
    f = features.numpy().astype(np.float64)
    expected = f @ named["logit/kernel"] + named["logit/bias"]
    expected += (f * named["class/kernel"][LABELS]).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-5)


def test_a_spectrally_normalised_embedding_is_divided_by_its_largest_singular_value(tiny):
    changes = {"discriminator.spectral_norm": True, "discriminator.dropout": 0.0}
    gan = build(tiny({**conditioned("projection"), **changes}), 1)
    given = real()
    run = RUN._replace(labels=given.labels)
    logits, features = gan.discriminator.with_features(given.values, run)
    named = {
        name.split("/", 1)[1]: np.asarray(v) for name, v in gan.discriminator.variables.items()
    }
    w, table = (
        named[name] / np.linalg.norm(named[name], 2) for name in ("logit/kernel", "class/kernel")
    )
    expected = (features * (w[:, 0] + table[LABELS])).numpy().sum(axis=1, keepdims=True)
    np.testing.assert_allclose(logits, expected, rtol=1e-2, atol=1e-4)


def test_concatenation_shows_the_discriminator_a_map_of_the_class(tiny):
    gan = build(tiny(conditioned("concat", embedding_size=5)), 1)
    given = real()
    found = gan.discriminator.parts[0](given.values, RUN._replace(labels=given.labels)).numpy()
    assert found.shape == (16, 16, 16, 2)
    np.testing.assert_array_equal(found[..., :1], given.values)
    named = gan.discriminator.variables
    table, dense = (
        np.asarray(named[f"discriminator/{name}/kernel"]) for name in ("class", "class_map")
    )
    np.testing.assert_allclose(
        found[..., 1], (table[LABELS] @ dense).reshape(16, 16, 16), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("shared", [True, False])
def test_gains_of_a_block_come_from_one_embedding_or_from_a_table_of_its_own(tiny, shared):
    changes = conditioned("projection", every_block=True, shared_embedding=shared, embedding_size=5)
    gan = build(tiny({**changes, "data.image_size": 32}), 1)
    named = gan.generator.variables
    kernels = [
        named[f"generator/up_{n}_{role}/kernel"] for n in (1, 2) for role in ("gain", "bias")
    ]
    assert {tuple(kernel.shape) for kernel in kernels} == {(5 if shared else 10, 8)}
    assert "generator/up_3_gain/kernel" not in named  # the last block has no normalisation
    # one row of the embedding beside the latents moves every block, or none
    block = [part for part in gan.generator.parts if part.name in ("up_1_class", "up_2_class")]
    assert len(block) == 2
    x = tf.random.stateless_normal((3, 4, 4, 8), [1, 2])
    run = GENERATION._replace(labels=tf.constant([1, 2, 3]))
    table = named["generator/class/kernel"]
    before = [part(x, run).numpy() for part in block]
    known = np.asarray(table) if shared else np.eye(10)
    gain, bias = (known[[1, 2, 3]] @ np.asarray(kernel) for kernel in kernels[:2])
    expected = x * (1 + gain[:, None, None]) + bias[:, None, None]
    np.testing.assert_allclose(before[0], expected, rtol=1e-4, atol=1e-5)
    table.assign(tf.tensor_scatter_nd_add(table.value, [[2]], tf.ones((1, 5))))
    for part, was in zip(block, before, strict=True):
        moved = [not np.allclose(one, two) for one, two in zip(part(x, run), was, strict=True)]
        assert moved == [False, shared, False]


@pytest.mark.parametrize("placement", ["before", "after"])
@pytest.mark.parametrize("residual", [True, False])
def test_gains_follow_the_normalisation(tiny, placement, residual):
    changes = conditioned("projection", every_block=True)
    shape = {"generator.norm_placement": placement, "generator.residual": residual}
    parts = build(tiny({**changes, **shape}), 1).generator.parts
    if residual:
        (block,) = (part for part in parts if part.name == "up_1_block")
        parts = block._block
    names = [part.name for part in parts]
    assert names.index("up_1_class") == names.index("up_1_norm") + 1
