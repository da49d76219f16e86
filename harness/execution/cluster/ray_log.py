"""Messages of Ray while a run is shown: into the run's log, so that the view stays whole."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from rich.console import Console

_END = b"\0"
# Ray may end this process from its own threads, as after the death of its head, with a last line on
# standard error. So the log is written by a process that outlives this one, and tells that line.
_SCRIBE = r"""
import re, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)  # who stops a job asks all of its processes
line, at = b"", 0.0
with open(sys.argv[1], "ab") as log:
    for line in sys.stdin.buffer:
        if line.endswith(b"\0"):
            sys.exit()
        log.write(line)
        log.flush()
        at = time.monotonic()
if sys.stderr.isatty():
    sys.stderr.write("\x1b[?25h")  # the view has hidden the cursor
if time.monotonic() - at < 5.0:
    why = re.sub(r"^\[[^\]]*\] \S+ ", "", line.decode(errors="replace").strip())[:300]
    sys.stderr.write(
        f"\nharness: Ray has ended this command: {why}\nWhat had arrived is kept; give the command "
        f"again once the cluster runs. Ray's messages: {sys.argv[1]}\n"
    )
"""


@contextmanager
def kept_in(log: Path) -> Iterator[Console]:
    """Inside, what libraries write to the terminal goes to `log`; yields the console of the view.

    At the end a line says where their messages are, if there are any.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    before = _size(log)
    sys.stdout.flush()
    sys.stderr.flush()
    outside = os.dup(2)
    scribe = _scribe(log)
    streams = sys.stdout, sys.stderr
    # the view's own stream, which must not be what has just been led elsewhere
    view = _copy(outside) if _is_stderr(sys.stdout) else sys.stdout
    sys.stdout = sys.stderr = _Others()
    try:
        yield Console(file=view)
    finally:
        sys.stdout, sys.stderr = streams
        with suppress(BrokenPipeError):  # the scribe was killed
            os.write(2, _END)
        os.dup2(outside, 2)
        os.close(outside)
        if view is not streams[0]:
            view.close()
        scribe.wait()
        if _size(log) > before:
            sys.stderr.write(f"Ray's messages during this run: {log}\n")


def _scribe(log: Path) -> "subprocess.Popen[bytes]":
    """The process that writes the log; standard error leads there from now on."""
    scribe = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _SCRIBE, str(log)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is not for it
    )
    assert scribe.stdin is not None
    os.dup2(scribe.stdin.fileno(), 2)
    scribe.stdin.close()
    return scribe


class _Others(io.TextIOBase):
    """A stream for libraries, into the log; without the scribe nobody hears them."""

    def write(self, text: str) -> int:
        with suppress(BrokenPipeError):
            os.write(2, text.encode(errors="replace"))
        return len(text)


def _copy(descriptor: int) -> TextIO:
    return os.fdopen(os.dup(descriptor), "w", buffering=1, errors="replace")


def _is_stderr(stream: TextIO) -> bool:
    try:
        return stream.fileno() == 2
    except (OSError, io.UnsupportedOperation):  # of a notebook or a test: it has none
        return False


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0
