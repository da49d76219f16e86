"""Actions that a test has run in a process of their own."""

import os


class ImportsTensorFlow:
    """An argument that takes note of the environment when it is unpickled."""

    def __getstate__(self):
        return {"seen": ""}

    def __setstate__(self, state):
        self.seen = os.environ.get("TF_ENABLE_ONEDNN_OPTS", "")


def onednn(argument):
    """1 where oneDNN is asked for, when the argument arrives or later."""
    return lambda: float(bool(argument.seen or os.environ.get("TF_ENABLE_ONEDNN_OPTS")))


def fails():
    """An action that ends its process."""
    return lambda: os._exit(3)
