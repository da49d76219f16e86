"""The terminal: sentences that break no word, and the step that is worked on."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from harness.core.folding import prose


class Terminal(Console):
    """A console for text that is never markup and never coloured by what it looks like."""

    def __init__(self, stderr: bool = False) -> None:
        super().__init__(highlight=False, markup=False, stderr=stderr)

    def say(self, text: str, style: str = "", indent: int = 0) -> None:
        """Print sentences, a paragraph a line of `text`.

        On a terminal they are folded between words; other programs get whole lines.
        """
        for paragraph in text.split("\n"):
            before = " " * indent
            width = self.width - indent if self.is_terminal else len(paragraph) + 1
            for line in prose(paragraph, style).lines(width):
                self.print(Text(before) + line, soft_wrap=True)


@contextmanager
def step(name: str, console: Console | None = None) -> Iterator[None]:
    """Show that a step is worked on: a line that moves on a terminal, else a plain one.

    Standard error is for errors: without a terminal it gets no line.
    """
    console = console or Terminal()
    if not console.is_terminal:
        if not console.stderr:
            console.print(f"{name} …", soft_wrap=True)
        yield
        return
    with console.status(Text(f"{name} …")):
        yield
