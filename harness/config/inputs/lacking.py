"""Files that a study names, that are not on this machine, and whose content a record knows."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from harness.config.inputs.encoder_file import looked_for

CONTENT = {  # knob with a path → knob with the content of what is there
    "evaluation.encoder": "evaluation.encoder_content",
    "data.path": "data.content",
}
CHOICE = {  # knob with a path → further knobs, on which the content depends
    "evaluation.encoder": (),
    "data.path": ("data.train_split", "data.validation_split", "data.validation_fraction"),
}

Recorded = Callable[[Mapping[str, Any], str], str | None]
"""Values of knobs, and the knob of a content → that content in the record of a trial with these
values, if any.
"""


class Lacking(NamedTuple):
    """A missing file or folder."""

    knob: str  # that has its path
    path: str
    content: str

    def __str__(self) -> str:
        what = f"{self.knob}: {self.path}{looked_for(Path(self.path))}: missing. "
        if self.knob == "data.path":
            return what + (
                "Put the images there with which this study was trained; `plan` says so if they "
                "are others"
            )
        return what + (
            "Put the file there whose SHA-256 begins with "
            f"{self.content.removesuffix('-bytes')}: this study was scored with it, and KIDs of "
            "another encoder are not comparable"
        )


def recalled(knobs: Mapping[str, Any], knob: str, recorded: Recorded | None) -> Lacking | None:
    """The file or folder that a knob names, if it is not here and a record knows its content."""
    path = knobs[knob]
    if recorded is None or path is None or Path(path).expanduser().exists():
        return None
    content = recorded({name: knobs[name] for name in (knob, *CHOICE[knob])}, CONTENT[knob])
    return Lacking(knob, path, content) if content else None
