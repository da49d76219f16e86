"""What a rule between knobs is."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from harness.config.trial.root import TrialConfig


class Clash(NamedTuple):
    """Knobs that mean nothing together, and what to change."""

    knobs: tuple[str, ...]
    when: Callable[["TrialConfig"], bool]
    advice: str


class Inert(NamedTuple):
    """A knob that nothing reads under a condition; it is then reset to its default."""

    knob: str
    default: Any
    when: Callable[["TrialConfig"], bool]


def read(config: "TrialConfig", path: str, absent: Any = None) -> Any:
    """The value of a knob by its dotted name; `absent` where there is no such knob."""
    value: Any = config
    for name in path.split("."):
        value = getattr(value, name, absent)
    return value
