"use strict";
// Keeps the progress of a run up to date, and loads its page again where a trial has ended.

const EVERY = 2000; // ms
const NUMBERS = [1, 3, 4]; // columns
const place = document.body.dataset;
const part = (id) => document.getElementById(id);
const heads = [...document.querySelectorAll("th")].map((head) => head.textContent);

function rows(active) {
  return active.map((cells) => {
    const row = document.createElement("tr");
    cells.forEach((text, column) => {
      const cell = row.insertCell();
      cell.textContent = text;
      cell.dataset.label = heads[column];
      if (NUMBERS.includes(column)) cell.className = "number";
    });
    return row;
  });
}

/** The page again, at the place that was read. */
function reload(frame) {
  const inner = frame.contentWindow;
  const top = inner.scrollY;
  frame.addEventListener("load", () => frame.contentWindow.scrollTo({ top, behavior: "instant" }), { once: true });
  inner.location.reload();
}

async function look() {
  try {
    const state = await (await fetch(place.state, { cache: "no-store" })).json();
    part("said").textContent = state.said;
    part("said").classList.toggle("wrong", state.wrong);
    part("older").textContent = state.older;
    part("older").hidden = !state.older;
    part("share").hidden = state.share === null;
    part("share").value = state.share ?? 0;
    part("active").replaceChildren(...rows(state.active));
    part("active").closest(".table").hidden = !state.active.length;
    const before = place.version;
    const comes = (before === "0") !== (state.version === 0); // a first page, or no page any more
    if (String(state.version) !== before && !comes) reload(part("page"));
    place.version = state.version;
    if (comes) location.reload();
  } catch {
    part("said").classList.add("wrong");
    part("said").textContent = "harness serve has ended; this is the last state that it sent.";
  }
}

setInterval(look, EVERY);
