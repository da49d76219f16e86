"""Patches: dotted path → value, or a multiple of another value.

A multiple is `{times: 2}` (twice the value that the cell has otherwise) or `{of: generator.width,
times: 2}` (twice another knob's). It is resolved when the patch is applied, so only numbers are
hashed, shown and logged.
"""

import math
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from harness.config.catalog import PENALTIES, dataset
from harness.config.inputs.folder import count_training
from harness.config.trial import DataConfig, Schedule, TrialConfig
from harness.config.trial.penalties import OwnPenaltyConfig
from harness.config.trial.rule import depth_of
from harness.core.errors import HarnessError, shown, unknown

Patch = Mapping[str, Any]
PLUGINS = "plugins"  # where a configuration holds the digests of plug-ins
_LEAVES = frozenset({bool, int, float, str, type(None)})  # types of most values


def _walk(model: BaseModel, prefix: str, values: dict[str, Any]) -> None:
    # as `for name, value in model`, and looking at the type first: a plan asks a thousand times
    for name, value in (*vars(model).items(), *(model.__pydantic_extra__ or {}).items()):
        if type(value) in _LEAVES:
            values[prefix + name] = value
        elif isinstance(value, BaseModel):
            _walk(value, f"{prefix}{name}.", values)
        elif name == PLUGINS:  # group → name → digest; no leaf where no plug-in is used
            leaves = ((group, each) for group, names in value.items() for each in names)
            values |= {f"{PLUGINS}.{g}.{each}": value[g][each] for g, each in leaves}
        else:
            values[prefix + name] = value


def flatten(config: BaseModel) -> dict[str, Any]:
    """Every leaf by its dotted name, in the order of declaration."""
    values: dict[str, Any] = {}
    _walk(config, "", values)
    return values


DEFAULTS = flatten(TrialConfig())
KNOBS = tuple(DEFAULTS)
ALIASES = {"training.epochs": "training.kimg"}  # accepted in a patch → the knob it becomes
NOT_PATCHED = {  # leaves of a configuration that no patch may set
    "seed": "set the study's key `seeds` instead",
    "data.content": "the harness sets it from data.path",
    "labels.classes": "it follows from the data set",
    "evaluation.encoder_content": "the harness sets it from evaluation.encoder",
}


def default(path: str) -> Any:
    """The default of a knob, also of one that a plug-in's penalty has; None of a digest."""
    if path in DEFAULTS or not path.startswith("penalties."):
        return DEFAULTS.get(path)
    return OwnPenaltyConfig.model_fields[path.rpartition(".")[2]].default


def schedule(knobs: Mapping[str, Any]) -> Schedule:
    """When a training is evaluated, by its knobs; those that an older record lacks are defaults."""
    names = ("training.evaluations", "training.final_evaluations")
    return Schedule(*(knobs[name] if name in knobs else DEFAULTS[name] for name in names))


def check_path(path: str) -> str:
    """Return `path` if it names a knob; else raise an error with the nearest one."""
    if path in DEFAULTS or path in ALIASES or _is_own(path):
        return path
    weights = [f"penalties.{name}.weight" for name in PENALTIES.names()]
    raise HarnessError(unknown("knob", path, {*KNOBS, *weights}))


def _is_own(path: str) -> bool:
    """Whether it is a knob of a penalty that a plug-in brings."""
    section, _, rest = path.partition(".")
    name, _, leaf = rest.partition(".")
    fields = OwnPenaltyConfig.model_fields
    return section == "penalties" and leaf in fields and PENALTIES.plugin(name) is not None


