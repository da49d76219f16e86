"""Tips on class labels, and on codes in their place."""

from harness.heuristics.schema import Claim, Tip

_NEEDS = "a data set with labels"

ROWS = (
    Tip(
        id="train_with_labels",
        title="Train with labels",
        statement="Give both networks the class of each image.",
        claims=(
            Claim("S1", "helps", "almost always a dramatic improvement in subjective quality"),
            Claim("S2", "helps", "any extra help in guiding the training improves it a lot"),
        ),
        literature="Salimans et al. 2016; Miyato & Koyama 2018 (projection)",
        needs=_NEEDS,
        following={"labels.conditioning": "projection"},
        ignoring={"labels.conditioning": "none"},
    ),
    Tip(
        id="conditional_gan",
        title="Conditional GAN",
        statement="Add the label to the inputs of the generator and of the discriminator.",
        claims=(
            Claim("S1", "helps", "use labels if you have them"),
            Claim("S2", "helps", "adding the label to the latents helps the training"),
        ),
        literature="Mirza & Osindero 2014 (CGAN)",
        needs=_NEEDS,
        following={"labels.conditioning": "concat"},
        ignoring={"labels.conditioning": "none"},
    ),
    Tip(
        id="acgan",
        title="Auxiliary classifier GAN",
        statement="Let the discriminator also predict the class, and train both networks for "
        "correct classes.",
        claims=(
            Claim("S1", "helps", "use labels if you have them"),
            Claim("S2", "depends", "named, with its formula"),
        ),
        literature="Odena et al. 2017 (AC-GAN)",
        needs=_NEEDS,
        following={"labels.conditioning": "acgan"},
        ignoring={"labels.conditioning": "none"},
    ),
    Tip(
        id="infogan",
        title="InfoGAN",
        statement="Give the generator a code that a second network recovers from the image.",
        claims=(Claim("S2", "depends", "named, with its formula"),),
        literature="Chen et al. 2016 (InfoGAN)",
        following={"labels.conditioning": "infogan"},
        ignoring={"labels.conditioning": "none"},
    ),
    Tip(
        id="shared_class_embedding",
        title="A shared class embedding",
        statement="Use one class embedding for all blocks of the generator.",
        claims=(Claim("S2", "helps", "BigGAN's FID falls from 9.54 to 9.18"),),
        literature="Brock et al. 2019 (BigGAN)",
        needs=_NEEDS,
        following={
            "labels.conditioning": "projection",
            "labels.every_block": True,
            "labels.shared_embedding": True,
        },
        ignoring={
            "labels.conditioning": "projection",
            "labels.every_block": True,
            "labels.shared_embedding": False,
        },
    ),
)
