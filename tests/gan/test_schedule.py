"""What is done to updates beside the optimiser: accumulation, balance, averages, replay."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from harness.gan.forward_pass import ForwardPass
from harness.gan.models.network import Pass
from harness.gan.penalties import historical
from harness.gan.random import Counters
from harness.gan.train import checkpoint
from harness.gan.train import step as steps
from harness.gan.train.batches import Batches
from harness.gan.train.ensemble import Ensemble
from harness.gan.train.forward import discriminate, forward_pass, generate, replay
from harness.gan.train.history import History
from harness.gan.train.objectives import Loss, discriminator_loss, generator_loss
from harness.gan.train.replay import Replay
from harness.gan.train.state import build
from tests.training import images, same, train, train_eagerly, weights

pytestmark = pytest.mark.tf
OWNERS = ("generator", "discriminator")
COUNTERS = Counters(tf.constant(0), 0)
EACH_IMAGE_ALONE = {
    "generator.normalization": "none",
    "discriminator.normalization": "none",
    "discriminator.dropout": 0.0,
    "augmentation.policy": "none",
}
IN_PARTS = {  # of one structure for all that is compiled in parts
    "training.accumulation": 2,
    "training.replay": 0.5,
    "training.replay_size": 8,
    "penalties.gradient.weight": 1.0,
}
AUGMENTED = {"augmentation.policy": "fixed", "augmentation.probability": 0.9}


def real():
    return tf.cast(images(16), tf.float32) / 255


# --- accumulation


@pytest.mark.parametrize("update", ["simultaneous", "alternating", "variational"])
def test_accumulated_parts_teach_what_the_large_batch_does(tiny, update, monkeypatch):
    taught = []

    def noted(gan, losses, gradients, counters):
        taught[-1] |= {owner: (losses[owner].total, gradients[owner]) for owner in losses}
        return apply_gradients(gan, losses, gradients, counters)

    apply_gradients = steps.apply_gradients
    monkeypatch.setattr(steps, "apply_gradients", noted)
    for parts in (1, 4):
        taught.append({})
        config = tiny(
            {**EACH_IMAGE_ALONE, "training.update": update, "training.accumulation": parts}
        )
        train_eagerly(config, 1)
    whole, mean = taught
    assert set(whole) == set(mean) == set(OWNERS)
    for owner in OWNERS:
        (loss, gradient), (other_loss, other_gradient) = whole[owner], mean[owner]
        assert float(other_loss) == pytest.approx(float(loss), rel=1e-5)
        for one, two in zip(gradient, other_gradient, strict=True):
            largest = float(tf.reduce_max(tf.abs(one)))
            assert largest > 0
            np.testing.assert_allclose(one, two, atol=1e-4 * largest)


def test_accumulated_parts_have_noise_of_their_own(tiny):
    """And what is compiled is what is run uncompiled: dropout, latents, penalty, replay."""
    gan, config = build(tiny({**IN_PARTS, **AUGMENTED}), 1), tiny(IN_PARTS)
    half = tf.concat([real()[:8]] * 2, axis=0)
    looks = [
        forward_pass(gan, half[:8], COUNTERS._replace(micro_batch=tf.constant(part)))
        for part in range(2)
    ]
    assert not np.allclose(looks[0].real, looks[1].real)
    assert not np.allclose(looks[0].fake, looks[1].fake)
    plain, compiled = (weights(way(config, 2)[0]) for way in (train_eagerly, train))
    for name, value in plain.items():
        np.testing.assert_allclose(value, compiled[name], atol=2e-4, err_msg=name)


def test_one_part_is_the_step_as_it_was(tiny, monkeypatch):
    """No operation more: the whole batch is passed as it is."""
    monkeypatch.delattr(steps, "accumulate")
    train_eagerly(tiny(), 1)


def statistics_of(x, network, part):
    """Mean and biased variance of what comes to a normalisation, over a batch."""
    run = Pass(True, tf.constant([0, 0]))
    for each in network.parts:
        if each.name == part:
            return x.numpy().mean(axis=(0, 1, 2)), x.numpy().var(axis=(0, 1, 2))
        x = each(x, run)
    raise AssertionError(part)


@pytest.mark.parametrize("parts", [2, 4])
def test_batch_statistics_move_once_an_update_by_the_mean_of_the_parts(tiny, parts):
    """Of the discriminator: by the mean of real ones, then by that of generated ones."""
    around = {"augmentation.policy": "none", "training.update": "alternating"}
    config = tiny({**around, "training.accumulation": parts})
    gan = build(config, 1)
    momentum, (mean, variance) = 0.99, gan.discriminator.statistics[:2]
    size, reals, fakes = 16 // parts, [], []
    for number in range(parts):
        counters = Counters(tf.constant(0), 0, tf.constant(number))
        forward = forward_pass(gan, real()[number * size : (number + 1) * size], counters)
        reals.append(statistics_of(forward.real, gan.discriminator, "down_1_norm"))
        fakes.append(statistics_of(forward.fake, gan.discriminator, "down_1_norm"))
    gan.reset(config)  # looking has moved the averages
    steps.update_networks(gan, steps.DISCRIMINATOR, real(), COUNTERS)
    for which, (found, begun) in enumerate(((mean, 0.0), (variance, 1.0))):
        expected = begun
        for seen in (reals, fakes):
            expected = momentum * expected + (1 - momentum) * np.mean(
                [part[which] for part in seen], axis=0
            )
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-4, atol=1e-6)


def test_batch_statistics_move_as_far_in_parts_as_at_once(tiny):
    """The generator's, which are sampled with: a tenth of the way an update, whole or not."""
    left = {}
    for parts in (1, 4):
        config = tiny({"training.accumulation": parts, "generator.batch_norm_momentum": 0.9})
        gan, _ = train_eagerly(config, 3)
        variance = gan.generator.variables["generator/stem_norm/moving_variance"].numpy()
        left[parts] = float(variance.mean())
    # from 1 down to a small variance: 0.9 ** 3 is left of the way, in parts it was 0.9 ** 12
    assert left[4] == pytest.approx(left[1], abs=0.05)
    assert left[1] > 0.9**3


