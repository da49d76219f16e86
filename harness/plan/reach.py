"""Power analysis of a plan, before anything is trained."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.plan.expand import Plan  # with all of the configuration, which figures do without

EXACT = 6  # seeds from which the exact test judges; below, Holm's adjusted paired t
ENUMERATED = 14  # seeds up to which all flips are looked at
FLIPS = 10_000  # of more seeds, so many are drawn
POWER = 0.8


def smallest_p(seeds: int) -> float:
    """The smallest two-sided p of the exact paired test with so many differences."""
    flips = 2 ** (seeds - 1) if seeds <= ENUMERATED else FLIPS
    return 1.0 / max(1, flips)


@dataclass(frozen=True)
class Found:
    """The power of one contrast, from its own scatter in a pilot. In the objective's unit.

    Numbers of seeds are the fewest with a power of 80 %; None: more than a study may have, or the
    margin that they depend on is unknown.
    """

    contrast: str
    pilot_seeds: int
    sd: float  # of the pilot's paired differences
    effect: float | None  # that the plan's seeds detect with that power; None: they detect none
    margin: float | None  # of equivalence, by what the pilot's reference learnt; None: unknown
    detection_seeds: int | None  # that detect the stated effect, or else one as large as the margin
    equivalence_seeds: int | None  # with which a tip without effect is called equivalent


@dataclass(frozen=True)
class Detectable:
    """Power of a plan's contrasts, from the spread in a pilot."""

    pilot: str  # run name
    objective: str
    alpha: float  # level of a single contrast, by Bonferroni
    stated: float | None  # the effect that is to be detected; None: the margin of equivalence
    found: tuple[Found, ...]  # the plan's contrasts that the pilot has, too
    lacking: tuple[str, ...]  # those that it does not have
    others: tuple[float, float] | None  # smallest and largest effect over the pilot's contrasts
    unlearnt: str  # why the pilot's reference has not learnt; empty: it has
    titles: Mapping[str, str]  # contrast of the plan → its name for people


@dataclass(frozen=True)
class Reach:
    """The smallest adjusted p of the exact paired test.

    Of 2^n sign patterns of n differences, at best only the observed one and its mirror image are as
    extreme, for any number of contrasts (max-|t|).
    """

    seeds: int
    contrasts: int
    alpha: float
    detectable: Detectable | None = None
    equivalence: float = 0.05  # a share of what the reference will have learnt, or of its time
    objective: str = "final"

    @classmethod
    def of(cls, plan: "Plan") -> "Reach":
        """Power of a plan's seeds."""
        study = plan.file.study
        counts = len(plan.seeds), len(plan.contrasts)
        return cls(*counts, study.alpha, None, study.equivalence, study.objective)

    @property
    def smallest_p(self) -> float:
        """The smallest possible p."""
        return smallest_p(self.seeds)

    @property
    def smallest_equivalence_p(self) -> float:
        """The smallest possible p of equivalence: one-sided, with Holm's correction."""
        flips = 2**self.seeds if self.seeds <= ENUMERATED else 2 * FLIPS
        return min(1.0, self.contrasts / flips)

    @property
    def equivalence_seeds(self) -> int | None:
        """The number of seeds from which a contrast can be called equivalent; None: never.

        Beyond the limit of exact enumeration, the number of sign patterns is constant.
        """
        counts = (replace(self, seeds=n) for n in range(EXACT, ENUMERATED + 2))
        return next((one.seeds for one in counts if one.smallest_equivalence_p <= self.alpha), None)

    @property
    def exact(self) -> bool:
        """Whether there are enough seeds for the exact test."""
        return self.seeds >= EXACT

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        test = "max_t" if self.exact else "holm_t"
        return {
            **asdict(self),
            "test": test,
            "smallest_exact_p": self.smallest_p,
            "smallest_equivalence_p": self.smallest_equivalence_p,
            "equivalence_seeds": self.equivalence_seeds,
            "power": POWER,
        }