def _number(config: Mapping[str, Any], path: str, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    source = _check_relation(path, value)
    base = config.get(source, default(source))
    if isinstance(base, bool) or not isinstance(base, int | float):
        raise HarnessError(f"{path}: {source} is {shown(base)}, which cannot be multiplied")
    try:
        result = base * value["times"]
        product = round(result) if isinstance(base, int) else result
    except OverflowError:
        raise HarnessError(
            f"{path}: {shown(value['times'])} times {shown(base)} is too large"
        ) from None
    _check_knob(path, product)
    return product


_SPACED = "training.evaluations"  # which may be asked for as early and late ones


def _check_relation(path: str, relation: Mapping[str, Any]) -> str:
    """The knob that a multiple refers to, or an error if it is invalid."""
    if set(relation) - {"of", "times"} or "times" not in relation:
        if path == _SPACED:
            raise HarnessError(
                f"{path}: must be a number (given: {shown(dict(relation))}); how many of the "
                "evaluations lie in the last fifth is another number, `training.final_evaluations`"
            )
        raise HarnessError(
            f"{path}: {shown(dict(relation))} is not a multiple; write {{times: 2}} or "
            "{of: generator.width, times: 2}"
        )
    times = relation["times"]
    if isinstance(times, bool) or not isinstance(times, int | float) or not math.isfinite(times):
        raise HarnessError(f"{path}: `times` must be a number (given: {shown(times)})")
    source = check_path(str(relation.get("of", path)))
    if source in ALIASES:
        raise HarnessError(f"{path}: use a multiple of training.kimg instead of {source}")
    return source


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
    """Build a validated configuration from its leaves, as in `config.json`."""
    for path in flat:
        if not path.startswith(f"{PLUGINS}."):
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
    return f"{where}{detail['msg']} (given: {shown(detail['input'])})"


def unresolved(knobs: Mapping[str, Any]) -> dict[str, Any]:
    """The shortest patch that resolves to these knobs.

    Left out are defaults, the seed, and what follows from other knobs or from files.
    """
    kept = {
        path: value
        for path, value in knobs.items()
        if path not in NOT_PATCHED and not path.startswith(f"{PLUGINS}.")
    }
    patch = {path: value for path, value in kept.items() if value != default(path)}
    for path in list(patch):
        rest = {name: value for name, value in patch.items() if name != path}
        if _gives(rest, kept):
            patch = rest
    return patch


def _gives(patch: Patch, knobs: Mapping[str, Any]) -> bool:
    try:
        made = flatten(resolve([patch]))
    except HarnessError:
        return False
    return all(made.get(path, default(path)) == value for path, value in knobs.items())


def resolve(layers: list[Patch]) -> TrialConfig:
    """Apply patches in order over the defaults; multiples refer to the patches before.

    Rules between knobs are checked only for the result: one patch alone may be incomplete.
    """
    explicit: dict[str, Any] = {}
    for layer in layers:
        explicit = patched(explicit, layer)
    return unflatten(explicit)


def patched(knobs: Mapping[str, Any], layer: Patch) -> dict[str, Any]:
    """`knobs` under one more patch, whose multiples refer to them; no rule is checked."""
    base, explicit = _base(knobs), dict(knobs)
    if {"training.epochs", "training.kimg"} <= layer.keys():
        raise HarnessError("training.epochs and training.kimg both give the length: use one")
    for path, value in layer.items():
        explicit[check_path(path)] = _number(base, path, value)
    if "training.epochs" in explicit:
        explicit["training.kimg"] = _kimg(_base(explicit), explicit.pop("training.epochs"))
    return explicit


def _base(explicit: Mapping[str, Any]) -> dict[str, Any]:
    depth = depth_of(explicit.get("data.image_size", DEFAULTS["data.image_size"]))
    derived = dict.fromkeys(("generator.depth", "discriminator.depth"), depth)
    return {**DEFAULTS, **derived, **explicit}


def _kimg(base: Mapping[str, Any], epochs: Any) -> float:
    """kimg of S0's epochs, which drop the last incomplete batch."""
    _check_epochs(epochs)
    images = base["data.train_images"] or _train_images(base)
    if images is None:
        raise HarnessError(
            f"training.epochs: the size of data set {base['data.name']!r} is not known before it "
            "is loaded; give training.kimg, or data.train_images"
        )
    batch = base["training.batch_size"]
    return float(epochs * batch * (images // batch) / 1000)


def _train_images(base: Mapping[str, Any]) -> int | None:
    """Number of training images, from the catalogue or a folder."""
    if base["data.name"] == "folder":
        part = {name.removeprefix("data."): base[name] for name in base if name.startswith("data.")}
        return count_training(DataConfig.model_validate(part))
    return dataset(base["data.name"]).train_images


def _check_epochs(epochs: Any) -> None:
    number = isinstance(epochs, int | float) and not isinstance(epochs, bool)
    if not number or not 0 < epochs < math.inf:
        raise HarnessError(f"training.epochs: must be a positive number (given: {shown(epochs)})")


def check_value(path: str, value: Any) -> None:
    """Raise an error if no patch may set `path`, or set it to `value`."""
    if check_path(path) in NOT_PATCHED:
        raise HarnessError(f"{path}: {NOT_PATCHED[path]}")
    if isinstance(value, Mapping):
        _check_relation(path, value)
    elif path in ALIASES:
        _check_epochs(value)
    else:
        _check_knob(path, value)


def _check_knob(path: str, value: Any) -> None:
    *sections, leaf = path.split(".")
    model: Any = OwnPenaltyConfig if path not in DEFAULTS else TrialConfig
    for name in sections if path in DEFAULTS else ():
        model = model.model_fields[name].annotation
    try:
        model.model_validate({leaf: value})
    except ValidationError as error:
        details = [{**detail, "loc": (path,)} for detail in error.errors()]
        raise HarnessError("; ".join(_explain(detail) for detail in details)) from None
