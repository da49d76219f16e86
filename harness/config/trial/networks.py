"""Knobs of the generator and the discriminator."""

from typing import Literal

from harness.config.trial.base import (
    ArchitectureName,
    DownsamplingName,
    FiltersName,
    InitializerName,
    MinibatchName,
    NormalizationName,
    Section,
    UpsamplingName,
    knob,
)

Activation = Literal["relu", "leaky_relu"]


class NetworkConfig(Section):
    """Hyper-parameters of both networks."""

    architecture: ArchitectureName = knob(
        "dcgan",
        "S0's blocks, or BigGAN's residual blocks, which normalise and activate before each of two "
        "convolutions",
        source="Brock et al. 2019",
    )
    width: int = knob(128, "filters of every hidden layer, or of the widest one", ge=1, le=2048)
    filters: FiltersName = knob(
        "constant",
        "number of filters when the resolution doubles: constant, halved or doubled",
    )
    depth: int | None = knob(
        None, "stride-2 blocks; none: from the image size (size = 4 * 2^depth)", ge=1, le=7
    )
    kernel_size: int = knob(4, "kernel of the (transposed) convolutions", unit="px", ge=1, le=9)
    leaky_slope: float = knob(
        0.2, "slope of leaky ReLU below zero; used with leaky_relu only", ge=0.0, lt=1.0
    )
    normalization: NormalizationName = knob("batch", "normalisation of every hidden layer")
    norm_placement: Literal["before", "after"] = knob(
        "before", "normalise before or after the activation", source="S4"
    )
    batch_norm_momentum: float = knob(
        0.99, "decay per step of batch normalisation's moving statistics", ge=0.0, lt=1.0
    )
    batch_norm_scale: bool = knob(False, "learnable scale in the normalisation")
    bias_before_norm: bool = knob(
        False, "use a bias also in layers that are followed by a normalisation"
    )
    spectral_norm: bool = knob(
        False, "divide every kernel by its largest singular value", source="Miyato et al. 2018"
    )
    hidden_dense: int = knob(
        0, "hidden fully connected layers, of 4 * width units", source="S1", ge=0, le=4
    )
    residual: bool = knob(
        False, "add the resampled input of each block to its output; BigGAN's blocks always do"
    )
    attention: bool = knob(
        False,
        "self-attention at 16 px, or at the largest smaller feature map",
        source="Zhang et al. 2019",
    )
    initializer: InitializerName = knob(
        "glorot_uniform", "distribution of the initial kernels", source="Keras"
    )
    initializer_stddev: float = knob(
        0.02, "standard deviation of normal and truncated_normal", source="S0", gt=0.0, le=1.0
    )


class GeneratorConfig(NetworkConfig):
    """S0's DCGAN generator: dense to 4x4, then `depth` blocks that double the size."""

    noise_size: int = knob(64, "size of the latent vector", ge=1, le=1024)
    latent: Literal["normal", "uniform"] = knob(
        "normal", "distribution of the latents: N(0, 1) or U(-1, 1)", source="S1"
    )
    truncation: float = knob(
        0.0,
        "largest absolute latent value when sampling images, not in training; 0: no limit",
        source="Brock et al. 2019",
        ge=0.0,
        le=10.0,
    )
    skip_z: bool = knob(
        False,
        "feed the latents to every block, not only the first; BigGAN's blocks compute gains from "
        "them",
        source="Brock et al. 2019",
    )
    upsampling: UpsamplingName = knob(
        "transposed",
        "transposed convolution; or resizing, then convolution; or convolution, then pixel shuffle",
    )
    activation: Activation = knob("relu", "activation of the hidden layers")
    output_activation: Literal["sigmoid", "tanh"] = knob(
        "sigmoid",
        "activation of the last layer; rescaled if training.pixel_range differs from its range",
    )
    dropout: float = knob(
        0.0, "dropout rate after hidden layers, in training", source="S1", ge=0.0, lt=1.0
    )
    dropout_at_generation: bool = knob(False, "use dropout also when sampling images", source="S1")


class DiscriminatorConfig(NetworkConfig):
    """S0's DCGAN discriminator: `depth` blocks that halve the size, flatten, dropout, one logit.

    Its moving statistics are stored but never used, since it only runs in training.
    """

    downsampling: DownsamplingName = knob(
        "strided", "strided convolution; or convolution, then pooling"
    )
    activation: Activation = knob("leaky_relu", "activation of the hidden layers")
    dropout: float = knob(0.4, "dropout rate before the last layer", ge=0.0, lt=1.0)
    minibatch: MinibatchName = knob(
        "none",
        "additional features of the whole batch: distances to the other images (Salimans et al. "
        "2016), or the mean standard deviation (Karras et al. 2018)",
        source="Salimans et al. 2016",
    )
    output: Literal["logit", "sigmoid"] = knob(
        "logit", "cross-entropy from logits, or from the logarithm of a sigmoid"
    )
    output_epsilon: float = knob(
        1e-12, "added to the sigmoid inside the logarithm", source="S3", ge=0.0, le=0.1
    )
    instance_noise: float = knob(
        0.0,
        "standard deviation of Gaussian noise on real and generated images; decreases linearly",
        unit="pixel ranges",
        source="Sønderby et al. 2017",
        ge=0.0,
        le=10.0,
    )
    instance_noise_every: int = knob(
        1, "add it at every n-th forward pass of both networks", source="design", ge=1
    )
    instance_noise_end: float = knob(
        1.0, "share of the training after which the noise is zero", source="design", gt=0.0, le=1.0
    )
