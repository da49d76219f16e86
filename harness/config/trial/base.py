"""What every section of a trial's configuration shares."""

from pathlib import PurePath
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from harness.config.catalog import (
    ARCHITECTURES,
    CONDITIONINGS,
    ENCODERS,
    GENERATOR_LOSSES,
    LOSSES,
    OPTIMIZERS,
    PROTOCOLS,
    TRANSLATIONS,
    dataset,
)
from harness.core.errors import HarnessError, shown

LONGEST_NAME, LONGEST_PATH = 255, 4000  # bytes of a file's name, characters of a path: Linux's


class Choices(NamedTuple):
    """The names that a table has for a knob, as the documentation lists them."""

    names: tuple[str, ...]


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


ArchitectureName = Annotated[
    str, AfterValidator(ARCHITECTURES.check), Choices(tuple(ARCHITECTURES))
]
Place = Annotated[str, AfterValidator(_place)]
DatasetName = Annotated[str, AfterValidator(_dataset_name)]
LossName = Annotated[str, AfterValidator(LOSSES.check)]
OptimizerName = Annotated[str, AfterValidator(OPTIMIZERS.check)]
GeneratorLossName = Annotated[str, AfterValidator(GENERATOR_LOSSES.check)]
ConditioningName = Annotated[str, AfterValidator(_conditioning_name)]
TranslationSource = Annotated[str, AfterValidator(TRANSLATIONS.check)]
ProtocolName = Annotated[str, AfterValidator(PROTOCOLS.check)]
EncoderName = Annotated[str, AfterValidator(_encoder_name)]