# --- balance


def apply_ones(gan, **losses):
    """Apply gradients of one everywhere, with losses of choice; the statistics."""
    gradients = {
        owner: [tf.ones(variable.shape) for variable in gan.networks[owner].trainable]
        for owner in losses
    }
    totals = {owner: Loss(tf.constant(loss), {}) for owner, loss in losses.items()}
    return steps.apply_gradients(gan, totals, gradients, COUNTERS)


def changed(gan, before):
    after = weights(gan)
    names = {name for name in after if not np.array_equal(before[name], after[name])}
    return {
        owner
        for owner in OWNERS
        if any(name.startswith((f"{owner}/", f"optimizer/{owner}/")) for name in names)
    }


@pytest.mark.parametrize(
    ("discriminator", "generator", "updated"),
    [
        (1.0, 1.0, {"discriminator", "generator"}),
        (1.0, 2.9, {"discriminator", "generator"}),
        (1.0, 3.1, {"generator"}),
        (2.9, 1.0, {"discriminator", "generator"}),
        (3.1, 1.0, {"discriminator"}),
        (float("nan"), 1.0, {"discriminator", "generator"}),
    ],
)
def test_the_network_that_is_winning_waits(tiny, discriminator, generator, updated):
    """Neither its weights nor the moments of its optimiser move."""
    config = tiny({"training.balance": "loss", "training.balance_ratio": 3.0})
    gan = build(config, 1)
    before = weights(gan)
    statistics = apply_ones(gan, discriminator=discriminator, generator=generator)
    assert changed(gan, before) == updated
    for owner in OWNERS:
        assert float(statistics[f"{owner}_updated"]) == (owner in updated)
        assert int(gan.optimizers[owner].iterations) == (owner in updated)


def test_an_update_alone_is_judged_by_the_losses_last_measured(tiny):
    config = tiny({"training.balance": "loss", "training.balance_ratio": 3.0})
    gan = build(config, 1)
    found = []
    for owner, loss in (
        ("discriminator", 1.0),  # the generator's is not known yet
        ("generator", 4.0),
        ("discriminator", 1.0),  # 3 x 1 < 4
        ("generator", 4.0),  # measured anew, though the other waited
        ("discriminator", 2.0),
    ):
        found.append(float(apply_ones(gan, **{owner: loss})[f"{owner}_updated"]))
    assert found == [1, 1, 0, 1, 1]
    gan.reset(config)
    assert same(weights(gan), weights(build(config, 1)))


@pytest.mark.parametrize("update", ["simultaneous", "alternating"])
def test_balanced_training_logs_how_often_each_network_moved(tiny, update):
    """Losses near each other at first, and a ratio near one: now one waits, now the other."""
    around = {"training.balance": "loss", "training.balance_ratio": 1.05, "training.update": update}
    gan, rows = train_eagerly(tiny(around), 8)
    for owner in OWNERS:
        done = int(gan.optimizers[owner].iterations)
        assert sum(row[f"{owner}_updated"] for row in rows) == done
    assert min(int(gan.optimizers[owner].iterations) for owner in OWNERS) < 8
    assert not any("updated" in name for name in Ensemble(tiny(), 1).statistics)


# --- averages


