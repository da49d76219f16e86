"""When a training is evaluated, and which of its evaluations make the default objective."""

from bisect import bisect_right
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

LAST_FIFTH = Fraction(4, 5)  # of the training is over where the window of the objective begins


class Schedule(NamedTuple):
    """The evaluations of a training, by number; 0 is the untrained generator's.

    Equally spaced or, with `final`, so many of them in the last fifth of the training and the
    others before it, each of both parts equally spaced and up to its end.
    """

    evaluations: int  # besides that of the untrained generator
    final: int = 0

    def share(self, number: int) -> Fraction:
        """The share of the training that is over at an evaluation."""
        if not self.final:
            return Fraction(number, self.evaluations)
        early = self.evaluations - self.final
        if number <= early:
            return LAST_FIFTH * Fraction(number, max(1, early))
        return LAST_FIFTH + (1 - LAST_FIFTH) * Fraction(number - early, self.final)

    def last_by(self, share: Fraction) -> int:
        """The number of the last evaluation until a share of the training is over."""
        return bisect_right(range(self.evaluations + 1), share, key=self.share) - 1

    @property
    def window(self) -> range:
        """The numbers of the evaluations in the last fifth of the training, not at its beginning.

        Of equally spaced ones that is the last fifth of them, rounded up.
        """
        return range(self.last_by(LAST_FIFTH) + 1, self.evaluations + 1)

    @property
    def widest(self) -> Fraction:
        """The longest time between two evaluations, as a share of the training."""
        shares = [self.share(number) for number in range(self.evaluations + 1)]
        return max(later - earlier for earlier, later in pairwise(shares))

    def iterations(self, total: int) -> list[int]:
        """The iteration after which each evaluation runs, of `total`; the first is 0."""
        return [round(self.share(number) * total) for number in range(self.evaluations + 1)]
