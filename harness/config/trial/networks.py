"""Knobs of the generator and the discriminator."""

from typing import Literal

from harness.config.trial.base import (
    ArchitectureName,
    DownsamplingName,
    InitializerName,
    MinibatchName,
    NormalizationName,
    Section,
    UpsamplingName,
    knob,
)

Activation = Literal["relu", "leaky_relu"]


class NetworkConfig(Section):
    """What both networks have."""

    architecture: ArchitectureName = knob(
        "dcgan",
        "S0's blocks, or BigGAN's: residual, each normalised and activated before two convolutions",
        source="Brock et al. 2019",
    )
    width: int = knob(128, "filters of every hidden layer, or of the widest", ge=1, le=2048)
    filters: Literal["constant", "tapering", "rising"] = knob(
        "constant",
        "the same number of filters everywhere, or half of it at each doubling of the resolution, "
        "or twice",
    )
    depth: int | None = knob(
        None, "stride-2 blocks; none: from the image size (size = 4 * 2^depth)", ge=1, le=7
    )
    kernel_size: int = knob(4, "kernel of the (transposed) convolutions", unit="px", ge=1, le=9)
    leaky_slope: float = knob(
        0.2, "slope of a leaky ReLU below zero; read with leaky_relu only", ge=0.0, lt=1.0
    )
    normalization: NormalizationName = knob("batch", "normalisation of every hidden layer")
    norm_placement: Literal["before", "after"] = knob(
        "before", "normalise before or after the activation", source="S4"
    )
    batch_norm_momentum: float = knob(
        0.99, "decay a step of batch normalisation's moving statistics", ge=0.0, lt=1.0
    )
    batch_norm_scale: bool = knob(False, "learnable scale in the normalisation")
    bias_before_norm: bool = knob(False, "a bias also in layers that a normalisation follows")
    spectral_norm: bool = knob(
        False, "divide every kernel by its largest singular value", source="Miyato et al. 2018"
    )
    hidden_dense: int = knob(
        0, "hidden fully connected layers, of 4 * width units", source="S1", ge=0, le=4
    )
    residual: bool = knob(
        False, "add the resampled input of each block to its output; BigGAN's always do"
    )
    attention: bool = knob(
        False,
        "self-attention at 16 px, or at the largest feature map below",
        source="Zhang et al. 2019",
    )
    initializer: InitializerName = knob("glorot_uniform", "how kernels begin", source="Keras")
    initializer_stddev: float = knob(
        0.02, "standard deviation of normal and truncated_normal", source="S0", gt=0.0, le=1.0
    )


class GeneratorConfig(NetworkConfig):
    """S0's DCGAN generator: dense to 4x4, then `depth` blocks that double the size."""

    noise_size: int = knob(64, "size of the latent vector", ge=1, le=1024)
    latent: Literal["normal", "uniform"] = knob(
        "normal", "latents from N(0, 1), or from U(-1, 1)", source="S1"
    )
    truncation: float = knob(
        0.0,
        "largest latent value when images are sampled, never in training; 0: no limit",
        source="Brock et al. 2019",
        ge=0.0,
        le=10.0,
    )
    skip_z: bool = knob(
        False,
        "feed the latents to every block, not the first alone; BigGAN's make gains of them",
        source="Brock et al. 2019",
    )
    upsampling: UpsamplingName = knob(
        "transposed",
        "transposed convolution; or resize, then convolve; or convolve, then shuffle channels",
    )
    activation: Activation = knob("relu", "activation of the hidden layers")
    output_activation: Literal["sigmoid", "tanh"] = knob(
        "sigmoid", "activation of the last layer; scaled where training.pixel_range is not its own"
    )
    dropout: float = knob(
        0.0, "dropout rate after the hidden layers, in training", source="S1", ge=0.0, lt=1.0
    )
    dropout_at_generation: bool = knob(False, "drop out when images are sampled, too", source="S1")


class DiscriminatorConfig(NetworkConfig):
    """S0's DCGAN discriminator: `depth` blocks that halve the size, flatten, dropout, one logit.

    Its moving statistics are kept and never read: it is only ever run in training.
    """

    downsampling: DownsamplingName = knob("strided", "strided convolution; or convolve, then pool")
    activation: Activation = knob("leaky_relu", "activation of the hidden layers")
    dropout: float = knob(0.4, "dropout rate before the last layer", ge=0.0, lt=1.0)
    minibatch: MinibatchName = knob(
        "none",
        "features of the whole batch beside those of each image: distances to the others "
        "(Salimans et al. 2016), or their mean deviation (Karras et al. 2018); a layer of the "
        "network, so at every update",
        source="Salimans et al. 2016",
    )
    output: Literal["logit", "sigmoid"] = knob(
        "logit", "cross-entropy of a logit, or of a sigmoid by its logarithm"
    )
    output_epsilon: float = knob(
        1e-12, "added to a sigmoid inside the logarithm", source="S3", ge=0.0, le=0.1
    )
    instance_noise: float = knob(
        0.0,
        "standard deviation of Gaussian noise on real and generated images; falls linearly",
        unit="pixel ranges",
        source="Sønderby et al. 2017",
        ge=0.0,
        le=10.0,
    )
    instance_noise_every: int = knob(
        1, "add it at every n-th pass of both networks", source="design", ge=1
    )
    instance_noise_end: float = knob(
        1.0, "share of the training after which it is zero", source="design", gt=0.0, le=1.0
    )
