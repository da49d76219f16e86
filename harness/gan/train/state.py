"""Everything that a training changes, built from its configuration."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import tensorflow as tf

from harness.catalog import LOSSES, PENALTIES
from harness.config.trial import AdamConfig, PenaltiesConfig, TrialConfig
from harness.gan.augment.ada import Controller
from harness.gan.losses import Loss
from harness.gan.models import dcgan
from harness.gan.models.initial import copy_weights, initialise
from harness.gan.models.network import Network
from harness.gan.penalties import Seen
from harness.gan.random import Streams


@dataclass(frozen=True)
class Term:
    """A penalty with its weight, applied at every n-th discriminator update."""

    name: str
    penalty: Callable[[Seen], tf.Tensor]
    weight: float
    every: int


@dataclass(frozen=True)
class Gan:
    """The parts of one training. All that changes is in TensorFlow variables."""

    config: TrialConfig
    generator: Network
    average: Network  # exponential moving average of the generator
    discriminator: Network
    generator_optimizer: keras.optimizers.Optimizer
    discriminator_optimizer: keras.optimizers.Optimizer
    controller: Controller
    streams: Streams
    loss: Loss
    terms: tuple[Term, ...]

    def variables(self) -> dict[str, keras.Variable | tf.Variable]:
        """Every variable of the training by a stable name; each belongs to one owner."""
        named: dict[str, keras.Variable | tf.Variable] = {
            **self.generator.variables,
            **{f"average/{name}": value for name, value in self.average.variables.items()},
            **self.discriminator.variables,
            "augmentation/probability": self.controller.probability,
        }
        for owner, optimizer in (
            ("generator", self.generator_optimizer),
            ("discriminator", self.discriminator_optimizer),
        ):
            for number, variable in enumerate(optimizer.variables):
                named[f"optimizer/{owner}/{number}_{variable.name}"] = variable
        return named


def _adam(config: AdamConfig, network: Network) -> keras.optimizers.Adam:
    optimizer = keras.optimizers.Adam(
        config.learning_rate, config.beta_1, config.beta_2, config.epsilon
    )
    optimizer.build(network.trainable)
    return optimizer


def _terms(config: PenaltiesConfig) -> tuple[Term, ...]:
    sections = {name: getattr(config, name) for name in PENALTIES}
    return tuple(
        Term(name, PENALTIES.load(name), section.weight, section.every)
        for name, section in sections.items()
        if section.weight > 0
    )


def build(config: TrialConfig, channels: int) -> Gan:
    """Build networks, optimisers and controller for images of `channels`."""
    precision = config.training.precision
    generator, average = (dcgan.generator(config.generator, channels, precision) for _ in range(2))
    discriminator = dcgan.discriminator(
        config.discriminator, config.data.image_size, channels, precision
    )
    initialise(generator, config.seed)
    initialise(discriminator, config.seed)
    copy_weights(generator, average)  # S0 starts it at random; a copy needs no warm-up
    return Gan(
        config=config,
        generator=generator,
        average=average,
        discriminator=discriminator,
        generator_optimizer=_adam(config.optimizer.generator, generator),
        discriminator_optimizer=_adam(config.optimizer.discriminator, discriminator),
        controller=Controller(config.augmentation, config.training.batch_size),
        streams=Streams(config.seed),
        loss=LOSSES.load(config.loss.name),
        terms=_terms(config.penalties),
    )
