"""Knobs of the optimisers and the training schedule."""

from typing import Literal

from pydantic import Field

from harness.config.trial.base import Section, knob


class AdamConfig(Section):
    """Adam, one instance for each network (Kingma & Ba 2015)."""

    learning_rate: float = knob(2e-4, "step size", gt=0.0, le=1.0)
    beta_1: float = knob(0.5, "decay of the mean gradient (0.9 is Adam's default)", ge=0.0, lt=1.0)
    beta_2: float = knob(
        0.999, "decay of the mean squared gradient", source="Kingma & Ba 2015", ge=0.0, lt=1.0
    )
    epsilon: float = knob(1e-7, "added to the denominator", source="Keras", gt=0.0)


class OptimizerConfig(Section):
    """One optimiser a network."""

    generator: AdamConfig = Field(default_factory=AdamConfig)
    discriminator: AdamConfig = Field(default_factory=AdamConfig)


class TrainingConfig(Section):
    """Budget, batches and the order of updates."""

    kimg: float = knob(
        2355.2,
        "training length: real images shown to the discriminator; default 400 epochs of S0",
        unit="1000 images",
        gt=0.0,
    )
    batch_size: int = knob(128, "real images an update", ge=2, le=8192)
    update: Literal["simultaneous", "alternating", "variational"] = knob(
        "simultaneous",
        "both networks from one forward pass, or the generator after the new discriminator; or no "
        "game: a variational autoencoder, with the discriminator's layers as encoder",
    )
    discriminator_steps: int = knob(1, "discriminator updates an iteration", ge=1, le=20)
    generator_steps: int = knob(1, "generator updates an iteration", ge=1, le=20)
    batches: Literal["separate", "joint"] = knob(
        "separate", "real and generated images through the discriminator apart, or as one batch"
    )
    ema: float = knob(
        0.99,
        "decay of the generator's moving average for every 128 images; 0: no average",
        ge=0.0,
        lt=1.0,
    )
    precision: Literal["float32", "bfloat16"] = knob(
        "float32", "what activations are computed in; weights stay float32", source="design"
    )
    evaluations: int = knob(
        25,
        "evaluations, equally spaced, after that of the untrained generator",
        source="design",
        ge=1,
        le=1000,
    )
    members: int = knob(
        1,
        "GANs that share kimg, take turns and are sampled together",
        source="S2",
        ge=1,
        le=16,
    )
