"""Load what the trials of a run read, once, where it lies: nodes of a cluster have none of it."""

from collections.abc import Iterable

from harness.config.further import scorings
from harness.config.inputs.sent import files_read
from harness.config.patch import unflatten
from harness.config.runtime import Runtime
from harness.config.trial import TrialConfig
from harness.core.cache import entries_used
from harness.core.errors import HarnessError
from harness.core.files import file_digest, write_json
from harness.execution.cluster.supplies import wanted
from harness.execution.worker.drain import prepare
from harness.execution.worker.probe import try_plugins
from harness.gan.data import found
from harness.runs import layout
from harness.runs.plan import read_plan


def gather(run_name: str, runtime: Runtime) -> None:
    """Decode data sets, prepare encoders and features, and write down what nodes need of it.

    All of it lies in the cache then, except files that a study names by their path.
    """
    plan = read_plan(layout.plan_file(run_name, runtime))
    if plan is None:
        raise HarnessError(f"{runtime.study(run_name)}: no run of that name was started here")
    context = prepare(plan, runtime, lambda: False)
    try_plugins(plan)  # here, so that a mistake costs no node its time
    for config in _distinct(unflatten({**cell.config, "seed": 0}) for cell in plan.cells):
        context.images(config)
        for asked in scorings(config, plan.metrics):
            context.evaluator(asked)
    cache = runtime.cache.absolute()
    document = {
        "wanted": wanted(plan),
        "images": {name: one._asdict() for name, one in found().items()},
        "entries": [path.relative_to(cache).as_posix() for path in entries_used()],
        "files": {
            name: {"path": str(path.absolute()), "digest": file_digest(path)}
            for name, path in files_read().items()
        },
    }
    write_json(runtime.study(run_name) / layout.SUPPLIES, document)


def _distinct(configs: Iterable[TrialConfig]) -> list[TrialConfig]:
    """One configuration of each kind of images and metric."""
    kinds: dict[str, TrialConfig] = {}
    for config in configs:
        parts = (config.data, config.evaluation, config.translation)
        kinds.setdefault("".join(part.model_dump_json() for part in parts), config)
    return list(kinds.values())
