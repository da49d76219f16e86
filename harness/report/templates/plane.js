// KID curves as SVG, from the numbers in a page, at any range and scale; `curves.js` asks for it.
// The picture without scripts, and on paper, is drawn in Python.

const MARGIN = { top: 12, right: 12, bottom: 42, left: 58 };
const BELOW = 10; // times under all curves, from which a logarithmic axis leaves the floor out

function shape(parent, name, attributes, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  parent.append(made);
  return made;
}

/** How the line of a cell is drawn. */
function stroke(cell) {
  return { stroke: cell.colour, "stroke-width": 2.2, "stroke-dasharray": cell.dash, fill: "none" };
}

/** A number to so many digits, set as the tables set theirs. */
function written(value, digits = 4) {
  const [whole, rest] = String(Number(value.toPrecision(digits))).replace("-", "\u2212").split(".");
  const parted = whole.replaceAll(/\B(?=(\d{3})+$)/g, "\u202f");
  return rest === undefined ? parted : `${parted}.${rest}`;
}

/** Round numbers in a range; of a logarithmic one over more than a decade 1, 2 and 5. */
function marks([low, high], count, logarithmic) {
  if (logarithmic && high > 10 * low) {
    const few = Math.log10(high / low) > count / 2;
    const decades = [];
    for (let at = Math.floor(Math.log10(low)); 10 ** at <= high; at += 1) decades.push(10 ** at);
    const all = decades.flatMap((unit) => (few ? [1] : [1, 2, 5]).map((n) => n * unit));
    return all.filter((value) => value >= low && value <= high);
  }
  const unit = 10 ** Math.floor(Math.log10((high - low) / count));
  const step = [1, 2, 5, 10].map((n) => n * unit).find((size) => (high - low) / size <= count);
  const first = Math.ceil(low / step);
  const length = Math.max(0, Math.floor(high / step) - first + 1);
  return Array.from({ length }, (_, n) => (first + n) * step);
}

/** Height of a line at x, straight between its points; nothing outside of them. */
function heightAt(line, x) {
  const after = line.x.findIndex((at) => at >= x);
  if (after < 0 || x < line.x[0]) return [];
  if (!after) return [line.y[0]];
  const share = (x - line.x[after - 1]) / (line.x[after] - line.x[after - 1]);
  return [line.y[after - 1] + share * (line.y[after] - line.y[after - 1])];
}

class Plane {
  constructor(data) {
    this.data = data;
    this.scale = data.logarithmic ? "logarithmic" : "linear";
    this.lines = data.cells.flatMap((cell) => {
      cell.shown = true;
      const seeds = cell.seeds.map((line) => ({ ...line, cell, name: `seed ${line.seed}` }));
      return [{ ...cell.mean, cell, name: `mean of ${cell.n}` }, ...seeds];
    });
    const xs = this.lines.flatMap((line) => line.x);
    this.whole = [Math.min(...xs), Math.max(...xs)];
    if (this.whole[0] === this.whole[1]) this.whole[1] += 1;
    this.range = this.whole;
  }

  get logarithmic() {
    return this.scale === "logarithmic";
  }

  get visible() {
    return this.lines.filter((line) => line.cell.shown && line.x.length);
  }

  /** What the objective averages, of the cells that are shown; most often all have the same. */
  get windows() {
    const spans = this.data.cells.filter((cell) => cell.shown && cell.window);
    return [...new Map(spans.map((cell) => [String(cell.window), cell.window])).values()];
  }

  /** The range of what is shown, with what bounds it while nothing is zoomed. */
  heights() {
    const lines = this.visible.length ? this.visible : this.lines;
    const values = lines.flatMap((line) => [
      ...line.y.filter((_, n) => line.x[n] >= this.range[0] && line.x[n] <= this.range[1]),
      ...this.range.flatMap((x) => heightAt(line, x)),
    ]).filter((value) => !this.logarithmic || value > 0);
    if (!values.length) return [1, 10];
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const bounds = this.range === this.whole ? [this.data.floor, this.data.ceiling] : [];
    const seen = bounds.filter((at) => at !== null && (!this.logarithmic || at > least / BELOW));
    const [low, high] = [Math.min(least, ...seen), Math.max(most, ...seen)];
    if (this.logarithmic) return [low / 1.12, high * 1.12];
    const room = 0.05 * (high - low) || 1;
    return [low - room, high + room];
  }

