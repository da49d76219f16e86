"""Looks that are repeated while other work goes on, of which they may take a share of the time."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Rest:
    """Whether a look is due: `pause` seconds after the last began, and `times` its length after it.

    The longer a look takes, the rarer it is: a queue of 10,000 trials is looked at by all that
    wait, and the looks at it would otherwise take more time than its trials.
    """

    def __init__(
        self, pause: float, times: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pause, self._times, self._clock = pause, times, clock
        self._until = float("-inf")

    def over(self) -> bool:
        """Whether it is time for the next look."""
        return self._clock() >= self._until

    @contextmanager
    def after(self) -> Iterator[None]:
        """Rest after the look that the block takes, also where it fails."""
        begun = self._clock()
        try:
            yield
        finally:
            ended = self._clock()
            self._until = max(begun + self._pause, ended + self._times * (ended - begun))
