// Files that the page makes by itself: its tables, and its figures so that each stands alone.

const TABLES = document.getElementById("packed-tables");

const HELD = new Set(TABLES.dataset.paths.split(" "));

/** Path → text, as `harness/report/html.py` packed them. */
async function unpacked() {
  const bytes = Uint8Array.from(atob(TABLES.textContent), (byte) => byte.charCodeAt(0));
  const opened = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(opened).text());
}

/** A figure with its size and the colours of the light theme, which opens the style sheet. */
function standing(figure) {
  const svg = figure.querySelector(".wide svg").cloneNode(true);
  const [, , width, height] = svg.getAttribute("viewBox").split(" ");
  svg.removeAttribute("aria-hidden");
  svg.setAttribute("width", `${width}pt`);
  svg.setAttribute("height", `${height}pt`);
  const light = document.styleSheets[0].cssRules[0].style;
  const text = new XMLSerializer().serializeToString(svg);
  return text.replaceAll(/var\((--[\w-]+)\)/g, (_, name) => light.getPropertyValue(name).trim());
}

function download(text, type, path) {
  const href = URL.createObjectURL(new Blob([text], { type }));
  element("a", { href, download: path.split("/").at(-1) }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000); // a browser may ask the reader first
}

for (const button of document.querySelectorAll("button.file")) {
  const { path } = button.dataset;
  const isTable = path.endsWith(".csv");
  if (isTable && !(HELD.has(path) && "DecompressionStream" in window)) continue;
  button.hidden = false;
  const around = button.closest("p.files");
  if (around) around.hidden = false;
  button.addEventListener("click", async () => {
    if (isTable) download((await unpacked())[path], "text/csv", path);
    else download(standing(button.closest("figure")), "image/svg+xml", path);
  });
}
