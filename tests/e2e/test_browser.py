"""A report in a real browser: nothing is asked of any server, and it looks as it should."""

import re
import shutil
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import fromstring as parse_xml

import numpy as np
import pytest

from harness.report import render
from harness.report.inks import INK
from tests.synthetic import BASELINE, TIPS, Recipe, build

pytestmark = pytest.mark.slow
DARK_INK = "#e8e6e0"
MEASURE = """
  const bottom = (name) => page.querySelector(name).getBoundingClientRect().bottom;
  const weakened = page.querySelector("aside.warning");
  return {
    width: page.documentElement.scrollWidth,
    lead: bottom(".lead"),
    number: bottom(".numbers"),
    glimpse: bottom(".glimpse"),
    weakened: bottom("aside.warning"),
    told: [...weakened.querySelectorAll("li")].every((item) => item.checkVisibility()),
    begins: Math.max(...[".wide svg", ".narrow svg"].map((name) =>
      page.querySelector(`figure ${name}`).getBoundingClientRect().top)),
    plot: Math.max(bottom("figure .wide svg"), bottom("figure .narrow svg")),
    scrolling: [...page.querySelectorAll(".table")].filter((t) => t.scrollWidth > t.clientWidth)
      .map((t) => t.ariaLabel),
  };"""
CELLS = """
  return [...page.querySelectorAll("td")].map((cell) => [cell.textContent, [...cell.childNodes]
    .filter((part) => part.nodeType !== 3 || part.data.trim()).length]);"""
IMAGES = """
  return [...page.images].map((image) => [image.complete && image.naturalWidth, image.alt]);"""
TABLES = """
  const type = (field, text) => {
    field.value = text;
    field.dispatchEvent(new window.Event("input"));
  };
  const [ranking, claims] = page.querySelectorAll(".table");
  const column = (region, place) => [...region.querySelectorAll("tbody tr")]
    .filter((row) => !row.hidden).map((row) => row.cells[place].textContent);
  const states = (region) => [...region.querySelectorAll("th")].map((head) => head.ariaSort);
  const button = ranking.querySelectorAll("th button")[2];
  const said = { columns: [...ranking.querySelectorAll("th")].map((h) => h.textContent),
    effects: [column(ranking, 2)], states: [states(ranking)] };
  for (let turn = 0; turn < 3; turn += 1) {
    button.click();
    said.effects.push(column(ranking, 2));
    said.states.push(states(ranking));
  }
  const choice = ranking.previousElementSibling.querySelector("select");
  choice.value = "1 1";
  choice.dispatchEvent(new window.Event("change"));
  said.chosen = column(ranking, 1);
  said.buttons = [...page.querySelectorAll("th button")].every((b) => b.tabIndex === 0);
  const controls = claims.previousElementSibling;
  type(controls.querySelector("input"), "S0 helps");
  said.filtered = column(claims, 1);
  said.told = controls.querySelector("output").textContent;
  said.hidden = [...claims.querySelectorAll("tbody tr.same")].filter((row) => !row.hidden).length;
  type(controls.querySelector("input"), "");
  said.all = column(claims, 1).length;
  return said;"""
FILM = """
  const film = page.querySelector(".film");
  const seen = () => [...film.querySelectorAll(".strip")].map((strip) =>
    [...strip.querySelectorAll("figure")].filter((f) => f.checkVisibility())
      .map((f) => f.textContent.trim()));
  const slider = film.querySelector("input[type=range]");
  const [play, rest] = film.querySelectorAll(".player button");
  const said = { still: seen(), words: play.textContent, name: slider.ariaLabel };
  slider.value = 1;
  slider.dispatchEvent(new window.Event("input"));
  said.moved = seen();
  said.told = slider.getAttribute("aria-valuetext");
  play.click();
  said.playing = play.textContent;
  await new Promise((done) => setTimeout(done, 3200));
  said.ended = [seen(), play.textContent];
  rest.click();
  said.again = seen();
  said.focus = page.activeElement === play;
  return said;"""
