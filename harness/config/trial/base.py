"""The base class and types of all sections of a trial's configuration."""

from dataclasses import dataclass
from pathlib import PurePath
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core.core_schema import CoreSchema, no_info_after_validator_function

from harness.config.catalog import (
    ARCHITECTURES,
    CONDITIONINGS,
    DECAYS,
    DOWNSAMPLINGS,
    ENCODERS,
    FILTERS,
    GENERATOR_LOSSES,
    INITIALIZERS,
    LOSSES,
    MINIBATCH_FEATURES,
    NORMALIZATIONS,
    OPTIMIZERS,
    PIXEL_RANGES,
    PRECISIONS,
    PROTOCOLS,
    TRANSLATIONS,
    UPDATES,
    UPSAMPLINGS,
    dataset,
)
from harness.core.errors import HarnessError, shown
from harness.core.registry import Registry

LONGEST_NAME, LONGEST_PATH = 255, 4000  # bytes of a file's name, characters of a path: Linux's


@dataclass(frozen=True)
class OneOf:
    """The type of a knob: a name of a table, or `none` where it may be none of them."""

    table: Registry[Any]
    none: bool = False

    @property
    def names(self) -> list[str]:
        """The names that the documentation lists."""
        return [*(["none"] if self.none else []), *self.table]

    def check(self, name: str) -> str:
        """Return `name`, or raise an error that gives the nearest one."""
        return name if self.none and name == "none" else self.table.check(name)

    def __get_pydantic_core_schema__(self, kind: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """A string that is checked."""
        return no_info_after_validator_function(self.check, handler(kind))


class Section(BaseModel):
    """A frozen, typed group of knobs; unknown names and wrong types are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def knob(default: Any, meaning: str, *, unit: str = "", source: str = "S0", **bounds: Any) -> Any:
    """Declare one knob: its default, meaning, unit, source and bounds (ge, gt, le, lt)."""
    extra: Any = {"unit": unit, "source": source}
    return Field(default, description=meaning, json_schema_extra=extra, **bounds)


def _dataset_name(name: str) -> str:
    dataset(name)
    return name


def _place(path: str) -> str:
    longest = max((len(part.encode(errors="replace")) for part in PurePath(path).parts), default=0)
    if longest > LONGEST_NAME or len(path) > LONGEST_PATH:  # the system would refuse to look
        raise HarnessError(f"{shown(path)} is too long for a path")
    return path


def _encoder_name(name: str) -> str:
    # a path names a saved Keras model; everything else is a name of the catalogue
    return _place(name) if "/" in name or name.endswith((".keras", ".h5")) else ENCODERS.check(name)


def _conditioning_name(name: str) -> str:
    return name if name == "none" else CONDITIONINGS.check(name)


ArchitectureName = Annotated[str, OneOf(ARCHITECTURES)]
NormalizationName = Annotated[str, OneOf(NORMALIZATIONS, none=True)]
InitializerName = Annotated[str, OneOf(INITIALIZERS)]
FiltersName = Annotated[str, OneOf(FILTERS)]
UpsamplingName = Annotated[str, OneOf(UPSAMPLINGS)]
DownsamplingName = Annotated[str, OneOf(DOWNSAMPLINGS)]
MinibatchName = Annotated[str, OneOf(MINIBATCH_FEATURES, none=True)]
UpdateName = Annotated[str, OneOf(UPDATES)]
PrecisionName = Annotated[str, OneOf(PRECISIONS)]
PixelRangeName = Annotated[str, OneOf(PIXEL_RANGES)]
DecayName = Annotated[str, OneOf(DECAYS, none=True)]
Place = Annotated[str, AfterValidator(_place)]
DatasetName = Annotated[str, AfterValidator(_dataset_name)]
LossName = Annotated[str, AfterValidator(LOSSES.check)]
OptimizerName = Annotated[str, AfterValidator(OPTIMIZERS.check)]
GeneratorLossName = Annotated[str, AfterValidator(GENERATOR_LOSSES.check)]
ConditioningName = Annotated[str, AfterValidator(_conditioning_name)]
TranslationSource = Annotated[str, AfterValidator(TRANSLATIONS.check)]
ProtocolName = Annotated[str, AfterValidator(PROTOCOLS.check)]
EncoderName = Annotated[str, AfterValidator(_encoder_name)]
