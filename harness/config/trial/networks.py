"""Knobs of the generator and the discriminator."""

from typing import Literal

from harness.config.trial.base import Section, knob

Activation = Literal["relu", "leaky_relu"]


class NetworkConfig(Section):
    """What both networks of S0's DCGAN have."""

    width: int = knob(128, "filters of every hidden layer", ge=1, le=2048)
    depth: int | None = knob(
        None, "stride-2 blocks; none: from the image size (size = 4 * 2^depth)", ge=1, le=7
    )
    kernel_size: int = knob(4, "kernel of the (transposed) convolutions", unit="px", ge=1, le=9)
    leaky_slope: float = knob(
        0.2, "slope of a leaky ReLU below zero; read with leaky_relu only", ge=0.0, lt=1.0
    )
    batch_norm: bool = knob(True, "batch normalisation after every hidden layer")
    batch_norm_momentum: float = knob(
        0.99, "decay a step of batch normalisation's moving statistics", ge=0.0, lt=1.0
    )
    batch_norm_scale: bool = knob(False, "learnable scale in batch normalisation")
    spectral_norm: bool = knob(
        False, "divide every kernel by its largest singular value", source="Miyato et al. 2018"
    )


class GeneratorConfig(NetworkConfig):
    """S0's DCGAN generator: dense to 4x4, then `depth` stride-2 transposed convolutions."""

    noise_size: int = knob(64, "size of the latent vector", ge=1, le=1024)
    activation: Activation = knob("relu", "activation of the hidden layers")
    dropout: float = knob(
        0.0, "dropout rate after the hidden layers, in training", source="S1", ge=0.0, lt=1.0
    )


class DiscriminatorConfig(NetworkConfig):
    """S0's DCGAN discriminator: `depth` stride-2 convolutions, flatten, dropout, one logit.

    Its moving statistics are kept and never read: it is only ever run in training.
    """

    activation: Activation = knob("leaky_relu", "activation of the hidden layers")
    dropout: float = knob(0.4, "dropout rate before the last layer", ge=0.0, lt=1.0)
    instance_noise: float = knob(
        0.0,
        "standard deviation of Gaussian noise on real and generated images; falls linearly",
        unit="pixel ranges",
        source="Sønderby et al. 2017",
        ge=0.0,
        le=10.0,
    )
    instance_noise_end: float = knob(
        1.0, "share of the training after which it is zero", source="design", gt=0.0, le=1.0
    )
