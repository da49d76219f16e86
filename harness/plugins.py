"""Classes for plug-ins (docs/plugins.md): modules next to a study, and installed packages.

A module has tables, a package entry points `harness.<table in small letters>`: LOSSES (`Loss`),
PENALTIES (functions), DATASETS (`Dataset`), NETWORKS (`Network`), ENCODERS (`Encoder`), DESIGNS
(functions of `Asked` that give a `Draft`), TIPS (`Tip`) and SOURCES (text).
"""

from harness.config.plugged import Dataset, Encoder, Loss, Network
from harness.heuristics.schema import Claim, Tip
from harness.plan.drafts import Asked, Contrast, Draft, label, pair
from harness.runs.plan import REFERENCE

__all__ = [
    "REFERENCE",
    "Asked",
    "Claim",
    "Contrast",
    "Dataset",
    "Draft",
    "Encoder",
    "Loss",
    "Network",
    "Tip",
    "label",
    "pair",
]
