"""Several GANs that share the budget of one and are sampled together.

Each is a separate training, with its own seed and its share of the images; they take turns, one
iteration each. A trial of one member is that member: same names, same seed, same bits.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from harness.config.trial import TrialConfig
from harness.core import rng
from harness.gan.labels.condition import Condition
from harness.gan.labels.labelled import MaybeLabelled
from harness.gan.models.network import Network, Pass
from harness.gan.train.state import Gan, build
from harness.gan.train.step import iterate

Variables = dict[str, keras.Variable | tf.Variable]


class Mixture:
    """Generators that take turns within a batch: the n-th image is made by the (n mod k)-th."""

    def __init__(self, networks: Sequence[Network]) -> None:
        self._networks = tuple(networks)
        self.input_shape = self._networks[0].input_shape

    def __call__(self, inputs: tf.Tensor, run: Pass) -> tf.Tensor:
        """Latents (N, noise_size) or a translation's sources → images (N, H, W, C)."""
        made = [network(inputs, run) for network in self._networks]
        if len(made) == 1:
            return made[0]
        image = tf.range(tf.shape(inputs)[0])
        # all make all, since a batch need not be a multiple of their number
        return tf.gather_nd(tf.stack(made), tf.stack([image % len(made), image], axis=1))

    @property
    def variables(self) -> dict[str, keras.Variable]:
        """Every variable by its stable name."""
        return named([network.variables for network in self._networks])


class Ensemble:
    """The members of a trial as one training."""

    def __init__(self, config: TrialConfig, channels: int, static: bool = False) -> None:
        self.config = config
        self.members: tuple[Gan, ...] = tuple(
            build(member(config, number), channels, static)
            for number in range(config.training.members)
        )
        self.average = Mixture([gan.average for gan in self.members])

    @property
    def statistics(self) -> tuple[str, ...]:
        """Names of the statistics of an iteration that not all trainings have."""
        first = self.members[0]
        penalties = [term for terms in first.terms.values() for term in terms]
        updated = (f"{owner}_updated" for owner in first.optimizers if first.balance)
        return (*(f"{term.name}_penalty" for term in penalties), *updated)

    @property
    def trainable(self) -> list[keras.Variable]:
        """The variables that the optimisers update."""
        networks = [
            network for gan in self.members for network in (gan.generator, gan.discriminator)
        ]
        return [variable for network in networks for variable in network.trainable]

    @property
    def condition(self) -> Condition | None:
        """The classes of generated images, which all members share."""
        return self.members[0].condition

    def variables(self) -> Variables:
        """Every variable of all trainings by a stable name."""
        return named([gan.variables() for gan in self.members])

    def inputs(self) -> Variables:
        """The variables that are given with a trial, by a stable name: numbers and seeds."""
        return named(
            [{**gan.numbers.variables(), **gan.streams.variables()} for gan in self.members]
        )

    def parameters(self) -> dict[str, int]:
        """The number of parameters of the networks of each kind."""
        return {
            "generator": sum(gan.generator.parameters()[0] for gan in self.members),
            "discriminator": sum(gan.discriminator.parameters()[0] for gan in self.members),
        }

    def reset(self, config: TrialConfig, labels: NDArray[np.int64] | None = None) -> None:
        """Be as before the first update of `config`, which has the structure of `self.config`.

        `labels` are those of the training images, where they are used.
        """
        for number, gan in enumerate(self.members):
            gan.reset(member(config, number), labels)

    def iterate(self, real: MaybeLabelled, iteration: tf.Tensor) -> dict[str, tf.Tensor]:
        """One iteration of the member whose turn it is (`step.iterate`)."""
        count = len(self.members)
        if count == 1:
            return iterate(self.members[0], real, iteration)
        turns = [partial(iterate, gan, real, iteration // count) for gan in self.members]
        statistics: dict[str, tf.Tensor] = tf.switch_case(iteration % count, turns)
        return statistics


def member(config: TrialConfig, number: int) -> TrialConfig:
    """The training of one member: the first has the trial's seed, all an equal share of images."""
    count = config.training.members
    if count == 1:
        return config
    seed = rng.derive(config.seed, "member", number)[0] if number else config.seed
    whole = config.training
    share = {"kimg": whole.kimg / count, "ema_start": whole.ema_start / count}
    training = whole.model_copy(update=share)
    return config.model_copy(update={"seed": seed, "training": training})


def named(members: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One dictionary of all; what belongs to a further member says so in its name."""
    prefixes = ["" if number == 0 else f"member_{number + 1}/" for number in range(len(members))]
    return {
        prefix + name: value
        for prefix, values in zip(prefixes, members, strict=True)
        for name, value in values.items()
    }


def sampling(average: Mixture, condition: Condition | None) -> Variables:
    """The variables that sampling needs: averages of all generators, frequencies of classes."""
    counts = condition.variables() if condition else {}
    return {**average.variables, **{f"condition/{name}": held for name, held in counts.items()}}
