"""Tips on normalisation."""

from harness.heuristics.schema import Claim, Heuristic

TIPS = (
    Heuristic(
        id="batch_norm_in_discriminator",
        title="Batch normalisation in the discriminator",
        statement="Normalise the discriminator's hidden layers over the batch.",
        claims=(
            Claim("S0", "depends", "sometimes has a high impact; try out both ways"),
            Claim("S1", "helps", "in both networks, but for G's output and D's input"),
            Claim("S3", "hurts", "NaN with it; training started once it was removed"),
            Claim("S2", "hurts", "off", condition="with WGAN-GP"),
        ),
        following={"discriminator.batch_norm": True},
        ignoring={"discriminator.batch_norm": False},
        literature="Radford et al. 2015 (DCGAN)",
    ),
    Heuristic(
        id="batch_norm_without_scale",
        title="Batch normalisation without a scale",
        statement="Leave batch normalisation's learnable scale out.",
        claims=(Claim("S0", "no_effect", "redundant before ReLU and convolution"),),
        following={"generator.batch_norm_scale": False, "discriminator.batch_norm_scale": False},
        ignoring={"generator.batch_norm_scale": True, "discriminator.batch_norm_scale": True},
        literature="Ioffe & Szegedy 2015",
    ),
    Heuristic(
        id="spectral_norm",
        title="Spectral normalisation of the discriminator",
        statement="Divide every kernel of the discriminator by its largest singular value.",
        claims=(
            Claim("S0", "helps", "can help with stability"),
            Claim("S2", "helps", "cheaper than a gradient penalty; against mode collapse"),
        ),
        following={"discriminator.spectral_norm": True},
        ignoring={"discriminator.spectral_norm": False},
        literature="Miyato et al. 2018",
    ),
    Heuristic(
        id="separate_real_and_fake_batches",
        title="Real and generated batches apart",
        statement="Run real and generated images through the discriminator in separate batches.",
        claims=(
            Claim("S0", "helps", "otherwise 45 degree stripes and decreased performance"),
            Claim("S1", "helps", "each mini-batch only real or only generated"),
        ),
        following={"training.batches": "separate"},
        ignoring={"training.batches": "joint"},
        literature="Chintala et al. 2016 (ganhacks)",
    ),
)
