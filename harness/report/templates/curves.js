// KID curves that answer: point by point, cell by cell, at any range and scale, with a pointer or
// with keys. Nothing here moves by itself.

const NEAR = 48; // pixels from the pointer to the point that it means
const DRAGGED = 8; // pixels from which a drag is one, and no click

class Chart extends Plane {
  constructor(figure, data) {
    super(data);
    this.root = element("div", { className: "chart", role: "group" });
    this.root.ariaLabel = figure.querySelector("[role=img]").ariaLabel;
    this.caption = [...figure.querySelector("figcaption").childNodes]
      .find((node) => node.data?.includes("vertical axis is "));
    this.addTools();
    this.addPlane();
    this.addLegend();
    figure.prepend(this.root);
    figure.classList.add("live");
    new ResizeObserver(() => this.draw()).observe(this.root);
    this.draw();
  }

  button(parent, textContent, act) {
    const button = element("button", { type: "button", textContent });
    button.addEventListener("click", act);
    parent.append(button);
    return button;
  }

  addTools() {
    const tools = element("div", { className: "tools" });
    const scales = element("span", { className: "scales", role: "group" });
    scales.ariaLabel = "Vertical axis";
    this.scales = ["linear", "logarithmic"].map((scale) =>
      this.button(scales, scale, () => this.draw((this.scale = scale))));
    this.scales[1].disabled = !this.lines.some((line) => line.y.some((value) => value > 0));
    tools.append(scales);
    this.button(tools, "Zoom in", () => this.zoom(0.5));
    this.button(tools, "Zoom out", () => this.zoom(2));
    const [averaged] = this.windows;
    if (averaged) this.button(tools, "Averaged part", () => this.view(averaged));
    this.button(tools, "Reset", () => this.view(this.whole));
    this.root.append(tools);
  }

  addPlane() {
    const plane = element("div", { className: "plane" });
    this.svg = shape(plane, "svg", { tabindex: 0, role: "application" });
    this.svg.setAttribute("aria-label", `${this.data.title}. Arrows: left and right along a curve, `
      + "up and down to the next one; plus and minus zoom, 0 shows the whole.");
    this.tip = element("output", { className: "tip", hidden: true });
    plane.append(this.tip);
    this.root.append(plane);
    this.svg.addEventListener("pointermove", (event) => this.mark(this.nearest(event)));
    this.svg.addEventListener("pointerleave", () => this.mark(null));
    this.svg.addEventListener("blur", () => this.mark(null));
    this.svg.addEventListener("pointerdown", (event) => this.drag(event));
    this.svg.addEventListener("keydown", (event) => this.press(event));
  }

  addLegend() {
    const legend = element("ul", { className: "legend" });
    legend.ariaLabel = "Cells, shown or hidden";
    const toggle = (cells, shown) => {
      for (const cell of cells) cell.shown = shown ?? !cell.shown;
      this.draw();
    };
    const item = () => legend.appendChild(element("li", {}));
    for (const cell of this.data.cells) {
      cell.button = this.button(item(), "", () => toggle([cell]));
      const sample = shape(cell.button, "svg", { viewBox: "0 0 26 8", "aria-hidden": true });
      shape(sample, "path", { d: "M0 4h26", ...stroke(cell) });
      cell.button.append(element("span", { textContent: `${cell.name} (n = ${cell.n})` }));
      for (const [kind, stressed] of
        [["pointerenter", cell], ["focus", cell], ["pointerleave", null], ["blur", null]])
        cell.button.addEventListener(kind, () => this.stress(stressed));
    }
    this.button(item(), "Show all", () => toggle(this.data.cells, true)).className = "plain";
    this.button(item(), "Hide all", () => toggle(this.data.cells, false)).className = "plain";
    this.root.append(legend);
  }

  /** One cell before the others; null: all alike. */
  stress(cell) {
    for (const one of this.data.cells) {
      one.group?.classList.toggle("faint", Boolean(cell) && cell !== one);
      one.group?.classList.toggle("stressed", cell === one);
    }
  }

  draw() {
    this.width = Math.max(this.root.clientWidth, 240);
    this.render(this.svg, this.width);
    for (const button of this.scales)
      button.ariaPressed = String(button.textContent === this.scale);
    this.caption.data = this.caption.data.replace(/(?<=vertical axis is )\w+/, this.scale);
    for (const cell of this.data.cells) cell.button.ariaPressed = String(cell.shown);
    if (this.at) this.mark(this.at.line.cell.shown ? this.at : null);
  }

