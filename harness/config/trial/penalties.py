"""Knobs of what is added to a network's loss or done to its weights."""

from typing import Any

from pydantic import ConfigDict, Field, ModelWrapValidatorHandler, model_validator

from harness.config.catalog import PENALTIES
from harness.config.trial.base import Section, knob


def _weight(usual: str, source: str) -> float:
    weight: float = knob(0.0, f"weight; 0: off, {usual}", source=source, ge=0.0)
    return weight


class LazySection(Section):
    """A penalty that need not be computed at every update."""

    every: int = knob(
        1,
        "apply at every n-th update, with n times the weight (lazy regularisation)",
        source="design",
        ge=1,
    )


class GradientPenaltyConfig(LazySection):
    """One-centred gradient penalty on interpolates of real and generated images (WGAN-GP)."""

    weight: float = _weight("10 in the paper", "Gulrajani et al. 2017")


class R1Config(LazySection):
    """Half the squared gradient at real images."""

    weight: float = _weight("10 in the paper", "Mescheder et al. 2018")


class DraganConfig(LazySection):
    """One-centred gradient penalty around real images."""

    weight: float = _weight("10 in the paper", "Kodali et al. 2017")


class OrthogonalConfig(LazySection):
    """Squared inner products of a layer's outputs; each network by itself."""

    weight: float = _weight("1e-4 in the paper; of the discriminator", "Brock et al. 2019")
    generator_weight: float = _weight("1e-4 in the paper; of the generator", "Brock et al. 2019")


class OrthonormalConfig(LazySection):
    """The same, and outputs of length one; each network by itself."""

    weight: float = _weight("1e-4 in the paper; of the discriminator", "Brock et al. 2017")
    generator_weight: float = _weight("1e-4 in the paper; of the generator", "Brock et al. 2017")


class PullingAwayConfig(LazySection):
    """Squared cosines between the discriminator's features of generated images (EBGAN)."""

    generator_weight: float = _weight("0.1 in the paper; of the generator", "Zhao et al. 2017")


class HistoricalConfig(LazySection):
    """Squared distance of the parameters from their mean so far; each network by itself."""

    weight: float = _weight("of the discriminator", "Salimans et al. 2016")
    generator_weight: float = _weight("of the generator", "Salimans et al. 2016")


class WeightClippingConfig(Section):
    """Clip the discriminator's weights after every update (WGAN)."""

    limit: float = knob(
        0.0,
        "clip to [-limit, limit]; 0: off, 0.01 in the paper",
        source="Arjovsky et al. 2017",
        ge=0.0,
    )
    every: int = knob(1, "clip after every n-th update", source="design", ge=1)


class OwnPenaltyConfig(LazySection):
    """A penalty that a plug-in brings, of either network."""

    weight: float = _weight("of the discriminator", "plug-in")
    generator_weight: float = _weight("of the generator", "plug-in")


class PenaltiesConfig(Section):
    """Penalties by name; each is absent at weight or limit 0.

    Those of plug-ins are held only where they have a weight.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, OwnPenaltyConfig]

    gradient: GradientPenaltyConfig = Field(default_factory=GradientPenaltyConfig)
    r1: R1Config = Field(default_factory=R1Config)
    dragan: DraganConfig = Field(default_factory=DraganConfig)
    orthogonal: OrthogonalConfig = Field(default_factory=OrthogonalConfig)
    orthonormal: OrthonormalConfig = Field(default_factory=OrthonormalConfig)
    pulling_away: PullingAwayConfig = Field(default_factory=PullingAwayConfig)
    historical: HistoricalConfig = Field(default_factory=HistoricalConfig)
    clipping: WeightClippingConfig = Field(default_factory=WeightClippingConfig)

    @model_validator(mode="wrap")
    @classmethod
    def _known(
        cls, value: Any, handler: ModelWrapValidatorHandler["PenaltiesConfig"]
    ) -> "PenaltiesConfig":
        config = handler(value)
        own = config.__pydantic_extra__
        for name in own:
            PENALTIES.check(name)
        weighty = {name: one for name, one in own.items() if one.weight or one.generator_weight}
        # a model is frozen for everybody else; here it is still being made
        object.__setattr__(config, "__pydantic_extra__", weighty)
        return config

    @property
    def plugged(self) -> dict[str, OwnPenaltyConfig]:
        """The penalties of plug-ins that are on, by name."""
        return self.__pydantic_extra__