def test_the_average_is_the_generator_until_it_starts(tiny):
    """Batches of 16 and a start at 32 images: two copies, then the moving average."""
    config = tiny({"training.ema_start": 0.032, "training.ema": 0.5})
    name = "generator/stem/kernel"
    gan, kept = build(config, 1), []
    for iteration in range(4):
        train_eagerly(config, 1, first=iteration, gan=gan)
        found = weights(gan)
        kept.append((found[name], found[f"average/{name}"]))
    rate = 1 - 0.5 ** (16 / 128)
    np.testing.assert_array_equal(*kept[0])
    np.testing.assert_array_equal(*kept[1])
    average = kept[1][1]
    for value, found in kept[2:]:
        average = average + rate * (value - average)
        np.testing.assert_allclose(found, average, rtol=1e-5, atol=1e-8)
        assert not np.allclose(found, value, atol=1e-6)


def test_a_history_is_the_mean_of_all_values_so_far():
    """Over 6 values, the first included; by NumPy."""
    values = np.random.default_rng(0).normal(size=(6, 3, 2)).astype(np.float32)
    variable = keras.Variable(values[0])
    history = History([variable])
    history.reset()
    for number, value in enumerate(values[1:], start=2):
        variable.assign(value)
        history.add_current_values()
        np.testing.assert_allclose(history.means[0], values[:number].mean(axis=0), atol=1e-6)
    history.reset()
    np.testing.assert_array_equal(history.means[0], values[-1])


SHARES = {"discriminator": 0.5 * 3.0, "generator": 5.0}  # S0's half, and none


def test_historical_averaging_is_the_squared_distance_from_the_mean(tiny):
    """By NumPy; its gradient is 2 (theta - mean), in the discriminator's loss half of it."""
    knobs = {"weight": 3.0, "generator_weight": 5.0}
    gan = build(tiny({f"penalties.historical.{name}": v for name, v in knobs.items()}), 1)
    networks = {"discriminator": gan.discriminator, "generator": gan.generator}
    squares = {}
    for owner, network in networks.items():
        means = gan.histories[owner].means
        for number, mean in enumerate(means):
            mean.assign_add(0.1 * tf.random.stateless_normal(mean.shape, [number, 7]))
        pairs = zip(network.trainable, means, strict=True)
        squares[owner] = sum(float(np.sum((np.asarray(v) - m.numpy()) ** 2)) for v, m in pairs)
    forward = forward_pass(gan, real(), COUNTERS)
    losses = {
        "discriminator": discriminator_loss(gan, forward, COUNTERS),
        "generator": generator_loss(gan, forward, COUNTERS),
    }
    plain = build(tiny(), 1)
    bare = {
        "discriminator": discriminator_loss(plain, forward, COUNTERS)[0],
        "generator": generator_loss(plain, forward, COUNTERS)[0],
    }
    weighted = {owner: share * squares[owner] for owner, share in SHARES.items()}
    for owner, name in (("discriminator", "historical"), ("generator", "generator_historical")):
        loss, penalties = losses[owner]
        assert float(penalties[name]) == pytest.approx(squares[owner], rel=1e-5)
        assert float(loss) == pytest.approx(float(bare[owner]) + weighted[owner], rel=1e-5)
    network, means = gan.generator, gan.histories["generator"].means
    with tf.GradientTape() as tape:
        forward = ForwardPass(None, None, network=network, history=means)
        penalty = historical(forward)
    for gradient, value, mean in zip(
        tape.gradient(penalty, network.trainable), network.trainable, means, strict=True
    ):
        np.testing.assert_allclose(gradient, 2 * (np.asarray(value) - mean.numpy()), atol=1e-6)


def test_a_training_keeps_the_mean_of_its_parameters(tiny):
    config = tiny({"penalties.historical.generator_weight": 1.0})
    gan = build(config, 1)
    assert list(gan.histories) == ["generator"]
    seen = [np.asarray(gan.generator.trainable[0])]
    for iteration in range(3):
        train_eagerly(config, 1, first=iteration, gan=gan)
        seen.append(np.asarray(gan.generator.trainable[0]))
    np.testing.assert_allclose(
        weights(gan)["history/generator/mean/0"], np.mean(seen, 0), atol=1e-6
    )
    assert float(weights(gan)["history/generator/count"]) == 4


# --- replay


def numbered(*numbers):
    return tf.reshape(tf.constant(numbers, tf.float32), (-1, 1, 1, 1))


def ids(tensor):
    return [int(value) for value in np.ravel(tensor)]


