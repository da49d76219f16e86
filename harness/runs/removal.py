"""Removal from a trial's folder, in one step each: leftovers, weights, the whole folder."""

from pathlib import Path

from harness.core.leftovers import discard, sweep
from harness.core.lock import Busy
from harness.runs import layout
from harness.runs.digests import read_seal
from harness.runs.recorder import Recorder


def sweep_trial(folder: Path) -> None:
    """Remove what a killed process left in a trial's folder, optimiser states that were to go too.

    Nothing of a trial that somebody trains or reads.
    """
    if not folder.exists():
        return
    try:
        with Recorder(folder) as recorder:
            sweep(*recorder.parts())
            if (folder / layout.RESULT).exists():
                discard(folder / layout.PROGRESS)
                ended = read_seal(folder)
                if ended and not ended.keeps_checkpoint:
                    discard(folder / layout.CHECKPOINT)
    except Busy:
        return


def free(folder: Path, whole: bool) -> int:
    """Remove a trial's weights, or all of it, in one step; how many bytes. Raises Busy."""
    with Recorder(folder):
        freed = held(folder, whole)
        for path in _parts(folder, whole):
            discard(path)
    return freed


def held(folder: Path, whole: bool) -> int:
    """How many bytes a trial's weights hold, or all of it."""
    files = (file for path in _parts(folder, whole) for file in path.rglob("*") if file.is_file())
    return sum(file.stat().st_size for file in files)


def _parts(folder: Path, whole: bool) -> list[Path]:
    names = (layout.GENERATORS, layout.CHECKPOINT)
    return [folder] if whole else [folder / name for name in names]
