"""The colours of pages and figures; no library is needed to know them.

Those of verdicts and those of cells have no colour in common, and can be distinguished with each
kind of colour blindness (`tests/unit/report/test_inks.py`). A page has them twice, for its light
and for its dark theme (`templates/style.css`); figures are drawn in the light ones.
"""

INK, MUTED, RULE, PAPER = "#1c1d21", "#61646c", "#dcd9d0", "#fefefe"  # a page may replace them
BETTER, WORSE, EQUIVALENT = "#3952a9", "#c1420c", "#004d30"  # verdicts, and nothing else
REFERENCE = "#707175"  # the cell of the baseline, and what is not decided
PALETTE = ("#16a1a0", "#492f93", "#833154", "#1f7b20", "#997be1", "#2d3307")  # the other cells

THEME = {
    INK: "ink",
    MUTED: "muted",
    RULE: "rule",
    PAPER: "paper",
    REFERENCE: "reference",
    BETTER: "better",
    WORSE: "worse",
    EQUIVALENT: "equivalent",
    **{colour: f"cell-{number}" for number, colour in enumerate(PALETTE, 1)},
}
"""Colour in a figure → the page's variable for it, which follows the reader's light or dark."""


def inked(colour: str) -> str:
    """A colour of the figures as the page's own, which follows the reader's light or dark."""
    return f"var(--{THEME[colour]})" if colour in THEME else colour
