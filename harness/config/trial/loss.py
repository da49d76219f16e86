"""Knobs of the adversarial loss."""

from harness.config.trial.base import LossName, Section, knob


class LossConfig(Section):
    """Which game the two networks play."""

    name: LossName = knob("non_saturating", "adversarial loss")
    label_smoothing: float = knob(
        0.0,
        "one-sided label smoothing s: the discriminator's target for real images is 1 - s",
        source="Salimans et al. 2016",
        ge=0.0,
        lt=1.0,
    )
