// Learning curves, drawn as SVG from numbers: hover or cursor keys give the values, the legend hides lines.
const MARGIN = { left: 54, right: 10, top: 8, bottom: 32 };
const SVG = Object.assign(document.createElement("div"), { innerHTML: "<svg></svg>" }).firstChild.namespaceURI; // no address in the page

const make = (tag, about = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), about);
  element.append(...children);
  if (["button", "input"].includes(tag)) element.setAttribute("data-lm-suppress-shortcuts", "true"); // its keys are its own
  return element;
};
const draw = (parent, tag, attributes, text) => {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return parent.appendChild(element);
};
const number = (value) => {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(2) : value.toPrecision(4);
};

function ticks(low, high, isLog) {
  const found = [];
  if (isLog) {
    const wide = high / low > 100;
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
      for (const digit of wide ? [1] : high / low > 8 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 7]) {
        const value = digit * 10 ** power;
        if (value >= low * 0.999 && value <= high * 1.001) found.push(value);
      }
    return found;
  }
  const rough = (high - low) / 4 || 1, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-6; value += step) found.push(Number(value.toPrecision(10)));
  return found;
}

const smoothed = (points, weight) => {
  let mean = 0, total = 0;
  return points.map(([x, y]) => {
    if (!Number.isFinite(y)) return [x, y];
    [mean, total] = [weight * mean + (1 - weight) * y, weight * total + 1 - weight]; // as Adam corrects its moments
    return [x, mean / total];
  });
};

class Chart {
  // `curves` returns lines: { name, label, colour, points: [[epoch, value], …], width, opacity, values }. Lines of one name
  // share an entry in the legend; `values` are the points that it names if those that are drawn are scaled.
  constructor(curves) {
    this.curves = curves;
    this.hidden = new Set();
    this.at = null; // the epoch at the pointer
    this.svg = document.createElementNS(SVG, "svg");
    this.svg.setAttribute("role", "img");
    this.svg.setAttribute("tabindex", "0");
    this.svg.setAttribute("data-lm-suppress-shortcuts", "true");
    this.log = make("input", { type: "checkbox" });
    this.smooth = make("input", { type: "range", min: 0, max: 0.95, step: 0.05, value: 0 });
    this.legend = make("div", { className: "aenb-lines" });
    const tools = make("div", { className: "aenb-tools" }, make("label", {}, this.log, "log scale"), make("label", {}, "smoothing", this.smooth));
    this.element = make("div", { className: "aenb-chart" }, tools, this.svg, this.legend);
    this.log.onchange = () => { this.isChosen = true; this.show(); };
    this.smooth.oninput = () => this.show();
    this.svg.onpointermove = (event) => this.point(event);
    this.svg.onpointerleave = () => { this.at = null; this.show(); };
    this.svg.onkeydown = (event) => this.key(event);
    this.watcher = new ResizeObserver(() => this.show());
    this.watcher.observe(this.svg);
  }

  lines() {
    const weight = Number(this.smooth.value);
    return this.curves().map((line) => ({ ...line, drawn: smoothed(line.points, weight) }));
  }

