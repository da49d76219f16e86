"""Tips on the adversarial loss: each against the default, the non-saturating one."""

from harness.heuristics.schema import Claim, Tip

_DEFAULT = "non_saturating"

ROWS = (
    Tip(
        id="non_saturating_loss",
        title="Non-saturating loss",
        statement="Let the generator maximise log D(G(z)) instead of minimising log(1 - D(G(z))).",
        claims=(
            Claim("S0", "helps", "no loss seems to consistently outperform it"),
            Claim("S1", "helps", "flip the labels when training the generator"),
            Claim("S2", "helps", "the minimax form has vanishing gradients"),
        ),
        following={"loss.name": _DEFAULT},
        ignoring={"loss.name": "minimax"},
        literature="Goodfellow et al. 2014",
    ),
    Tip(
        id="minimax_loss",
        title="Minimax loss",
        statement="Let the generator minimise log(1 - D(G(z))), as in the original minimax game.",
        claims=(Claim("S2", "hurts", "vanishing gradients where the discriminator is sure"),),
        following={"loss.name": "minimax"},
        ignoring={"loss.name": _DEFAULT},
        literature="Goodfellow et al. 2014",
    ),
    Tip(
        id="least_squares_loss",
        title="Least squares loss",
        statement="Replace cross-entropy by squared distances to the targets.",
        claims=(
            Claim("S2", "depends", "sometimes collapses"),
            Claim("S0", "no_effect", "no loss consistently outperforms the default"),
        ),
        following={"loss.name": "least_squares"},
        ignoring={"loss.name": _DEFAULT},
        literature="Mao et al. 2017 (LSGAN)",
    ),
    Tip(
        id="hinge_loss",
        title="Hinge loss",
        statement="Use hinge losses for the discriminator, and -D(G(z)) for the generator.",
        claims=(Claim("S0", "no_effect", "no loss consistently outperforms the default"),),
        following={"loss.name": "hinge"},
        ignoring={"loss.name": _DEFAULT},
        literature="Lim & Ye 2017",
    ),
    Tip(
        id="wasserstein_clipped",
        title="Wasserstein loss with clipped weights",
        statement="Estimate the earth mover's distance, with weights clipped to [-0.01, 0.01].",
        claims=(Claim("S2", "depends", "not better than the default in its table"),),
        following={"loss.name": "wasserstein", "penalties.clipping.limit": 0.01},
        ignoring={"loss.name": _DEFAULT, "penalties.clipping.limit": 0.0},
        literature="Arjovsky et al. 2017 (WGAN)",
    ),
    Tip(
        id="wasserstein_gp",
        title="Wasserstein loss with a gradient penalty",
        statement="Estimate the earth mover's distance, with a penalty on gradient norms other "
        "than one.",
        claims=(
            Claim("S2", "depends", "batch normalisation off in the discriminator"),
            Claim("S0", "no_effect", "no loss consistently outperforms the default"),
        ),
        following={
            "loss.name": "wasserstein",
            "penalties.gradient.weight": 10.0,
            "discriminator.normalization": "none",
        },
        ignoring={
            "loss.name": _DEFAULT,
            "penalties.gradient.weight": 0.0,
            "discriminator.normalization": "batch",
        },
        literature="Gulrajani et al. 2017 (WGAN-GP)",
    ),
    Tip(
        id="relativistic_loss",
        title="Relativistic loss",
        statement="Let the discriminator judge whether a real image is more real than a fake one.",
        claims=(Claim("S0", "no_effect", "no loss consistently outperforms the default"),),
        following={"loss.name": "relativistic"},
        ignoring={"loss.name": _DEFAULT},
        literature="Jolicoeur-Martineau 2018",
    ),
    Tip(
        id="relativistic_average_loss",
        title="Relativistic average loss",
        statement="Compare each image with the average logit of the other kind.",
        claims=(Claim("S0", "no_effect", "no loss consistently outperforms the default"),),
        following={"loss.name": "relativistic_average"},
        ignoring={"loss.name": _DEFAULT},
        literature="Jolicoeur-Martineau 2018",
    ),
    Tip(
        id="feature_matching",
        title="Feature matching",
        statement="Let the generator match the mean features of real images instead of fooling the "
        "discriminator.",
        claims=(
            Claim("S1", "helps", "one of the techniques for stable training", of="stability"),
            Claim("S2", "helps", "effective", condition="unstable"),
        ),
        following={"loss.generator": "feature_matching"},
        ignoring={"loss.generator": "adversarial"},
        limits="contrast, together with batch normalisation of separate batches: this gives real "
        "and "
        "generated features one mean and one deviation a channel before they are compared; "
        "feature_matching_without_batch_norm does",
        literature="Salimans et al. 2016",
    ),
    Tip(
        id="dragan",
        title="DRAGAN",
        statement="Penalise gradient norms other than one around real images, with the default "
        "loss.",
        claims=(
            Claim("S2", "depends", "better than the default on one of four data sets in its table"),
            Claim("S0", "no_effect", "no loss consistently outperforms the default"),
        ),
        following={"loss.name": _DEFAULT, "penalties.dragan.weight": 10.0},
        ignoring={"loss.name": _DEFAULT, "penalties.dragan.weight": 0.0},
        literature="Kodali et al. 2017 (DRAGAN)",
    ),
    Tip(
        id="began",
        title="BEGAN",
        statement="Use an autoencoder as discriminator, balanced by BEGAN's equilibrium control.",
        claims=(
            Claim("S2", "depends", "better than the default on two of four data sets in its table"),
        ),
        following={"loss.name": "began", "augmentation.policy": "none"},
        ignoring={"loss.name": _DEFAULT, "augmentation.policy": "none"},
        literature="Berthelot et al. 2017 (BEGAN)",
        needs="no adaptive augmentation",
    ),
    Tip(
        id="ebgan",
        title="EBGAN",
        statement="Use an autoencoder as discriminator, with a margin and the pulling-away term.",
        claims=(Claim("S2", "depends", "named, with its formula"),),
        following={
            "loss.name": "ebgan",
            "penalties.pulling_away.generator_weight": 0.1,
            "augmentation.policy": "none",
        },
        ignoring={
            "loss.name": _DEFAULT,
            "penalties.pulling_away.generator_weight": 0.0,
            "augmentation.policy": "none",
        },
        literature="Zhao et al. 2017 (EBGAN)",
        needs="no adaptive augmentation",
    ),
    Tip(
        id="vae_baseline",
        title="A variational autoencoder as the baseline",
        statement="Train the generator as the decoder of a variational autoencoder, without a "
        "discriminator.",
        claims=(Claim("S2", "hurts", "worst on all four data sets of its table"),),
        following={"training.update": "variational", "augmentation.policy": "none"},
        ignoring={"training.update": "simultaneous", "augmentation.policy": "none"},
        literature="Kingma & Welling 2014 (VAE)",
    ),
)
