"""Checks of the trials in the record: complete, damaged, missing, left over."""

import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from harness.app.doctor.finding import Finding, left
from harness.config.identity import key
from harness.config.patch import flatten, schedule, unflatten
from harness.core.errors import Damaged, HarnessError
from harness.core.files import json_text, parse_json, parse_lines, read_bytes, write_atomically
from harness.core.leftovers import discard, set_aside
from harness.core.lock import Busy
from harness.runs import layout
from harness.runs.digests import (
    ALONE,
    FOLDERS,
    Seal,
    checked_seal,
    differing,
    digest_of,
    forget,
    present,
)
from harness.runs.pictures import whole_png
from harness.runs.recorder import Recorder
from harness.runs.status import Status
from harness.runs.trial import Trial

RECORD = "record"
UNSEALED = (layout.FAILURE, layout.PRUNED, layout.PROGRESS)


class Planned(NamedTuple):
    """A trial as its plan has it."""

    knobs: Mapping[str, Any]  # with the seed
    request: str  # of its metric
    again: str  # the command that trains what is missing


def check_trial(trial: Trial, planned: Planned | None) -> Iterator[Finding]:
    """All faults of one trial's folder."""
    yield from left(RECORD, *Recorder(trial.folder).parts())
    seal, damage = _seal(trial.folder)
    yield from damage
    sealed = differing(trial.folder, seal) if seal else {}
    faults = {**sealed, **_unreadable(trial.folder, sealed)}
    ended = (trial.folder / layout.RESULT).exists()
    if seal and not ended:
        faults.pop(trial.folder / layout.RESULT, None)
        yield _cut_off(trial, seal, planned)
    for path, why in faults.items():
        yield _damaged(trial, path, why, planned, ended)
    if faults or not ended:
        return
    if not seal and not damage:
        yield Finding(
            RECORD, str(trial.folder), "not verified: it has no digests (from an earlier version)",
            wrong=False,
        )  # fmt: skip
    if planned:
        yield from _scores(trial, planned)


def _seal(folder: Path) -> tuple[Seal | None, list[Finding]]:
    try:
        return checked_seal(folder), []
    except Damaged as error:
        path, why = error.path, error.why
        mend = _under_lock(folder, lambda recorder: _aside(recorder, path, why))
        remedy = "without it the trial cannot be verified"
        return None, [Finding(RECORD, str(path), f"damaged: {why}", remedy, mend=mend)]


def _again(planned: Planned | None) -> str:
    """The command that trains a trial, where a plan has it."""
    return planned.again if planned else "harness run of a study that needs it"


def _cut_off(trial: Trial, seal: Seal, planned: Planned | None) -> Finding:
    """Digests without a result: the trial was killed at its end, or the result was removed."""
    path = trial.folder / layout.RESULT
    if layout.RESULT in seal.files and not any(Recorder(trial.folder).checkpoints()):
        again = f"{_again(planned)} trains it again"

        def mend(recorder: Recorder) -> str:
            discard(recorder.folder / layout.DIGESTS)
            return again

        return Finding(RECORD, str(path), "lost", again, mend=_under_lock(trial.folder, mend))
    return Finding(RECORD, str(path), "the trial was interrupted at its end",
                   f"{_again(planned)} finishes it", wrong=False)  # fmt: skip


def _damaged(trial: Trial, path: Path, why: str, planned: Planned | None, ended: bool) -> Finding:
    """A damaged or missing file, and the smallest repair."""
    name = path.relative_to(trial.folder).as_posix()
    folder = name.partition("/")[0]

    def mend(recorder: Recorder) -> str:
        if name == layout.CONFIG and _config_again(recorder.folder, planned):
            return "written again from the plan"
        alone = folder in (layout.SAMPLES, layout.GENERATORS, layout.CHECKPOINT) or name in BESIDES
        if not ended or alone:
            return _aside(recorder, path, why)
        if folder == layout.EVALUATIONS and _generators_kept(trial):
            both = [path.with_suffix(end) for end in (".json", ".jsonl")]
            gone = both if path.suffix == ".jsonl" else [path]
            done = [_aside(recorder, each, why) for each in gone if each.exists()]
            forget(recorder.folder, {each.relative_to(recorder.folder).as_posix() for each in gone})
            return "; ".join([*done, f"{_again(planned)} scores it again"])
        return _whole_aside(recorder, _again(planned))

    def unlocked() -> str:
        return f"kept as {set_aside(path, trial.folder / layout.ASIDE, path.name)}"

    act = unlocked if name == layout.LOCK else _under_lock(trial.folder, mend)
    what = "lost" if why == "it is missing" else f"damaged: {why}"
    return Finding(RECORD, str(path), what, _remedy(folder, name, ended, _again(planned)), mend=act)


BESIDES = (
    *layout.PICTURES,
    layout.NEAREST,
    layout.ENVIRONMENT,
    layout.LOG,
    layout.LOCK,
    *UNSEALED,
)  # a trial counts without them


