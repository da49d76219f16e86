"""A process with less: packages that a library would load along, and looks for cycles."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

CYCLES = 20_000  # objects after which Python looks for cycles among the newest


@contextmanager
def without(*packages: str) -> Iterator[None]:
    """Inside, an import of these packages fails, unless they are loaded already.

    For libraries that import them on the chance that they are there, and do as well without.
    """
    hidden = [name for name in packages if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # how Python notes "not there"
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def collect_rarely() -> None:
    """Look for cycles of objects less often: once in 700 is a tenth of the time of a verb."""
    gc.set_threshold(CYCLES)
