"""The use cases around W&B, as plain functions: mirror, publish, sweep."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from harness.config.runtime import Runtime
from harness.core.errors import HarnessError
from harness.core.files import check_writable, write_atomically
from harness.plan.expand import Plan
from harness.runs import layout


class Synced(NamedTuple):
    """What came of mirroring a run."""

    said: str
    failed: int = 0  # runs that W&B lacks still


def sync(run_name: str, runtime: Runtime, verdict: str | None = None) -> Synced:
    """Write to W&B what is missing there.

    `verdict` is that of the report; None: it is worked out, as the mirror shows it.
    """
    from harness.analysis.scores import scores
    from harness.mirror.sync import sync_study

    said: list[str] = []
    verdict = _verdict(run_name, runtime) if verdict is None else verdict
    done = sync_study(run_name, runtime, said.append, scores, verdict)
    if done.mode == "disabled":
        return Synced("W&B: disabled")
    counts = {
        "written": done.written,
        "already whole": done.whole,
        "not finished": done.skipped,
        "failed": done.failed,
    }
    numbers = ", ".join(f"{len(keys)} {name}" for name, keys in counts.items() if keys)
    where = f" in {runtime.study(run_name) / layout.WANDB}" if done.mode == "offline" else ""
    said.append(f"W&B ({done.mode}): runs {numbers or 'none'}{where}")
    if done.failed:
        said.append("what failed is written by the next harness sync")
    return Synced("\n".join(said), len(done.failed))


def _verdict(run_name: str, runtime: Runtime) -> str:
    """What the report of a run says; empty where none was rendered."""
    from harness.report import summary

    rendered = (runtime.reports / run_name / "index.html").exists()
    return summary(run_name, runtime).verdict if rendered else ""


def publish(of: Plan, runtime: Runtime) -> Synced:
    """Make a workspace view and a report of a run in W&B, and write there what is missing."""
    from harness.mirror.publication import publication
    from harness.mirror.publish import check, publish

    check(runtime.tracking)
    folder = runtime.reports / of.run_name
    if not (folder / "index.html").exists():
        raise HarnessError(f"{of.run_name}: no report was rendered; harness run does it")
    verdict = _verdict(of.run_name, runtime)
    written = sync(of.run_name, runtime, verdict)
    figures = sorted(path.stem for path in folder.glob("figures/*.svg"))
    shown = publication(of.to_json(), runtime.project, verdict, figures)
    places = (f"{name}: {address}" for name, address in publish(shown).items())
    return written._replace(said="\n".join([written.said, *places]))


def sweep(of: Plan, study: str, runtime: Runtime, target: Path | None) -> str:
    """The sweep of a plan as a file, written to `target` if there is one; `study` as asked for."""
    from harness.mirror.sweep import sweep, to_yaml

    text = to_yaml(sweep(of, study, runtime.project))
    if target:
        check_writable(target.parent)
        write_atomically(target, text)
    return text


def train(
    of: Plan, runtime: Runtime, cell: str, seed: int, say: Callable[[Mapping[str, Any]], None]
) -> tuple[str, str]:
    """Train one trial of a plan in this process; how it ended, and why it crashed.

    `say` is told every row of scores. The run's folder is that of `harness run`, and so are the
    trial's key and the threads it is computed with.
    """
    from harness.app.studies import write_plan
    from harness.execution.driver import share
    from harness.execution.use import driven

    trial = of.trial(cell, seed)
    folder = runtime.study(of.run_name)
    check_writable(folder)
    with driven(folder):
        plan = write_plan(of, runtime)
        os.environ.update(share(of.run_name, runtime, None)[0].env)
        from harness.execution.worker import train

        row = {"cell": trial.cell.label, "seed": trial.seed, "key": trial.key}
        status, message = train(plan, row, runtime, say)
        return str(status), message
