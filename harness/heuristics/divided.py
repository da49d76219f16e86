"""Tips that test one part of a source's advice separately.

Each is `part_of` a tip whose two sides cannot separate that part from the rest.
"""

from harness.heuristics.schema import Claim, Tip

ARCHITECTURE = (
    Tip(
        id="average_pool_in_place_of_strides",
        title="Average pooling in place of strides",
        statement="Downsample by average pooling rather than by strided convolutions.",
        claims=(Claim("S1", "hurts", "no pooling layers at all: strides (DCGAN)"),),
        literature="Radford et al. 2015 (DCGAN)",
        following={"discriminator.downsampling": "average_pool"},
        ignoring={"discriminator.downsampling": "strided"},
        part_of="average_pool_downsampling",
    ),
    Tip(
        id="residual_discriminator",
        title="Residual blocks in the discriminator",
        statement="Add the input of each block of the discriminator to its output.",
        claims=(Claim("S0", "no_effect", "residual discriminators behave similarly"),),
        literature="He et al. 2016 (ResNet)",
        following={"discriminator.residual": True},
        ignoring={"discriminator.residual": False},
        part_of="residual_connections",
    ),
    Tip(
        id="residual_generator",
        title="Residual blocks in the generator",
        statement="Add the input of each block of the generator to its output.",
        claims=(Claim("S0", "hurts", "residual generators are more difficult to train"),),
        literature="He et al. 2016 (ResNet)",
        following={"generator.residual": True},
        ignoring={"generator.residual": False},
        part_of="residual_connections",
    ),
    Tip(
        id="deeper_discriminator",
        title="A deeper discriminator",
        statement="Give the discriminator about a third more blocks than the generator has.",
        claims=(Claim("S1", "helps", "usually deeper"),),
        literature="Goodfellow 2016 (NIPS tutorial)",
        # in whole blocks: one more of two to four, two more of five to seven
        following={"discriminator.depth": {"of": "generator.depth", "times": 1.3}},
        ignoring={"discriminator.depth": {"of": "generator.depth", "times": 1}},
        needs="images of 16 pixels or more",
        part_of="stronger_discriminator",
    ),
)

NORMALIZATION = (
    Tip(
        id="spectral_norm_without_batch_norm",
        title="Spectral normalisation without batch normalisation",
        statement="Divide every kernel of a discriminator without batch normalisation by its "
        "largest singular value.",
        claims=(
            Claim("S0", "helps", "can help with stability", of="stability"),
            Claim(
                "S2",
                "helps",
                "cheaper than a gradient penalty; against mode collapse",
                of="stability",
            ),
        ),
        following={"discriminator.spectral_norm": True, "discriminator.normalization": "none"},
        ignoring={"discriminator.spectral_norm": False, "discriminator.normalization": "none"},
        literature="Miyato et al. 2018",
        part_of="spectral_norm",
    ),
)

LOSSES = (
    Tip(
        id="feature_matching_without_batch_norm",
        title="Feature matching without batch normalisation",
        statement="Let the generator match the mean features of a discriminator that does not "
        "normalise over the batch.",
        claims=(
            Claim("S1", "helps", "one of the techniques for stable training", of="stability"),
            Claim("S2", "helps", "effective", condition="unstable"),
        ),
        following={
            "loss.generator": "feature_matching",
            "discriminator.normalization": "none",
        },
        ignoring={"loss.generator": "adversarial", "discriminator.normalization": "none"},
        literature="Salimans et al. 2016",
        part_of="feature_matching",
    ),
)

# DiffAugment's shifts and colours, on every image; its cutout is not built
_KINDS = {
    "augmentation.flip": False,
    "augmentation.translation": 0.125,
    "augmentation.rotation": 0.0,
    "augmentation.zoom": 0.0,
    "augmentation.brightness": 0.5,
    "augmentation.saturation": 1.0,
    "augmentation.contrast": 0.5,
}

REGULARIZATION = (
    Tip(
        id="diffaugment",
        title="DiffAugment's shifts and colours",
        statement="Shift and recolour every image that the discriminator gets.",
        claims=(Claim("S0", "depends", "named as a concurrent paper"),),
        literature="Zhao et al. 2020 (DiffAugment)",
        following={"augmentation.policy": "fixed", "augmentation.probability": 1.0, **_KINDS},
        ignoring={"augmentation.policy": "none", "augmentation.probability": 0.0, **_KINDS},
        limits="its third kind, cutout, which is not implemented",
        part_of="differentiable_augmentation",
    ),
)
