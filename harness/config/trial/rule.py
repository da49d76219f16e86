"""The two kinds of rules between knobs."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.core.errors import HarnessError

if TYPE_CHECKING:
    from harness.config.trial.root import TrialConfig


class Clash(NamedTuple):
    """Knobs that exclude each other, with advice on what to change."""

    knobs: tuple[str, ...]
    when: Callable[["TrialConfig"], bool]
    advice: str


class Inert(NamedTuple):
    """A knob without effect under a condition; it is then reset to its default."""

    knob: str
    when: Callable[["TrialConfig"], bool]


def read(config: "TrialConfig", path: str, absent: Any = None) -> Any:
    """The value of a knob by its dotted name; `absent` if there is no such knob."""
    value: Any = config
    for name in path.split("."):
        value = getattr(value, name, absent)
    return value


def default_of(config: "TrialConfig", path: str) -> Any:
    """The default of a knob, as its section declares it."""
    section, _, leaf = path.rpartition(".")
    return type(read(config, section)).model_fields[leaf].default


def depth_of(image_size: int) -> int:
    """Stride-2 blocks between 4 pixels and `image_size`."""
    depth = (image_size // 4).bit_length() - 1
    if image_size != 4 * 2**depth or depth < 1:
        lower = 4 * 2 ** max(depth, 1)
        sizes = f"{lower} and {2 * lower}" if depth >= 1 else "8"
        raise HarnessError(
            f"data.image_size: {image_size} is not 4 times a power of two; the nearest are {sizes}"
        )
    return depth
