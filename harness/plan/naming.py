"""Names of cells and contrasts for people: what differs, a tip by its title and side. Files, YAML
and commands have labels.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from harness.plan.factors import FOLLOWING, IGNORING
from harness.plan.leave_one_out import LEAVE_ONE_OUT, LEFT_OUT, STACK
from harness.plan.path import PATH, STEP
from harness.runs.crossed import Crossed, Dropped
from harness.runs.plan import ContrastRecord, PlanRecord


class _Contrast(Protocol):
    """A contrast of a plan, before it is recorded or after."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def design(self) -> str: ...
    @property
    def heuristic(self) -> str | None: ...


class _Plan(Protocol):
    """A plan, before it is recorded or after: a record of many cells takes long to make."""

    @property
    def labels(self) -> Sequence[str]: ...
    @property
    def reference(self) -> str: ...
    @property
    def contrasts(self) -> Sequence[_Contrast]: ...
    @property
    def crossed(self) -> Crossed | None: ...


def cell_names(plan: _Plan) -> dict[str, str]:
    """Label → name of every cell; no two are alike.

    A side of a tip is "<title>: on" or "<title>: off", a level of another factor
    "<factor>=<level>", a crossed cell all of its factors so, and the reference what it is.
    """
    titles = tip_titles(plan)
    names = {label: setting(label, titles) for label in plan.labels}
    if plan.crossed:
        names |= _combinations(plan.crossed, titles)
    names[plan.reference] = plan.reference
    return apart(names)


def apart(names: Mapping[str, str]) -> dict[str, str]:
    """Label → name, followed by its label where another one is called so, too."""
    times = Counter(names.values())
    return {
        label: name if times[name] == 1 else f"{name} ({label})" for label, name in names.items()
    }


def contrast_names(contrasts: Iterable[_Contrast]) -> dict[str, str]:
    """Id → name of every contrast; no two are alike."""
    return apart({one.name: titled(one.title or one.name, one.design) for one in contrasts})


def titled(title: str, design: str) -> str:
    """A contrast's title, with its design where it is not one change from the baseline."""
    ends = design != LEAVE_ONE_OUT or title.endswith(LEFT_OUT)
    return title if ends else f"{title}{LEFT_OUT}"


def tip_titles(plan: _Plan) -> dict[str, str]:
    """Id → title of the tips of a plan."""
    titles: dict[str, str] = {}
    for contrast in plan.contrasts:
        if contrast.heuristic:
            titles.setdefault(contrast.heuristic, _title(contrast))
    return titles


def _title(contrast: _Contrast) -> str:
    """Of the tip alone, without the place that a design gives it."""
    alone = re.sub(r" \(without [^()]*\)$", "", contrast.title)
    return re.sub(rf"^{STEP} \d+: ", "", alone, flags=re.I) if contrast.design == PATH else alone


def setting(label: str, titles: Mapping[str, str]) -> str:
    """A label of a cell, or a change of a path, in words."""
    return ", ".join(_part(part, titles) for part in label.split(","))


def _part(part: str, titles: Mapping[str, str]) -> str:
    if step := re.fullmatch(rf"{STEP}_0*(\d+)", part):
        return f"{STEP} {step[1]}"
    if part == STACK:
        return part
    name, _, level = part.partition("=")
    if name not in titles:
        return part
    return f"{titles[name]}: {level}" if level else titles[name]


def _combinations(crossed: Crossed, titles: Mapping[str, str]) -> dict[str, str]:
    return {
        label: ", ".join(
            _part(f"{scale.name}={scale.levels[level]}", titles)
            for scale, level in zip(crossed.scales, run, strict=True)
        )
        for label, run in crossed.cells.items()
    }


def named_by_title(crossed: Crossed) -> Crossed:
    """The same with the titles of factors in place of their names."""
    scales = tuple(scale.replaced(name=scale.title) for scale in crossed.scales)
    return crossed.replaced(scales=scales)


def combination(dropped: Dropped, crossed: Crossed) -> str:
    """A combination of levels, factor by factor, as the name of its cell would be."""
    titles = {scale.name: scale.title for scale in crossed.scales if scale.title != scale.name}
    return ", ".join(_part(f"{name}={level}", titles) for name, level in dropped.levels.items())


def reference_side(plan: PlanRecord, tip: ContrastRecord) -> str:
    """Whether a tip is on or off in the reference; empty where neither is known."""
    sides = {tip.following: FOLLOWING, tip.ignoring: IGNORING}
    levels = plan.cell(plan.reference).levels
    return sides.get(plan.reference) or levels.get(tip.heuristic or "", "")
