"""Rules of what plug-ins bring."""

from typing import TYPE_CHECKING

from harness.config.catalog import ARCHITECTURES
from harness.config.trial.rule import Clash, read

if TYPE_CHECKING:
    from harness.config.trial.root import TrialConfig


def _absent(network: str) -> Clash:
    """An architecture that lacks the network which it is to be."""

    def lacks(config: "TrialConfig") -> bool:
        return not getattr(ARCHITECTURES[read(config, f"{network}.architecture")], network)

    return Clash(
        (f"{network}.architecture", "training.update"),
        lacks,
        f"this plug-in has no {network}: set {network}.architecture to another",
    )


CLASHES = (
    _absent("generator"),
    _absent("discriminator"),
    Clash(
        ("penalties", "training.update"),
        lambda c: c.training.update == "variational" and len(c.penalties.plugged) > 0,
        "a variational autoencoder plays no game: leave the penalties of plug-ins out",
    ),
)
