"""Named random streams: pinned, apart from each other, and a function of their names only."""

import hashlib
import itertools

import numpy as np
import pytest

from harness.core.rng import derive, generator, latents


def test_a_seed_is_the_sha256_of_its_names():
    digest = hashlib.sha256(b"7/init/generator").digest()
    words = tuple(int.from_bytes(digest[i : i + 4], "big") % 2**31 for i in (0, 4))
    assert derive(7, "init", "generator") == words


def test_streams_are_what_they_were():
    # changing these values changes every result: see SEMANTICS
    assert derive(0, "data") == (343132906, 1629040801)
    np.testing.assert_array_equal(generator(0, "data").integers(0, 1000, 4), [135, 158, 995, 506])


def test_names_and_seeds_make_streams_of_their_own():
    names = [(0,), (1,), (0, "a"), (0, "b"), (0, "a", 1), (0, "a", 11), (0, "a", 1, 1), (10, "a")]
    seeds = [derive(*name) for name in names]
    for one, two in itertools.combinations(seeds, 2):
        assert one != two
    assert all(0 <= word < 2**31 for seed in seeds for word in seed)


def test_a_draw_does_not_depend_on_earlier_ones():
    first = generator(3, "latent", 5).normal(size=4)
    generator(3, "latent", 4).normal(size=100)
    np.testing.assert_array_equal(generator(3, "latent", 5).normal(size=4), first)


@pytest.mark.parametrize("size", [1, 3, 8])
def test_latents_of_a_smaller_size_are_the_leading_coordinates(size):
    whole, part = latents(5, 16, 0, "grid"), latents(5, size, 0, "grid")
    np.testing.assert_array_equal(part, whole[:, :size])
    assert part.shape == (5, size)
    assert part.dtype == np.float32
    assert part.flags.c_contiguous


def test_latents_are_standard_normal():
    drawn = latents(20_000, 4, 1, "x")
    assert np.abs(drawn.mean(0)).max() < 4 / 20_000**0.5
    assert np.abs(drawn.var(0) - 1).max() < 4 * (2 / 20_000) ** 0.5
