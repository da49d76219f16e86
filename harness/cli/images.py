"""The command that writes images of trained generators."""

import re
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.options import MOST_IMAGES, Profile, Set, StudyName, plan, runtime
from harness.core import format as show

COUNT, COMPARED = 1000, 12  # images, unless asked otherwise

app = typer.Typer()


@app.command(epilog="Example: harness samples quickstart --cell reference --count 64 --out images")
def samples(
    study: StudyName,
    cell: Annotated[
        str | None,
        typer.Option(
            metavar="CELL",
            help="Label of a cell, as `plan` lists it. Default: reference; with `--beside` all.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of the trial.")] = 0,
    count: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=MOST_IMAGES,
            help=f"Number of images. Default: {COUNT}; with `--beside` {COMPARED} a cell.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="Folder for PNG files, or .npz file; with `--beside` a .png file. Default: "
            "samples-…",
        ),
    ] = None,
    beside: Annotated[
        bool,
        typer.Option(
            "--beside",
            help="Write one picture: validation images, then images of each cell from the same "
            "latents.",
        ),
    ] = False,
    profile: Profile = None,
    changes: Set = None,
) -> None:
    """Write images of a trained generator, as PNG files or as one .npz file."""
    from harness import app as cases

    planned, _ = plan(study, profile, changes)
    if beside:
        cells = [cell] if cell else planned.labels
        target = out or Path(f"samples-{planned.run_name}-s{seed}.png")
        _, left = cases.compare_samples(planned, runtime(), cells, seed, count or COMPARED, target)
        for name in left:
            typer.echo(f"{name}, seed {seed}, is left out: not trained yet", err=True)
        shown = show.count(len(cells) - len(left), "cell")
        typer.echo(f"Validation images and images of {shown} in {target}")
        return
    cell = cell or planned.reference
    name = re.sub(r"[^A-Za-z0-9_.,-]", "-", cell)
    target = out or Path(f"samples-{planned.run_name}-{name}-s{seed}")
    path = cases.samples(planned, runtime(), cell, seed, count or COUNT, target)
    typer.echo(f"{count or COUNT} images in {path}")
