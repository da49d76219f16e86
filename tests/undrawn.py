"""Reports without their pictures: drawing takes most of the time of a report."""

from contextlib import nullcontext
from io import BytesIO

from PIL import Image

from harness.report import studio
from harness.report.plots import style

EMPTY = '<svg xmlns="http://www.w3.org/2000/svg" width="1pt" height="1pt" viewBox="0 0 1 1"></svg>'


def undraw(patch):
    """Blank pictures in place of figures, until `patch`, a MonkeyPatch, is undone."""
    file = BytesIO()
    Image.new("RGB", (2, 2)).save(file, "png")
    png = file.getvalue()
    patch.setattr(style, "drawing", lambda build: style.Drawing(EMPTY, png))
    patch.setattr(style, "svg", lambda build, width: EMPTY)
    patch.setattr(studio, "Studio", nullcontext)  # whose process would draw
