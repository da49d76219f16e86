"""Use cases of W&B: sync, publish, sweep."""

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from harness.config.runtime import Runtime
from harness.core.errors import HarnessError
from harness.core.files import check_writable, write_atomically
from harness.core.quiet import LEVEL, without_log
from harness.plan.expand import Plan
from harness.runs import layout

if TYPE_CHECKING:
    from harness.mirror.places import StudyReport
    from harness.report import Summary
    from harness.runs.rows import ScoreRow


class Synced(NamedTuple):
    """Result of synchronising a run with W&B."""

    said: str
    failed: int = 0  # runs that W&B lacks still


def sync(run_name: str, runtime: Runtime, summary: "Summary | None" = None) -> Synced:
    """Upload to W&B what is missing there.

    `summary` is that of the rendered report; None: it is computed, if one was rendered.
    """
    from harness.analysis.scores import summarise_scores
    from harness.mirror.sync import sync_study

    lines: list[str] = []
    summary = summary or _summary(run_name, runtime)
    done = sync_study(
        run_name, runtime, lines.append, summarise_scores, summary and _results(summary)
    )
    if done.mode == "disabled":
        return Synced("W&B: disabled")
    counts = {
        "written": done.written,
        "already complete": done.whole,
        "not finished": done.skipped,
        "failed": done.failed,
    }
    numbers = ", ".join(f"{len(keys)} {name}" for name, keys in counts.items() if keys)
    where = f" in {runtime.study(run_name) / layout.WANDB}" if done.mode == "offline" else ""
    lines.append(f"W&B ({done.mode}): runs {numbers or 'none'}{where}")
    if done.failed:
        lines.append("run harness sync again to upload the rest")
    return Synced("\n".join(lines), len(done.failed))


def follow(run_name: str, runtime: Runtime, stop: Callable[[], bool]) -> None:
    """Mirror a run live from its record, until `stop`."""
    from harness.analysis.scores import summarise_scores
    from harness.mirror import live

    live.follow(run_name, runtime, partial(print, file=sys.stderr), summarise_scores, stop)


def _summary(run_name: str, runtime: Runtime) -> "Summary | None":
    """The summary of a run's report; None if none was rendered."""
    from harness.report import summarise_run

    rendered = (runtime.reports / run_name / "index.html").exists()
    return summarise_run(run_name, runtime) if rendered else None


def _results(summary: "Summary") -> "StudyReport":
    """Verdict, ranking and folder of a report, as the run of the finished study shows them."""
    from harness.mirror.places import StudyReport

    table = {str(name): summary.ranking[name].tolist() for name in summary.ranking}
    return StudyReport.of(table, summary.path.parent, summary.verdict)


def publish(planned: Plan, runtime: Runtime) -> Synced:
    """Create a workspace view and a report of a run in W&B, and upload what is missing."""
    from harness.mirror.publication import study_publication
    from harness.mirror.publish import check, save

    check(runtime.tracking)
    summary = _summary(planned.run_name, runtime)
    if summary is None:
        raise HarnessError(
            f"{planned.run_name}: there is no report yet; create it with: "
            f"{planned.record().command('run')}"
        )
    written = sync(planned.run_name, runtime, summary)
    figures = sorted(path.stem for path in summary.path.parent.glob("figures/*.svg"))
    shown = study_publication(planned.record(), runtime.project, summary.verdict, figures)
    places = (f"{name}: {address}" for name, address in save(shown).items())
    return written._replace(said="\n".join([written.said, *places]))


def sweep(planned: Plan, study: str, runtime: Runtime, target: Path | None) -> str:
    """The sweep of a plan as text, also written to `target` if given; `study` as on the command
    line.
    """
    from harness.mirror.sweep import study_sweep, to_yaml

    text = to_yaml(study_sweep(planned, study, runtime.project))
    if target:
        check_writable(target.parent)
        write_atomically(target, text)
    return text


def train(
    planned: Plan, runtime: Runtime, cell: str, seed: int, say: "Callable[[ScoreRow], None]"
) -> tuple[str, str]:
    """Train one trial of a plan in this process; return how it ended, and the error of a crash.

    `say` is called with every row of scores. Run folder, key and threads are those of `harness
    run`.
    """
    from harness.app.running import write_plan
    from harness.execution.driver import share
    from harness.execution.use import driven
    from harness.plan.expand import trial_record

    trial = planned.trial(cell, seed)
    folder = runtime.study(planned.run_name)
    check_writable(folder)
    with driven(folder):
        plan = write_plan(planned, runtime)
        env = share(planned.run_name, runtime, None)[0].env
        # the level is for a worker's log
        os.environ.update({name: value for name, value in env.items() if name != LEVEL})
        with without_log():
            from harness.execution.worker import train

        status, message = train(plan, trial_record(trial), runtime, say)
        return str(status), message
