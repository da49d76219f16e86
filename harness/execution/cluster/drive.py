"""Drive one run of a study on a Ray cluster."""

import asyncio
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from harness.config.runtime import Runtime
from harness.core.errors import HarnessError
from harness.core.format import number, plain
from harness.core.interpreter import python
from harness.execution.cluster.detach import forget_ended
from harness.execution.cluster.fleet import RayFleet, Share, Terms, nodes_of
from harness.execution.cluster.home import Home
from harness.execution.cluster.join import joined
from harness.execution.cluster.ray_log import kept_in
from harness.execution.cluster.supplies import Supplies, read_supplies
from harness.execution.devices import one_worker
from harness.execution.driver import (
    go_on,
    keep_threads,
    last_words,
    places,
    queue,
    threads_of,
    work_left,
)
from harness.execution.local import Driver, Outcome, WorkerSpec, beside, caught_signals, run_local
from harness.execution.options import Cluster, Options, Round
from harness.execution.search.source import source_of
from harness.execution.view.poll import Poll
from harness.execution.view.screen import open_view
from harness.queue.optuna_ledger import OptunaLedger
from harness.runs import layout
from harness.runs.plan import PlanRecord


def drive_on(
    cluster: Cluster,
    first: Round,
    further: Iterator[Round],
    runtime: Runtime,
    options: Options,
    deadline: float | None,
) -> Outcome:
    """Train and score rounds of trials there; returns when none is left, on a signal, or in time.

    What this machine's driver promises holds here, too; every worker has ended when it returns.
    """
    plan = first.plan
    ledger = OptunaLedger.open(plan.run_name, runtime.study(plan.run_name), runtime.trials)
    # in this order: joining sets a handler of Ray's for SIGTERM, which ends the process at once
    with joined(cluster.address) as (ray, _, head), caught_signals() as signals:
        forget_ended(runtime.study(plan.run_name))  # now that Ray has its mode of tokens
        chosen = threads_of(plan.run_name, runtime)
        share, threads = shares(cluster, nodes_of(ray), chosen)
        keep_threads(plan.run_name, runtime, threads)
        # of all rounds: cells that are chosen later read what those do that they are chosen from
        supplies = read_supplies(plan, runtime) or _gathered(plan, runtime, threads)
        if supplies is None:
            return Outcome.INTERRUPTED
        queue(first.jobs, runtime, ledger, options.retry_crashed)
        poll = Poll(plan, first.jobs, ledger, runtime)
        terms = Terms(share, one_worker(threads), cluster.workers)
        home = Home(
            plan,
            runtime,
            ledger,
            source_of(plan, runtime, ledger),
            RayFleet(ray, head, plan, runtime.project, terms, supplies),
            options.keep_all,
            partial(work_left, plan, runtime, ledger),
            partial(go_on, further, poll, runtime, ledger),
        )
        log = runtime.study(plan.run_name) / layout.RAY_LOG
        with (
            beside(_mirror(plan, runtime)),
            kept_in(log) as console,
            open_view(poll.snapshot, console) as tick,
        ):
            return asyncio.run(home.run(signals, deadline, tick))


def _mirror(plan: PlanRecord, runtime: Runtime) -> WorkerSpec:
    """The process that writes to W&B from the record: nodes need no account."""
    verb = [*python(), "-m", "harness", "mirror", plan.run_name]
    return WorkerSpec(verb, places(runtime), runtime.study(plan.run_name) / layout.MIRROR_LOG)


def _gathered(plan: PlanRecord, runtime: Runtime, threads: int) -> Supplies | None:
    """Have a process with TensorFlow load what nodes need; None: it was interrupted.

    It has the threads of a worker: a classifier that is trained with others has other bits.
    """
    sys.stderr.write("Gathering images, encoders and features for the cluster ...\n")
    log = runtime.study(plan.run_name) / layout.GATHER_LOG
    log.unlink(missing_ok=True)
    verb = [*python(), "-m", "harness", "gather", plan.run_name]
    spec = WorkerSpec(verb, {**one_worker(threads), **places(runtime)}, log)

    def on_death(worker: int, code: int) -> bool:
        raise HarnessError(last_words(log))

    starts = iter((True, False))  # once: a process that ends well has written them
    outcome = run_local([spec], Driver(lambda: next(starts), on_death, lambda notice: None))
    if outcome is Outcome.INTERRUPTED:
        return None
    if (supplies := read_supplies(plan, runtime)) is None:
        raise HarnessError(f"the cluster's supplies cannot be read; see {log}")
    return supplies


def shares(
    cluster: Cluster, nodes: Sequence[Mapping[str, float]], threads: int | None
) -> tuple[Share, int]:
    """The resources and threads of a trial; `threads`: those that the run began with.

    Unless asked otherwise a trial has a GPU where there are any, with its share of the node's
    cores, and else one core. Raises HarnessError where no node has room for it.
    """
    with_gpus = [node for node in nodes if node.get("GPU") and node.get("CPU")]
    gpus = cluster.gpus if cluster.gpus is not None else float(bool(with_gpus))
    if cluster.cpus is not None:
        threads = max(1, int(cluster.cpus))
    elif threads is None and gpus and with_gpus:
        threads = max(1, min(int(node["CPU"] * gpus / node["GPU"]) for node in with_gpus))
    threads = threads or 1
    share = Share(cluster.cpus or threads, gpus, cluster.memory)
    # a cluster that grows may have none yet, and --max-workers asks for them
    if cluster.workers is None and not share.fits(nodes):
        raise HarnessError(
            f"no node of the cluster has what a trial needs ({_amounts(share.asked)}); the most "
            f"that one has is {_amounts(_most(share.asked, nodes))}. See --cpus-per-trial, "
            "--gpus-per-trial and --memory-per-trial, or --max-workers for a cluster that grows"
        )
    return share, threads


def _most(names: Iterable[str], nodes: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The largest amount of each resource on a node."""
    return {name: max((node.get(name, 0.0) for node in nodes), default=0.0) for name in names}


def _amounts(resources: Mapping[str, float]) -> str:
    """Resources for people."""
    return ", ".join(
        f"{plain(amount)} {name}" if name != "memory" else f"{number(amount / 2**30)} GB of memory"
        for name, amount in resources.items()
    )
