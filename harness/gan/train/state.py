"""Everything that a training changes, built from its configuration."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from operator import add
from typing import NamedTuple, Protocol

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from harness.config.catalog import GENERATOR_LOSSES, LOSSES, OPTIMIZERS, PENALTIES, TRANSLATIONS
from harness.config.trial import PenaltiesConfig, TrialConfig
from harness.gan import models
from harness.gan.augment.ada import Controller
from harness.gan.labels.condition import Condition, condition
from harness.gan.labels.conditioning import conditioning, head_of
from harness.gan.losses import Loss
from harness.gan.models.initial import copy_weights, initialise
from harness.gan.models.network import Network
from harness.gan.numbers import Numbers
from harness.gan.penalties import Seen
from harness.gan.pixels import from_unit, to_unit
from harness.gan.random import Streams
from harness.gan.train.balance import Balance
from harness.gan.train.equilibrium import Equilibrium
from harness.gan.train.history import History
from harness.gan.train.optimizers import Optimizer
from harness.gan.train.replay import Replay


class Stateful(Protocol):
    """What keeps variables of its own."""

    def variables(self) -> dict[str, tf.Variable]:
        """Everything that a resumed training needs, by a stable name."""

    def reset(self) -> None:
        """As before the first update."""


@dataclass(frozen=True)
class Term:
    """A penalty of one network, applied at every n-th of its updates."""

    name: str  # its statistic is `<name>_penalty`
    penalty: Callable[[Seen], tf.Tensor]
    weight: tf.Variable
    every: int


class Terms(NamedTuple):
    """The penalties of both networks."""

    discriminator: tuple[Term, ...]
    generator: tuple[Term, ...]


@dataclass(frozen=True)
class Gan:
    """The parts of one training. All that changes is in TensorFlow variables.

    `config` gives the structure; what lies in `numbers` is to be read from there, since the next
    trial may come with others (`harness.gan.numbers`).
    """

    config: TrialConfig
    numbers: Numbers
    generator: Network
    average: Network  # exponential moving average of the generator
    discriminator: Network
    optimizers: Mapping[str, Optimizer]  # of the generator and of the discriminator
    controller: Controller
    equilibrium: Equilibrium
    streams: Streams
    loss: Loss
    generator_loss: Callable[..., tf.Tensor]  # of this Gan and a View
    translate: Callable[[tf.Tensor], tf.Tensor] | None  # real images → sources of a translation
    condition: Condition | None  # the classes of generated images
    terms: Terms
    balance: Balance | None
    replay: Replay | None
    histories: Mapping[str, History]  # of the networks that historical averaging penalises
    static: bool  # every shape is known when tracing, as XLA needs it

    def variables(self) -> dict[str, keras.Variable | tf.Variable]:
        """Every variable of the training by a stable name; each belongs to one owner."""
        named: dict[str, keras.Variable | tf.Variable] = {
            **self.generator.variables,
            **{f"average/{name}": value for name, value in self.average.variables.items()},
            **self.discriminator.variables,
            "augmentation/probability": self.controller.probability,
            "equilibrium/weight": self.equilibrium.weight,
        }
        for owner, part in self._stateful().items():
            named |= {f"{owner}/{name}": variable for name, variable in part.variables().items()}
        return named

    def means(self, network: Network) -> list[tf.Variable]:
        """The means of a network's parameters so far; none where nothing asks for them."""
        return self.histories[network.name].means if network.name in self.histories else []

    def _stateful(self) -> dict[str, "Stateful"]:
        """What keeps more than one variable, by the prefix of their names."""
        optional = {
            "balance": self.balance,
            "replay": self.replay,
            "condition": self.condition,
        }
        return {
            **{f"optimizer/{name}": optimizer for name, optimizer in self.optimizers.items()},
            **{f"history/{name}": history for name, history in self.histories.items()},
            **{name: part for name, part in optional.items() if part},
        }

    def reset(self, config: TrialConfig, labels: NDArray[np.int64] | None = None) -> None:
        """Be as before the first update of `config`, which has the structure of `self.config`.

        Generated images follow the frequencies of `labels`, those of the training images.
        """
        self.numbers.assign(config)
        self.streams.assign(config.seed)
        initialise(self.generator, config.generator, config.seed)
        initialise(self.discriminator, config.discriminator, config.seed)
        copy_weights(self.generator, self.average)  # S0 starts it at random; this needs no warm-up
        for part in self._stateful().values():
            part.reset()
        if self.condition and labels is not None:
            self.condition.count(labels)
        self.controller.reset()
        self.equilibrium.reset()


