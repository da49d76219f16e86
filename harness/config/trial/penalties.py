"""Knobs of what is added to the discriminator's loss or done to its weights."""

from pydantic import Field

from harness.config.trial.base import Section, knob


class GradientPenaltyConfig(Section):
    """One-centred gradient penalty on interpolates of real and generated images (WGAN-GP)."""

    weight: float = knob(
        0.0, "weight; 0: off, 10 in the paper", source="Gulrajani et al. 2017", ge=0.0
    )
    every: int = knob(
        1, "apply at every n-th discriminator update, n times as strong", source="design", ge=1
    )


class WeightClippingConfig(Section):
    """Clip the discriminator's weights after every update (WGAN)."""

    limit: float = knob(
        0.0,
        "clip to [-limit, limit]; 0: off, 0.01 in the paper",
        source="Arjovsky et al. 2017",
        ge=0.0,
    )


class PenaltiesConfig(Section):
    """Penalties by name; each is absent at weight or limit 0."""

    gradient: GradientPenaltyConfig = Field(default_factory=GradientPenaltyConfig)
    clipping: WeightClippingConfig = Field(default_factory=WeightClippingConfig)
