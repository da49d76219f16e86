"""Tips on labels, dropout and augmentation."""

from harness.heuristics.schema import Claim, Heuristic

TIPS = (
    Heuristic(
        id="one_sided_label_smoothing",
        title="One-sided label smoothing",
        statement="Aim at 0.9 instead of 1 for real images, and leave the generated ones at 0.",
        claims=(
            Claim("S1", "helps", "real target between 0.7 and 1.2, or 0.9"),
            Claim("S2", "helps", "against an overconfident discriminator"),
            Claim("S0", "no_effect", "did not improve performance"),
        ),
        following={"loss.label_smoothing": 0.1},
        ignoring={"loss.label_smoothing": 0.0},
        literature="Salimans et al. 2016",
        clashes=(  # they have no labels
            "hinge_loss",
            "wasserstein_clipped",
            "wasserstein_gp",
            "relativistic_loss",
            "relativistic_average_loss",
        ),
    ),
    Heuristic(
        id="discriminator_dropout",
        title="Dropout in the discriminator",
        statement="Drop 40 % of the discriminator's features before its last layer.",
        claims=(Claim("S0", "helps", "improves generation quality; keep it below 0.5"),),
        following={"discriminator.dropout": 0.4},
        ignoring={"discriminator.dropout": 0.0},
        literature="Srivastava et al. 2014",
    ),
    Heuristic(
        id="adaptive_augmentation",
        title="Adaptive discriminator augmentation",
        statement="Augment real and generated images with a probability that follows accuracy.",
        claims=(
            Claim("S0", "helps", "against an overfitting discriminator", condition="little data"),
            Claim("S0", "depends", "may not be needed", condition="with much data, as in CelebA"),
        ),
        following={"augmentation.policy": "adaptive"},
        ignoring={"augmentation.policy": "none"},
        literature="Karras et al. 2020 (StyleGAN2-ADA)",
    ),
)
