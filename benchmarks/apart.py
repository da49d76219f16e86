"""A timed action in a process of its own, with TensorFlow's own defaults, called in turn.

Importing the harness changes how TensorFlow computes (oneDNN, threads); what a user would run
otherwise does not have that.
"""

import importlib
import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.measure import quiet


def plain_environment() -> dict[str, str]:
    """This process's environment without what the harness has set in it."""
    return {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}


class Apart:
    """`module:function`, called there with `arguments`, makes the action; a call runs it once.

    The module must not import the harness' engine.
    """

    def __init__(self, target: str, *arguments: object) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(other,), daemon=True)
        self._process.start()
        other.close()
        # by the pipe, since what they are made of may import TensorFlow, and the environment of
        # the process comes first
        self._pipe.send((target, arguments))

    def __call__(self) -> float:
        """The number that the action returns; an error there is one here."""
        return float(self.ask())

    def ask(self, *given: object) -> Any:
        """What the action returns for `given`; an error there is one here."""
        self._pipe.send(given)
        try:
            return self._pipe.recv()
        except EOFError:
            raise RuntimeError("the process of the baseline ended; see its words above") from None


def _serve(pipe: Connection) -> None:
    kept = plain_environment()
    os.environ.clear()
    os.environ.update(kept)
    quiet()
    target, arguments = pipe.recv()
    module, _, name = target.partition(":")
    action: Callable[..., object] = getattr(importlib.import_module(module), name)(*arguments)
    while True:
        try:
            given = pipe.recv()
        except EOFError:  # whoever asked is gone
            return
        pipe.send(action(*given))
