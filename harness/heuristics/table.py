"""All tips by id, in the order of their topics."""

from collections.abc import Mapping
from types import MappingProxyType

from harness.heuristics import losses, normalization, optimization, regularization
from harness.heuristics.schema import Heuristic
from harness.registry import Registry

_TOPICS = (optimization, normalization, regularization, losses)


def _by_id() -> Mapping[str, Heuristic]:
    tips = [tip for topic in _TOPICS for tip in topic.TIPS]
    return MappingProxyType({tip.id: tip for tip in tips})


HEURISTICS = Registry("heuristic", _by_id())
