"""How the arguments of every verb are read: an option that is given twice is a mistake."""

from collections import Counter
from typing import Any

from typer.core import TyperCommand

from harness.core.errors import HarnessError


class Verb(TyperCommand):
    """A command that refuses options that contradict one another, where the last one would win."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Check how often each option was given, then read the arguments."""
        if not ctx.resilient_parsing:  # of a shell that completes a line
            _, _, given = self.make_parser(ctx).parse_args(args=list(args))
            for option, times in Counter(given).items():
                if times > 1 and _takes_one(option):
                    names = [name for name in option.opts if name.startswith("--")]
                    raise HarnessError(_twice(names[0], option.secondary_opts))
        return super().parse_args(ctx, args)


def _takes_one(option: Any) -> bool:
    """Whether a second value would replace the first."""
    plain = option.param_type_name == "option" and not option.multiple
    return plain and (not option.is_flag or bool(option.secondary_opts))


def _twice(name: str, opposite: list[str]) -> str:
    if opposite:
        return f"{name} and {opposite[0]} contradict each other: give one of them, once"
    return f"{name} is given twice: give it once"
