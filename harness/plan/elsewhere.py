"""The time of trials on machines where S0's step was measured, for a machine with no times yet.

`benchmarks/GPU.md` explains the figures; a test compares them with the results of the benchmarks.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from harness.config.trial import TrialConfig
from harness.core import format as show
from harness.plan.cells import Trial

START = 30.0  # seconds from the start of a worker until it trains
# not measured on a GPU: InceptionV3's KID of so many images took 20 s on two cores
EVALUATING, EVALUATED = 20.0, 4992


class Size(NamedTuple):
    """The size of S0's networks and of their step."""

    pixels: int
    width: int  # of both networks
    batch: int

    @classmethod
    def of(cls, config: TrialConfig) -> "Size":
        """The size of a configuration whose networks are equally wide."""
        return cls(config.data.image_size, config.generator.width, config.training.batch_size)


LARGE, SMALL = Size(64, 128, 128), Size(32, 64, 64)


class Measured(NamedTuple):
    """A machine, and how fast S0's networks train there in float32."""

    name: str
    rates: Mapping[Size, float]  # images per second, rounded down to two digits
    compiling: float  # seconds, once for each structure and worker


H200 = Measured("one NVIDIA H200", {LARGE: 37_000.0, SMALL: 63_000.0}, 25.0)
CORES = Measured("two CPU cores", {LARGE: 60.0, SMALL: 550.0}, 10.0)


class Estimate(NamedTuple):
    """The time of some trials on one machine."""

    machine: str
    seconds: float


def estimate(trials: Sequence[Trial], reference: TrialConfig) -> tuple[Estimate, ...]:
    """The time of trials by machine; empty where S0's step of this size was not measured.

    All cells count as fast as `reference`, and each as a structure to compile.
    """
    size = Size.of(reference)
    alike = reference.discriminator.width == size.width
    if not trials or not alike or reference.training.precision != "float32":
        return ()
    cells = {trial.cell.label for trial in trials}
    return tuple(
        Estimate(
            machine.name,
            START
            + len(cells) * machine.compiling
            + sum(trial_seconds(trial.cell.config, machine.rates[size]) for trial in trials),
        )
        for machine in (H200, CORES)
        if size in machine.rates
    )


def trial_seconds(config: TrialConfig, rate: float) -> float:
    """Seconds of one trial without compiling, at so many images per second.

    S0's step updates each network once; further updates of either count as further steps.
    """
    updates = max(config.training.discriminator_steps, config.training.generator_steps)
    images = config.iterations * config.training.batch_size * updates
    share = (config.evaluation.samples or EVALUATED) / EVALUATED
    return images / rate + (config.training.evaluations + 1) * share * EVALUATING


def in_words(estimates: Iterable[Estimate]) -> str:
    """Such as `29 min on one NVIDIA H200, 12 h on two CPU cores`."""
    return ", ".join(f"{show.duration(each.seconds)} on {each.machine}" for each in estimates)
