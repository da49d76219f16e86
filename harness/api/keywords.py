"""Calls whose keywords are checked: a wrong one is told with the nearest."""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import ParamSpec, TypeVar

from harness.core.errors import HarnessError, unknown

P = ParamSpec("P")
R = TypeVar("R")


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """The function; a keyword that it does not have is a HarnessError."""
    known = [name for name in signature(function).parameters if name != "self"]

    @wraps(function)
    def call(*args: P.args, **keywords: P.kwargs) -> R:
        for name in keywords:
            if name not in known:
                raise HarnessError(f"{function.__qualname__}: {unknown('keyword', name, known)}")
        return function(*args, **keywords)

    return call
