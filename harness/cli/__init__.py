"""The command line. Each verb imports its use case only when it is called, so help is quick."""

from harness.cli.entry import app, main

__all__ = ["app", "main"]
