"""Colours: told apart with every kind of colour blindness, and text that can be read."""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from harness.report import html, inks

STYLE = (html.TEMPLATES / "style.css").read_text("utf-8")
VERDICTS = ("better", "worse", "equivalent")
CELLS = tuple(f"cell-{number}" for number in range(1, len(inks.PALETTE) + 1))
TEXT, DRAWN = 4.5, 3.0  # contrast (WCAG 2.2, 1.4.3 and 1.4.11)
WITHIN, BETWEEN = 0.09, 0.06  # distance in OKLab; a just noticeable difference is 0.02
WRITTEN = {  # text → what is behind it
    "ink": ("paper", "raised", "warn-soft"),
    "muted": ("paper", "raised", "worse-soft", "better-soft"),
    "accent": ("paper", "raised"),
    "paper": ("ink",),  # on buttons and hints
    "better": ("paper", "better-soft"),
    "worse": ("paper", "worse-soft"),
    "equivalent": ("paper",),
}
# Machado, Oliveira & Fernandes 2009, severity 1, of linear RGB
SEEN = {
    "all colours": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                            [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                              [-0.011820, 0.042940, 0.968881]]),
    "tritanopia": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                            [0.004733, 0.691367, 0.303900]]),
}  # fmt: skip


def _variables(block):
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})\b", block))


LIGHT = _variables(STYLE[: STYLE.index("@media")])
DARK = LIGHT | _variables(re.search(r"\(prefers-color-scheme: dark\) \{(.*?)\n\}", STYLE, re.S)[1])
PAPER = LIGHT | _variables(re.search(r"@media print \{\n  :root \{(.*?)\}", STYLE, re.S)[1])
THEMES = {"light": LIGHT, "dark": DARK, "paper": PAPER}


def _linear(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    values = np.array([int(digits[at : at + 2], 16) for at in (0, 2, 4)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _contrast(one, other):
    lights = [_linear(colour) @ (0.2126, 0.7152, 0.0722) + 0.05 for colour in (one, other)]
    return max(lights) / min(lights)


def _oklab(linear):
    """Ottosson 2020."""
    lms = np.array([[0.4122214708, 0.5363325363, 0.0514459929],
                    [0.2119034982, 0.6806995451, 0.1073969566],
                    [0.0883024619, 0.2817188376, 0.6299787005]])  # fmt: skip
    lab = np.array([[0.2104542553, 0.7936177850, -0.0040720468],
                    [1.9779984951, -2.4285922050, 0.4505937099],
                    [0.0259040371, 0.7827717662, -0.8086757660]])  # fmt: skip
    return lab @ np.cbrt(lms @ linear)


def _distance(one, other, eye):
    seen = [_oklab(np.clip(SEEN[eye] @ _linear(colour), 0, 1)) for colour in (one, other)]
    return float(np.linalg.norm(seen[0] - seen[1]))


def test_known_colours():
    assert _contrast("#000000", "#fff") == pytest.approx(21)
    assert _contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert _oklab(_linear("#ff0000")) == pytest.approx((0.628, 0.225, 0.126), abs=0.001)
    red, green = "#b00020", "#4a6a00"
    assert _distance(red, green, "deuteranopia") < _distance(red, green, "all colours") / 2


@pytest.mark.parametrize("eye", SEEN)
@pytest.mark.parametrize("theme", THEMES)
def test_palettes_are_told_apart(theme, eye):
    colours = THEMES[theme]

    def least(pairs):
        return min(
            (_distance(colours[one], colours[other], eye), one, other) for one, other in pairs
        )

    for palette in (VERDICTS, CELLS):
        assert least(itertools.combinations((*palette, "reference"), 2)) > (WITHIN,)
    assert least(itertools.product(VERDICTS, CELLS)) > (BETWEEN,)


@pytest.mark.parametrize("theme", THEMES)
def test_text_can_be_read(theme):
    colours = THEMES[theme]
    pairs = [(text, behind) for text, grounds in WRITTEN.items() for behind in grounds]
    low = {pair: _contrast(*(colours[name] for name in pair)) for pair in pairs}
    assert {pair: value for pair, value in low.items() if value < TEXT} == {}


@pytest.mark.parametrize("theme", THEMES)
def test_lines_can_be_seen(theme):
    colours = THEMES[theme]
    low = {
        name: _contrast(colours[name], colours["paper"])
        for name in (*VERDICTS, *CELLS, "reference", "warn")
    }
    assert {name: value for name, value in low.items() if value < DRAWN} == {}


def test_every_text_of_the_style_is_one_that_is_measured():
    """What colours the page gives to text; `transparent` and `inherit` are none."""
    given = set(re.findall(r"[{; ](?:color|fill): var\(--([\w-]+)\)", STYLE))
    assert given <= {*WRITTEN, "rule"}  # the window of a chart is filled, and no text


def test_figures_and_pages_have_the_same_colours():
    for colour, name in inks.THEME.items():
        if name != "paper":  # white is for papers
            assert LIGHT[name] == colour, name
    figures = Path(html.__file__).with_name("plots").glob("*.py")
    assert not [path.name for path in figures if re.search(r"#[0-9a-f]{6}", path.read_text())]


def test_figures_for_papers_can_be_read():
    for colour in (inks.INK, inks.MUTED, inks.BETTER, inks.WORSE, inks.EQUIVALENT):
        assert _contrast(colour, "#ffffff") >= TEXT
    for colour in (inks.REFERENCE, *inks.PALETTE):
        assert _contrast(colour, "#ffffff") >= DRAWN
