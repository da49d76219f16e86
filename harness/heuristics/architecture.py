"""Tips on the two networks: layers, widths, and how they compare."""

from harness.heuristics.schema import Claim, Practice, Tip

ROWS = (
    Practice(
        id="dcgan",
        title="DCGAN as the starting point",
        statement="Start from a convolutional GAN with strides, batch normalisation and Adam.",
        claims=(
            Claim("S0", "helps", "relatively stable and simple"),
            Claim("S1", "helps", "use it unless you have a good reason not to"),
            Claim("S4", "depends", "what its author trains"),
        ),
        literature="Radford et al. 2015 (DCGAN)",
        kind="default",
        how="Every default is that of S0's simplified DCGAN; what it changed is a tip each.",
        test="tests/gan/test_networks.py::test_parameter_counts_are_those_that_s0_prints",
    ),
    Tip(
        id="kernel_divisible_by_stride",
        title="Kernel divisible by the stride",
        statement="Use kernels of 4 pixels with strides of 2, so that pixels are covered alike.",
        claims=(
            Claim("S0", "helps", "reduces checkerboard artefacts of transposed convolutions"),
            Claim("S1", "helps", "against checkerboards, in generator and discriminator"),
        ),
        literature="Odena et al. 2016 (Deconvolution and Checkerboard Artifacts)",
        following={"generator.kernel_size": 4, "discriminator.kernel_size": 4},
        ignoring={"generator.kernel_size": 3, "discriminator.kernel_size": 3},
    ),
    Tip(
        id="discriminator_dropout",
        title="Dropout in the discriminator",
        statement="Drop 40 % of the discriminator's features before its last layer.",
        claims=(Claim("S0", "helps", "improves generation quality; keep it below 0.5"),),
        literature="Srivastava et al. 2014",
        following={"discriminator.dropout": 0.4},
        ignoring={"discriminator.dropout": 0.0},
    ),
    Tip(
        id="stronger_discriminator",
        title="A discriminator with more filters",
        statement="Give the discriminator twice the filters of the generator.",
        claims=(
            Claim("S1", "helps", "usually deeper, and sometimes with more filters"),
            Claim("S2", "helps", "usually more complex; a good one gives quality information"),
        ),
        literature="Goodfellow 2016 (NIPS tutorial)",
        following={"discriminator.width": {"of": "generator.width", "times": 2}},
        ignoring={"discriminator.width": {"of": "generator.width", "times": 1}},
    ),
    Tip(
        id="weaker_discriminator",
        title="A discriminator with fewer filters",
        statement="Give the discriminator half the filters of the generator.",
        claims=(
            Claim("S3", "helps", "a powerful discriminator reaches zero loss and teaches nothing"),
            Claim("S2", "hurts", "a well-trained discriminator gives quality feedback"),
        ),
        literature="Arjovsky & Bottou 2017 (vanishing gradients)",
        following={"discriminator.width": {"of": "generator.width", "times": 0.5}},
        ignoring={"discriminator.width": {"of": "generator.width", "times": 1}},
    ),
    Tip(
        id="fewer_generator_filters",
        title="Fewer filters in the generator",
        statement="Halve the generator's filters.",
        claims=(
            Claim("S4", "helps", "many filters push the output to the limits of tanh"),
            Claim("S2", "hurts", "many models improve with twice the capacity"),
        ),
        literature="Radford et al. 2015 (DCGAN)",
        following={"generator.width": {"times": 0.5}},
        ignoring={"generator.width": {"times": 1}},
    ),
    Tip(
        id="more_capacity",
        title="Twice the capacity",
        statement="Double the filters of both networks.",
        claims=(
            Claim("S2", "helps", "many models improve; but not before design and code are proven"),
            Claim("S4", "hurts", "more filters were the opposite of what was needed"),
        ),
        literature="Brock et al. 2019 (BigGAN)",
        following={"generator.width": {"times": 2}, "discriminator.width": {"times": 2}},
        ignoring={"generator.width": {"times": 1}, "discriminator.width": {"times": 1}},
    ),
    Tip(
        id="generator_capacity_has_no_effect",
        title="More capacity for the generator alone",
        statement="Double the generator's filters and leave the discriminator as it is.",
        claims=(
            Claim("S2", "no_effect", "no improvement until the bottleneck is found"),
            Claim("S4", "hurts", "more filters were the opposite of what was needed"),
        ),
        literature="Goodfellow 2016 (NIPS tutorial)",
        following={"generator.width": {"times": 2}},
        ignoring={"generator.width": {"times": 1}},
    ),
    Tip(
        id="multiple_gans",
        title="Several GANs together",
        statement="Train several GANs in place of one, and sample them together.",
        claims=(
            Claim("S2", "helps", "mode collapse may not be all bad", condition="modes collapse"),
        ),
        literature="Goodfellow 2016 (NIPS tutorial)",
        following={"training.members": 3},
        ignoring={"training.members": 1},
    ),
    Tip(
        id="pix2pix",
        title="The recipe of Pix2Pix",
        statement="Translate images by a game and a hundred times the L1 distance to the target.",
        claims=(Claim("S3", "helps", "weight 1 for the game, 100 for L1; D is updated before G"),),
        literature="Isola et al. 2017 (Pix2Pix)",
        following={
            "translation.source": "edges",
            "translation.l1_weight": 100.0,
            "training.update": "alternating",
        },
        ignoring={
            "translation.source": "edges",
            "translation.l1_weight": 0.0,
            "training.update": "simultaneous",
        },
    ),
    Tip(
        id="pix2pix_decoder_dropout",
        title="Dropout in the decoder of Pix2Pix",
        statement="Drop half of the features in the first three blocks of the U-Net's decoder.",
        claims=(Claim("S3", "helps", "its only source of noise", condition="Pix2Pix"),),
        literature="Isola et al. 2017 (Pix2Pix)",
        following={"translation.source": "edges", "translation.decoder_dropout": 0.5},
        ignoring={"translation.source": "edges", "translation.decoder_dropout": 0.0},
    ),
)
