"""Imports without the log that TensorFlow's libraries write while they are loaded."""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

LEVEL = "TF_CPP_MIN_LOG_LEVEL"
# as absl writes it before it has a level: "I0000 00:00:1795852737.376094   26890 port.cc:153] …"
_LOG = re.compile(rb"[IWEF]\d{4} \d\d:\d\d:|WARNING: All log messages before absl::InitializeLog\(")


@contextmanager
def without_log() -> Iterator[None]:
    """Inside, lines of that log are kept from standard error; others come out at the end.

    Later, only TensorFlow's fatal errors are logged, unless TF_CPP_MIN_LOG_LEVEL says otherwise.
    """
    os.environ.setdefault(LEVEL, "3")
    try:
        outside = os.dup(2)
    except OSError:  # closed
        yield
        return
    with tempfile.TemporaryFile() as kept:
        _flush()
        os.dup2(kept.fileno(), 2)
        try:
            yield
        finally:
            _flush()
            os.dup2(outside, 2)
            os.close(outside)
            kept.seek(0)
            lines = kept.read().splitlines(keepends=True)
            _write(b"".join(line for line in lines if not _LOG.match(line)))


def _flush() -> None:
    if sys.stderr is not None:
        sys.stderr.flush()


def _write(text: bytes) -> None:
    while text:
        text = text[os.write(2, text) :]
