"""The interpreter of further processes."""

import sys
from pathlib import Path


def python() -> list[str]:
    """Its command; it imports from the current folder only if this code lies there.

    Else a queue.py of the user's, or another harness/, would take the place of what is installed.
    """
    lies_here = Path(__file__).parents[2] == Path.cwd()
    return [sys.executable] if lies_here else [sys.executable, "-P"]
