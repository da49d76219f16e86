"""The heuristics of the harness itself, by topic and by id."""

from collections.abc import Mapping
from types import MappingProxyType

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


BY_ID: Mapping[str, Heuristic] = MappingProxyType(
    {row.id: row for rows in TOPICS.values() for row in rows}
)
