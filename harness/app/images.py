"""Images of trained generators: those of one, or of several with real ones."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from harness.config.runtime import Runtime
from harness.core.errors import HarnessError
from harness.core.files import check_writable
from harness.core.lock import Busy
from harness.core.quiet import without_log
from harness.plan.expand import Plan
from harness.plan.naming import cell_names
from harness.runs import layout
from harness.runs.recorder import Recorder
from harness.runs.trial import Trial as Record

MOST_COMPARED = 1000  # images of a cell in one picture


def samples(
    planned: Plan, runtime: Runtime, cell: str, seed: int, count: int, target: Path
) -> Path:
    """Write `count` images of a trained trial as PNG files in a folder, or into one .npz."""
    record = Record(runtime.trials / planned.trial(cell, seed).key)
    if record.result() is None:
        raise _untrained(record.key, planned)
    if target.is_file() and target.suffix != ".npz":
        raise HarnessError(f"--out {target}: is a file; give a folder, or a .npz file")
    check_writable(target.parent if target.suffix == ".npz" else target)
    with without_log():
        from harness.gan.sampling import write_samples

    with _kept([record]):
        return write_samples(
            record.config(),
            record.folder / layout.GENERATORS,
            count,
            target,
            cache=runtime.cache,
        )


def compare_samples(
    planned: Plan, runtime: Runtime, cells: Sequence[str], seed: int, count: int, target: Path
) -> tuple[Path, list[str]]:
    """Write one PNG: validation images, then `count` images of each cell from the same latents.

    Its path, and the names (`plan.naming`) of cells that are left out since they are not trained.
    """
    if target.suffix != ".png" or target.is_dir():
        raise HarnessError(f"--out {target}: is no name of a picture; give a .png file")
    if count > MOST_COMPARED:
        raise HarnessError(f"--count {count}: with `--beside` at most {MOST_COMPARED}")
    check_writable(target.parent)
    records = {cell: Record(runtime.trials / planned.trial(cell, seed).key) for cell in cells}
    trained = {cell: record for cell, record in records.items() if record.result() is not None}
    if not trained:
        raise _untrained(next(iter(records.values())).key, planned)
    with without_log():
        from harness.gan.sampling import Trained, write_comparison

    names = cell_names(planned)
    with _kept(trained.values()):
        sources = [
            Trained(
                names[cell],
                record.config(),
                record.folder / layout.GENERATORS,
                record.picture(layout.VALIDATION),
            )
            for cell, record in trained.items()
        ]
        write_comparison(sources, count, target, cache=runtime.cache)
    return target, [names[cell] for cell in records if cell not in trained]


def _untrained(key: str, planned: Plan) -> HarnessError:
    return HarnessError(f"{key}: not trained yet; train it with: {planned.record().command('run')}")


@contextmanager
def _kept(records: Iterable[Record]) -> Iterator[None]:
    """Keep trials from being removed; one that is being scored is kept by that."""
    with ExitStack() as held:
        for record in records:
            with suppress(Busy):
                held.enter_context(Recorder(record.folder).read())
        yield
