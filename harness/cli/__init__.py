"""The command line. Each command imports its use case only when called, so help is quick."""

from harness.cli.entry import app, main

__all__ = ["app", "main"]
