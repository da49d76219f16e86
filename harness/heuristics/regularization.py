"""Tips on labels, noise and augmentation."""

from harness.heuristics.schema import Claim, Practice, Tip

_GEOMETRY = {
    "augmentation.flip": True,
    "augmentation.translation": 0.125,
    "augmentation.rotation": 0.125,
    "augmentation.zoom": 0.25,
}
_COLOUR = {  # DiffAugment's
    "augmentation.brightness": 0.5,
    "augmentation.saturation": 1.0,
    "augmentation.contrast": 0.5,
}

ROWS = (
    Tip(
        id="one_sided_label_smoothing",
        title="One-sided label smoothing",
        statement="Use the target 0.9 instead of 1 for real images, and keep 0 for generated ones.",
        claims=(
            Claim("S1", "helps", "real target between 0.7 and 1.2, or 0.9"),
            Claim("S2", "helps", "against an overconfident discriminator"),
            Claim("S0", "no_effect", "did not improve performance"),
        ),
        following={"loss.label_smoothing": 0.1},
        ignoring={"loss.label_smoothing": 0.0},
        literature="Salimans et al. 2016",
        needs="a loss with labels: cross-entropy or least squares",
    ),
    Tip(
        id="noisy_label_smoothing",
        title="Noisy label smoothing",
        statement="Draw the target of each real image at random between 0.7 and 1.2.",
        claims=(Claim("S1", "helps", "label smoothing with small random noise"),),
        following={"loss.label_smoothing": 0.05, "loss.smoothing_noise": 0.25},
        ignoring={"loss.label_smoothing": 0.0, "loss.smoothing_noise": 0.0},
        literature="Chintala et al. 2016 (ganhacks)",
        needs="a loss with labels: cross-entropy or least squares",
    ),
    Tip(
        id="label_noise",
        title="Noisy labels",
        statement="Flip 5 % of the discriminator's labels at random.",
        claims=(
            Claim("S1", "helps", "add random noise to the labels in the discriminator"),
            Claim("S0", "no_effect", "did not improve performance"),
        ),
        following={"loss.label_noise": 0.05},
        ignoring={"loss.label_noise": 0.0},
        literature="Chintala et al. 2016 (ganhacks)",
        needs="a loss with labels: cross-entropy or least squares",
    ),
    Tip(
        id="instance_noise",
        title="Instance noise",
        statement="Add noise to the discriminator's real and generated inputs, decreasing over the "
        "training.",
        claims=(
            Claim("S1", "helps", "add noise to its inputs and decay it over time"),
            Claim("S2", "helps", "add noise to the real and generated images"),
        ),
        following={"discriminator.instance_noise": 0.1},
        ignoring={"discriminator.instance_noise": 0.0},
        literature="Sønderby et al. 2017",
    ),
    Tip(
        id="orthogonal_regularization",
        title="Orthogonal regularisation",
        statement="Penalise inner products between the generator's filters.",
        claims=(
            Claim(
                "S2",
                "helps",
                "numerical stability; truncation works on more models",
                of="stability",
            ),
            Claim("S2", "hurts", "too limiting", condition="orthonormal"),
        ),
        # the paper's 1e-4 is of far larger networks; here its pull, as a share of the loss's
        # gradient (medians of the second half; digits at 16 px, 1,200 updates, and CIFAR-10 at
        # 16 px, 400), is .0017 on both: nothing. At 0.01 it is .05 and .08, at 0.1 .10 and .25
        following={"penalties.orthogonal.generator_weight": 0.1},
        ignoring={"penalties.orthogonal.generator_weight": 0.0},
        literature="Brock et al. 2019 (BigGAN)",
    ),
    Tip(
        id="adaptive_augmentation",
        title="Adaptive discriminator augmentation",
        statement="Augment real and generated images with a probability controlled by the "
        "accuracy.",
        claims=(
            Claim("S0", "helps", "against an overfitting discriminator", condition="few_images"),
            Claim("S0", "depends", "may not be needed", condition="many_images"),
            Claim("S0", "depends", "off until the other components work well"),
        ),
        following={"augmentation.policy": "adaptive"},
        ignoring={"augmentation.policy": "none"},
        literature="Karras et al. 2020 (StyleGAN2-ADA)",
    ),
    Tip(
        id="ada_target_accuracy",
        title="A target accuracy of 0.85",
        statement="Set the target accuracy on real images to 0.85 instead of 0.6.",
        claims=(Claim("S0", "helps", "select it from the range of 80 to 90 %"),),
        literature="Karras et al. 2020 (StyleGAN2-ADA)",
        following={"augmentation.policy": "adaptive", "augmentation.target_accuracy": 0.85},
        ignoring={"augmentation.policy": "adaptive", "augmentation.target_accuracy": 0.6},
    ),
    Tip(
        id="ada_integration_steps",
        title="Slow adaptation of the augmentation",
        statement="Adapt the probability over 1,000 updates instead of 100.",
        claims=(Claim("S0", "helps", "set it to a relatively high value"),),
        literature="Karras et al. 2020 (StyleGAN2-ADA)",
        following={"augmentation.policy": "adaptive", "augmentation.integration_steps": 1000},
        ignoring={"augmentation.policy": "adaptive", "augmentation.integration_steps": 100},
    ),
    Tip(
        id="augment_with_probability",
        title="Augmentation with a probability below one",
        statement="Augment half of the images, not all, so that augmentations do not leak.",
        claims=(Claim("S0", "helps", "makes augmentations invertible, so they do not leak"),),
        literature="Karras et al. 2020 (StyleGAN2-ADA)",
        following={"augmentation.policy": "fixed", "augmentation.probability": 0.5},
        ignoring={"augmentation.policy": "fixed", "augmentation.probability": 1.0},
    ),
    Tip(
        id="blit_and_geometric_augmentation",
        title="Blit and geometric augmentation",
        statement="Augment by flips, shifts, rotation and zoom rather than by colour.",
        claims=(
            Claim("S0", "helps", "the most useful groups of augmentations", condition="few_images"),
        ),
        literature="Karras et al. 2020 (StyleGAN2-ADA)",
        following={"augmentation.policy": "adaptive", **_GEOMETRY, **dict.fromkeys(_COLOUR, 0.0)},
        ignoring={
            "augmentation.policy": "adaptive",
            **dict.fromkeys(_GEOMETRY, 0.0),
            "augmentation.flip": False,
            **_COLOUR,
        },
    ),
    Tip(
        id="horizontal_flip",
        title="Mirrored images",
        statement="Include horizontal flips in the augmentations.",
        claims=(Claim("S0", "helps", "the simplest augmentation that keeps the meaning"),),
        literature="Karras et al. 2020 (StyleGAN2-ADA)",
        following={"augmentation.policy": "adaptive", "augmentation.flip": True},
        ignoring={"augmentation.policy": "adaptive", "augmentation.flip": False},
    ),
    Tip(
        id="differentiable_augmentation",
        title="Augmentation of a fixed strength",
        statement="Augment the discriminator's inputs with a fixed probability of 0.5.",
        claims=(Claim("S0", "depends", "named as concurrent papers"),),
        literature="Zhao et al. 2020 (DiffAugment)",
        following={"augmentation.policy": "fixed", "augmentation.probability": 0.5},
        ignoring={"augmentation.policy": "none", "augmentation.probability": 0.0},
        limits="the kinds of augmentation that those papers use: diffaugment does",
    ),
    Practice(
        id="regularize_overconfidence",
        title="Against an overconfident discriminator",
        statement="Regularise the discriminator so that it does not rely on a few features.",
        claims=(Claim("S2", "helps", "overconfidence hurts badly in GANs; dropout, smoothing"),),
        literature="Szegedy et al. 2016 (label smoothing)",
        kind="advice",
        how="A reason rather than a setting; the settings are the tips one_sided_label_smoothing "
        "and "
        "discriminator_dropout, each of which is tested.",
    ),
    Tip(
        id="minibatch_discrimination",
        title="Minibatch discrimination",
        statement="Give the discriminator features of the distances between the images of a batch.",
        claims=(
            Claim("S1", "helps", "features across the samples of a minibatch"),
            Claim("S2", "helps", "appealing samples quickly; superior to feature matching"),
        ),
        literature="Salimans et al. 2016",
        following={"discriminator.minibatch": "discrimination"},
        ignoring={"discriminator.minibatch": "none"},
    ),
)