def test_a_pool_gives_back_each_image_at_most_once():
    """4 of 8 images a batch, a pool of 6: two batches fill it, then new images take places."""
    replay, waiting, shown = Replay((1, 1, 1), 6, 4), [], []
    for batch in range(40):
        fresh = list(range(8 * batch + 1, 8 * batch + 9))
        found = ids(replay.exchange(numbered(*fresh), tf.constant([1, batch])))
        assert found[:4] == fresh[:4]
        if batch < 2:
            assert found == fresh
            continue
        # the pool of 6 overlaps itself once, where the second batch does not fit
        past = found[4:]
        assert len(set(past)) == 4
        assert max(past) <= 8 * batch
        assert not set(past) & set(shown)
        shown += past
        waiting.append(batch - (min(past) - 1) // 8)
    assert all(1 + (image - 1) % 8 > 4 for image in shown)  # those that were pushed out
    assert max(waiting) > 1  # not always the newest


def forward_passes(gan, counters, monkeypatch):
    """Those that the losses of the discriminator and of the generator are computed from."""
    passes = {}
    for owner in OWNERS:
        monkeypatch.setattr(
            steps,
            f"{owner}_loss",
            lambda gan, forward, counters, owner=owner: passes.setdefault(owner, forward),
        )
    steps.both_losses(gan, real(), counters)
    return passes["discriminator"], passes["generator"]


def test_the_discriminator_alone_is_shown_past_images(tiny, monkeypatch):
    around = {"augmentation.policy": "none", "discriminator.dropout": 0.0}
    config = tiny({**around, "training.replay": 0.25, "training.replay_size": 4})
    plain = build(tiny(around), 1)
    gan = build(config, 1)
    first, second = (Counters(tf.constant(number), 0) for number in range(2))
    past = forward_pass(plain, real(), first).fake[-4:]
    forward_passes(gan, first, monkeypatch)  # fills the pool
    seen, fresh = forward_passes(gan, second, monkeypatch)
    expected = forward_pass(plain, real(), second)
    # to the generator nothing is different
    for mine, other in zip(fresh, expected, strict=True):
        np.testing.assert_array_equal(mine, other)
    np.testing.assert_array_equal(seen.fake[:12], expected.fake[:12])
    np.testing.assert_array_equal(np.sort(ids(1e6 * seen.fake[12:])), np.sort(ids(1e6 * past)))
    np.testing.assert_array_equal(seen.real_logits, expected.real_logits)
    assert not np.array_equal(seen.fake_logits, expected.fake_logits)


def test_replayed_images_pass_no_gradient_to_the_generator(tiny):
    gan = build(tiny({"training.replay": 0.5, "training.replay_size": 8}), 1)
    with tf.GradientTape() as tape:
        images = replay(gan, generate(gan, real(), COUNTERS), COUNTERS)
        forward = discriminate(gan, images, COUNTERS)
        loss, _ = discriminator_loss(gan, forward, COUNTERS)
    sources = [gan.generator.trainable[0], gan.discriminator.trainable[0]]
    generator, discriminator = tape.gradient(loss, sources)
    assert generator is None
    assert float(tf.norm(discriminator)) > 0


@pytest.mark.parametrize("update", ["simultaneous", "alternating"])
def test_a_pool_that_is_never_full_changes_nothing(tiny, update):
    """Its draws shift no other, and what is shown are the new images."""
    around = {"training.update": update, "discriminator.normalization": "none"}
    plain, _ = train_eagerly(tiny(around))
    pooled, _ = train_eagerly(tiny({**around, "training.replay": 0.25, "training.replay_size": 99}))
    found = weights(pooled)
    assert int(found.pop("replay/filled")) == 12
    assert np.count_nonzero(found.pop("replay/images").any(axis=(1, 2, 3))) == 12
    for name, value in weights(plain).items():
        np.testing.assert_allclose(value, found[name], atol=1e-6, err_msg=name)


@pytest.mark.parametrize(
    "change",
    [
        {
            "training.replay": 0.5,
            "training.replay_size": 8,
            "training.balance": "loss",
            "penalties.historical.weight": 1.0,
            "augmentation.policy": "adaptive",
        },
        IN_PARTS,
    ],
    ids=["all that keeps a state", "in parts"],
)
def test_a_training_that_is_continued_has_the_same_bits_and_a_reset_leaves_nothing(
    tiny, tmp_path, change
):
    config = tiny(change)
    gan, loop = train(config, 4)
    whole = weights(gan)
    train(config, 2)
    checkpoint.save(tmp_path / "half.npz", gan.variables())
    batches = Batches(images(), 16, config.seed)
    loop.run(*batches.call(2, 3, 1), 2)  # so that what a checkpoint lacks is not right by chance
    loop.gan.reset(config)
    assert same(weights(gan), weights(build(config, 1)))
    checkpoint.load(tmp_path / "half.npz", gan.variables())
    loop.run(*batches.call(2, 2, 1), 2)
    assert same(whole, weights(gan))
