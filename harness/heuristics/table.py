"""All heuristics by id, in the order of their topics; plug-ins may add tips."""

from harness.core.plugins import Plugin
from harness.core.registry import Registry
from harness.heuristics.schema import Heuristic
from harness.heuristics.topics import BY_ID


def _adopt(plugin: Plugin) -> Heuristic:
    from harness.heuristics.own import adopt  # loads the parameter space

    return adopt(plugin)


HEURISTICS = Registry("heuristic", BY_ID, "tips", _adopt)
