"""Code and tips from outside the harness, as a plan records them."""

from collections.abc import Mapping

from harness.runs.record import Items, Record


class ModuleRecord(Record):
    """A module next to the study, which workers import."""

    file: str
    digest: str  # 16 hex of its code


class PluginRecord(Record):
    """A name that a plan uses and the harness does not have itself."""

    kind: str  # of the table: losses, tips, ...
    name: str
    origin: str  # a file, or a package with its version
    digest: str  # 16 hex of the code or of the file of tips


class PluginsRecord(Record):
    """The plug-ins of a plan."""

    modules: Items[ModuleRecord] = ()
    used: Items[PluginRecord] = ()
    sources: Mapping[str, str] = {}  # that tips from outside cite: name → who, when, what, where