def _label_terms(config: TrialConfig, numbers: Numbers, discriminator: Network) -> Terms:
    """What both losses hold of classes."""
    way = conditioning(config)
    if way is None or way.auxiliary is None:
        return Terms((), ())
    name, weight, *sides = way.auxiliary
    head = head_of(discriminator)
    own, other = (partial(side, head) for side in sides)
    return Terms(
        (Term(name, own, numbers[weight], 1),),
        (Term(f"generator_{name}", other, numbers[weight], 1),),
    )


def _terms(config: PenaltiesConfig, numbers: Numbers) -> Terms:
    def of(weight: str, prefix: str) -> tuple[Term, ...]:
        names = (*PENALTIES, *config.plugged)
        sections = {name: getattr(config, name) for name in names}
        return tuple(
            Term(
                prefix + name,
                PENALTIES.load(name),
                numbers[f"penalties.{name}.{weight}"],
                section.every,
            )
            for name, section in sections.items()
            if getattr(section, weight, 0) > 0
        )

    return Terms(of("weight", ""), of("generator_weight", "generator_"))


def translation(config: TrialConfig) -> Callable[[tf.Tensor], tf.Tensor] | None:
    """What makes sources of real images (N, H, W, C) in the range of pixels; None: nothing does."""
    if not config.translation.source:
        return None
    source, pixels = TRANSLATIONS.load(config.translation.source), config.training.pixel_range
    return lambda images: from_unit(source(to_unit(images, pixels)), pixels)


def _optimizer(config: TrialConfig, numbers: Numbers, network: Network) -> Optimizer:
    rule: type[Optimizer] = OPTIMIZERS.load(getattr(config.optimizer, network.name).name)
    return rule(network.name, numbers, network.trainable)


def _replay(config: TrialConfig, discriminator: Network) -> Replay | None:
    if not config.replayed_images:
        return None
    return Replay(discriminator.input_shape, config.training.replay_size, config.replayed_images)


def _histories(
    config: TrialConfig, generator: Network, discriminator: Network
) -> dict[str, History]:
    weights = config.penalties.historical
    pairs = ((weights.generator_weight, generator), (weights.weight, discriminator))
    return {network.name: History(network.trainable) for weight, network in pairs if weight > 0}


def build(config: TrialConfig, channels: int, static: bool = False) -> Gan:
    """Build networks, optimisers and controller for images of `channels`, ready to train."""
    generator, average = (models.generator(config, channels) for _ in range(2))
    loss: Loss = LOSSES.load(config.loss.name)
    discriminator = models.discriminator(config, channels, loss.energy)
    numbers = Numbers(config)
    penalties, of_labels = (
        _terms(config.penalties, numbers),
        _label_terms(config, numbers, discriminator),
    )
    gan = Gan(
        config=config,
        numbers=numbers,
        generator=generator,
        average=average,
        discriminator=discriminator,
        optimizers={
            network.name: _optimizer(config, numbers, network)
            for network in (generator, discriminator)
        },
        controller=Controller(config.augmentation.policy, numbers),
        equilibrium=Equilibrium(config.loss.name, numbers),
        streams=Streams(config.seed),
        loss=loss,
        generator_loss=GENERATOR_LOSSES.load(config.loss.generator),
        translate=translation(config),
        condition=condition(config.labels),
        terms=Terms(*map(add, penalties, of_labels)),
        balance=Balance(numbers) if config.training.balance == "loss" else None,
        replay=_replay(config, discriminator),
        histories=_histories(config, generator, discriminator),
        static=static,
    )
    gan.reset(config)
    return gan