  view(range) {
    this.range = range;
    this.mark(null);
    this.draw();
  }

  /** Zoom about the point that is marked, or the middle, and stay within the whole. */
  zoom(factor) {
    const [low, high] = this.range;
    const size = (high - low) * factor;
    if (size >= this.whole[1] - this.whole[0]) return this.view(this.whole);
    const middle = this.at ? this.at.line.x[this.at.place] : (low + high) / 2;
    const start = Math.min(Math.max(middle - size / 2, this.whole[0]), this.whole[1] - size);
    return this.view([start, start + size]);
  }

  /** Show the part of the training that a pointer is drawn over; a finger scrolls the page. */
  drag(event) {
    if (event.button || event.pointerType === "touch") return;
    const edge = this.svg.getBoundingClientRect().left;
    const inside = (at) => Math.min(Math.max(at.clientX - edge, this.left), this.right);
    const from = inside(event);
    const size = { y: MARGIN.top, height: this.deep, width: 0 };
    const box = shape(this.svg, "rect", { class: "box", ...size });
    const move = (moved) => {
      box.setAttribute("x", Math.min(from, inside(moved)));
      box.setAttribute("width", Math.abs(inside(moved) - from));
    };
    const end = (last) => {
      window.removeEventListener("pointermove", move);
      box.remove();
      const ends = [from, inside(last)].sort((a, b) => a - b);
      if (ends[1] - ends[0] >= DRAGGED) this.view(ends.map((at) => this.unplaced(at)));
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", end, { once: true });
  }

  press(event) {
    const { key } = event;
    const acts = { "+": () => this.zoom(0.5), "-": () => this.zoom(2) };
    acts["0"] = acts.Escape = () => this.view(this.whole);
    const along = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[key];
    const across = { ArrowUp: -1, ArrowDown: 1 }[key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (acts[key]) acts[key]();
    else if ((along ?? across) !== undefined) this.step(along ?? 0, across ?? 0);
    else return;
    event.preventDefault();
  }

  /** Mark the next point of a line, or the next line at the same place; the first time its end. */
  step(along, across) {
    const lines = this.visible;
    if (!lines.length) return;
    const known = this.at && lines.includes(this.at.line);
    const index = known ? lines.indexOf(this.at.line) + across : 0;
    const line = lines[(index + lines.length) % lines.length];
    const end = line.x.length - 1;
    const place = known ? Math.min(Math.max(this.at.place + along, 0), end) : end;
    if (line.x[place] < this.range[0] || line.x[place] > this.range[1]) this.view(this.whole);
    this.mark({ line, place });
  }

  nearest(event) {
    const box = this.svg.getBoundingClientRect();
    let best = null;
    let least = NEAR;
    for (const line of this.visible) {
      for (const [place, x] of line.x.entries()) {
        if (x < this.range[0] || x > this.range[1]) continue;
        const [left, top] = [this.placed(x), this.held(line.y[place])];
        const far = Math.hypot(left - event.clientX + box.left, top - event.clientY + box.top);
        if (far < least) [best, least] = [{ line, place }, far];
      }
    }
    return best;
  }

  /** Mark a point, with its cell, seed, kimg and value in words; null marks none. */
  mark(at) {
    this.at = at;
    this.dot?.remove();
    this.tip.hidden = !at;
    if (!at) return;
    const { line, place } = at;
    const [x, y] = [this.placed(line.x[place]), this.held(line.y[place])];
    const fill = line.cell.colour;
    this.dot = shape(this.svg, "circle", { cx: x, cy: y, r: 5, class: "dot", fill });
    const words = [line.cell.name, line.name, `${written(line.x[place])} kimg`];
    if (line.diverged && place === line.x.length - 1) words.push("diverged after it");
    this.tip.textContent = `${words.join(", ")}: ${this.data.y} ${written(line.y[place])}`;
    const [wide, high] = [this.tip.offsetWidth, this.tip.offsetHeight];
    this.tip.style.left = `${Math.max(0, Math.min(x - wide / 2, this.width - wide))}px`;
    this.tip.style.top = `${y - high - 12 < 0 ? y + 12 : y - high - 12}px`;
  }
}

for (const numbers of document.querySelectorAll("script.numbers-of-curves"))
  new Chart(numbers.closest("figure"), JSON.parse(numbers.textContent));
