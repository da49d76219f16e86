"""What plug-ins are written with (docs/plugins.md): a module beside a study, or a package.

A module has tables, a package entry points `harness.<table in small letters>`: LOSSES (`Loss`),
PENALTIES (functions), DATASETS (`Dataset`), NETWORKS (`Network`), ENCODERS (`Encoder`), DESIGNS
(functions of `Asked` that give a `Draft`), TIPS (`Tip`) and SOURCES (text).
"""

from harness.config.plugged import Dataset, Encoder, Loss, Network
from harness.heuristics.schema import Claim, Tip
from harness.plan.drafts import REFERENCE, Asked, Contrast, Draft, label, pair

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