CURVES = """
  const figure = page.querySelector("figure.live");
  const svg = figure.querySelector(".plane svg");
  const tip = figure.querySelector(".tip");
  const [linear, logarithmic] = figure.querySelectorAll(".scales button");
  const buttons = [...figure.querySelectorAll("button")];
  const named = (name) => buttons.find((button) => button.textContent === name);
  const texts = (kind) => [...svg.querySelectorAll(`text.${kind}`)].map((t) => t.textContent);
  const cells = () => [...svg.querySelectorAll("g[data-cell]")].map((g) => g.dataset.cell);
  const along = (path) => path.getAttribute("d").slice(1).split("L");
  const points = (group) => [...svg.querySelectorAll(`g[data-cell=${group}] path.seed`)]
    .map((path) => along(path).map((at) => at.split(" ").map(Number)));
  const send = (to, kind, [x, y], more = {}) => {
    const { left, top } = svg.getBoundingClientRect();
    const at = { clientX: left + x, clientY: top + y, bubbles: true, button: 0, ...more };
    to.dispatchEvent(new window.PointerEvent(kind, at));
  };
  const press = (key) =>
    svg.dispatchEvent(new window.KeyboardEvent("keydown", { key, bubbles: true }));
  const told = { hidden: tip.hidden, cells: cells(), lines: points("reference").length };
  told.shade = svg.querySelectorAll(".window").length;
  told.still = [...figure.querySelectorAll("[role=img]")].map((one) => one.checkVisibility());
  const numbers = JSON.parse(figure.querySelector("script").textContent);
  told.notes = texts("note");
  send(svg, "pointermove", points("reference")[2][4]);
  told.hover = tip.textContent;
  send(svg, "pointerleave", [0, 0]);
  told.left = tip.hidden;
  const entry = [...figure.querySelectorAll(".legend button")]
    .find((b) => b.textContent.startsWith("Spectral normalisation"));
  entry.click();
  told.without = [cells(), entry.ariaPressed];
  named("Hide all").click();
  told.none = cells();
  named("Show all").click();
  told.all = [cells(), entry.ariaPressed];
  entry.dispatchEvent(new window.PointerEvent("pointerenter"));
  told.stressed = [...svg.querySelectorAll("g[data-cell]:not(.faint)")].map((g) => g.dataset.cell);
  entry.dispatchEvent(new window.PointerEvent("pointerleave"));
  told.heights = [texts("end"), linear.ariaPressed, logarithmic.ariaPressed];
  const scale = () => figure.querySelector("figcaption").textContent.match(/axis is ([a-z]+)/)[1];
  told.scales = [scale()];
  linear.click();
  told.scales.push(scale());
  told.linear = [texts("end"), linear.ariaPressed, logarithmic.ariaPressed];
  logarithmic.click();
  told.logarithmic = texts("end");
  const whole = texts("middle");
  const [from, , , to] = points("reference")[0].slice(-4);
  send(svg, "pointerdown", from);
  send(window, "pointermove", to);
  told.box = svg.querySelectorAll(".box").length;
  send(window, "pointerup", to);
  told.zoomed = texts("middle");
  named("Reset").click();
  told.reset = String(texts("middle")) === String(whole);
  send(svg, "pointerdown", from, { pointerType: "touch" });
  send(window, "pointerup", to, { pointerType: "touch" });
  told.touched = String(texts("middle")) === String(whole);
  named("Averaged part").click();
  told.averaged = texts("middle");
  svg.focus();
  for (const key of ["0", "ArrowRight", "ArrowDown", "ArrowLeft", "Home", "ArrowRight"]) press(key);
  told.keyboard = tip.textContent;
  press("+");
  told.nearer = String(texts("middle")) !== String(whole);
  told.focus = page.activeElement === svg;
  press("Escape");
  told.escaped = String(texts("middle")) === String(whole);
  told.numbers = numbers.cells[0].seeds[2];
  return told;"""