  show() {
    const lines = this.lines(), seen = lines.filter((line) => !this.hidden.has(line.name));
    const all = seen.flatMap((line) => line.drawn.map(([, y]) => y)).filter(Number.isFinite);
    const positive = all.length > 0 && Math.min(...all) > 0;
    if (!this.isChosen) this.log.checked = positive && Math.max(...all) > 3 * Math.min(...all);
    this.log.disabled = !positive;
    const isLog = positive && this.log.checked, { width, height } = this.svg.getBoundingClientRect();
    this.svg.replaceChildren();
    this.svg.setAttribute("aria-label", `Learning curves. ${this.entries(lines).map((line) => `${line.label}: ${number((line.values ?? line.points).at(-1)?.[1])}`).join(", ")}`);
    if (!all.length && width > 80) {
      const words = this.hidden.size ? "All lines are hidden" : "Learning curves: after the first steps";
      draw(this.svg, "text", { x: width / 2, y: height / 2, "text-anchor": "middle", opacity: 0.75 }, words);
    }
    if (!all.length || width < 80) return this.name(lines);
    const right = width - MARGIN.right, bottom = height - MARGIN.bottom;
    let [low, high] = [Math.min(...all), Math.max(...all)];
    if (low === high) [low, high] = isLog ? [low / 1.1, high * 1.1] : [low - 0.5, high + 0.5];
    const last = Math.max(1, ...seen.flatMap((line) => line.drawn.map(([x]) => x)));
    const begin = Math.min(last, ...seen.flatMap((line) => line.drawn.map(([x]) => x))), first = begin < 1 ? 0 : begin;
    const scale = isLog ? Math.log : (value) => value;
    const x = (value) => MARGIN.left + ((value - first) / (last - first || 1)) * (right - MARGIN.left);
    const y = (value) => bottom - ((scale(value) - scale(low)) / (scale(high) - scale(low))) * (bottom - MARGIN.top);
    this.inverse = (place) => first + ((place - MARGIN.left) / (right - MARGIN.left)) * (last - first || 1);
    for (const value of ticks(low, high, isLog)) {
      draw(this.svg, "line", { x1: MARGIN.left, x2: right, y1: y(value), y2: y(value), stroke: "currentColor", opacity: 0.15 });
      draw(this.svg, "text", { x: MARGIN.left - 6, y: y(value) + 4, "text-anchor": "end" }, Number(value.toPrecision(3)));
    }
    for (const value of ticks(first, last, false).filter(Number.isInteger))
      draw(this.svg, "text", { x: x(value), y: bottom + 15, "text-anchor": "middle" }, value);
    draw(this.svg, "text", { x: (MARGIN.left + right) / 2, y: height - 4, "text-anchor": "middle" }, "epoch");
    draw(this.svg, "path", { d: `M${MARGIN.left},${MARGIN.top}V${bottom}H${right}`, fill: "none", stroke: "currentColor", opacity: 0.5 });
    for (const line of seen) {
      const points = line.drawn.filter(([, value]) => Number.isFinite(value));
      const path = points.map(([a, b], i) => `${i ? "L" : "M"}${x(a).toFixed(1)},${y(b).toFixed(1)}`).join("");
      draw(this.svg, "path", { d: path, fill: "none", stroke: line.colour, "stroke-width": line.width ?? 2, opacity: line.opacity ?? 1 });
      if (points.length === 1) draw(this.svg, "circle", { cx: x(points[0][0]), cy: y(points[0][1]), r: 3, fill: line.colour, opacity: line.opacity ?? 1 });
    }
    if (this.at !== null) {
      draw(this.svg, "line", { x1: x(this.at), x2: x(this.at), y1: MARGIN.top, y2: bottom, stroke: "currentColor", opacity: 0.6 });
      for (const line of seen) {
        const point = this.near(line.drawn);
        if (point && Number.isFinite(point[1])) draw(this.svg, "circle", { cx: x(point[0]), cy: y(point[1]), r: 3.5, fill: line.colour });
      }
      draw(this.svg, "text", { x: Math.min(x(this.at) + 5, right - 50), y: MARGIN.top + 8 }, `epoch ${number(this.at).replace(/\.?0+$/, "")}`);
    }
    this.name(lines);
  }

  entries(lines) {
    return lines.filter((line, index) => lines.findIndex((other) => other.name === line.name) === index);
  }

  name(all) {
    const lines = this.entries(all);
    while (this.legend.children.length > lines.length) this.legend.lastChild.remove();
    lines.forEach((line, index) => {
      let entry = this.legend.children[index];
      if (!entry) {
        entry = make("button", { type: "button" }, make("i"), make("span"));
        entry.onclick = () => {
          this.hidden.delete(entry.dataset.name) || this.hidden.add(entry.dataset.name);
          this.show();
        };
        this.legend.append(entry);
      }
      entry.dataset.name = line.name;
      entry.title = `Show or hide ${line.label}`;
      entry.setAttribute("aria-pressed", String(!this.hidden.has(line.name)));
      entry.firstChild.style.background = line.colour;
      const values = line.values ?? line.points, point = this.at === null ? values.at(-1) : this.near(values);
      entry.lastChild.textContent = `${line.label} ${point ? number(point[1]) : "–"}`;
    });
  }

  near(points) { // a point may have been thinned out since
    return points.reduce((best, point) => (best && Math.abs(best[0] - this.at) <= Math.abs(point[0] - this.at) ? best : point), null);
  }

  epochs() {
    return [...new Set(this.curves().flatMap((line) => line.points.map(([x]) => x)))].sort((a, b) => a - b);
  }

  point(event) {
    if (!this.inverse) return;
    const wanted = this.inverse(event.clientX - this.svg.getBoundingClientRect().left);
    this.at = this.epochs().reduce((best, x) => (best === null || Math.abs(x - wanted) < Math.abs(best - wanted) ? x : best), null);
    this.show();
  }

  key(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key], epochs = this.epochs();
    if (!by || !epochs.length) return;
    event.preventDefault();
    event.stopPropagation();
    const here = this.at === null ? epochs.length : epochs.findIndex((epoch) => epoch >= this.at);
    this.at = epochs[Math.max(0, Math.min(epochs.length - 1, here + by))];
    this.show();
  }
}
