"""Messages of Ray while a run is shown: into the run's log, so that the view stays whole."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from rich.console import Console

_END = b"\0"
# Ray may end this process from its own threads, as after the death of its head, with a last line on
# standard error. So the log is written by a process that outlives this one, and tells that line.
_SCRIBE = r"""
import re, sys, time
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
    others = _text(os.dup(2))
    streams = sys.stdout, sys.stderr
    # the view's own stream, which must not be what has just been led elsewhere
    view = _text(os.dup(outside)) if _is_stderr(sys.stdout) else sys.stdout
    sys.stdout = sys.stderr = others
    try:
        yield Console(file=view)
    finally:
        sys.stdout, sys.stderr = streams
        others.flush()
        os.write(2, _END)
        os.dup2(outside, 2)
        os.close(outside)
        for stream in (others, *({view} - {streams[0]})):
            stream.close()
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


def _text(descriptor: int) -> TextIO:
    return os.fdopen(descriptor, "w", buffering=1, errors="replace")


def _is_stderr(stream: TextIO) -> bool:
    try:
        return stream.fileno() == 2
    except (OSError, io.UnsupportedOperation):  # of a notebook or a test: it has none
        return False


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0
