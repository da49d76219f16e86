import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from harness.core import rng
from harness.gan.random import Counters, Streams, fold, normal, uniform

pytestmark = pytest.mark.tf
SHAPE = (50, 201)


@pytest.mark.parametrize(("draw", "law"), [(uniform, "uniform"), (normal, "norm")])
def test_draws_follow_their_law_and_are_the_same_compiled(draw, law):
    seed = tf.constant([1, 2])
    plain = np.asarray(draw(SHAPE, seed))
    compiled = tf.function(lambda s: draw(SHAPE, s), jit_compile=True)(seed)
    np.testing.assert_allclose(plain, compiled, rtol=1e-5, atol=1e-6)
    assert stats.kstest(plain.ravel(), law).pvalue > 0.001
    assert np.isfinite(plain).all()


@pytest.mark.parametrize("xla", [False, True])
def test_seeds_and_bits_are_tensorflows_philox(xla):
    """By its public functions, which make more of the same."""

    def mine(seed):
        return fold(seed, 7, tf.constant(3)), uniform((5,), seed)

    def theirs(seed):
        folded = seed
        for number in (7, 3):
            folded = tf.random.experimental.stateless_fold_in(folded, number, alg="philox")
        limits = {"minval": None, "maxval": None, "dtype": tf.uint32}
        bits = tf.random.stateless_uniform((5,), seed, alg="philox", **limits)
        return folded, (np.asarray(bits) >> 9).astype(np.float32)

    for seed in ([1, 2], [-5, 2**31 - 1], [0, 0]):
        folded, drawn = tf.function(mine, jit_compile=xla)(tf.constant(seed))
        expected, bits = theirs(tf.constant(seed))
        np.testing.assert_array_equal(folded, expected)
        np.testing.assert_array_equal(drawn, (bits + np.float32(0.5)) * np.float32(2.0**-23))


def test_streams_are_functions_of_seed_name_and_counters():
    streams = Streams(3)
    one = streams.at("latent", Counters(7, 0))
    np.testing.assert_array_equal(one, Streams(3).at("latent", Counters(tf.constant(7), 0)))
    others = [
        Streams(4).at("latent", Counters(7, 0)),
        streams.at("augment", Counters(7, 0)),
        streams.at("latent", Counters(8, 0)),
        streams.at("latent", Counters(7, 1)),
        streams.at("latent", Counters(7, 0), "real"),
    ]
    assert all(not np.array_equal(one, other) for other in others)
    assert len({tuple(fold(one, n).numpy()) for n in range(1000)}) == 1000


def test_latents_of_other_sizes_share_their_leading_coordinates():
    small, large = rng.latents(10, 8, 0, "samples"), rng.latents(10, 64, 0, "samples")
    np.testing.assert_array_equal(small, large[:, :8])
    assert small.shape == (10, 8)
    assert not np.array_equal(small, rng.latents(10, 8, 1, "samples"))
