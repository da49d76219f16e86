"""Tables of the command line: every verb's, so that none breaks a word or cuts a name."""

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from harness.core.folding import Cell, Stack, prose, shared

VERDICTS = {"better": "bold blue", "worse": "bold yellow"}
_GAP = "  "  # between columns
_INDENT = "  "  # of a row's fields that stand below each other

Given = str | Text | Cell | Stack


class Table:
    """Rows with a head. Where the columns do not fit, each row is a block, a field a line."""

    def __init__(
        self, columns: Sequence[str], right: Sequence[str] = (), whole: Sequence[str] = ()
    ) -> None:
        """`right`: columns of numbers; cells of these and of `whole` are never folded.

        Columns without a name have no head.
        """
        self._columns, self._right, self._whole = columns, right, {*right, *whole}
        self._heads = [prose(name, "bold") for name in columns]
        self._rows: list[list[Cell | Stack]] = []
        self._remarks: list[Cell] = []  # one a row

    def add_row(self, *cells: Given, remark: str = "") -> None:
        """Add a row, a cell a column; the last ones may be left out.

        `remark`: a sentence on the row, which follows it and is as wide as the table may be.
        """
        self._remarks.append(prose(remark))
        rest = [""] * (len(self._columns) - len(cells))
        pairs = zip((*cells, *rest), self._columns, strict=True)
        self._rows.append([self._cell(cell, name) for cell, name in pairs])

    def _cell(self, cell: Given, column: str) -> Cell | Stack:
        if isinstance(cell, Cell | Stack):
            return cell
        plain, style = (cell.plain, str(cell.style)) if isinstance(cell, Text) else (cell, "")
        return Cell(plain, style=style) if column in self._whole else prose(plain, style)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        room = options.max_width - 1 - len(_GAP) * (len(self._columns) - 1)
        columns = list(zip(self._heads, *self._rows, strict=True))
        least = [max(cell.least for cell in column) for column in columns]
        most = [max(cell.most for cell in column) for column in columns]
        widths = shared(least, most, room)
        width = options.max_width
        yield from self._grid(widths, width) if widths else self._blocks(width)

    def _grid(self, widths: Sequence[int], width: int) -> Iterator[Text]:
        if any(self._columns):
            yield Text("")
            yield from self._lines(self._heads, widths)
            yield Text(" " + "─" * (sum(widths) + len(_GAP) * (len(widths) - 1)))
        for row, remark in zip(self._rows, self._remarks, strict=True):
            yield from self._lines(row, widths)
            yield from _indented(remark, f" {_INDENT}", width)
        if any(self._columns):
            yield Text("")

    def _lines(self, row: Sequence[Cell | Stack], widths: Sequence[int]) -> Iterator[Text]:
        cells = [cell.lines(width) for cell, width in zip(row, widths, strict=True)]
        for at in range(max(map(len, cells))):
            line = Text(" " if any(self._columns) else "")
            for number, (lines, width) in enumerate(zip(cells, widths, strict=True)):
                text = lines[at] if at < len(lines) else Text("")
                space = " " * (width - cell_len(text.plain))
                right = self._columns[number] in self._right
                line.append(_GAP if number else "")
                line.append_text(Text(space) + text if right else text + Text(space))
            line.rstrip()
            yield line

    def _blocks(self, width: int) -> Iterator[Text]:
        """Each row below its first cell, which is left out where it is empty."""
        for (first, *others), remark in zip(self._rows, self._remarks, strict=True):
            for line in first.lines(width) if first.most else ():
                line.stylize("bold")
                yield line
            for name, cell in zip(self._columns[1:], others, strict=True):
                label = f"{_INDENT}{name}: " if name else _INDENT
                lines = cell.lines(width - len(label))
                if any(line.plain for line in lines):
                    yield from _beside(label, lines)
            yield from _indented(remark, _INDENT, width)


def _indented(cell: Cell, indent: str, width: int) -> Iterator[Text]:
    """The lines of a cell, or none where it is empty."""
    for line in cell.lines(width - len(indent)) if cell.most else ():
        yield Text(indent) + line


def _beside(label: str, lines: Sequence[Text]) -> Iterator[Text]:
    for number, line in enumerate(lines):
        yield Text(label if number == 0 else " " * len(label)) + line


def listing(rows: Sequence[tuple[str, str, str]]) -> Table:
    """Names, never folded, each with a text and a dim line below it."""
    table = Table(("", ""))
    for name, text, below in rows:
        table.add_row(Cell(name), Stack(prose(text), prose(below, "dim")))
    return table
