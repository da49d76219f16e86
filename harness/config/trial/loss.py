"""Knobs of the adversarial loss."""

from harness.config.trial.base import GeneratorLossName, LossName, Section, knob


class LossConfig(Section):
    """The adversarial loss of both networks."""

    name: LossName = knob("non_saturating", "adversarial loss")
    label_smoothing: float = knob(
        0.0,
        "one-sided label smoothing s: the discriminator's target for real images is 1 - s",
        source="Salimans et al. 2016",
        ge=0.0,
        lt=1.0,
    )
    smoothing_noise: float = knob(
        0.0,
        "noise n of that target: it is 1 - s + U(-n, n), drawn for each image",
        source="S1",
        ge=0.0,
        le=1.0,
    )
    smoothing_noise_every: int = knob(
        1, "apply smoothing_noise at every n-th update of the discriminator", source="design", ge=1
    )
    label_noise: float = knob(
        0.0,
        "share of the discriminator's labels, real and generated, that are flipped at random",
        source="S1",
        ge=0.0,
        le=0.5,
    )
    label_noise_every: int = knob(
        1, "flip labels at every n-th update of the discriminator", source="design", ge=1
    )
    generator: GeneratorLossName = knob(
        "adversarial",
        "what the generator minimises: its side of `name`, or the squared distance between mean "
        "features of real and generated images",
        source="Salimans et al. 2016",
    )
    margin: float = knob(
        10.0,
        "energy up to which EBGAN's discriminator pushes generated images",
        source="Zhao et al. 2017",
        gt=0.0,
    )
    diversity_ratio: float = knob(
        0.5,
        "gamma of BEGAN: energy of generated images divided by that of real images, in equilibrium",
        source="Berthelot et al. 2017",
        gt=0.0,
        le=1.0,
    )
    equilibrium_gain: float = knob(
        0.001,
        "lambda of BEGAN: gain of the update of k_t",
        source="Berthelot et al. 2017",
        gt=0.0,
    )
