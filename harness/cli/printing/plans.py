"""Plans as text: cells, trials, cost, images, and power."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.cli.printing.lists import show_sources
from harness.cli.printing.power import show_detectable
from harness.cli.printing.tables import Table
from harness.cli.printing.terminal import Terminal
from harness.core import format as show
from harness.core.folding import Name, Stack
from harness.heuristics.sources import introduced, mentioned
from harness.plan.naming import cell_names, named_by_title, setting, tip_titles
from harness.runs.plan import seeds_each

if TYPE_CHECKING:
    from harness.analysis.course import Course
    from harness.plan.expand import Plan
    from harness.plan.forecast import Forecast
    from harness.plan.reach import Reach
    from harness.runs.crossed import Crossed


def show_forecast(forecast: "Forecast", why: str, brief: bool = False) -> None:
    """Cells, trials and cost of a plan."""
    plan, terminal, names = forecast.plan, Terminal(), cell_names(forecast.plan)
    study = plan.file.study
    terminal.say(f"{study.title} ({plan.run_name}: {why})", "bold")
    named = [] if brief else list(dict.fromkeys([*study.sources, *mentioned(study.question)]))
    if not brief:
        terminal.say(study.question)
        show_sources(named)
        terminal.print(_cells(forecast, names))
    terminal.say(_counts(forecast))
    _show_data(forecast, names)
    if plan.crossed and not brief:
        show_crossed(plan.crossed)
    for line in () if brief else _path(plan):
        terminal.say(line)
    for line in (*map(_metric, plan.metrics), *plan.stages.lines()):
        terminal.say(line)
    if forecast.choosing:
        terminal.say(_choosing(forecast, forecast.choosing, names))
    for missing in () if brief else plan.lacking:
        terminal.say(str(missing), "yellow")
    for warning in forecast.warnings:
        terminal.say(f"Advised against {introduced(warning, named)}", "yellow")


def _metric(knobs: Mapping[str, Any]) -> str:
    """A further metric by the settings that the study gives it."""
    from harness.config.further import in_words

    return f"Scored by a further metric, too: {in_words(knobs)}"


def _path(plan: "Plan") -> list[str]:
    """The order of a path and its alternatives; nothing of another design."""
    from harness.plan.path import changes, order

    titles = tip_titles(plan)
    changed = [setting(change, titles) for change in changes(plan.contrasts)]
    return order(changed) if changed else []


def _counts(forecast: "Forecast") -> str:
    plan, train = forecast.plan, len(forecast.to_train)
    score = len(forecast.missing) - train
    tuning = f", with those of the tuning {len(plan.trials)}" if forecast.choosing else ""
    record = plan.stages.record
    suggested = f", then {show.count(record.left, 'suggestion')}" if record.grows else ""
    sofar = " so far" if forecast.further or suggested else ""
    return (
        f"{show.count(len(plan.cells), 'cell')} × {seeds_each(plan.seeds, plan.looks)} = "
        f"{show.count(len(plan.judging), 'trial')}{sofar}{tuning}; "
        f"{len(plan.trials) - train} already trained, {train} to train"
        + (f", {score} to score" if score else "")
        + suggested
        + f"\nTo do: {_cost(forecast)}, disk {show.size(forecast.disk)}"
        + (f"\nThen up to {_more(forecast.further)}" if forecast.further else "")
    )


def _more(further: "Forecast") -> str:
    """The trials that follow at most."""
    trials = show.count(len(further.missing), "more trial")
    return f"{trials}: {_cost(further)}, disk {show.size(further.disk)}"


def _show_data(forecast: "Forecast", names: Mapping[str, str]) -> None:
    images = forecast.plan.images
    for data in images:
        show_images(data, [names[cell] for cell in data["cells"]] if len(images) > 1 else [])
    if forecast.changed:
        Terminal().say(
            "The images, or how they are decoded, have changed since this run was started: its "
            "trials have new keys; earlier trials are kept under their old keys"
        )


def show_images(data: Mapping[str, Any], cells: Sequence[str] = ()) -> None:
    """Image counts, and irregularities of the data; `cells`: those that train on it, if not all."""
    from harness.config.inputs.facts import terms

    terminal = Terminal()
    place = f" at {data['place']}" if data["place"] else ""
    whose = f" ({', '.join(cells)})" if cells else ""
    terminal.say(f"Images: {data['name']}{place}, {data['image_size']} px{whose}")
    for title, text in terms(data):
        terminal.say(f"{title}: {text}", indent=2)


def show_crossed(crossed: "Crossed") -> None:
    """Dropped combinations, aliases and efficiency of a crossed design."""
    from harness.plan.describe import aliased, dropped, summary

    terminal = Terminal()
    terminal.say(summary(crossed))
    for line in dropped(crossed):
        terminal.say(f"Dropped: {line}")
    for named, others in aliased(named_by_title(crossed)):
        terminal.say(f"Aliased: {named}: {others}")


def show_reach(reach: "Reach") -> None:
    """Power of the tests of a plan with its seeds."""
    terminal = Terminal()
    terminal.say(f"Smallest adjusted p: {_smallest(reach)}")
    if reach.contrasts:
        terminal.say(f"Equivalent: {_equivalent(reach)}")
    if reach.detectable:
        show_detectable(reach.detectable, reach.seeds)


def show_course(course: "Course") -> None:
    """How many trials a sequential study takes, and what its first look can find."""
    from harness.analysis.course import LARGE, MARGIN, SHARE
    from harness.plan.reach import POWER

    by = f"with the effects and the scatter of {course.pilot}"
    if not course.pilot:
        large = math.ceil(course.contrasts / SHARE)
        who = "its contrast has"
        if course.contrasts > 1:
            who = f"{large} of {course.contrasts} contrasts {'has' if large == 1 else 'have'}"
        others = ", the others none," if course.contrasts > 1 else ""
        by = (
            f"if {who} an effect of {show.plain(LARGE)} standard deviations{others} and the "
            f"equivalence margin is {show.plain(MARGIN)} of them"
        )
    first, terminal = course.looks[0], Terminal()
    terminal.say(
        f"Looks at {show.listed(map(str, course.looks))} seeds: {show.whole(course.least)} trials "
        f"if the first decides everything, {show.whole(course.most)} at most, about "
        f"{show.number(course.expected, 0)} expected {by}"
    )
    size, finds = course.first_effect, ""
    if size is not None:
        finds = (
            f"; it finds an effect of {show.digits(size, 2)} standard deviations of a paired "
            f"difference with a power of {show.percent(POWER)}"
        )
    terminal.say(
        f"First look, {first} seeds: its smallest p is {show.digits(course.first_p, 2)}, its level "
        f"{show.digits(course.first_level, 2)}{finds}"
    )


def _smallest(reach: "Reach") -> str:
    from harness.plan.reach import EXACT

    seeds, least = show.count(reach.seeds, "seed"), show.digits(reach.smallest_p)
    if reach.seeds < 2:
        return f"none with {seeds}; at least {EXACT} seeds are needed"
    if not reach.exact:
        return (
            f"with {seeds} the exact paired test cannot reach significance (smallest p {least}); "
            "paired t-tests with Holm's correction are used, which assume normal differences. "
            f"Use {EXACT} seeds or more"
        )
    if reach.smallest_p > reach.alpha:
        return (
            f"{least} with {seeds}, above the study's alpha of {show.plain(reach.alpha)}: no "
            "effect can be significant"
        )
    return f"{least} with {seeds} (max-|t|, for any number of contrasts; here {reach.contrasts})"


def _equivalent(reach: "Reach") -> str:
    from harness.config.study import TIME

    share = show.percent(reach.equivalence)
    within = f"an effect within ± {share} of the reference's improvement"
    if reach.objective == TIME:
        within = (
            f"an effect within ± {share} of the reference's time, minus the longest time between "
            "two evaluations"
        )
    needed = reach.equivalence_seeds
    if needed is None or reach.seeds < needed:
        more = f"{needed} seeds or more are needed" if needed else "more seeds do not help"
        return (
            f"cannot be shown with {show.count(reach.seeds, 'seed')} and "
            f"{show.count(reach.contrasts, 'contrast')}; {more} ({within})"
        )
    return f"{within}; its smallest adjusted p is {show.digits(reach.smallest_equivalence_p)}"


def _cost(forecast: "Forecast") -> str:
    return f"{show.number(forecast.images / 1000, 0)} kimg, time {forecast.time}"


def _choosing(forecast: "Forecast", choosing: "Forecast", names: Mapping[str, str]) -> str:
    """Both stages of a study with tuning."""
    first = f"Tuning: {len(choosing.plan.trials)} trials, {len(choosing.to_train)} to train, "
    if forecast.undecided:
        return (
            f"{first}{_cost(choosing)}. Then the cells with the chosen values: up to "
            f"{forecast.undecided} more trials"
        )
    chosen = forecast.plan.stages.chosen
    points = (f"  {names[cell]}: {point}" for cell, point in chosen.items())
    return "\n".join([f"{first}{_cost(choosing)}", *points])


def _cells(forecast: "Forecast", names: Mapping[str, str]) -> Table:
    """A row a cell: its name and, where that is another one, the label that options take."""
    plan = forecast.plan
    missing = {item.trial.key for item in forecast.missing if not item.trained}
    table = Table(("Cell", "Changes", "Trained", "Keys"), right=("Trained",))
    for cell in plan.cells:
        trials = [trial for trial in plan.trials if trial.cell is cell]
        done = sum(trial.key not in missing for trial in trials)
        changes = [f"{path}={value}" for path, value in cell.patch.items()] or [show.NONE]
        keys = " ".join(trial.key[:6] for trial in trials)
        name, label = names[cell.label], Name(cell.label, style="dim")
        named = Name.of(name) if name == cell.label else Stack(Name.of(name), label)
        table.add_row(named, Name(*changes), f"{done}/{len(trials)}", keys)
    return table
