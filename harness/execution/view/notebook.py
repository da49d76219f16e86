"""The live view in a notebook: one output that is updated in place."""

from io import StringIO
from typing import Any

from rich.console import Console, RenderableType

WIDTH, HEIGHT = 96, 24  # characters


class Output:
    """Takes what rich's `Live` takes, and keeps the last of it in the notebook, as text."""

    def __init__(self) -> None:
        from IPython.display import display  # there where a notebook is

        self.console = Console(
            file=StringIO(), width=WIDTH, height=HEIGHT, color_system=None, force_jupyter=False
        )
        self._handle: Any = display({"text/plain": ""}, raw=True, display_id=True)

    def update(self, drawn: RenderableType, refresh: bool = True) -> None:
        """Show `drawn` in the place of what was shown before."""
        with self.console.capture() as captured:
            self.console.print(drawn)
        self._handle.update({"text/plain": captured.get()}, raw=True)
