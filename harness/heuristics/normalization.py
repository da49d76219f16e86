"""Tips on normalisation."""

from harness.heuristics.schema import Claim, Practice, Tip

ROWS = (
    Tip(
        id="batch_norm_in_discriminator",
        title="Batch normalisation in the discriminator",
        statement="Apply batch normalisation in the discriminator's hidden layers.",
        claims=(
            Claim("S0", "depends", "sometimes has a high impact; try out both ways"),
            Claim("S1", "helps", "in both networks, except G's output and D's input"),
            Claim(
                "S3", "hurts", "NaN with it; training started once it was removed", of="stability"
            ),
            Claim("S2", "hurts", "off", condition="wgan_gp"),
        ),
        following={"discriminator.normalization": "batch"},
        ignoring={"discriminator.normalization": "none"},
        literature="Radford et al. 2015 (DCGAN)",
    ),
    Tip(
        id="batch_norm_in_both",
        title="Batch normalisation in both networks",
        statement="Apply batch normalisation in both networks, except at G's output and D's input.",
        claims=(
            Claim("S1", "helps", "stabilises; in all layers it oscillates", of="stability"),
            Claim("S2", "helps", "often stabilises training", of="stability"),
            Claim("S3", "hurts", "NaN with it in the discriminator", of="stability"),
            Claim("S4", "helps", "against sparse gradients"),
        ),
        literature="Radford et al. 2015 (DCGAN)",
        following={"generator.normalization": "batch", "discriminator.normalization": "batch"},
        ignoring={"generator.normalization": "none", "discriminator.normalization": "none"},
    ),
    Tip(
        id="no_batch_norm_in_discriminator",
        title="No batch normalisation in the discriminator",
        statement="Use no batch normalisation in the discriminator.",
        claims=(
            Claim("S3", "helps", "training started as soon as it was removed", of="stability"),
            Claim("S1", "hurts", "it has a stabilising effect in both networks", of="stability"),
            Claim("S0", "depends", "sometimes has a high impact; try out both ways"),
        ),
        literature="Gulrajani et al. 2017 (WGAN-GP)",
        following={"discriminator.normalization": "none"},
        ignoring={"discriminator.normalization": "batch"},
    ),
    Tip(
        id="no_batch_norm_with_wgan_gp",
        title="No batch normalisation with a gradient penalty",
        statement="With WGAN-GP, use no batch normalisation in the discriminator.",
        claims=(Claim("S2", "helps", "it should be off, as the paper suggests"),),
        literature="Gulrajani et al. 2017 (WGAN-GP)",
        following={
            "loss.name": "wasserstein",
            "penalties.gradient.weight": 10.0,
            "discriminator.normalization": "none",
        },
        ignoring={
            "loss.name": "wasserstein",
            "penalties.gradient.weight": 10.0,
            "discriminator.normalization": "batch",
        },
    ),
    Tip(
        id="batch_norm_momentum",
        title="Low momentum in batch normalisation",
        statement="Use momentum 0.1 instead of 0.9 for the generator's batch statistics.",
        claims=(Claim("S3", "depends", "0.9 in one implementation, 0.1 in the other: doubt here"),),
        literature="Ioffe & Szegedy 2015; Isola et al. 2017 (Pix2Pix)",
        following={"generator.batch_norm_momentum": 0.1},
        ignoring={"generator.batch_norm_momentum": 0.9},
        needs="batch normalisation in the generator",
    ),
    Practice(
        id="batch_norm_couples_samples",
        title="Batch normalisation couples the images of a batch",
        statement="Batch normalisation makes each image depend on its batch.",
        claims=(Claim("S2", "hurts", "images of one batch share a colour tint"),),
        literature="Salimans et al. 2016; Goodfellow 2016 (NIPS tutorial)",
        kind="default",
        how="Sampling uses the moving statistics, so an image depends on its own latents only.",
        test="tests/gan/test_networks.py::test_a_generated_image_depends_on_its_own_latent_alone",
    ),
    Tip(
        id="batch_norm_without_scale",
        title="Batch normalisation without a scale",
        statement="Use batch normalisation without a learnable scale.",
        claims=(Claim("S0", "no_effect", "redundant before ReLU and convolution"),),
        following={"generator.batch_norm_scale": False, "discriminator.batch_norm_scale": False},
        ignoring={"generator.batch_norm_scale": True, "discriminator.batch_norm_scale": True},
        literature="Ioffe & Szegedy 2015",
    ),
    Tip(
        id="spectral_norm",
        title="Spectral normalisation of the discriminator",
        statement="Divide every kernel of the discriminator by its largest singular value.",
        claims=(
            Claim("S0", "helps", "can help with stability", of="stability"),
            Claim(
                "S2",
                "helps",
                "cheaper than a gradient penalty; against mode collapse",
                of="stability",
            ),
        ),
        following={"discriminator.spectral_norm": True},
        ignoring={"discriminator.spectral_norm": False},
        limits="the bound itself, where batch normalisation follows a kernel: it divides by the "
        "deviation of what comes out, and so undoes any scale; spectral_norm_without_batch_norm "
        "does",
        literature="Miyato et al. 2018",
    ),
    Tip(
        id="spectral_norm_without_scale",
        title="No scale in batch normalisation with spectral normalisation",
        statement="With spectral normalisation, use batch normalisation without a scale.",
        claims=(Claim("S0", "helps", "theory asks for it: a scale undoes the bound"),),
        literature="Miyato et al. 2018",
        following={"discriminator.spectral_norm": True, "discriminator.batch_norm_scale": False},
        ignoring={"discriminator.spectral_norm": True, "discriminator.batch_norm_scale": True},
        needs="batch normalisation in the discriminator",
    ),
    Tip(
        id="separate_real_and_fake_batches",
        title="Separate batches of real and generated images",
        statement="Run real and generated images through the discriminator in separate batches.",
        claims=(
            Claim("S0", "helps", "otherwise 45 degree stripes and decreased performance"),
            Claim("S1", "helps", "each mini-batch only real or only generated"),
        ),
        following={"training.batches": "separate"},
        ignoring={"training.batches": "joint"},
        literature="Chintala et al. 2016 (ganhacks)",
    ),
    Tip(
        id="batch_norm_placement",
        title="Normalise before ReLU",
        statement="Normalise before ReLU and leaky ReLU; after the activation only if it is "
        "S-shaped.",
        claims=(Claim("S4", "helps", "before non-Gaussian activations"),),
        literature="Ioffe & Szegedy 2015",
        following={"generator.norm_placement": "before", "discriminator.norm_placement": "before"},
        ignoring={"generator.norm_placement": "after", "discriminator.norm_placement": "after"},
    ),
    Tip(
        id="virtual_batch_norm",
        title="Virtual batch normalisation",
        statement="Normalise each image by the statistics of a fixed reference batch and of "
        "itself.",
        claims=(
            Claim("S1", "helps", "statistics of the union of an example and the reference batch"),
            Claim("S2", "helps", "images of a batch depend on each other no longer"),
        ),
        literature="Salimans et al. 2016",
        following={
            "generator.normalization": "virtual_batch",
            "discriminator.normalization": "virtual_batch",
        },
        ignoring={"generator.normalization": "batch", "discriminator.normalization": "batch"},
    ),
    Tip(
        id="no_bias_before_batch_norm",
        title="No bias before batch normalisation",
        statement="Use no bias in layers that are followed by batch normalisation.",
        claims=(Claim("S0", "no_effect", "redundant"),),
        literature="Ioffe & Szegedy 2015",
        following={"generator.bias_before_norm": False, "discriminator.bias_before_norm": False},
        ignoring={"generator.bias_before_norm": True, "discriminator.bias_before_norm": True},
    ),
    Tip(
        id="careful_init_replaces_batch_norm",
        title="Careful initialisation instead of batch normalisation",
        statement="Initialise with small normal weights, and use no batch normalisation.",
        claims=(Claim("S3", "helps", "you may choose to not have it"),),
        literature="Zhang et al. 2019 (Fixup)",
        following={
            "generator.initializer": "truncated_normal",
            "discriminator.initializer": "truncated_normal",
            "generator.normalization": "none",
            "discriminator.normalization": "none",
        },
        ignoring={
            "generator.initializer": "glorot_uniform",
            "discriminator.initializer": "glorot_uniform",
            "generator.normalization": "batch",
            "discriminator.normalization": "batch",
        },
    ),
)
