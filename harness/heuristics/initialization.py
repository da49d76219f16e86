"""Tips on how weights begin."""

from harness.heuristics.schema import Claim, Tip

ROWS = (
    Tip(
        id="normal_init_002",
        title="Small normal weights",
        statement="Initialise weights from a normal distribution with standard deviation 0.02.",
        claims=(
            Claim(
                "S0",
                "helps",
                "until strong colourful patterns vanish",
                condition="early_patterns",
            ),
            Claim("S1", "helps", "zero-centred, deviation 0.02"),
            Claim("S3", "helps", "truncated normal, 0.02"),
        ),
        literature="Radford et al. 2015 (DCGAN)",
        following={"generator.initializer": "normal", "discriminator.initializer": "normal"},
        ignoring={
            "generator.initializer": "glorot_uniform",
            "discriminator.initializer": "glorot_uniform",
        },
    ),
    Tip(
        id="default_init",
        title="Default initialisation",
        statement="Use the framework's default initialisation.",
        claims=(Claim("S0", "no_effect", "works; look at it if patterns appear"),),
        literature="Glorot & Bengio 2010",
        following={
            "generator.initializer": "glorot_uniform",
            "discriminator.initializer": "glorot_uniform",
        },
        ignoring={"generator.initializer": "normal", "discriminator.initializer": "normal"},
    ),
    Tip(
        id="orthogonal_init",
        title="Orthogonal initialisation",
        statement="Initialise weights as random orthogonal matrices.",
        claims=(Claim("S2", "helps", "what BigGAN does"),),
        literature="Saxe et al. 2014",
        following={
            "generator.initializer": "orthogonal",
            "discriminator.initializer": "orthogonal",
        },
        ignoring={
            "generator.initializer": "glorot_uniform",
            "discriminator.initializer": "glorot_uniform",
        },
    ),
)
