"""Text of a terminal that is folded into a column and never cut.

A word is broken nowhere. A name, which may be longer than a column, is folded after a joint
(`generator.`, else `batch_`), so names that differ stay different at every width.
"""

import re
from collections.abc import Iterator

from rich.cells import cell_len, chop_cells
from rich.text import Text

# joints of a name, and of a part between two of them; none is in a number, such as 0.5 or 2e-4
_PARTS = re.compile(r"(?<=[.=,/:])(?![.=,/:])(?<!\d\.(?=\d))")
_SPACES = re.compile(r" (?!%)")  # between words
_SIDES = re.compile("(?<!=) (?!=)")  # the same in a name
_WORDS = re.compile(r"(?<=[_-])(?![_-])(?<!^-)(?<!\d-)(?<!\de-)")


class Cell:
    """Words in one style, as many on a line as there is room for."""

    def __init__(self, *words: str, style: str = "") -> None:
        """A word is kept whole, with the spaces that it contains."""
        self.words, self.style = words, style

    @property
    def least(self) -> int:
        """Columns of the terminal without which a word would be broken."""
        return max((cell_len(part) for word in self.words for part in self._parts(word)), default=0)

    @property
    def most(self) -> int:
        """Columns of the terminal on which all is one line."""
        return cell_len(" ".join(self.words))

    def lines(self, width: int) -> list[Text]:
        """The words folded into lines of at most `width`."""
        return [Text(line, self.style) for line in self._folded(width)]

    def _parts(self, word: str) -> list[str]:
        return [word]

    def _folded(self, width: int) -> Iterator[str]:
        line = None
        for word in self.words:
            if line is not None and cell_len(f"{line} {word}") <= width:
                line = f"{line} {word}"
                continue
            if line is not None:
                yield line
            *full, line = _broken(word, width)
            yield from full
        yield line or ""


class Name(Cell):
    """Names, which are folded at their joints."""

    @classmethod
    def of(cls, text: str, style: str = "") -> "Name":
        """A name of several words, such as a title, between which a line may end, too.

        Both sides of an equals sign are one word: "beta_1 = 0.5".
        """
        return cls(*_SIDES.split(text), style=style)

    def _parts(self, word: str) -> list[str]:
        return [piece for part in _PARTS.split(word) for piece in _WORDS.split(part)]


class Stack:
    """Cells below each other in one."""

    def __init__(self, *cells: Cell) -> None:
        self.cells = cells
        self.least = max(cell.least for cell in cells)
        self.most = max(cell.most for cell in cells)

    def lines(self, width: int) -> list[Text]:
        """The lines of all."""
        return [line for cell in self.cells for line in cell.lines(width)]


def _broken(word: str, width: int) -> list[str]:
    """A word that may be too long for a line: folded at its joints, or else anywhere."""
    if cell_len(word) <= width:
        return [word]
    lines = [""]
    parts = [_fitting(part, width) for part in _PARTS.split(word)]
    for piece in (piece for part in parts for piece in part):
        if cell_len(lines[-1] + piece) <= width:
            lines[-1] += piece
        else:
            lines.append(piece.lstrip())
    return [line for line in lines if line]


def _fitting(part: str, width: int) -> list[str]:
    """A part of a name in pieces that fit a line."""
    if cell_len(part) <= width:
        return [part]
    return [cut for piece in _WORDS.split(part) for cut in chop_cells(piece, max(2, width))]


def prose(text: str, style: str = "") -> Cell:
    """Text whose words are parted by plain spaces; a number and its % are one word.

    Other spaces hold numbers together.
    """
    return Cell(*_SPACES.split(text), style=style)


def shared(least: list[int], most: list[int], room: int) -> list[int] | None:
    """Widths of columns: what is left after the least that each needs goes to the narrowest first.

    None if there is not even room for the least.
    """
    widths, left = list(least), room - sum(least)
    if left < 0:
        return None
    while left and (short := [at for at, width in enumerate(widths) if width < most[at]]):
        narrow = min(short, key=widths.__getitem__)
        # up to the next wider one, so that equals grow together
        steps = [widths[at] - widths[narrow] for at in short if widths[at] > widths[narrow]]
        gain = min([left, most[narrow] - widths[narrow], *(steps or [1])])
        widths[narrow] += gain
        left -= gain
    return widths
