"""The runs of a study in W&B: where each belongs, what it holds, and which are whole.

runs/studies/<run name>/wandb/
  whole.json                            run key → {digest of what was logged, folder, mode}
  offline-run-<time>-<run id>[-<n>]/    written by W&B; one that has no entry is a fragment
  locks/                                one a run: who writes it now; it dies with its process
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple, TypedDict, get_args

from harness.config.identity import digest
from harness.core.errors import Damaged, HarnessError, unknown
from harness.core.files import read_object, write_json
from harness.core.leftovers import discard, sweep
from harness.core.lock import Busy, lock_file
from harness.runs import layout
from harness.runs.status import Status

Log = Callable[[str], None]
Row = Mapping[str, Any]
Cells = list[float | str | None]  # one row, or column, of a table
Mode = Literal["online", "offline", "disabled"]

RESERVED = re.compile(r"[^A-Za-z0-9_.-]")  # / \ # ? % : and all else that W&B or a path may refuse
TAG_LENGTH = 64  # W&B's limit


@dataclass(frozen=True)
class RunIdentity:
    """Where a run belongs. `directory` is the study's folder; W&B writes to `wandb/` in it."""

    project: str
    run_name: str
    study: str
    profile: str | None
    key: str  # the trial's key, or `report`
    cell: str
    seed: int | None  # None: the report of the study
    directory: Path
    run_id: str = ""  # where a sweep of W&B has begun the run
    notes: str = ""

    @property
    def id(self) -> str:
        """One run a trial and study, whatever the attempts; of a sweep the one that it began."""
        return self.run_id or RESERVED.sub("_", f"{self.run_name}-{self.key}")

    @property
    def name(self) -> str:
        """Its name in W&B."""
        return self.cell if self.seed is None else f"{self.cell}-s{self.seed}"

    @property
    def tags(self) -> tuple[str, ...]:
        """Study, profile and seed, to filter by."""
        tags = {"study": self.study, "profile": self.profile, "seed": self.seed}
        return tuple(f"{k}:{v}"[:TAG_LENGTH] for k, v in tags.items() if v is not None)

    @property
    def folder(self) -> Path:
        """The W&B folder of the study."""
        return self.directory.resolve() / layout.WANDB


@dataclass(frozen=True)
class TrackingSettings:
    """How a run is mirrored; times in seconds."""

    mode: str = ""  # online, offline, disabled; empty: online where an account is configured
    capacity: int = 10_000  # calls that may wait for W&B
    patience: float = 0.0  # how long a call waits when that many do; else it is dropped at once
    timeout: float = 20.0  # for starting a run, and for finishing it
    rewrite: bool = False  # first remove what was logged offline under this id
    machine: bool = False  # whether the run is trained here, so that metrics of this machine count


def check_mode(asked: str) -> None:
    """Raise an error with the nearest choice if `asked` is no mode (empty: as the account says)."""
    if asked and asked not in get_args(Mode):
        raise HarnessError(f"WANDB_MODE: {unknown('tracking mode', asked, get_args(Mode))}")


def content_digest(identity: RunIdentity, config: Row, logged: Row, result: Row) -> str:
    """Digest of all that a run shows, equal whether it was logged live or from the record.

    `logged`: training rows, evaluations as [metric identity, row], iterations of sample grids, the
    digest of the validation images where a record has them; for the report of a study, what
    `StudyReport.logged` says.
    """
    place = [identity.project, identity.run_name, identity.name, list(identity.tags)]
    place.append(identity.notes)
    return digest([place, dict(config), dict(logged), dict(result)])


class Ending(NamedTuple):
    """How a run ended: its status, and its summary, which holds the status, too."""

    status: Status
    summary: dict[str, Any]


class StudyReport(NamedTuple):
    """Content of the run of a finished study: its ranking, and the folder of its report."""

    columns: list[str]
    rows: list[Cells]
    folder: Path
    verdict: str

    @classmethod
    def of(cls, table: Mapping[str, Sequence[Any]], folder: Path, verdict: str) -> "StudyReport":
        """Of a table by its columns: of numbers (None where there is none), or of words."""
        columns = [_column(values) for values in table.values()]
        return cls(list(table), [list(row) for row in zip(*columns, strict=True)], folder, verdict)

    @property
    def verdicts(self) -> dict[str, int]:
        """How many contrasts have each verdict."""
        return dict(Counter(str(row[self.columns.index("verdict")]) for row in self.rows))

    @property
    def figures(self) -> list[Path]:
        """The figures, as PNG."""
        return sorted((self.folder / "figures").glob("*.png"))

    @property
    def files(self) -> list[Path]:
        """Everything in the folder but what is hidden."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return sorted(
            path
            for path in files
            if not any(part.startswith(".") for part in path.relative_to(self.folder).parts)
        )

    def logged(self) -> dict[str, list[Any]]:
        """The content as `content_digest` takes it, files by their digest."""
        contents = [
            [
                path.relative_to(self.folder).as_posix(),
                hashlib.sha256(path.read_bytes()).hexdigest(),
            ]
            for path in self.files
        ]
        return {"ranking": [self.columns, *self.rows], "files": contents}


def _column(values: Sequence[Any]) -> Cells:
    # a NaN is the one value that is not itself
    known = [None if value == "" or value != value else value for value in values]
    if all(value is None or _is_number(value) for value in known):
        return [None if value is None else float(value) for value in known]
    return ["" if value is None else str(value) for value in known]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class Entry(TypedDict):
    """A whole run: the digest of what it holds, its folder's name, the mode it was written in."""

    digest: str
    folder: str
    mode: str


def acquire(folder: Path, name: str, *, wait: bool = False) -> IO[str]:
    """Take the lock `name`; closing the file gives it back."""
    path = folder / "locks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("w")
    try:
        lock_file(file, wait=wait)
    except Busy:
        file.close()
        raise Busy(f"{name} is being written by another process") from None
    return file


@contextmanager
def held(folder: Path, name: str, *, wait: bool = False) -> Iterator[None]:
    """Hold the lock `name`."""
    with acquire(folder, name, wait=wait):
        yield


def entries(folder: Path) -> dict[str, Entry]:
    """Every run that was marked whole, by its key."""
    marks: dict[str, Entry] = read_object(folder / "whole.json") or {}
    for key, entry in marks.items():
        if not isinstance(entry, dict) or set(Entry.__annotations__) - entry.keys():
            raise Damaged(folder / "whole.json", f"the entry {key!r} is not whole")
    return marks


def mark(folder: Path, key: str, entry: Entry | None) -> None:
    """Mark a run as whole, or with None as not; workers that end together do not lose a mark."""
    with held(folder, "whole", wait=True):
        others = {name: value for name, value in entries(folder).items() if name != key}
        write_json(folder / "whole.json", others | ({key: entry} if entry else {}))


def offline_folders(folder: Path, run_id: str) -> list[Path]:
    """Everything that was logged offline under this id, in the order of starting."""
    name = re.compile(rf"offline-run-\d{{8}}_\d{{6}}-{re.escape(run_id)}(-\d+)?")
    folders = folder.glob(f"offline-run-*-{run_id}*")
    return sorted(path for path in folders if name.fullmatch(path.name) and not path.is_symlink())


def remove_offline(folder: Path, run_id: str, keep: str = "") -> None:
    """Remove the offline folders of this id but `keep`, so that an upload sees one run an id."""
    sweep(folder)
    for path in offline_folders(folder, run_id):
        if path.name != keep:
            discard(path)
