"""A report in a real browser: nothing is asked of any server, and it looks as it should."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.report import render
from tests.synthetic import Recipe, build

pytestmark = pytest.mark.slow
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
BINARY = next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-quic", "--host-resolver-rules=MAP * 0.0.0.0", "--enable-logging=stderr"),
)
MEASURE = """<body style="margin: 0">
<iframe src="{page}" style="border: 0; width: {width}px; height: {height}px"></iframe>
<script>onload = () => {{
  const page = document.querySelector("iframe").contentDocument;
  const bottom = (name) => page.querySelector(name).getBoundingClientRect().bottom;
  document.body.textContent = JSON.stringify({{
    width: page.documentElement.scrollWidth,
    number: bottom(".numbers"),
    plot: Math.max(bottom("figure .wide svg"), bottom("figure .narrow svg")),
    scrolling: [...page.querySelectorAll(".table")].filter((t) => t.scrollWidth > t.clientWidth)
      .map((t) => t.ariaLabel),
  }});
}}</script>"""


class Browser:
    """A headless browser with a profile of its own."""

    def __init__(self, profile):
        self.profile = profile

    def run(self, page, *flags):
        command = [BINARY, *FLAGS, f"--user-data-dir={self.profile}", *flags, page.as_uri()]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)

    def complaints(self, page):
        """What the page itself made the browser say: refused requests, errors."""
        lines = self.run(page, "--dump-dom").stderr.splitlines()
        return [line for line in lines if "CONSOLE" in line]

    def dom(self, page):
        return self.run(page, "--dump-dom").stdout

    def measure(self, page, width, height):
        """Sizes in the page when it is that wide; narrower than a browser's window can be."""
        frame = page.with_name(f"frame-{width}.html")
        frame.write_text(MEASURE.format(page=page.name, width=width, height=height))
        dom = self.run(frame, "--allow-file-access-from-files", "--dump-dom").stdout
        return json.loads(re.search(r"\{.*\}", dom)[0])

    def screenshot(self, page, path, *flags):
        self.run(page, f"--screenshot={path}", "--window-size=1280,900", *flags)
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if not BINARY:
        pytest.skip(f"no browser is installed ({', '.join(NAMES)})")
    return Browser(tmp_path_factory.mktemp("profile"))


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return render(Recipe.run_name, build(tmp_path_factory.mktemp("record")))


def test_nothing_is_asked_of_any_server(browser, page, tmp_path: Path):
    dom = browser.dom(page)
    assert "Four tips of the card" in dom
    assert re.findall(r"""(?:src|href)=["']?https?:|url\(["']?https?:|@import""", dom) == []
    assert browser.complaints(page) == []
    asking = tmp_path / "asking.html"  # the browser does say so of a page that asks
    image = '<img src="https://pictures.invalid/a.png"></body>'
    asking.write_text(page.read_text().replace("</body>", image))
    assert any("pictures.invalid" in line for line in browser.complaints(asking))


def test_light_and_dark_are_drawn(browser, page, tmp_path: Path):
    light = browser.screenshot(page, tmp_path / "light.png")
    dark = browser.screenshot(page, tmp_path / "dark.png", "--force-dark-mode")
    for picture in (light, dark):
        assert picture.shape == (900, 1280, 3)
        assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 100  # words, lines and colours
        lower = picture[450:]
        assert lower.std() > 5  # the plot is on the first screen
    assert np.median(light) > 240
    assert np.median(dark) < 40


def test_the_first_screen_holds_verdict_numbers_and_plot(browser, page):
    wide = browser.measure(page, 1280, 900)
    assert wide["number"] < wide["plot"] < 900
    assert wide["width"] == 1280
    assert wide["scrolling"] == []


def test_a_phone_needs_no_sideways_scrolling(browser, page):
    phone = browser.measure(page, 390, 844)
    assert phone["width"] == 390
    assert phone["scrolling"] == []
    assert phone["number"] < 844
