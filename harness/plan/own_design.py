"""A design that a plug-in gives, with what it returns checked."""

from collections.abc import Callable, Mapping
from math import isclose
from typing import Any

from harness.core.errors import HarnessError, shown, unknown
from harness.core.plugins import Plugin, first_line
from harness.plan.drafts import Asked, Draft
from harness.runs.plan import REFERENCE


def check_design(plugin: Plugin) -> Callable[[Asked], Draft]:
    """The design as a function that gives a whole draft, or an error that names the plug-in."""

    def design(asked: Asked) -> Draft:
        try:
            draft: Draft = plugin.value(asked)
        except HarnessError:
            raise
        except Exception as error:
            raise HarnessError(f"{plugin.place}: fails: {first_line(error)}") from error
        _check(draft, plugin.place)
        return draft

    return design


def _check(draft: Any, where: str) -> None:
    if not isinstance(draft, Draft) or draft.cells.get(REFERENCE) != []:
        raise HarnessError(
            f"{where}: must give a harness.plugins.Draft with a cell {REFERENCE!r} without patches"
        )
    for label, patches in draft.cells.items():
        if not isinstance(patches, list) or not all(isinstance(one, Mapping) for one in patches):
            raise HarnessError(
                f"{where}: cell {shown(label)} must be a list of patches, as [{{'loss.name': "
                f"'hinge'}}] (given: {shown(patches)})"
            )
    for contrast in draft.contrasts:
        for label in contrast.weights:
            if label not in draft.cells:
                why = unknown("cell", label, draft.cells)
                raise HarnessError(f"{where}: contrast {contrast.name!r}: {why}")
        if not isclose(sum(contrast.weights.values()), 0, abs_tol=1e-9):
            raise HarnessError(
                f"{where}: the weights of contrast {contrast.name!r} do not sum to zero"
            )
