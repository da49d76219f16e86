"""All heuristics by id, in the order of their topics."""

from collections.abc import Mapping
from types import MappingProxyType

from harness.core.plugins import Plugin
from harness.core.registry import Registry
from harness.heuristics import (
    activations,
    architecture,
    data,
    divided,
    initialization,
    labels,
    losses,
    monitoring,
    normalization,
    optimization,
    regularization,
)
from harness.heuristics.schema import Heuristic

TOPICS: Mapping[str, tuple[Heuristic, ...]] = {
    "data": data.ROWS,
    "architecture": (*architecture.ROWS, *divided.ARCHITECTURE),
    "activations": activations.ROWS,
    "normalization": (*normalization.ROWS, *divided.NORMALIZATION),
    "initialization": initialization.ROWS,
    "optimization": optimization.ROWS,
    "losses": (*losses.ROWS, *divided.LOSSES),
    "labels": labels.ROWS,
    "regularization": (*regularization.ROWS, *divided.REGULARIZATION),
    "monitoring": monitoring.ROWS,
}


def _by_id() -> Mapping[str, Heuristic]:
    return MappingProxyType({row.id: row for topic in TOPICS.values() for row in topic})


def _adopt(plugin: Plugin) -> Heuristic:
    from harness.heuristics.own import adopt  # loads the parameter space

    return adopt(plugin)


HEURISTICS = Registry("heuristic", _by_id(), "tips", _adopt)
