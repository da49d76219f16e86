"""Patches: dotted path → value, or a relation to what is patched.

A relation is `{times: 2}` (twice the cell's own baseline value) or
`{of: generator.width, times: 2}` (twice another knob's). It is resolved when the patch is applied,
so that what is hashed, shown and logged is a number.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from harness.catalog import dataset
from harness.config.trial import TrialConfig
from harness.config.trial.rules import depth_of
from harness.errors import HarnessError, unknown

Patch = Mapping[str, Any]


def _walk(model: BaseModel, prefix: str = "") -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in type(model).model_fields:
        value = getattr(model, name)
        nested = isinstance(value, BaseModel)
        values |= _walk(value, f"{prefix}{name}.") if nested else {f"{prefix}{name}": value}
    return values


def flatten(config: BaseModel) -> dict[str, Any]:
    """Every leaf by its dotted name, in the order of declaration."""
    return _walk(config)


DEFAULTS = flatten(TrialConfig())
KNOBS = tuple(DEFAULTS)
ALIASES = {"training.epochs"}  # accepted in a patch and converted to training.kimg


def check_path(path: str) -> str:
    """Return `path` if it names a knob; else raise an error with the nearest one."""
    if path not in KNOBS and path not in ALIASES:
        raise HarnessError(unknown("knob", path, KNOBS))
    return path


def _number(config: Mapping[str, Any], path: str, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    if set(value) - {"of", "times"} or "times" not in value:
        raise HarnessError(
            f"{path}: {dict(value)!r} is no relation; write {{times: 2}} or "
            "{of: generator.width, times: 2}"
        )
    source = check_path(str(value.get("of", path)))
    base = config[source]
    if isinstance(base, bool) or not isinstance(base, int | float):
        raise HarnessError(f"{path}: {source} is {base!r}, which has no multiple")
    result = base * value["times"]
    return round(result) if isinstance(base, int) else result


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, value in flat.items():
        *sections, leaf = path.split(".")
        node = tree
        for name in sections:
            node = node.setdefault(name, {})
        node[leaf] = value
    return tree


def unflatten(flat: Mapping[str, Any]) -> TrialConfig:
    """Build a validated configuration from its leaves (what `config.json` holds)."""
    for path in flat:
        check_path(path)
    try:
        return TrialConfig.model_validate(_nested(flat))
    except ValidationError as error:
        raise HarnessError("; ".join(_explain(detail) for detail in error.errors())) from None


def _explain(detail: Any) -> str:
    path = ".".join(str(part) for part in detail["loc"])
    where = f"{path}: " if path else ""
    if detail["type"] == "value_error":  # one of ours, which says what was given
        return f"{where}{detail['ctx']['error']}"
    return f"{where}{detail['msg']} (given: {detail['input']!r})"


def resolve(layers: list[Patch]) -> TrialConfig:
    """Apply patches in order over the defaults; relations refer to what came before.

    Rules between knobs are checked once, on the result: a layer alone may be half of a pair.
    """
    explicit: dict[str, Any] = {}
    for layer in layers:
        base = _base(explicit)
        for path, value in layer.items():
            explicit[check_path(path)] = _number(base, path, value)
        if "training.epochs" in explicit:
            explicit["training.kimg"] = _kimg(_base(explicit), explicit.pop("training.epochs"))
    return unflatten(explicit)


def _base(explicit: Mapping[str, Any]) -> dict[str, Any]:
    depth = depth_of(explicit.get("data.image_size", DEFAULTS["data.image_size"]))
    derived = dict.fromkeys(("generator.depth", "discriminator.depth"), depth)
    return {**DEFAULTS, **derived, **explicit}


def _kimg(base: Mapping[str, Any], epochs: Any) -> float:
    """kimg of S0's epochs, which drop the last part of a batch (definitions, section 5)."""
    if isinstance(epochs, bool) or not isinstance(epochs, int | float) or epochs <= 0:
        raise HarnessError(f"training.epochs: must be a positive number (given: {epochs!r})")
    images = base["data.train_images"] or dataset(base["data.name"]).train_images
    if images is None:
        raise HarnessError(
            f"training.epochs: the size of data set {base['data.name']!r} is not known before it "
            "is loaded; give training.kimg, or data.train_images"
        )
    batch = base["training.batch_size"]
    return float(epochs * batch * (images // batch) / 1000)


def check_value(path: str, value: Any) -> None:
    """Raise an error if `value` alone is of the wrong type or out of bounds for a knob."""
    if isinstance(value, Mapping) or check_path(path) in ALIASES:
        return  # a relation, or an alias: checked when it is resolved
    *sections, leaf = path.split(".")
    model: Any = TrialConfig
    for name in sections:
        model = model.model_fields[name].annotation
    if model is TrialConfig:
        return
    try:
        model.model_validate({leaf: value})
    except ValidationError as error:
        details = [{**detail, "loc": (path,)} for detail in error.errors()]
        raise HarnessError("; ".join(_explain(detail) for detail in details)) from None