STILL = """
  const figures = [...page.querySelectorAll("figure:has([role=img])")].map((figure) =>
    [...figure.querySelectorAll("[role=img]")].filter((one) => one.checkVisibility()).length);
  const charts = [...page.querySelectorAll(".chart")];
  const seen = charts.filter((chart) => chart.checkVisibility()).length;
  const offered = [...page.querySelectorAll(".file, .files")];
  return { figures, charts: charts.length, seen,
    offered: offered.filter((one) => one.checkVisibility()).length,
    numbers: page.querySelectorAll("script.numbers-of-curves").length };"""
REAL = """
  const box = (image) => {
    const { left, width, height } = image.getBoundingClientRect();
    return [left, width, height].map(Math.round);
  };
  const shown = (strip) => [...strip.querySelectorAll("img")]
    .filter((image) => image.checkVisibility()).map(box).at(-1);
  return [...page.querySelectorAll(".gallery")].map((gallery) =>
    [...gallery.querySelectorAll(".strip")].map(shown));"""
FILES = """
  const made = [];
  window.URL.createObjectURL = (blob) => String(made.push(blob));
  const names = [];
  window.HTMLAnchorElement.prototype.click = function () { names.push(this.download); };
  for (const folded of page.querySelectorAll("details")) folded.open = true;
  const buttons = [...page.querySelectorAll("button.file")];
  for (const [place, button] of buttons.entries()) {
    button.click();
    while (names.length <= place) await new Promise((done) => setTimeout(done, 10));
  }
  const texts = await Promise.all(made.map((blob) => blob.text()));
  return {
    files: buttons.map((button, place) => [button.dataset.path, names[place], texts[place]]),
    seen: buttons.filter((button) => button.checkVisibility()).length,
    links: [...page.querySelectorAll("[href], [src]")]
      .map((item) => item.getAttribute("href") ?? item.getAttribute("src"))
      .filter((link) => !link.startsWith("data:"))
      .filter((link) => link[0] !== "#" || !page.getElementById(link.slice(1))),
  };"""
PAPER = """
  const all = (names) => [...page.querySelectorAll(names)];
  const style = (item) => window.getComputedStyle(item);
  const [field] = all("input[type=search]");
  if (field) {
    field.value = "S0 helps";
    field.dispatchEvent(new window.Event("input"));
  }
  const folded = all("details:not([open]) > :not(summary, .controls)");
  return {
    folded: folded.length,
    unfolded: folded.filter((one) => one.checkVisibility({ contentVisibilityAuto: true })
      && one.getBoundingClientRect().height > 0).length,
    controls: all("button:not(th button), input, select, .player, nav")
      .filter((one) => one.checkVisibility()).map((one) => one.outerHTML.slice(0, 80)),
    heads: all("thead").map((head) => style(head).display),
    cut: all("table, pre, .numbers, figure").filter((one) => one.checkVisibility()
      && one.getBoundingClientRect().right > page.documentElement.clientWidth + 1)
      .map((one) => one.outerHTML.slice(0, 80)),
    orphans: all("h2, h3, caption, thead").filter((one) => style(one).breakAfter !== "avoid")
      .map((one) => one.textContent),
    filtered: all("output").filter((one) => one.textContent && one.checkVisibility())
      .map((one) => one.textContent),
  };"""
KEPT = """
  for (const folded of page.querySelectorAll("details")) folded.open = true;
  const seen = [...page.querySelectorAll(".whole")].filter((one) => one.checkVisibility());
  const cell = (one) => (one.closest("td, figure, p, li, dd") ?? page.body).getBoundingClientRect();
  return {
    words: [...new Set(seen.map((one) => one.textContent))],
    parted: seen.filter((one) => one.getClientRects().length > 1).map((one) => one.textContent),
    cut: seen.filter((one) => one.getBoundingClientRect().right > cell(one).right + 1)
      .map((one) => one.textContent),
    width: page.documentElement.scrollWidth,
  };"""
