"""Figures before they are drawn: by this process when they are asked for, or by another one."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from harness.report.plots.style import Figure


class Drawing(NamedTuple):
    """One figure, for papers and for a page."""

    svg: str
    png: bytes


class Sketch:
    """How a figure is drawn at a width in inches, and what was drawn: each way once."""

    def __init__(self, draw: "Callable[..., Figure]", *info: Any) -> None:
        """`draw(*info, width)` draws it."""
        self._draw, self._info = draw, info
        self._made: dict[str, Any] = {}
        self._awaited: Callable[[], object] | None = None

    def __call__(self, width: float) -> "Figure":
        """Draw it, whatever was drawn before."""
        return self._draw(*self._info, width)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._draw, *self._info)

    @property
    def drawing(self) -> Drawing:
        """As wide as a page, for papers."""
        drawn: Drawing = self.drawn("drawing")
        return drawn

    @property
    def narrow(self) -> str:
        """As wide as a phone, as SVG."""
        drawn: str = self.drawn("narrow")
        return drawn

    def drawn(self, way: str) -> Any:
        """Drawn by one of the functions of `plots.style`."""
        if self._awaited:
            awaited, self._awaited = self._awaited, None
            awaited()
        if way not in self._made:
            from harness.report.plots import style  # with matplotlib, which only drawing needs

            self._made[way] = getattr(style, way)(self)
        return self._made[way]

    def expect(self, arrive: Callable[[], object]) -> None:
        """Another process draws it: `arrive` waits for that, and has it `receive` what it can."""
        self._awaited = arrive

    def receive(self, made: Mapping[str, Any]) -> None:
        """Drawings that another process made, by way."""
        self._made |= made
