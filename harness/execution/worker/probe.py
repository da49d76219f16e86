"""Plug-ins of a plan, tried before any trial: a mistake costs no training of other cells."""

from collections.abc import Iterator

from harness.config.catalog import dataset
from harness.config.patch import unflatten
from harness.config.plugins import used
from harness.config.trial import TrialConfig
from harness.gan.train.program import Program
from harness.runs.plan import PlanRecord

PROBED = ("losses", "penalties", "networks")  # data and encoders take long, and most cells share


def try_plugins(plan: PlanRecord) -> None:
    """Build and trace what calls each plug-in of the plan; an error names the plug-in."""
    for config in _with_plugins(plan):
        Program(config, dataset(config.data.name).channels).trace()


def _with_plugins(plan: PlanRecord) -> Iterator[TrialConfig]:
    """The first cell with each combination of plug-ins."""
    known = set()
    for cell in plan.cells if plan.plugins else ():
        config = unflatten({**cell.config, "seed": 0})
        names = [plugin.place for plugin in used(config) if plugin.group in PROBED]
        both = config.generator.architecture, config.discriminator.architecture
        if names and (*names, *both) not in known:
            known.add((*names, *both))
            yield config
