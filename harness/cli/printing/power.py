"""Power of a plan's contrasts from a pilot, as a table."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from harness.cli.printing.tables import Table
from harness.cli.printing.terminal import Terminal
from harness.core import format as show
from harness.core.folding import Name

if TYPE_CHECKING:
    from harness.plan.reach import Detectable, Found

COLUMNS = ("Contrast", "SD", "n", "Effect", "Margin", "To detect", "Equivalent")


def show_detectable(detectable: "Detectable", seeds: int) -> None:
    """One row a contrast: the effect that the seeds detect, and the seeds that would decide it."""
    terminal = Terminal()
    for line in _lines(detectable, seeds):
        terminal.say(line)
    if detectable.found:
        terminal.print(_table(detectable))
    if detectable.lacking:
        terminal.say(_unknown(detectable, seeds))


def _lines(detectable: "Detectable", seeds: int) -> Iterator[str]:
    from harness.analysis.objectives import objective
    from harness.plan.reach import POWER

    stated = "one as large as the margin"
    if detectable.stated is not None:
        stated = f"one of {_size(detectable.stated, detectable)}"
    yield (
        f"Power {show.percent(POWER)}, effects on {objective(detectable.objective).unit}, by the "
        f"standard deviation (SD) of n paired differences in {detectable.pilot}, at level "
        f"{show.digits(detectable.alpha, 2)} (Bonferroni):"
    )
    yield (
        f"  Effect: detected by {show.count(seeds, 'seed')}. To detect: the seeds for {stated}. "
        "Equivalent: the seeds with which a tip without effect is called equivalent (within ± the "
        "margin)"
    )
    if detectable.unlearnt:
        yield (
            f"Mind: the reference of {detectable.pilot} has not learnt ({detectable.unlearnt}); "
            "the scatter of cells that learn is another one"
        )


def _table(detectable: "Detectable") -> Table:
    table = Table(COLUMNS, right=COLUMNS[1:])
    for one in detectable.found:
        table.add_row(Name.of(detectable.titles[one.contrast]), *_numbers(one, detectable))
    return table


def _numbers(one: "Found", detectable: "Detectable") -> tuple[str, ...]:
    return (
        _size(one.sd, detectable),
        str(one.pilot_seeds),
        _size(one.effect, detectable),
        _size(one.margin, detectable),
        _seeds(one.detection_seeds, detectable.stated or one.margin),
        _seeds(one.equivalence_seeds, one.margin),
    )


def _size(value: float | None, detectable: "Detectable") -> str:
    from harness.analysis.objectives import objective

    scale = objective(detectable.objective).scale
    return show.NONE if value is None else show.digits(value * scale)


def _seeds(count: int | None, size: float | None) -> str:
    """A number of seeds; a dash where the size that they are counted for is unknown."""
    from harness.config.part import MOST_SEEDS

    if count is not None:
        return str(count)
    return show.NONE if size is None else f"> {show.whole(MOST_SEEDS)}"


def _unknown(detectable: "Detectable", seeds: int) -> str:
    needs = "detect no effect"
    if detectable.others:
        low, high = (_size(value, detectable) for value in detectable.others)
        needs = f"detect {low if low == high else f'{low} to {high}'}"
    lacking = ", ".join(detectable.titles[name] for name in detectable.lacking)
    return (
        f"Not in {detectable.pilot}, so unknown: {lacking}; "
        f"{show.count(seeds, 'seed')} of the contrasts of {detectable.pilot} {needs}"
    )
