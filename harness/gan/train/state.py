"""Everything that a training changes, built from its configuration."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from harness.config.catalog import GENERATOR_LOSSES, LOSSES, OPTIMIZERS, PENALTIES, TRANSLATIONS
from harness.config.trial import TrialConfig
from harness.config.trial.penalties import PENALTY_WEIGHTS
from harness.config.trial.rule import read
from harness.gan import models
from harness.gan.augment.ada import Controller
from harness.gan.forward_pass import ForwardPass
from harness.gan.labels.condition import Condition, build_condition
from harness.gan.labels.conditioning import head_of, load_conditioning
from harness.gan.losses import Loss
from harness.gan.models.initial import copy_weights, initialise
from harness.gan.models.network import Network
from harness.gan.numbers import Numbers
from harness.gan.pixels import from_unit, to_unit
from harness.gan.random import Streams
from harness.gan.train.balance import Balance
from harness.gan.train.equilibrium import Equilibrium
from harness.gan.train.history import History
from harness.gan.train.optimizers import Optimizer
from harness.gan.train.replay import Replay

Statistics = dict[str, tf.Tensor]  # scalars to log, by name


class Stateful(Protocol):
    """A part of a training that holds variables."""

    def variables(self) -> dict[str, tf.Variable]:
        """Everything that a resumed training needs, by a stable name."""

    def reset(self) -> None:
        """As before the first update."""


@dataclass(frozen=True)
class Term:
    """A penalty in one network's loss, applied at every n-th of its updates."""

    name: str  # its statistic is `<name>_penalty`
    network: str  # whose loss it is in
    function: Callable[[ForwardPass], tf.Tensor]
    weight: tf.Variable
    every: int = 1


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
    optimizers: Mapping[str, Optimizer]  # by network
    controller: Controller
    equilibrium: Equilibrium
    streams: Streams
    loss: Loss
    generator_loss: Callable[..., tf.Tensor]  # of this Gan and a ForwardPass
    translate: Callable[[tf.Tensor], tf.Tensor] | None  # real images → sources of a translation
    condition: Condition | None  # the classes of generated images
    terms: Mapping[str, tuple[Term, ...]]  # by network
    balance: Balance | None
    replay: Replay | None
    histories: Mapping[str, History]  # by network, where historical averaging penalises it
    static: bool  # every shape is known when tracing, as XLA needs it

    @property
    def networks(self) -> dict[str, Network]:
        """The two that are trained, by name."""
        return {"discriminator": self.discriminator, "generator": self.generator}

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

    def means(self, network: str) -> list[tf.Variable]:
        """The mean of each parameter of a network so far; none where nothing asks for them."""
        return self.histories[network].means if network in self.histories else []

    def _stateful(self) -> dict[str, "Stateful"]:
        """The parts that hold variables, by the prefix of their names."""
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


def _penalty_terms(config: TrialConfig, numbers: Numbers, network: str) -> list[Term]:
    """The penalties of a network whose weight is not 0."""
    weights = {name: paths.get(network) for name, paths in PENALTY_WEIGHTS.items()}
    knob = "generator_weight" if network == "generator" else "weight"
    weights |= {name: f"penalties.{name}.{knob}" for name in config.penalties.plugged}
    return [
        Term(
            name=f"generator_{name}" if network == "generator" else name,
            network=network,
            function=PENALTIES.load(name),
            weight=numbers[path],
            every=getattr(config.penalties, name).every,
        )
        for name, path in weights.items()
        if path and read(config, path) > 0
    ]


def _label_terms(config: TrialConfig, numbers: Numbers, discriminator: Network) -> list[Term]:
    """The terms that a classifying head adds to both losses."""
    method = load_conditioning(config)
    if method is None or method.auxiliary is None:
        return []
    auxiliary, head = method.auxiliary, head_of(discriminator)
    weight = numbers[auxiliary.weight]
    return [
        Term(auxiliary.name, "discriminator", partial(auxiliary.discriminator, head), weight),
        Term(
            f"generator_{auxiliary.name}", "generator", partial(auxiliary.generator, head), weight
        ),
    ]


def _terms(
    config: TrialConfig, numbers: Numbers, discriminator: Network
) -> dict[str, tuple[Term, ...]]:
    label_terms = _label_terms(config, numbers, discriminator)
    return {
        network: (
            *_penalty_terms(config, numbers, network),
            *(term for term in label_terms if term.network == network),
        )
        for network in ("discriminator", "generator")
    }


def translation(config: TrialConfig) -> Callable[[tf.Tensor], tf.Tensor] | None:
    """The function from real images (N, H, W, C) to sources, in the range of pixels, if any."""
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
        condition=build_condition(config.labels),
        terms=_terms(config, numbers, discriminator),
        balance=Balance(numbers) if config.training.balance == "loss" else None,
        replay=_replay(config, discriminator),
        histories=_histories(config, generator, discriminator),
        static=static,
    )
    gan.reset(config)
    return gan
