"""Looking at the trials of the record: whole, damaged, lost, left over."""

import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.app.doctor.finding import Finding, left
from harness.config.identity import key
from harness.config.patch import flatten, unflatten
from harness.core.errors import Damaged, HarnessError
from harness.core.files import json_text, parse_json, parse_lines, read_bytes, write_atomically
from harness.core.leftovers import discard, set_aside
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
from harness.runs.recorder import Busy, Recorder
from harness.runs.trial import FINISHED, Trial, last_evaluations

RECORD = "record"
UNSEALED = (layout.FAILURE, layout.PRUNED, layout.PROGRESS)


def check_trial(trial: Trial, planned: Mapping[str, Any] | None) -> Iterator[Finding]:
    """Everything that is wrong with one trial's folder; `planned` holds its config and request."""
    yield from left(RECORD, *Recorder(trial.folder).parts())
    seal, damage = _seal(trial.folder)
    yield from damage
    sealed = differing(trial.folder, seal) if seal else {}
    found = {**sealed, **_unreadable(trial.folder, sealed)}
    ended = (trial.folder / layout.RESULT).exists()
    if seal and not ended:
        found.pop(trial.folder / layout.RESULT, None)
        yield _cut_off(trial, seal)
    for path, why in found.items():
        yield _damaged(trial, path, why, planned, ended)
    if found or not ended:
        return
    if not seal and not damage:
        yield Finding(
            RECORD, str(trial.folder), "unverified: it has no digests (an earlier version's)",
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
        remedy = "without it the trial is unverified"
        return None, [Finding(RECORD, str(path), f"damaged: {why}", remedy, mend=mend)]


def _cut_off(trial: Trial, seal: Seal) -> Finding:
    """Digests without a result: killed at its very end, or the result was removed."""
    path = trial.folder / layout.RESULT
    if layout.RESULT in seal.files and not any(Recorder(trial.folder).checkpoints()):
        again = "harness run trains it again"

        def mend(recorder: Recorder) -> str:
            discard(recorder.folder / layout.DIGESTS)
            return again

        return Finding(RECORD, str(path), "lost", again, mend=_under_lock(trial.folder, mend))
    return Finding(RECORD, str(path), "the trial was cut off at its end",
                   "harness run ends it", wrong=False)  # fmt: skip


def _damaged(
    trial: Trial, path: Path, why: str, planned: Mapping[str, Any] | None, ended: bool
) -> Finding:
    """A file that is damaged or lost, and the smallest thing that brings it back."""
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
            said = [_aside(recorder, each, why) for each in gone if each.exists()]
            forget(recorder.folder, {each.relative_to(recorder.folder).as_posix() for each in gone})
            return "; ".join([*said, "harness run scores it again"])
        return _whole_aside(recorder)

    def unlocked() -> str:
        return f"kept as {set_aside(path, trial.folder / layout.ASIDE, path.name)}"

    act = unlocked if name == layout.LOCK else _under_lock(trial.folder, mend)
    what = "lost" if why == "it is lost" else f"damaged: {why}"
    return Finding(RECORD, str(path), what, _remedy(folder, name, ended), mend=act)


BESIDES = (
    layout.INTERPOLATION,
    layout.ENVIRONMENT,
    layout.LOG,
    layout.LOCK,
    *UNSEALED,
)  # a trial counts without them


def _remedy(folder: str, name: str, ended: bool) -> str:
    if name == layout.CONFIG:
        return "--fix writes it again from the plan, or else sets it or the trial aside"
    if folder == layout.SAMPLES or name == layout.INTERPOLATION:
        return "reports go without it"
    if folder == layout.GENERATORS:
        return "its scores stay; a further metric may lack a point"
    if name in BESIDES or not ended:
        return "--fix sets it aside; harness run goes on without it"
    if folder == layout.EVALUATIONS:
        return "--fix sets it aside; harness run scores or trains the trial again"
    return "--fix sets the trial aside; harness run trains it again"


def _aside(recorder: Recorder, path: Path, why: str) -> str:
    if path.exists():
        return f"kept as {recorder.set_aside(path, why)}"
    forget(recorder.folder, {path.relative_to(recorder.folder).as_posix()})
    return "taken off the list of its files"


def _whole_aside(recorder: Recorder) -> str:
    folder = recorder.folder
    kept = set_aside(folder, folder.parent.parent / layout.ASIDE, folder.name)
    return f"the trial is kept as {kept}; harness run trains it again"


def _config_again(folder: Path, planned: Mapping[str, Any] | None) -> bool:
    """Write the knobs that the plan has, if they are those that the trial is named after."""
    if planned is None:
        return False
    try:
        config = unflatten(planned["config"])
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
    """Whether the weights are there that a metric's last rows are made from."""
    try:
        config = trial.config()
        result = trial.result() or {}
    except HarnessError:
        return False
    needed = config.final_iterations if result.get("status") == FINISHED else []
    paths = (trial.folder / layout.generator(at) for at in needed)
    return all(not _no_archive(path) for path in paths)


def _scores(trial: Trial, planned: Mapping[str, Any]) -> Iterator[Finding]:
    """Whether a readable trial has the scores that the plan asks for."""
    identity = trial.metric(planned["request"])
    evaluations = planned["config"]["training.evaluations"]
    if identity is None:
        yield Finding(
            RECORD, str(trial.folder), "not scored by the metric of the plan",
            "harness run scores it", wrong=False,
        )  # fmt: skip
    elif not trial.complete(identity, evaluations):
        path = trial.folder / layout.scores(identity)
        why = f"rows of evaluations up to {max(last_evaluations(evaluations))} are lost"
        yield _damaged(trial, path, why, planned, ended=True)


def _unreadable(folder: Path, known: Mapping[Path, str]) -> dict[Path, str]:
    """Files that are not what their names say: path → what is wrong."""
    names = [*present(folder), *(name for name in UNSEALED if (folder / name).is_file())]
    states = (folder / layout.CHECKPOINT).glob("[!.]*.npz")
    names += [f"{layout.CHECKPOINT}/{path.name}" for path in states]
    checks = {folder / name: _CHECKS[Path(name).suffix] for name in names}
    found = {path: check(path) for path, check in checks.items() if path not in known}
    single = (folder / name for name in (*ALONE, *UNSEALED, layout.LOG, layout.LOCK))
    inside = [path for part in FOLDERS for path in (folder / part).glob("[!.]*")]
    folders = [path for path in (*single, *inside) if path.is_dir() and path not in known]
    return {path: why for path, why in found.items() if why} | dict.fromkeys(
        folders, "a folder where a file should be"
    )


def _no_json(path: Path) -> str:
    return _damage(lambda: parse_json(path, read_bytes(path) or b""))


def _no_rows(path: Path) -> str:
    return _damage(lambda: parse_lines(path, read_bytes(path) or b""))


def _no_picture(path: Path) -> str:
    return "" if whole_png(path) else "no whole picture"


def _no_archive(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
        return f"the array {broken} is damaged" if broken else ""
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, NotImplementedError) as error:
        return f"no whole archive of arrays ({error})"


def _damage(read: Callable[[], object]) -> str:
    try:
        read()
    except Damaged as error:
        return error.why
    return ""


_CHECKS = {".json": _no_json, ".jsonl": _no_rows, ".png": _no_picture, ".npz": _no_archive}


def _under_lock(folder: Path, act: Callable[[Recorder], str]) -> Callable[[], str]:
    """`act` while nobody trains, scores or reads the trial; else nothing is done."""

    def mend() -> str:
        if not folder.exists():
            return "set aside with the trial"
        try:
            with Recorder(folder) as recorder:
                return act(recorder)
        except Busy:
            return ""

    return mend