def _remedy(folder: str, name: str, ended: bool, again: str) -> str:
    if name == layout.CONFIG:
        return "--fix writes it again from the plan, or moves it or the trial aside"
    if folder == layout.SAMPLES or name in (*layout.PICTURES, layout.NEAREST):
        return "reports are rendered without it"
    if folder == layout.GENERATORS:
        return "its scores remain; another metric may lack a point"
    if name in BESIDES or not ended:
        return f"--fix moves it aside; {again} continues without it"
    if folder == layout.EVALUATIONS:
        return f"--fix moves it aside; {again} scores or trains the trial again"
    return f"--fix moves the trial aside; {again} trains it again"


def _aside(recorder: Recorder, path: Path, why: str) -> str:
    if path.exists():
        return f"kept as {recorder.set_aside(path, why)}"
    forget(recorder.folder, {path.relative_to(recorder.folder).as_posix()})
    return "removed from the list of its files"


def _whole_aside(recorder: Recorder, again: str) -> str:
    folder = recorder.folder
    kept = set_aside(folder, folder.parent.parent / layout.ASIDE, folder.name)
    return f"the trial is kept as {kept}; {again} trains it again"


def _config_again(folder: Path, planned: Planned | None) -> bool:
    """Write the knobs from the plan if they match the trial's key."""
    if planned is None:
        return False
    try:
        config = unflatten(planned.knobs)
    except HarnessError:
        return False
    text = json_text(flatten(config))
    if key(config) != folder.name:
        return False
    seal = checked_seal(folder) if (folder / layout.DIGESTS).exists() else None
    if seal and seal.files.get(layout.CONFIG) != digest_of(layout.CONFIG, text.encode()):
        return False
    discard(folder / layout.CONFIG)
    write_atomically(folder / layout.CONFIG, text)
    return True


def _generators_kept(trial: Trial) -> bool:
    """Whether the weights for a metric's last rows exist."""
    try:
        config = trial.config()
        result = trial.result()
    except HarnessError:
        return False
    finished = result is not None and result.status is Status.FINISHED
    needed = config.final_iterations if finished else []
    paths = (trial.folder / layout.generator(at) for at in needed)
    return all(not _no_archive(path) for path in paths)


def _scores(trial: Trial, planned: Planned) -> Iterator[Finding]:
    """Whether a readable trial has the scores that the plan needs."""
    identity = trial.metric(planned.request)
    planned_evaluations = schedule(planned.knobs)
    if identity is None:
        yield Finding(
            RECORD, str(trial.folder), "not scored with the metric of the plan",
            f"{_again(planned)} scores it", wrong=False,
        )  # fmt: skip
    elif not trial.complete(identity, planned_evaluations):
        path = trial.folder / layout.scores(identity)
        why = f"evaluation rows up to number {planned_evaluations.evaluations} are missing"
        yield _damaged(trial, path, why, planned, ended=True)


def _unreadable(folder: Path, known: Mapping[Path, str]) -> dict[Path, str]:
    """Damaged files: path → fault."""
    names = [*present(folder), *(name for name in UNSEALED if (folder / name).is_file())]
    states = (folder / layout.CHECKPOINT).glob("[!.]*.npz")
    names += [f"{layout.CHECKPOINT}/{path.name}" for path in states]
    checks = {folder / name: _CHECKS[Path(name).suffix] for name in names}
    faults = {path: check(path) for path, check in checks.items() if path not in known}
    single = (folder / name for name in (*ALONE, *UNSEALED, layout.LOG, layout.LOCK))
    inside = [path for part in FOLDERS for path in (folder / part).glob("[!.]*")]
    folders = [path for path in (*single, *inside) if path.is_dir() and path not in known]
    return {path: why for path, why in faults.items() if why} | dict.fromkeys(
        folders, "a folder in place of a file"
    )


def _no_json(path: Path) -> str:
    return _damage(lambda: parse_json(path, read_bytes(path) or b""))


def _no_rows(path: Path) -> str:
    return _damage(lambda: parse_lines(path, read_bytes(path) or b""))


def _no_picture(path: Path) -> str:
    return "" if whole_png(path) else "not a complete image"


def _no_archive(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
        return f"the array {broken} is damaged" if broken else ""
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, NotImplementedError) as error:
        return f"not a complete archive of arrays ({error})"


def _damage(read: Callable[[], object]) -> str:
    try:
        read()
    except Damaged as error:
        return error.why
    return ""


_CHECKS = {".json": _no_json, ".jsonl": _no_rows, ".png": _no_picture, ".npz": _no_archive}


def _under_lock(folder: Path, act: Callable[[Recorder], str]) -> Callable[[], str]:
    """Call `act` if no process trains, scores or reads the trial; else do nothing."""

    def mend() -> str:
        if not folder.exists():
            return "moved aside with the trial"
        try:
            with Recorder(folder) as recorder:
                return act(recorder)
        except Busy:
            return ""

    return mend
