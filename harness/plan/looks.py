"""When a study with a stopping rule is looked at, and how much error may be spent until then.

Group-sequential error spending (Lan & DeMets 1983): of a level, the share f(t) may have been spent
once the share t of the most seeds has been seen. Numbers only: what a look decides is in
`harness.analysis.sequential`.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

from harness.config.sequential import FUTILITY, MOST
from harness.core import format as show
from harness.core.errors import HarnessError

_TWELFTHS = (4.5, 6, 7.5, 9, 10, 11)  # of the most seeds: looks, denser where equivalence shows
_ROUNDING = 1e-9  # relative: levels that differ by less are equal
_NORMAL = NormalDist()


@dataclass(frozen=True)
class Looks:
    """A declared sequential design; nothing of it changes after the first look."""

    alpha: float
    contrasts: int  # of the study; those that are closed still count
    n_max: int  # most seeds
    looks: tuple[int, ...]  # numbers of seeds at which it is looked at, increasing up to n_max
    futility: float  # predictive power below which a contrast is closed; 0: never

    @classmethod
    def standard(cls, alpha: float, contrasts: int, n_max: int = MOST) -> "Looks":
        """The design of a study that declares no looks."""
        return cls(alpha, contrasts, n_max, standard_looks(alpha, contrasts, n_max), FUTILITY)

    def level(self, rejected: int) -> float:
        """Holm's level of the next contrast once `rejected` of them are rejected."""
        return self.alpha / (self.contrasts - rejected)

    def time(self, n: int) -> float:
        """The share of the information that n differences hold; n_max raised later adds none."""
        return min(1.0, n / self.n_max)


def spent_on_difference(t: float) -> float:
    """The share of a level that may be spent on *different* up to time t, in [0, 1].

    Close to Pocock's boundaries (Lan & DeMets 1983): large effects are found early.
    """
    return math.log(1 + (math.e - 1) * t)


def spent_on_equivalence(t: float, level: float) -> float:
    """The share of a one-sided level that may be spent on *equivalent* up to time t, in [0, 1].

    Close to O'Brien and Fleming's boundaries (Lan & DeMets 1983): hardly anything early, since no
    few seeds can show equivalence.
    """
    if t <= 0:
        return 0.0
    quantile = _NORMAL.inv_cdf(level / 2)
    return 2 * _NORMAL.cdf(quantile / math.sqrt(t)) / level


def first_look(alpha: float, contrasts: int, n_max: int) -> int:
    """The smallest number of seeds at which anything can be rejected.

    Of 2^n flips, the observed one and its mirror image are as extreme as any: their share must not
    exceed what Holm's first level has to spend by then.
    """
    level = alpha / contrasts
    for n in range(2, n_max + 1):
        if level * spent_on_difference(n / n_max) * (1 + _ROUNDING) >= 2.0 ** (1 - n):
            return n
    enough = math.ceil(1 - math.log2(level) - _ROUNDING)
    raise HarnessError(
        f"{n_max} seeds at most cannot give a verdict on {show.count(contrasts, 'contrast')} at "
        f"alpha = {show.digits(alpha)}: at least {enough} are needed"
    )


def standard_looks(alpha: float, contrasts: int, n_max: int) -> tuple[int, ...]:
    """The numbers of seeds at which a study is looked at that declares none.

    First at the smallest that can reject, then every eighth of n_max up to 3/4, and every twelfth
    beyond, where most contrasts without effect become equivalent.
    """
    first = first_look(alpha, contrasts, n_max)
    shares = {math.ceil(share * n_max / 12) for share in _TWELFTHS}
    later = sorted(n for n in shares if first + n_max / 12 <= n < n_max)
    return (first, *later, n_max) if first < n_max else (n_max,)
