"""How a contrast's interval narrows at the lowest cost: variance × trial hours of other settings.

Twice the seeds halve the variance of a contrast and double its cost, so they leave the product as
it is. Other numbers of samples or of evaluations change both, by what a record has measured.
More evaluations in the same part of a training are counted as averaging out the noise of scoring
only: they lie closer together, so the training's ups and downs are alike in them.
"""

from collections.abc import Iterable
from typing import NamedTuple

from harness.config.trial import Schedule

SEEDS = "more seeds"
WORTH = 0.1  # of the trial hours: with less to save, settings are better left alone
EARLY = 4  # evaluations before the last fifth that still show a curve
WINDOWS = (2, 4, 8)  # evaluations in the last fifth
SAMPLES = (1 / 4, 1 / 2, 1, 2, 4)  # times as many as now
FEWEST = 512  # images of an evaluation, so that its blocks still tell its noise
SHOWN = 0.1  # of the variance of the mean: so much may come from the fixed real images


class Parts(NamedTuple):
    """Parts of the variance of one difference a seed, as `harness.analysis.noise` splits it."""

    evaluation: float
    rest: float  # the training's ups and downs are in it
    images: float  # of the mean over seeds, in no seed's difference
    n: int  # seeds

    @property
    def variance(self) -> float:
        """Of one difference a seed."""
        return self.evaluation + self.rest


class Settings(NamedTuple):
    """How the trials of a contrast are scored."""

    schedule: Schedule
    samples: int

    @property
    def scored(self) -> int:
        """Generated images that the objective of a trial is made of."""
        return len(self.schedule.window) * self.samples

    @property
    def text(self) -> str:
        """As they are written in a study."""
        evaluations, final = self.schedule
        return (
            f"training.evaluations {evaluations}, training.final_evaluations {final} and "
            f"evaluation.samples {self.samples}"
        )


class Costs(NamedTuple):
    """Seconds of a trial's training and of one of its evaluations."""

    training: float
    evaluation: float

    def trial(self, settings: Settings, samples: int) -> float:
        """Seconds of a trial with other settings; these are of evaluations with `samples`."""
        count = settings.schedule.evaluations + 1  # the untrained generator's is one, too
        return self.training + count * self.evaluation * settings.samples / samples


class Remedy(NamedTuple):
    """Settings, and their variance × cost as a multiple of that of the present ones."""

    settings: Settings
    factor: float


def product(parts: Parts, costs: Costs, now: Settings, then: Settings) -> float:
    """Variance × cost with other settings, as a multiple of what it is with the present ones."""
    images = then.scored / now.scored
    variance = parts.rest + parts.evaluation / images
    seconds = costs.trial(then, now.samples) / costs.trial(now, now.samples)
    return variance / parts.variance * seconds


def doubled(settings: Settings) -> tuple[Settings, Settings]:
    """Twice the samples, and twice the evaluations in the last fifth; all else as it is."""
    (evaluations, _), samples = settings
    window = len(settings.schedule.window)
    closer = Schedule(evaluations + window, 2 * window)
    return settings._replace(samples=2 * samples), settings._replace(schedule=closer)


def schedules(now: Schedule) -> set[Schedule]:
    """Schedules with few evaluations early, with more in the last fifth, and the present one."""
    window = len(now.window)
    early = now.evaluations - window
    before = {early, min(early, EARLY)}
    return {now} | {Schedule(n + final, final) for n in before for final in (window, *WINDOWS)}


def cheapest(
    parts: Parts, costs: Costs, now: Settings, among: Iterable[Schedule], available: int
) -> Remedy | None:
    """The settings that save most trial hours; None where none saves enough.

    `available`: the real images there are, which an evaluation cannot have more of. With fewer than
    now, the fixed real images must stay a small part of the uncertainty.
    """
    numbers = [round(times * now.samples) for times in SAMPLES]
    samples = [
        number
        for number in numbers
        if number == now.samples or FEWEST <= number <= available
        if number >= now.samples or _small(parts, number / now.samples)
    ]
    settings = [Settings(schedule, number) for schedule in sorted(among) for number in samples]
    remedies = [Remedy(then, product(parts, costs, now, then)) for then in settings]
    best = min(remedies, key=lambda remedy: remedy.factor, default=None)
    return best if best and best.factor <= 1 - WORTH else None


def _small(parts: Parts, samples: float) -> bool:
    """Whether the fixed images stay a small part, with `samples` times as many."""
    return parts.images / samples <= SHOWN * parts.variance / parts.n
