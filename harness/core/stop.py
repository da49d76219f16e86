"""A process that is asked to stop."""

import signal
from dataclasses import dataclass


@dataclass
class Stop:
    """Set by SIGTERM: finish the call that runs, write a checkpoint, leave."""

    asked: bool = False

    def __call__(self) -> bool:
        """Whether to stop."""
        return self.asked

    def install(self) -> None:
        """Listen to SIGTERM and SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: setattr(self, "asked", True))
