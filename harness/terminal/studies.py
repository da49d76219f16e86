"""Plans, runs, trials and heuristics as text."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.executors.progress import duration, scaled_kid

if TYPE_CHECKING:
    from harness.app import Explanation
    from harness.design.crossed import Crossed
    from harness.design.forecast import Forecast
    from harness.design.reach import Reach
    from harness.heuristics import Heuristic
    from harness.report import Summary
    from harness.report.summary import Ranked

VERDICTS = {"better": "bold blue", "worse": "bold yellow"}


def size(count: int) -> str:
    """Bytes, to read at a glance."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count} {unit}"
        count = round(count / 1000)
    return f"{count} GB"


def new_table(columns: Sequence[str], right: Sequence[str] = ()) -> Table:
    """An empty table; columns in `right` are set to the right."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        justify: Any = "right" if name in right else "left"
        table.add_column(name, justify=justify, overflow="fold")
    return table


def show_forecast(forecast: "Forecast", why: str, brief: bool = False) -> None:
    """Cells, trials and cost of a plan."""
    plan, console = forecast.plan, Console()
    study = plan.file.study
    console.print(Text(study.title, "bold"), f"({plan.run_name}: {why})", highlight=False)
    if not brief:
        console.print(study.question, highlight=False, markup=False)
        console.print(_cells(forecast))
    seeds = len(plan.seeds)
    train = len(forecast.to_train)
    score = len(forecast.missing) - train
    tuning = f", with those of the tuning {len(plan.trials)}" if plan.tuning else ""
    console.print(
        f"{len(plan.cells)} cells × {seeds} seeds = {len(plan.judging)} trials{tuning}; "
        f"{len(plan.trials) - train} already trained, {train} to train"
        + (f", {score} to score" if score else "")
        + f"\nTo do: {_cost(forecast)}, disk {size(forecast.disk)}",
        highlight=False,
    )
    if plan.crossed and not brief:
        show_crossed(plan.crossed)
    if search := plan.search:
        refused = sum(bool(item.refused) for item in search.suggestions)
        console.print(
            f"Search by {search.sampler}: {search.trials - search.left} of {search.trials} "
            f"suggested, {refused} refused by the rules; pruner: {search.pruner}",
            highlight=False,
        )
    if forecast.tuning:
        console.print(_tuning(forecast, forecast.tuning), highlight=False, markup=False)
    for warning in forecast.warnings:
        console.print(f"[yellow]Advised against[/yellow] {warning}", highlight=False)


def show_crossed(crossed: "Crossed") -> None:
    """What a factorial or fractional design drops, aliases and reaches."""
    from harness.design.describe import aliased, dropped, summary

    console = Console(highlight=False, markup=False)
    console.print(summary(crossed))
    for line in dropped(crossed):
        console.print(f"Dropped: {line}")
    for named, others in aliased(crossed):
        console.print(f"Not told apart: {named}: {others}")


def show_reach(reach: "Reach") -> None:
    """What the tests of a plan can find with its seeds."""
    from harness.design.reach import POWER

    console = Console(highlight=False, markup=False)
    console.print(f"Smallest adjusted p: {_smallest(reach)}")
    if found := reach.detectable:
        console.print(
            f"Detectable with a power of {POWER:.0%}: an effect on KID × 10³ of "
            f"{found.effect * 1000:.3g} (paired t at {found.alpha:.2g}, Bonferroni; differences "
            f"scatter by {found.sd * 1000:.3g}, cells as in {found.pilot}, all alike)"
        )


def _smallest(reach: "Reach") -> str:
    from harness.design.reach import EXACT

    seeds, least = f"{reach.seeds} seeds", f"{reach.smallest_p:.3g}"
    if not reach.exact:
        return (
            f"with {seeds} an exact paired test gives no p below {least}, so it separates nothing; "
            f"Holm's adjusted paired t, which assumes normal differences, judges alone. {EXACT} "
            "seeds or more are needed"
        )
    if reach.smallest_p > reach.alpha:
        return f"{least} with {seeds}, above the study's {reach.alpha:g}: nothing can be separated"
    return f"{least} with {seeds} (max-|t|, for any number of contrasts; here {reach.contrasts})"


def _cost(forecast: "Forecast") -> str:
    time = "unmeasured" if forecast.seconds is None else f"about {duration(forecast.seconds)}"
    return f"{forecast.images / 1000:,.0f} kimg, time {time}"


def _tuning(forecast: "Forecast", own: "Forecast") -> str:
    """Both stages of a study that tunes: what chooses, and what is trained as chosen."""
    first = f"Of it tuning: {len(own.plan.trials)} trials, {len(own.to_train)} to train, "
    if forecast.undecided:
        return (
            f"{first}{_cost(own)}. Then the cells at the values that are chosen: up to "
            f"{forecast.undecided} trials more"
        )
    chosen = forecast.plan.tuning.chosen if forecast.plan.tuning else {}
    return "\n".join([f"{first}{_cost(own)}", *(f"  {c}: {p}" for c, p in chosen.items())])


def _cells(forecast: "Forecast") -> Table:
    plan = forecast.plan
    missing = {item.trial.key for item in forecast.missing if not item.trained}
    table = new_table(("Cell", "Changes", "Trained", "Keys"), ("Trained",))
    for cell in plan.cells:
        trials = [trial for trial in plan.trials if trial.cell is cell]
        done = sum(trial.key not in missing for trial in trials)
        changes = ", ".join(f"{path}={value}" for path, value in cell.patch.items()) or "–"
        keys = " ".join(trial.key[:6] for trial in trials)
        table.add_row(cell.label, changes, f"{done}/{len(trials)}", keys)
    return table


def show_summary(summary: "Summary") -> None:
    """The ranking of a run, its verdict, and where the report is."""
    console = Console(highlight=False, markup=False)
    for ranked in summary.tables:
        console.print(f"\n{ranked.title}", style="bold")
        console.print(_ranking(ranked))
    for note in summary.notes:
        console.print(note)
    console.print(summary.verdict, style="bold")
    console.print(f"Report: {summary.path}", soft_wrap=True)


def _ranking(ranked: "Ranked") -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for place, name in enumerate(ranked.columns):  # where room is short, names are cut
        table.add_column(name, no_wrap=place > 0, overflow="ellipsis")
    for row in ranked.rows:
        table.add_row(*(Text(cell, VERDICTS.get(cell, "")) for cell in row))
    return table


def show_given_up(trials: list[str], again: str) -> None:
    """Trials that crashed in every attempt, and the command line that tries them again."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    count = f"{len(trials)} trial{'s' * (len(trials) > 1)}"
    console.print(f"{count} crashed in every attempt, and what is shown lacks them:")
    for line in trials:
        console.print(f"  {line}")
    console.print(f"harness show KEY explains one; {again} tries again")


