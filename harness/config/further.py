"""Further metrics of a study: each trial is scored by them, too, at the same evaluations.

Each is a section `evaluation` by itself: what it leaves out is the data set's default, and not what
the study's own metric has. They change neither what is trained nor its key.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator

from harness.config.catalog import PROTOCOLS
from harness.config.identity import SCORING
from harness.config.patch import check_value, flatten, unflatten
from harness.config.trial import EvaluationConfig, TrialConfig
from harness.core.errors import HarnessError, shown, unknown

CONTENT = "encoder_content"  # set by the harness
_SECTION = "evaluation."
_FORM = (
    f"a further metric is a protocol ({', '.join(PROTOCOLS)}) or some of its settings, such as "
    "{{protocol: blocks, encoder: classifier}} (given: {})"
)
NAMES = tuple(name for name in EvaluationConfig.model_fields if name != CONTENT)


def _named(value: Any) -> Any:
    named = {"protocol": value} if isinstance(value, str) else value
    if not isinstance(named, Mapping) or not named:
        raise HarnessError(_FORM.format(shown(value)))
    return named


def _listed(value: Any) -> Any:
    if not isinstance(value, list):
        raise HarnessError(f"a list is needed, such as [blocks] (given: {shown(value)})")
    return value


Metric = Annotated[dict[str, Any], BeforeValidator(_named)]
"""Settings by their names in `evaluation`; a string is a protocol."""
Metrics = Annotated[list[Metric], BeforeValidator(_listed)]


def check_setting(name: str, value: Any) -> None:
    """Raise an error with the nearest choice unless it is a setting of an evaluation."""
    if name not in NAMES:
        raise HarnessError(unknown("setting of a metric", name, NAMES))
    try:
        check_value(f"{_SECTION}{name}", value)
    except HarnessError as error:  # a study gives the setting's name alone
        raise HarnessError(f"metrics: {str(error).removeprefix(_SECTION)}") from None


def in_words(knobs: Mapping[str, Any]) -> str:
    """A metric, from all of its knobs, by the settings that are no defaults."""
    named = ", ".join(f"{name} {value}" for name, value in settings(knobs).items())
    return named or "that of the data set"


def knobs_of(metric: Mapping[str, Any]) -> dict[str, Any]:
    """All knobs of an evaluation by a metric, by their dotted names."""
    fields = EvaluationConfig.model_fields.items()
    return {f"evaluation.{name}": metric.get(name, field.default) for name, field in fields}


def settings(knobs: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a metric that are no defaults, from all of its knobs."""
    defaults = knobs_of({})
    known = {name: f"evaluation.{name}" for name in NAMES}
    return {name: knobs[path] for name, path in known.items() if knobs.get(path) != defaults[path]}


def scored_by(config: TrialConfig, knobs: Mapping[str, Any]) -> TrialConfig:
    """The same training, scored by another metric (knobs by their dotted names)."""
    trained = {path: v for path, v in flatten(config).items() if not path.startswith(SCORING)}
    return unflatten({**trained, **knobs})


def scorings(config: TrialConfig, metrics: Sequence[Mapping[str, Any]]) -> list[TrialConfig]:
    """A configuration as its trial is scored: by the metric of the study, and by further ones."""
    return [config, *(scored_by(config, knobs) for knobs in metrics)]


def scoring_knobs(config: TrialConfig) -> dict[str, Any]:
    """The knobs that determine by what a trial is scored."""
    return {path: value for path, value in flatten(config).items() if path.startswith(SCORING)}
