"""Calls whose arguments are checked: a wrong keyword is told with the nearest."""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import ParamSpec, TypeVar

from harness.core.errors import HarnessError, unknown

P = ParamSpec("P")
R = TypeVar("R")


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """The function; a keyword that it lacks and a missing argument are a HarnessError."""
    asked = signature(function)
    known = [name for name in asked.parameters if name != "self"]

    @wraps(function)
    def call(*args: P.args, **keywords: P.kwargs) -> R:
        for name in keywords:
            if name not in known:
                raise HarnessError(f"{function.__qualname__}: {unknown('keyword', name, known)}")
        try:
            asked.bind(*args, **keywords)
        except TypeError as error:  # one is missing, or there are too many
            raise HarnessError(f"{function.__qualname__}: {error}") from None
        return function(*args, **keywords)

    return call