def show_score(row: Mapping[str, Any]) -> None:
    """An evaluation of the trial that trains in this process."""
    said = f"{row['kimg']:.1f} kimg: KID {scaled_kid(row['kid'])} × 10⁻³"
    Console(highlight=False).print(said)


def show_end(status: str, message: str) -> None:
    """How it ended, and why."""
    Console(highlight=False, markup=False, soft_wrap=True).print(
        f"{status}: {message}" if message else status
    )


def show_status(rows: list[dict[str, Any]]) -> None:
    """One line a run."""
    if not rows:
        Console().print("No study has been run here yet; start with: harness run quickstart")
        return
    columns = list(rows[0])
    table = new_table(columns, columns[2:])
    for row in rows:
        table.add_row(*(str(row[name]) for name in columns))
    Console().print(table)


def show_trial(trial: "Explanation") -> None:
    """One trial in words."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[bold]{trial.key}[/bold]: {trial.state}")
    for user in trial.used_by:
        console.print(f"  used by {user}")
    console.print("Differs from S0 in:")
    for path, value in trial.changes.items():
        console.print(f"  {path} = {value}")
    for name, kid in trial.metrics.items():
        console.print(f"Last KID x 1000: {'none' if kid is None else f'{kid * 1000:.2f}'} ({name})")
    if trial.result:
        done = trial.result
        console.print(f"{done['iteration']} iterations in {duration(done['seconds'])}")
        console.print(f"Flags: {', '.join(flag['flag'] for flag in done['flags']) or 'none'}")
        if done["message"]:
            console.print(done["message"])
    if trial.failure:
        console.print(f"Failed: {trial.failure['error']}", markup=False)
        console.print(trial.failure["log_tail"], markup=False)
    if trial.log:
        console.print("End of its log:")
        console.print("\n".join(trial.log), markup=False)


def show_heuristics(rows: "list[Heuristic]") -> None:
    """A table a topic: ids, whole at any width, and beside them what to do and who says so."""
    from harness.heuristics.describe import by_topic, marks

    console = Console(highlight=False)
    if not rows:
        console.print("No heuristic is all of that")
    width = max((len(row.id) for row in rows), default=0)
    for topic, members in by_topic(rows).items():
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(min_width=width, no_wrap=True)
        table.add_column()
        for row in members:
            table.add_row(row.id, Text(row.statement).append(f"\n{marks(row)}", "dim"))
        console.print(Text(topic.capitalize(), "bold"), table, "", sep="\n")


def show_heuristic(row: "Heuristic") -> None:
    """One heuristic with its claims, and the knobs that it sets or why it sets none."""
    from harness.heuristics import Practice, Tip
    from harness.heuristics.clashes import clashing
    from harness.heuristics.describe import patch, told

    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(Text(row.title, "bold"), f"({row.id}, {row.kind})\n{row.statement}")
    for claim in row.claims:
        console.print(f"  {told(claim)}")
    if isinstance(row, Tip):
        console.print(f"following: {patch(row.following)}\nignoring: {patch(row.ignoring)}")
        console.print(f"Needs: {row.needs or 'nothing else'}")
        console.print(f"Cannot be followed together with: {', '.join(clashing(row)) or 'none'}")
    elif isinstance(row, Practice):
        console.print(row.how)
        if row.test:
            console.print(f"Shown by {row.test}")
    console.print(f"From {row.literature}")
