"""The configurations of a study that is expanded."""

from harness.config.identity import identify
from harness.config.inputs.content import Contents
from harness.config.patch import Patch, resolve
from harness.config.trial import TrialConfig


class Configs:
    """Configurations by their layers, each made once: a design asks for cells before they are."""

    def __init__(self, contents: Contents) -> None:
        """`contents`: of the files that they name."""
        self._contents = contents
        self._made: dict[str, TrialConfig] = {}
        self._identities: dict[str, str] = {}

    def identity(self, layers: list[Patch]) -> str:
        """Of what they train and how it is scored."""
        name = repr(layers)
        if name not in self._identities:
            self._identities[name] = identify(self.of(layers))
        return self._identities[name]

    def of(self, layers: list[Patch]) -> TrialConfig:
        """Resolved, with what follows from files."""
        name = repr(layers)
        if name not in self._made:
            self._made[name] = self._contents.fill(resolve(layers))
        return self._made[name]
