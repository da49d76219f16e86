"""Knobs of the optimisers and the training schedule."""

from typing import Literal

from pydantic import Field

from harness.config.trial.base import (
    DecayName,
    OptimizerName,
    PixelRangeName,
    PrecisionName,
    Section,
    UpdateName,
    knob,
)


class OptimizerConfig(Section):
    """The optimiser of one network; each uses the numbers of its formula."""

    name: OptimizerName = knob("adam", "optimiser")
    learning_rate: float = knob(2e-4, "learning rate", gt=0.0, le=1.0)
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
    """The optimisers of both networks."""

    generator: OptimizerConfig = Field(default_factory=OptimizerConfig)
    discriminator: OptimizerConfig = Field(default_factory=OptimizerConfig)


class TrainingConfig(Section):
    """Budget, batches and the order of updates."""

    kimg: float = knob(
        2355.2,
        "training length: real images shown to the discriminator; the default is S0's 400 epochs",
        unit="1000 images",
        gt=0.0,
        le=1e9,
    )
    batch_size: int = knob(128, "real images per update", ge=2, le=8192)
    accumulation: int = knob(
        1,
        "gradient accumulation: number of equal micro-batches per batch; an update uses the mean "
        "of their gradients",
        source="design",
        ge=1,
        le=256,
    )
    update: UpdateName = knob(
        "simultaneous",
        "update both networks from one forward pass, or the generator after the discriminator; or "
        "train a variational autoencoder, with the discriminator's layers as encoder",
    )
    discriminator_steps: int = knob(1, "discriminator updates per iteration", ge=1, le=20)
    generator_steps: int = knob(1, "generator updates per iteration", ge=1, le=20)
    batches: Literal["separate", "joint"] = knob(
        "separate",
        "pass real and generated images through the discriminator separately, or as one batch",
    )
    ema: float = knob(
        0.99,
        "decay of the generator's moving average per 128 images; 0: no average",
        ge=0.0,
        lt=1.0,
    )
    ema_start: float = knob(
        0.0,
        "start of averaging; before, the average equals the generator",
        unit="1000 images",
        source="compare_gan",
        ge=0.0,
    )
    learning_rate_decay: DecayName = knob(
        "none",
        "schedule of both learning rates: constant, or decreasing to zero linearly or as half a "
        "cosine",
        source="design",
    )
    balance: Literal["none", "loss"] = knob(
        "none",
        "skip the update of the network that is winning: its last loss is more than "
        "`balance_ratio` times lower than the other's",
        source="S1",
    )
    balance_ratio: float = knob(
        5.0, "ratio of the losses from which a network is winning", source="design", gt=1.0
    )
    replay: float = knob(
        0.0,
        "share of replayed (earlier) images among the generated images shown to the discriminator",
        source="S2",
        ge=0.0,
        le=1.0,
    )
    replay_every: int = knob(
        1,
        "replay and store generated images at every n-th update of the discriminator",
        source="design",
        ge=1,
    )
    replay_size: int = knob(
        1024,
        "number of generated images stored for `replay`; a replayed one is replaced by a new one",
        unit="images",
        source="design",
        ge=1,
        le=65536,
    )
    pixel_range: PixelRangeName = knob("zero_one", "pixel range inside the networks")
    precision: PrecisionName = knob(
        "float32", "precision of activations; weights stay float32", source="design"
    )
    evaluations: int = knob(
        25,
        "number of evaluations, in addition to that of the untrained generator; equally spaced "
        "unless `final_evaluations` is set",
        source="design",
        ge=1,
        le=1000,
    )
    final_evaluations: int = knob(
        0,
        "how many of the evaluations are in the last fifth of the training, over which the default "
        "objective averages; the others are before it, and each part is equally spaced. 0: all "
        "evaluations are equally spaced",
        source="design",
        ge=0,
        le=1000,
    )
    members: int = knob(
        1,
        "number of GANs that share kimg, are trained in turn and sampled together",
        source="S2",
        ge=1,
        le=16,
    )
