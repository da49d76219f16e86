"""Tips on optimisers, averaging and the balance of updates."""

from harness.heuristics.schema import Claim, Heuristic

TIPS = (
    Heuristic(
        id="adam_beta_1_half",
        title="Adam with beta_1 = 0.5",
        statement="Lower Adam's beta_1 from its default of 0.9 to 0.5 in both networks.",
        claims=(
            Claim("S0", "helps", "important; the example would not work at the default"),
            Claim("S1", "helps", "0.9 led to oscillation and instability, 0.5 stabilised training"),
            Claim("S3", "helps", "beta_1 of 0.5, as in Pix2Pix"),
        ),
        following={"optimizer.generator.beta_1": 0.5, "optimizer.discriminator.beta_1": 0.5},
        ignoring={"optimizer.generator.beta_1": 0.9, "optimizer.discriminator.beta_1": 0.9},
        literature="Radford et al. 2015 (DCGAN)",
    ),
    Heuristic(
        id="adam_beta_1_zero",
        title="Adam with beta_1 = 0",
        statement="Turn Adam's momentum off in both networks.",
        claims=(Claim("S0", "helps", "0.5 or even 0.0 instead of the default 0.9"),),
        following={"optimizer.generator.beta_1": 0.0, "optimizer.discriminator.beta_1": 0.0},
        ignoring={"optimizer.generator.beta_1": 0.9, "optimizer.discriminator.beta_1": 0.9},
        literature="Gulrajani et al. 2017 (WGAN-GP)",
        clashes=("adam_beta_1_half",),
    ),
    Heuristic(
        id="generator_ema",
        title="Moving average of the generator",
        statement="Sample from and score an exponential moving average of the generator's weights.",
        claims=(
            Claim("S0", "helps", "lowers KID's variance and averages out palette changes"),
            Claim("S2", "helps", "used by BigGAN for sampling"),
        ),
        following={"training.ema": 0.99},
        ignoring={"training.ema": 0.0},
        literature="Yazici et al. 2018",
    ),
    Heuristic(
        id="several_discriminator_steps",
        title="Several discriminator steps",
        statement="Update the discriminator five times for every update of the generator.",
        claims=(
            Claim("S0", "helps", "can help if one has the resources; 1:1 is the default"),
            Claim("S2", "depends", "5:1 was tested; many doubt its benefit"),
        ),
        following={"training.discriminator_steps": 5},
        ignoring={"training.discriminator_steps": 1},
        literature="Goodfellow et al. 2014; Gulrajani et al. 2017",
    ),
)
