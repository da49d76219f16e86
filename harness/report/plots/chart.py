"""The KID curves as numbers, for the page's script (`templates/curves.js`) to draw."""

from collections.abc import Iterable
from typing import Any

from harness.core import format as show
from harness.report.inks import inked
from harness.report.plots.curves import Curve, Curves, Line
from harness.report.plots.marks import Look
from harness.runs.status import Status

DIGITS = 5  # of a number: more than an axis shows, and a third of the bytes
DASHES = {"-": "", "--": "7 3", ":": "2 3", "-.": "7 3 2 3"}  # as SVG has them


def chart_info(info: Curves, looks: dict[str, Look], name: str) -> dict[str, Any]:
    """JSON of a chart, the reference first; `name` is that of its figure.

    KID × 10³ over images shown (kimg). What is unknown is null.
    """
    return {
        "name": name,
        "title": "KID over training",
        "x": "real images shown (kimg: thousands)",
        "y": "KID × 10³",
        "logarithmic": info.logarithmic,
        **{bound: _known(value) for bound, value in info.bounds._asdict().items()},
        "cells": [_cell(curve, looks[curve.cell]) for curve in (info.reference, *info.cells)],
    }


def _cell(curve: Curve, look: Look) -> dict[str, Any]:
    return {
        "name": curve.cell,
        "n": curve.n,
        "colour": inked(look.colour),
        "dash": DASHES[look.dash],
        "window": _rounded(curve.window) if curve.window else None,
        "mean": _line(curve.mean),
        "half": _rounded(curve.half),
        "seeds": [
            {**_line(line), "seed": line.seed, "diverged": line.status == Status.DIVERGED}
            for line in curve.seeds
        ],
    }


def _line(line: Line) -> dict[str, list[float]]:
    return {"x": _rounded(line.kimg), "y": _rounded(line.kid)}


def _rounded(values: Iterable[float]) -> list[float]:
    return [float(show.digits(value, DIGITS)) for value in values]


def _known(value: float | None) -> float | None:
    return None if value is None else float(show.digits(value, DIGITS))