  /** Draw all of it, `width` pixels wide. */
  render(svg, width) {
    this.svg = svg;
    this.deep = Math.min(Math.max(0.42 * width, 210), 380);
    this.bottom = MARGIN.top + this.deep;
    [this.left, this.right] = [MARGIN.left, width - MARGIN.right];
    const warp = this.logarithmic ? (y) => (y > 0 ? Math.log(y) : NaN) : (y) => y;
    const heights = this.heights();
    const [low, high] = heights.map(warp);
    const [start, end] = this.range;
    const across = this.right - this.left;
    this.placed = (x) => this.left + ((x - start) / (end - start)) * across;
    this.unplaced = (at) => start + ((at - this.left) / across) * (end - start);
    this.raised = (y) => MARGIN.top + (1 - (warp(y) - low) / (high - low)) * this.deep;
    // what a logarithmic axis has no place for lies at its foot
    this.held = (y) => (Number.isFinite(this.raised(y)) ? this.raised(y) : this.bottom);
    svg.setAttribute("viewBox", `0 0 ${width} ${this.bottom + MARGIN.bottom}`);
    svg.replaceChildren();
    this.axes(heights);
    const frame = { x: this.left, y: MARGIN.top, width: across, height: this.deep };
    const id = `clip-${this.data.name}`;
    shape(shape(svg, "clipPath", { id }), "rect", frame);
    const inner = shape(svg, "g", { "clip-path": `url(#${id})` });
    for (const [from, to] of this.windows) {
      const x = this.placed(from);
      shape(inner, "rect", { ...frame, x, width: this.placed(to) - x, class: "window" });
    }
    this.bounds(inner, heights);
    // many curves are each drawn fainter, so that the means stand out
    const faint = Math.min(0.45, Math.max(0.2, 12 / this.visible.length));
    inner.style.setProperty("--faint", faint);
    for (const cell of this.data.cells) this.cell(inner, cell);
  }

  axes(heights) {
    for (const value of marks(heights, this.deep / 45, this.logarithmic)) {
      const y = this.raised(value);
      shape(this.svg, "path", { class: "rule", d: `M${this.left} ${y}H${this.right}` });
      shape(this.svg, "text", { x: this.left - 8, y: y + 4, class: "end" }, written(value));
    }
    for (const value of marks(this.range, (this.right - this.left) / 60, false)) {
      const x = this.placed(value);
      shape(this.svg, "path", { class: "tick", d: `M${x} ${this.bottom}v4` });
      shape(this.svg, "text", { x, y: this.bottom + 17, class: "middle" }, written(value));
    }
    const x = (this.left + this.right) / 2;
    shape(this.svg, "text", { x, y: this.bottom + 36, class: "middle" }, this.data.x);
    const turned = `rotate(-90) translate(${-MARGIN.top - this.deep / 2} 12)`;
    shape(this.svg, "text", { transform: turned, class: "middle" }, this.data.y);
  }

  /** The KID of real images and that of the untrained generator, where they are known. */
  bounds(inner, [low, high]) {
    const bounds = [[this.data.floor, "real against real images", "start", this.left + 6],
      [this.data.ceiling, "untrained generator", "end", this.right - 6]];
    for (const [value, words, anchor, x] of bounds) {
      if (value === null || value > high) continue;
      const under = value < low;
      const y = under ? this.bottom : this.raised(value);
      if (!under) shape(inner, "path", { class: "bound", d: `M${this.left} ${y}H${this.right}` });
      const top = y - MARGIN.top < 20 ? y + 15 : y - 6;
      const text = `${words}: ${written(value, 3)}${under ? " \u2193" : ""}`;
      shape(this.svg, "text", { x, y: top, class: `note ${anchor}` }, text);
    }
  }

  cell(inner, cell) {
    cell.group = null;
    if (!cell.shown) return;
    cell.group = shape(inner, "g", { "data-cell": cell.name });
    if (cell.half.length) {
      const { x, y } = cell.mean;
      const end = (n, half) => `${this.placed(x[n])} ${this.held(y[n] + half)}`;
      const over = cell.half.map((half, n) => end(n, half));
      const under = cell.half.map((half, n) => end(n, -half)).reverse();
      const d = `M${[...over, ...under].join("L")}Z`;
      shape(cell.group, "path", { class: "band", fill: cell.colour, d });
    }
    for (const line of cell.seeds) {
      shape(cell.group, "path", { ...stroke(cell), d: this.path(line), class: "seed" });
      const last = line.x.length - 1;
      if (!line.diverged || last < 0) continue;
      const d = `M${this.placed(line.x[last])} ${this.held(line.y[last])}m-4-4l8 8m0-8l-8 8`;
      shape(cell.group, "path", { stroke: cell.colour, "stroke-width": 2, d });
    }
    shape(cell.group, "path", { ...stroke(cell), d: this.path(cell.mean) });
  }

  /** A line; interrupted where a logarithmic axis has no place for it. */
  path(line) {
    let pen = "M";
    let path = "";
    for (const [place, x] of line.x.entries()) {
      const y = this.raised(line.y[place]);
      if (Number.isFinite(y)) path += `${pen}${this.placed(x)} ${y}`;
      pen = Number.isFinite(y) ? "L" : "M";
    }
    return path;
  }
}
