"""Knobs of what is added to a network's loss or done to its weights."""

from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, Field, ModelWrapValidatorHandler, create_model, model_validator

from harness.config.catalog import PENALTIES
from harness.config.specs import PenaltySpec
from harness.config.trial.base import Section, knob

_WEIGHTS = {"discriminator": "weight", "generator": "generator_weight"}
# penalty → network → the knob that is its weight in that network's loss
PENALTY_WEIGHTS = {
    name: {network: f"penalties.{name}.{_WEIGHTS[network]}" for network in PENALTIES[name].networks}
    for name in PENALTIES
}
ALL_WEIGHTS = tuple(path for paths in PENALTY_WEIGHTS.values() for path in paths.values())


class PenaltySection(Section):
    """A penalty: how often it is computed, and its weight in one network's loss or in both."""

    every: int = knob(
        1,
        "apply at every n-th update, with n times the weight (lazy regularisation)",
        source="design",
        ge=1,
    )
    if TYPE_CHECKING:  # the weights are made of the catalogue's facts
        weight: float
        generator_weight: float


class WeightClippingConfig(Section):
    """Clip the discriminator's weights after every update (WGAN)."""

    limit: float = knob(
        0.0,
        "clip to [-limit, limit]; 0: off, 0.01 in the paper",
        source="Arjovsky et al. 2017",
        ge=0.0,
    )
    every: int = knob(1, "clip after every n-th update", source="design", ge=1)


def _section(name: str, spec: PenaltySpec) -> type[Section]:
    """The knobs of a penalty: `every`, and a weight for each network that it can be added to."""

    def weight(network: str) -> Any:
        paper = f", {spec.paper} in the paper" if spec.paper else ""
        meaning = f"weight in the {network}'s loss; 0: off{paper}"
        return float, knob(0.0, meaning, source=spec.source, ge=0.0)

    weights = {_WEIGHTS[network]: weight(network) for network in spec.networks}
    title = name.title().replace("_", "")
    section: type[Section] = create_model(
        f"{title}Config", __base__=PenaltySection, __doc__=spec.meaning, **weights
    )
    return section


def _field(name: str) -> Any:
    section = _section(name, PENALTIES[name])
    return section, Field(default_factory=section)


_Penalties: Any = create_model(
    "_Penalties", __base__=Section, **{name: _field(name) for name in PENALTIES}
)


class OwnPenaltyConfig(PenaltySection):
    """A penalty of a plug-in, which can be added to the loss of either network."""

    weight: float = knob(
        0.0, "weight in the discriminator's loss; 0: off", source="plug-in", ge=0.0
    )
    generator_weight: float = knob(
        0.0, "weight in the generator's loss; 0: off", source="plug-in", ge=0.0
    )


class PenaltiesConfig(_Penalties):
    """Penalties by name; each is absent at weight or limit 0.

    Penalties of plug-ins have a section only where they have a weight.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, OwnPenaltyConfig]

    clipping: WeightClippingConfig = Field(default_factory=WeightClippingConfig)

    @model_validator(mode="wrap")
    @classmethod
    def _known(
        cls, value: Any, handler: ModelWrapValidatorHandler["PenaltiesConfig"]
    ) -> "PenaltiesConfig":
        config = handler(value)
        plugged = config.__pydantic_extra__
        for name in plugged:
            PENALTIES.check(name)
        weighty = {name: one for name, one in plugged.items() if one.weight or one.generator_weight}
        # a model is frozen for everybody else; here it is still being made
        object.__setattr__(config, "__pydantic_extra__", weighty)
        return config

    @property
    def plugged(self) -> dict[str, OwnPenaltyConfig]:
        """The penalties of plug-ins that have a weight, by name."""
        return self.__pydantic_extra__

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> PenaltySection: ...
