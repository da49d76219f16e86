"""A process that draws the figures of a report while another one makes the rest of it.

Drawing is half of the work of a report, and loading matplotlib and seaborn a tenth: with a second
core, a reader waits for neither. The process ends with its work, or when nobody listens any more.
Whatever it cannot do is done by who asked.
"""

import pickle
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import IO, Self

from harness.core.interpreter import python
from harness.core.lean import collect_rarely, without
from harness.report.blocks import Block, Figure
from harness.report.sketch import Sketch

WAYS = ("drawing", "narrow")  # in which each is drawn
SIZE = 8  # bytes before each message: how long it is


class Studio:
    """The process, for as long as a `with` lasts."""

    def __init__(self) -> None:
        self._begun: list[Sketch] = []
        self._process: subprocess.Popen[bytes] | None = None
        with suppress(OSError):  # no room for another process: who asks will draw
            self._process = subprocess.Popen(
                [*python(), "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C reaches the one who asked alone
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate()

    def begin(self, blocks: Iterable[Block]) -> None:
        """Have what these blocks show drawn."""
        for block in blocks:
            if isinstance(block, Figure) and self._process:
                content = pickle.dumps(block.draw)
                with suppress(BrokenPipeError):  # it has died: who asks will draw
                    _write(self._process.stdin, len(content).to_bytes(SIZE), content)
                self._begun.append(block.draw)
                block.draw.expect(self._collect)

    def _collect(self) -> None:
        """Wait until all is drawn."""
        begun, self._begun = self._begun, []
        if not begun or not self._process:
            return
        answer, _ = self._process.communicate()
        with suppress(EOFError, pickle.UnpicklingError):
            for sketch, made in zip(begun, pickle.loads(answer), strict=True):
                sketch.receive(made)


def _write(pipe: IO[bytes] | None, *parts: bytes) -> None:
    if pipe:
        pipe.writelines(parts)
        pipe.flush()


def main() -> None:
    """Draw what arrives on standard input until it ends, then write all that was drawn."""
    collect_rarely()
    messages: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_listen, args=(messages,), daemon=True).start()
    with without("pyarrow", "scipy", "statsmodels"):  # of pandas, and of other plots of seaborn
        from harness.report.plots import style
    made = []
    while message := messages.get():
        sketch = pickle.loads(message)
        made.append({way: getattr(style, way)(sketch) for way in WAYS})
    with suppress(BrokenPipeError):
        _write(sys.stdout.buffer, pickle.dumps(made))


def _listen(messages: "SimpleQueue[bytes]") -> None:
    """Take each message at once, so that nobody waits for a drawing to send the next."""
    while size := sys.stdin.buffer.read(SIZE):
        messages.put(sys.stdin.buffer.read(int.from_bytes(size)))
    messages.put(b"")


if __name__ == "__main__":
    main()
