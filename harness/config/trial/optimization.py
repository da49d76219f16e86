"""Knobs of the optimisers and the training schedule."""

from typing import Literal

from pydantic import Field

from harness.config.trial.base import DecayName, OptimizerName, Section, knob


class OptimizerConfig(Section):
    """The optimiser of one network; each reads the numbers that its formula has."""

    name: OptimizerName = knob("adam", "rule that turns gradients into updates")
    learning_rate: float = knob(2e-4, "step size", gt=0.0, le=1.0)
    beta_1: float = knob(0.5, "decay of the mean gradient (0.9 is Adam's default)", ge=0.0, lt=1.0)
    beta_2: float = knob(
        0.999, "decay of the mean squared gradient", source="Kingma & Ba 2015", ge=0.0, lt=1.0
    )
    epsilon: float = knob(1e-7, "added to the denominator", source="Keras", gt=0.0)
    rho: float = knob(
        0.9,
        "decay of RMSProp's mean squared gradient",
        source="Tieleman & Hinton 2012",
        ge=0.0,
        lt=1.0,
    )
    momentum: float = knob(
        0.0, "momentum of RMSProp and of gradient descent", source="Keras", ge=0.0, lt=1.0
    )


class OptimizersConfig(Section):
    """One optimiser a network."""

    generator: OptimizerConfig = Field(default_factory=OptimizerConfig)
    discriminator: OptimizerConfig = Field(default_factory=OptimizerConfig)


class TrainingConfig(Section):
    """Budget, batches and the order of updates."""

    kimg: float = knob(
        2355.2,
        "training length: real images shown to the discriminator; default 400 epochs of S0",
        unit="1000 images",
        gt=0.0,
        le=1e9,
    )
    batch_size: int = knob(128, "real images an update", ge=2, le=8192)
    accumulation: int = knob(
        1,
        "equal parts of a batch that are passed one after the other; an update takes the mean of "
        "their gradients",
        source="design",
        ge=1,
        le=256,
    )
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
    ema_start: float = knob(
        0.0,
        "when averaging begins; before, the average is the generator itself",
        unit="1000 images",
        source="compare_gan",
        ge=0.0,
    )
    learning_rate_decay: DecayName = knob(
        "none",
        "both learning rates over the whole training: constant, or down to zero on a line or on "
        "half a cosine",
        source="design",
    )
    balance: Literal["none", "loss"] = knob(
        "none",
        "skip the update of the network that is winning: whose loss is below the other's by more "
        "than `balance_ratio`, both as last measured",
        source="S1",
    )
    balance_ratio: float = knob(
        5.0, "how many times lower the loss of a winning network is", source="design", gt=1.0
    )
    replay: float = knob(
        0.0,
        "share of the generated images shown to the discriminator that were generated before",
        source="S2",
        ge=0.0,
        le=1.0,
    )
    replay_every: int = knob(
        1,
        "show and keep generated images at every n-th update of the discriminator",
        source="design",
        ge=1,
    )
    replay_size: int = knob(
        1024,
        "generated images that are kept for `replay`; one that is shown makes room for a new one",
        unit="images",
        source="design",
        ge=1,
        le=65536,
    )
    pixel_range: Literal["zero_one", "minus_one_one"] = knob(
        "zero_one", "range of pixels that the networks work in"
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
