"use strict";
// Nothing here is needed to read the page: it sorts and filters tables, moves films, and unfolds
// what is folded for paper.

const NONE = "–";
const SECONDS = { s: 1, min: 60, h: 3600 };

function element(name, properties) {
  return Object.assign(document.createElement(name), properties);
}

/** A cell as a number (a length of time in seconds), or as null where it holds none. */
function amount(text) {
  const plain = text.replaceAll("\u2212", "-").replaceAll(/[\u202f,]/g, "");
  const time = [...plain.matchAll(/([\d.]+) (s|min|h)\b/g)];
  if (time.length) return time.reduce((sum, [, n, unit]) => sum + n * SECONDS[unit], 0);
  const found = /[+-]?\d+(\.\d+)?(e[+-]?\d+)?/.exec(plain);
  return found && Number(found[0]);
}

/** Rows in the order of a column; what has no value stays last in both directions. */
function ordered(rows, column, numeric, falling) {
  const read = (row) => {
    const text = row.cells[column].textContent.trim();
    return text === NONE || !text ? null : numeric ? amount(text) : text.toLowerCase();
  };
  const keys = new Map(rows.map((row) => [row, read(row)]));
  const sign = falling ? -1 : 1;
  const compare = (a, b) => (numeric ? a - b : a.localeCompare(b, "en", { numeric: true }));
  return [...rows].sort((left, right) => {
    const [a, b] = [keys.get(left), keys.get(right)];
    if (a === null || b === null) return (a === null) - (b === null);
    return sign * compare(a, b);
  });
}

function interactive(region) {
  const table = region.querySelector("table");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  if (rows.length < 2) return;
  const heads = [...table.tHead.rows[0].cells];
  const grouped = rows.some((row) => row.classList.contains("same"));
  let state = { column: -1, falling: false };

  // a row hides its first cell where the one above it, as they stand now, says the same
  const group = () => {
    let above = null;
    for (const row of body.rows) {
      if (row.hidden) continue;
      const name = row.cells[0].textContent;
      row.classList.toggle("same", grouped && name === above);
      above = name;
    }
  };
  const sort = (column, falling) => {
    state = { column, falling };
    const head = heads[column];
    const numeric = head?.classList.contains("number");
    body.append(...(head ? ordered(rows, column, numeric, falling) : rows));
    heads.forEach((other, place) => {
      if (place === column) other.ariaSort = falling ? "descending" : "ascending";
      else other.removeAttribute("aria-sort");
    });
    choice.value = head ? `${column} ${falling ? 1 : 0}` : "";
    group();
  };

  heads.forEach((head, column) => {
    const button = element("button", { type: "button" });
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      if (state.column !== column) sort(column, false);
      else if (!state.falling) sort(column, true);
      else sort(-1, false);
    });
  });

  const controls = element("div", { className: "controls" });
  // for phones, where a row is a list and has no head
  const choice = element("select", { ariaLabel: `Order of: ${region.ariaLabel}` });
  choice.append(element("option", { value: "", textContent: "Order: as it was" }));
  heads.forEach((head, column) => {
    for (const [falling, arrow] of ["\u2191", "\u2193"].entries()) {
      const textContent = `${head.textContent} ${arrow}`;
      choice.append(element("option", { value: `${column} ${falling}`, textContent }));
    }
  });
  choice.addEventListener("change", () => {
    const [column, falling] = (choice.value || "-1 0").split(" ").map(Number);
    sort(column, Boolean(falling));
  });
  if (rows.length >= Number(region.dataset.filterFrom)) {
    const field = element("input", { type: "search", placeholder: "Filter rows" });
    field.ariaLabel = `Filter: ${region.ariaLabel}`;
    const said = element("output", {});
    field.addEventListener("input", () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
      }
      const left = rows.filter((row) => !row.hidden).length;
      said.textContent = words.length ? `${left} of ${rows.length} rows` : "";
      group();
    });
    controls.append(field, said);
  }
  controls.append(choice);
  region.before(controls);
}

/** One slider for the whole film: every strip shows its last picture until then. */
function moving(film) {
  const strips = [...film.querySelectorAll(".pictures")].map((strip) => [...strip.children]);
  const when = (figure) => Number(figure.dataset.moment);
  const moments = [...new Set(strips.flat().map(when))].sort((a, b) => a - b);
  const end = moments.length - 1;
  if (end < 1) return;
  const player = element("div", { className: "player" });
  const play = element("button", { type: "button", textContent: "Play" });
  const slider = element("input", { type: "range", min: 0, max: end, value: end });
  slider.ariaLabel = "Moment of the training";
  const said = element("span", { className: "said" });
  const rest = element("button", { type: "button", textContent: "Side by side", hidden: true });
  let timer = 0;

  const show = (place) => {
    film.classList.add("moving");
    rest.hidden = false;
    slider.value = place;
    let longest = "";
    for (const strip of strips) {
      const due = strip.filter((figure) => when(figure) <= moments[place]).at(-1) ?? strip[0];
      strip.forEach((figure) => figure.classList.toggle("now", figure === due));
      if (when(due) === moments[place]) longest = due.querySelector("figcaption").textContent;
    }
    said.textContent = longest;
    slider.setAttribute("aria-valuetext", longest);
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    play.textContent = "Play";
  };
  // only ever on demand, whatever the reader prefers; it stops at the end by itself
  play.addEventListener("click", () => {
    if (timer) return stop();
    play.textContent = "Pause";
    show(Number(slider.value) === end ? 0 : Number(slider.value));
    timer = setInterval(() => {
      show(Number(slider.value) + 1);
      if (Number(slider.value) === end) stop();
    }, 400);
  });
  slider.addEventListener("input", () => {
    stop();
    show(Number(slider.value));
  });
  rest.addEventListener("click", () => {
    stop();
    film.classList.remove("moving");
    slider.value = end;
    said.textContent = "";
    rest.hidden = true;
    play.focus();
  });
  player.append(play, slider, said, rest);
  film.querySelector(".strips").before(player);
}

/** Where the style for paper cannot unfold it; afterwards it is folded again. */
function unfolding() {
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const folded of opened) folded.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const folded of opened) folded.open = false;
  });
}

document.querySelectorAll(".table").forEach(interactive);
document.querySelectorAll(".film").forEach(moving);
unfolding();
