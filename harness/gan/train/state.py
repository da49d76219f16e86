"""Everything that a training changes, built from its configuration."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import keras
import tensorflow as tf

from harness.catalog import GENERATOR_LOSSES, LOSSES, PENALTIES, TRANSLATIONS
from harness.config.trial import PenaltiesConfig, TrialConfig
from harness.gan import models
from harness.gan.augment.ada import Controller
from harness.gan.losses import Loss
from harness.gan.models.initial import copy_weights, initialise
from harness.gan.models.network import Network
from harness.gan.numbers import Numbers
from harness.gan.penalties import Seen
from harness.gan.random import Streams
from harness.gan.train.adam import Adam
from harness.gan.train.equilibrium import Equilibrium


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
    generator_optimizer: Adam
    discriminator_optimizer: Adam
    controller: Controller
    equilibrium: Equilibrium
    streams: Streams
    loss: Loss
    generator_loss: Callable[..., tf.Tensor]  # of this Gan and a View
    translate: Callable[[tf.Tensor], tf.Tensor] | None  # real images → sources of a translation
    terms: Terms
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
        for owner, optimizer in (
            ("generator", self.generator_optimizer),
            ("discriminator", self.discriminator_optimizer),
        ):
            for name, variable in optimizer.variables().items():
                named[f"optimizer/{owner}/{name}"] = variable
        return named

    def reset(self, config: TrialConfig) -> None:
        """Be as before the first update of `config`, which has the structure of `self.config`."""
        self.numbers.assign(config)
        self.streams.assign(config.seed)
        initialise(self.generator, config.seed)
        initialise(self.discriminator, config.seed)
        copy_weights(self.generator, self.average)  # S0 starts it at random; this needs no warm-up
        self.generator_optimizer.reset()
        self.discriminator_optimizer.reset()
        self.controller.reset()
        self.equilibrium.reset()


def _terms(config: PenaltiesConfig, numbers: Numbers) -> Terms:
    def of(weight: str, prefix: str) -> tuple[Term, ...]:
        sections = {name: getattr(config, name) for name in PENALTIES}
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


def build(config: TrialConfig, channels: int, static: bool = False) -> Gan:
    """Build networks, optimisers and controller for images of `channels`, ready to train."""
    generator, average = (models.generator(config, channels) for _ in range(2))
    loss: Loss = LOSSES.load(config.loss.name)
    discriminator = models.discriminator(config, channels, loss.energy)
    numbers = Numbers(config)
    gan = Gan(
        config=config,
        numbers=numbers,
        generator=generator,
        average=average,
        discriminator=discriminator,
        generator_optimizer=Adam("generator", numbers, generator.trainable),
        discriminator_optimizer=Adam("discriminator", numbers, discriminator.trainable),
        controller=Controller(config.augmentation.policy, numbers),
        equilibrium=Equilibrium(config.loss.name, numbers),
        streams=Streams(config.seed),
        loss=loss,
        generator_loss=GENERATOR_LOSSES.load(config.loss.generator),
        translate=TRANSLATIONS.load(config.translation.source)
        if config.translation.source
        else None,
        terms=_terms(config.penalties, numbers),
        static=static,
    )
    gan.reset(config)
    return gan