KEYS = """
  const stops = [...page.querySelectorAll("a, button, input, select, summary, [tabindex]")]
    .filter((item) => item.checkVisibility({ visibilityProperty: true }) && item.tabIndex >= 0);
  return stops.map((item) => {
    item.focus();
    const box = item.getBoundingClientRect();
    const name = item.ariaLabel || item.textContent || item.querySelector("img")?.alt || "";
    return [page.activeElement === item, name.trim().length > 0, box.width > 0];
  });"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return render(Recipe.run_name, build(tmp_path_factory.mktemp("record"))).path


def test_nothing_is_asked_of_any_server(browser, page, tmp_path: Path):
    dom = browser.dom(page)
    assert "Four tips of the card" in dom
    asked = re.sub('<a href="https://', "", dom)  # where a reader may go
    assert re.findall(r"""(?:src|href)=["']?https?:|url\(["']?https?:|@import""", asked) == []
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


def test_the_first_screen_holds_verdict_numbers_images_and_what_weakens_them(browser, page):
    """The plot follows on it: below four remarks, none of which is folded away, it begins."""
    wide = browser.ask(page, MEASURE)
    assert wide["lead"] < wide["number"] < wide["glimpse"] < 900
    assert wide["told"]
    assert wide["number"] < wide["weakened"] < wide["begins"] < 900
    assert wide["width"] == 1280
    assert wide["scrolling"] == []


def test_a_phone_needs_no_sideways_scrolling(browser, page):
    phone = browser.ask(page, MEASURE, 390, 844)
    assert phone["width"] == 390
    assert phone["scrolling"] == []
    assert phone["lead"] < 500
    assert phone["number"] < 844  # images and remarks follow it, before the plot
    assert phone["number"] < phone["glimpse"] < phone["weakened"] < phone["begins"]
    assert phone["told"]


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_a_number_and_its_unit_stand_on_one_line_and_within_their_place(browser, page, width):
    kept = browser.ask(page, KEPT, width)
    assert {"16 px,", "± 5 %", "beta_1 = 0.5", "KID × 10³"} <= set(kept["words"])
    assert (kept["parted"], kept["cut"], kept["width"]) == ([], [], width)


def test_what_stands_in_a_cell_stays_together_on_a_phone(browser, page):
    """There the parts of a cell would be laid out from edge to edge."""
    cells = browser.ask(page, CELLS, 390, 844)
    assert sum("(A. Béres 2021)" in text for text, _ in cells) == 1
    assert [text for text, parts in cells if parts > 1] == []


def test_every_picture_is_one_and_says_what_it_shows(browser, page):
    images = browser.ask(page, IMAGES)
    assert len(images) == 47
    assert min(width for width, _ in images[:2]) >= 128  # at a glance
    assert min(width for width, _ in images[2:]) >= 192
    assert all(len(words) > 20 for _, words in images)
    (_, words), *others = browser.ask(page.parents[1] / "index.html", IMAGES)
    assert (words, others) == ("", [])  # it stands beside the title that it would repeat


def test_tables_are_sorted_and_filtered(browser, page):
    said = browser.ask(page, TABLES)
    assert said["columns"][2] == "Effect"  # the arrow is drawn, not written
    effects = [[float(text.replace("\u2212", "-")) for text in texts] for texts in said["effects"]]
    assert effects[1] == sorted(effects[0])
    assert effects[2] == sorted(effects[0], reverse=True)
    assert effects[3] == effects[0]
    none = [None] * len(said["columns"])
    assert said["states"][0] == said["states"][3] == none
    assert [states[2] for states in said["states"][1:3]] == ["ascending", "descending"]
    assert said["chosen"] == sorted(said["chosen"], reverse=True)
    assert said["buttons"]
    assert [source[:2] for source in said["filtered"]] == ["S0"] * 3
    assert said["told"] == "3 of 8 rows"
    assert said["hidden"] == 0  # each row that is left says whose it is
    assert said["all"] == 8


def test_a_film_stands_until_it_is_played(browser, page):
    said = browser.ask(page, FILM)
    assert said["words"] == "Play"
    assert said["name"] == "Moment of the training"
    assert [len(strip) for strip in said["still"]] == [4] * 5
    assert {strip[0] for strip in said["still"]} == {"untrained"}
    assert said["moved"] == [["25.6 kimg"]] * 5
    assert said["told"] == "25.6 kimg"
    assert said["playing"] == "Pause"
    assert said["ended"] == [[["128 kimg"]] * 5, "Play"]  # it does not begin anew
    assert said["again"] == said["still"]
    assert said["focus"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_alone_hands_out_its_files(browser, page, tmp_path: Path, scheme):
    """Of a copy in an empty folder: nothing that it offers lies elsewhere."""
    alone = Path(shutil.copy(page, tmp_path))
    flags = ["--force-dark-mode"] * (scheme == "dark")
    found = browser.ask(alone, FILES, flags=flags)
    assert {link[:8] for link in found["links"]} == {"https://"}  # those of the sources
    assert found["seen"] == len(found["files"]) > 10
    for path, name, text in found["files"]:
        assert name == Path(path).name
        if path.endswith(".csv"):
            assert text == (page.parent / path).read_text()
            continue
        drawn, kept = (parse_xml(one) for one in (text, (page.parent / path).read_text()))
        assert "var(" not in text
        assert (INK in text, DARK_INK in text) == (True, False)
        for attribute in ("viewBox", "width", "height"):
            assert drawn.get(attribute) == kept.get(attribute)
        assert len(list(drawn.iter())) > 50
    assert {Path(path).suffix for path, *_ in found["files"]} == {".csv", ".svg"}


@pytest.fixture(scope="module")
def with_real(tmp_path_factory):
    recipe = replace(Recipe(), seeds=range(2), real=True)
    return render(Recipe.run_name, build(tmp_path_factory.mktemp("real"), recipe)).path


@pytest.mark.parametrize("width", [390, 1280])
def test_real_images_are_as_large_as_generated_ones_and_above_the_last(browser, with_real, width):
    glimpse, *galleries = browser.ask(with_real, REAL, width)
    assert len(glimpse) == 1
    assert len(galleries) == 4
    for real, *others in galleries:
        assert {tuple(size) for _, *size in others} == {tuple(real[1:])}
    film = galleries[0]
    assert {left for left, *_ in film} == {film[0][0]}


def test_on_a_phone_real_images_are_above_the_last_ones_of_three_stills_too(browser, tmp_path):
    """Two stand in a row, so the third is below the first."""
    base = BASELINE | {"training.evaluations": 4, "training.kimg": 32.0}
    recipe = replace(Recipe(), seeds=range(2), tips=TIPS[:1], real=True, grids=3, baseline=base)
    page = render(Recipe.run_name, build(tmp_path, recipe)).path
    _, film, *_ = browser.ask(page, REAL, 390)
    assert len({tuple(box) for box in film}) == 1


def test_real_images_stay_while_a_film_is_played(browser, with_real):
    said = browser.ask(with_real, FILM)
    assert [strips[0] for strips in (said["still"], said["moved"], said["ended"][0])] == [
        ["real"]
    ] * 3
    assert said["moved"][1:] == [["25.6 kimg"]] * 5
    assert said["told"] == "25.6 kimg"


@pytest.mark.parametrize("width", [390, 1280])
def test_everything_is_reached_by_keyboard_and_has_a_name(browser, page, width):
    stops = browser.ask(page, KEYS, width)
    assert len(stops) > 30
    assert stops == [[True, True, True]] * len(stops)


@pytest.mark.parametrize("width", [390, 1280])
def test_the_list_of_reports_needs_no_sideways_scrolling(browser, page, width):
    reports = page.parents[1] / "index.html"
    assert browser.complaints(reports) == []
    assert browser.ask(reports, "return page.documentElement.scrollWidth;", width) == width


def test_curves_answer_to_a_pointer_and_to_keys(browser, page):
    told = browser.ask(page, CURVES)
    every = told["cells"]
    assert every[0] == "reference"
    assert (told["hidden"], told["lines"], told["shade"]) == (True, 8, 1)
    assert told["still"] == [False, False]  # the chart is in place of the picture
    assert told["notes"][-1].startswith("untrained generator: ")
    seed, x, y = (told["numbers"][name] for name in ("seed", "x", "y"))
    assert told["hover"] == f"reference, seed {seed}, {x[4]:.4g} kimg: KID × 10³ {y[4]:.4g}"
    assert told["left"]
    rest = [cell for cell in every if not cell.startswith("Spectral normalisation")]
    assert told["without"] == [rest, "false"]
    assert told["none"] == []
    assert told["all"] == [every, "true"]
    assert told["stressed"] == [cell for cell in every if cell not in rest]


def test_curves_are_zoomed_and_switch_their_scale(browser, page):
    told = browser.ask(page, CURVES)
    kimg = [text for text in told["zoomed"] if re.fullmatch(r"[\d.]+", text)]
    assert told["box"] == 1
    assert min(map(float, kimg)) > 80  # three of ten evaluations, to 128
    assert max(map(float, kimg)) <= 128
    assert told["reset"]
    assert told["touched"]
    assert told["averaged"] != told["zoomed"]
    assert told["scales"] == ["logarithmic", "linear"]
    assert told["heights"][1:] == ["false", "true"]
    assert told["linear"][1:] == ["true", "false"]
    assert told["linear"][0] != told["heights"][0] == told["logarithmic"]
    assert re.match(r"reference, seed 0, 12.8 kimg: KID × 10³ [\d.]+", told["keyboard"])
    assert told["nearer"]
    assert told["escaped"]
    assert told["focus"]


@pytest.mark.parametrize("width", [390, 1280])
def test_without_scripts_the_picture_stays(browser, page, width):
    """The page's policy allows its script by its digest, so a changed one does not run."""
    still = page.with_name("still.html")
    still.write_text(page.read_text().replace('"use strict";', '"use strict"; "";', 1))
    found = browser.ask(still, STILL, width, refused=True)
    assert found["charts"] == 0
    assert found["numbers"] == 1
    assert found["offered"] == 0
    assert found["figures"] == [1] * 3  # the wide or the narrow one of each
    still.unlink()


def printed(text):
    """A page whose style for paper holds on a screen, too."""

    def media(rule):
        return rule[0].replace("screen", "speech").replace("print", "all")

    return re.sub(r"@media [^{]*", media, text)


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize(("paper", "width"), [("A4", 718), ("A4, margins of an inch", 602)])
def test_paper_holds_all_and_no_control(browser, page, paper, width, scripts):
    """Tables are tables whose heads are repeated, and none is wider than the paper."""
    text = printed(page.read_text())
    if not scripts:
        text = text.replace('"use strict";', '"use strict"; "";', 1)
    sheet = page.with_name("sheet.html")
    sheet.write_text(text)
    told = browser.ask(sheet, PAPER, width, refused=not scripts)
    sheet.unlink()
    assert told["folded"] >= 2
    assert told["unfolded"] == told["folded"]
    assert told["controls"] == []
    assert told["heads"] == ["table-header-group"] * len(told["heads"])
    assert told["cut"] == []
    assert told["orphans"] == []
    assert told["filtered"] == (["3 of 8 rows"] if scripts else [])


def test_on_paper_the_picture_stays(browser, page):
    """As on a screen whose style is that for paper."""
    paper = page.with_name("paper.html")
    paper.write_text(printed(page.read_text()))
    found = browser.ask(paper, STILL)
    assert found["figures"] == [1] * 3
    assert (found["charts"], found["seen"], found["offered"]) == (1, 0, 0)
    paper.unlink()
