// A training under way: buttons, numbers in fixed places, and learning curves drawn from the numbers that the kernel sends.
const SVG = "http://www.w3.org/2000/svg", MARGIN = { left: 54, right: 10, top: 8, bottom: 32 };
const WAITING = { pause: "Pausing after the running steps …", resume: "Resuming …", stop: "Stopping after the running steps …" };

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

// One region of the page speaks to screen readers: it outlives the widget, which is closed at the end.
function announce(text) {
  const style = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)";
  let region = document.getElementById("aenb-announcer");
  if (!region) {
    region = make("div", { id: "aenb-announcer" });
    region.setAttribute("role", "status");
    region.setAttribute("style", style);
    document.body.append(region);
  }
  region.textContent = text;
}

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
  constructor(model) {
    this.model = model;
    this.hidden = new Set();
    this.at = null; // the epoch at the pointer
    this.svg = document.createElementNS(SVG, "svg");
    this.svg.setAttribute("role", "img");
    this.svg.setAttribute("tabindex", "0");
    this.svg.setAttribute("data-lm-suppress-shortcuts", "true");
    this.log = make("input", { type: "checkbox" });
    this.smooth = make("input", { type: "range", min: 0, max: 0.95, step: 0.05, value: 0 });
    this.legend = make("div", { className: "aenb-legend" });
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
    return this.model.get("curves").map((line) => ({ ...line, drawn: smoothed(line.points, weight) }));
  }

  show() {
    const lines = this.lines(), seen = lines.filter((line) => !this.hidden.has(line.name));
    const all = seen.flatMap((line) => line.drawn.map(([, y]) => y)).filter(Number.isFinite);
    const positive = all.length > 0 && Math.min(...all) > 0;
    if (!this.isChosen) this.log.checked = positive && Math.max(...all) > 3 * Math.min(...all);
    this.log.disabled = !positive;
    const isLog = positive && this.log.checked, { width, height } = this.svg.getBoundingClientRect();
    this.svg.replaceChildren();
    this.svg.setAttribute("aria-label", `Learning curves. ${lines.map((line) => `${line.label}: ${number(line.points.at(-1)?.[1])}`).join(", ")}`);
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
      draw(this.svg, "path", { d: path, fill: "none", stroke: line.colour, "stroke-width": 2, "stroke-dasharray": line.dashes ?? "none" });
      if (points.length === 1) draw(this.svg, "circle", { cx: x(points[0][0]), cy: y(points[0][1]), r: 3, fill: line.colour });
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

  name(lines) {
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
      const point = this.at === null ? line.points.at(-1) : this.near(line.points);
      entry.lastChild.textContent = `${line.label} ${point ? number(point[1]) : "–"}`;
    });
  }

  near(points) { // a point may have been thinned out since
    return points.reduce((best, point) => (best && Math.abs(best[0] - this.at) <= Math.abs(point[0] - this.at) ? best : point), null);
  }

  epochs() {
    return [...new Set(this.model.get("curves").flatMap((line) => line.points.map(([x]) => x)))].sort((a, b) => a - b);
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

function render({ model, el }) {
  const chart = new Chart(model);
  const pause = make("button", { type: "button", className: "aenb-pause", textContent: "Pause", title: "Pause or resume the training" });
  const stop = make("button", { type: "button", className: "aenb-stop", textContent: "Stop", title: "Stop and keep what was learnt" });
  const notify = make("input", { type: "checkbox" }), phase = make("span", { className: "aenb-phase" });
  const wish = make("label", { className: "aenb-small", title: "A notification of the browser at the end" }, notify, " notify me");
  const buttons = make("div", { className: "aenb-buttons" }, pause, stop, phase, wish);
  const title = make("div", { className: "aenb-title" }), bar = make("progress", { max: 1, value: 0 });
  const cells = make("div", { className: "aenb-cells" }), notes = make("div", { className: "aenb-small" });
  const image = make("img", { alt: "held-out examples with reconstructions, or generated samples" });
  const pictures = make("div", { className: "aenb-pictures" }, chart.element, make("div", {}, image));
  bar.setAttribute("aria-label", "training");
  el.classList.add("aenb-live");
  el.replaceChildren(buttons, title, bar, cells, notes, pictures);

  const kernel = model.widget_manager?.kernel;
  const showState = () => {
    const now = model.get("now"), isUnderWay = now.phase === "training", isHeld = now.state === "paused" || now.state === "pausing";
    pause.textContent = isHeld ? "Resume" : "Pause";
    pause.disabled = !isUnderWay || now.state === "stopping";
    stop.disabled = !now.stop || now.state === "stopping" || (now.stop === "interrupt" && !kernel?.interrupt);
    phase.textContent = phase.title = now.text;
    bar.value = now.part ?? 0;
    pictures.style.display = isUnderWay ? "" : "none";
    (now.cells ?? []).forEach(([label, value], index) => {
      const cell = cells.children[index] ?? cells.appendChild(make("span", {}, make("span", { className: "aenb-small" }), " ", make("b")));
      cell.firstChild.textContent = label;
      cell.lastChild.textContent = value;
    });
  };
  const showAbout = () => {
    title.textContent = title.title = model.get("title");
    buttons.style.visibility = model.get("has_buttons") ? "" : "hidden";
    notes.replaceChildren(...model.get("notes").map((text) => make("div", { textContent: text })));
  };
  let url = "";
  const showExamples = () => {
    URL.revokeObjectURL(url);
    const bytes = model.get("examples");
    if (bytes.byteLength) image.src = url = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
  };
  const ask = (what) => {
    phase.textContent = WAITING[what]; // at once: the kernel may be in a long step
    if (what === "stop") stop.disabled = pause.disabled = true;
    if (what === "stop" && model.get("now").stop === "interrupt") kernel.interrupt(); // the kernel hears nothing else now
    else model.send({ ask: what });
  };
  pause.onclick = () => ask(pause.textContent.toLowerCase());
  stop.onclick = () => ask("stop");
  notify.onchange = async () => {
    if (notify.checked && window.Notification?.permission !== "granted")
      notify.checked = (await window.Notification?.requestPermission()) === "granted";
  };
  const heard = (content) => {
    announce(content.announce);
    if (content.end && notify.checked) new Notification("aenb", { body: content.announce });
  };
  const showCurves = () => chart.show();
  const listeners = { "change:now": showState, "change:title": showAbout, "change:notes": showAbout, "change:has_buttons": showAbout,
    "change:examples": showExamples, "change:curves": showCurves, "msg:custom": heard };
  for (const [event, listener] of Object.entries(listeners)) model.on(event, listener);
  for (const show of [showState, showAbout, showExamples, showCurves]) show();
  return () => {
    const around = el.closest(".aenb-panel"); // it becomes shorter: the page may be left scrolled beyond its end
    setTimeout(() => around?.getBoundingClientRect().bottom < 80 && around.scrollIntoView({ block: "nearest" }), 300);
    chart.watcher.disconnect();
    URL.revokeObjectURL(url);
    for (const [event, listener] of Object.entries(listeners)) model.off(event, listener);
  };
}

export default { render };
