const BLUE = "#2b88c8", ORANGE = "#E69F00", GREEN = "#009E73", GREY = "#767676", INK = "#333333", PALE = "#d5d5d5";
const svg = (tag, attributes, content = "") =>
  `<${tag}${Object.entries(attributes).map(([name, value]) => ` ${name}="${value}"`).join("")}>${content}</${tag}>`;
const px = (value) => String(+value.toFixed(1));
const minus = (text) => text.replace("-", "−");
const fixed = (value, digits = 3) => minus((Math.abs(value) < 0.5 * 10 ** -digits ? 0 : value).toFixed(digits));
const range = (n, low, high) => Array.from({ length: n }, (_, i) => low + ((high - low) * i) / (n - 1));
const sum = (values) => values.reduce((total, value) => total + value, 0);
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const normal = (x, mean, variance) => Math.exp(-((x - mean) ** 2) / (2 * variance)) / Math.sqrt(2 * Math.PI * variance);

/* Standard normal numbers, the same at each visit: mulberry32 and Box–Muller. */
function normals(n, seed) {
  const uniform = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return Array.from({ length: n }, () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()));
}

const text = (x, y, content, more = {}) => svg("text", { x: px(x), y: px(y), ...more }, content);
const dot = (x, y, r, more = {}) => svg("circle", { cx: px(x), cy: px(y), r, ...more });
const stroke = (x1, y1, x2, y2, colour, width = 1, more = {}) =>
  svg("line", { x1: px(x1), y1: px(y1), x2: px(x2), y2: px(y2), stroke: colour, "stroke-width": width, ...more });
const path = (points, colour, width = 2, more = {}) =>
  svg("path", { d: "M" + points.map(([x, y]) => `${px(x)} ${px(y)}`).join(" "), fill: "none", stroke: colour,
    "stroke-width": width, "stroke-linejoin": "round", "stroke-linecap": "round", ...more });

function arrow(x1, y1, x2, y2, colour, width = 2, head = 7) {
  const length = Math.hypot(x2 - x1, y2 - y1);
  if (length < 1) return "";
  const size = Math.min(head, length), [u, v] = [(x2 - x1) / length, (y2 - y1) / length];
  const [bx, by] = [x2 - u * size, y2 - v * size];
  const corners = [[x2, y2], [bx - v * size * 0.45, by + u * size * 0.45], [bx + v * size * 0.45, by - u * size * 0.45]];
  return stroke(x1, y1, bx, by, colour, width) +
    svg("polygon", { points: corners.map(([x, y]) => `${px(x)},${px(y)}`).join(" "), fill: colour });
}

/* Scales and a frame; box: left, top, right, bottom in the panel's units. */
function axes({ x, y, box = [42, 12, 392, 250], xticks = [], yticks = [], xlabel = "", ylabel = "", name = String }) {
  const [left, top, right, bottom] = box;
  const X = (value) => left + ((value - x[0]) / (x[1] - x[0])) * (right - left);
  const Y = (value) => bottom - ((value - y[0]) / (y[1] - y[0])) * (bottom - top);
  const frame = stroke(left, bottom, right, bottom, GREY) + (yticks.length ? stroke(left, top, left, bottom, GREY) : "") +
    xticks.map((v) => stroke(X(v), bottom, X(v), bottom + 4, GREY) +
      text(X(v), bottom + 17, minus(name(v)), { "text-anchor": "middle", class: "small axis" })).join("") +
    yticks.map((v) => stroke(left - 4, Y(v), left, Y(v), GREY) +
      text(left - 7, Y(v) + 4, minus(name(v)), { "text-anchor": "end", class: "small axis" })).join("") +
    (xlabel ? text((left + right) / 2, bottom + 34, xlabel, { "text-anchor": "middle" }) : "") +
    (ylabel ? text(left - 34, top - 10, ylabel, { "text-anchor": "start" }) : "");
  const inside = (content) => svg("svg", { x: left, y: top, width: right - left, height: bottom - top, overflow: "hidden",
    style: "overflow:hidden", viewBox: `${left} ${top} ${right - left} ${bottom - top}` }, content);
  const curve = (f, colour, width = 2, more = {}) =>
    path(range(161, x[0], x[1]).map((v) => [X(v), Y(f(v))]), colour, width, more);
  const area = (f, colour, opacity) => svg("path", { fill: colour, "fill-opacity": opacity, d: "M" +
    [[X(x[0]), bottom], ...range(161, x[0], x[1]).map((v) => [X(v), Y(f(v))]), [X(x[1]), bottom]]
      .map(([u, v]) => `${px(u)} ${px(v)}`).join(" ") + "Z" });
  return { X, Y, x, y, box, frame, inside, curve, area };
}

/* The lines f(x, y) = level, by marching squares: a path's `d` in the panel's units. */
function contour(f, scale, level, n = 44) {
  const xs = range(n + 1, ...scale.x), ys = range(n + 1, ...scale.y);
  const values = xs.map((x) => ys.map((y) => f(x, y) - level));
  const places = new Map(), links = new Map();
  const edge = (i, j, k, l) => {
    const [a, b] = [values[i][j], values[k][l]];
    if (a > 0 === b > 0) return null;
    const t = a / (a - b), key = `${i},${j},${k},${l}`;
    places.set(key, [scale.X(xs[i] + t * (xs[k] - xs[i])), scale.Y(ys[j] + t * (ys[l] - ys[j]))]);
    return key;
  };
  const link = (p, q) => [[p, q], [q, p]].forEach(([a, b]) => links.set(a, [...(links.get(a) || []), b]));
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) {
    const crossed = [edge(i, j, i + 1, j), edge(i + 1, j, i + 1, j + 1), edge(i, j + 1, i + 1, j + 1), edge(i, j, i, j + 1)]
      .filter(Boolean);
    for (let k = 0; k + 1 < crossed.length; k += 2) link(crossed[k], crossed[k + 1]);
  }
  const done = new Set(), walks = [];
  const starts = [...links.keys()].sort((a, b) => links.get(a).length - links.get(b).length);
  for (const start of starts) {
    if (done.has(start)) continue;
    const walk = [];
    for (let here = start; here; here = links.get(here).find((other) => !done.has(other))) {
      done.add(here);
      walk.push(places.get(here));
    }
    const closed = links.get(start).length > 1;
    walks.push("M" + walk.map(([x, y]) => `${px(x)} ${px(y)}`).join(" ") + (closed ? "Z" : ""));
  }
  return walks.join("");
}

/* The parts of a page by name; `draw` runs at once, and after each move of a slider. */
function page(root, draw) {
  const slider = (name) => root.querySelector(`input[name="${name}"]`);
  const parts = {
    value: (name) => Number(slider(name).value),
    move: (name, value) => { slider(name).value = value; parts.draw(); },
    slider,
    panel: (name) => root.querySelector(`[data-panel="${name}"]`),
    paint: (name, content) => { parts.panel(name).innerHTML = content; },
    /* The number beside a slider, which a screen reader says too. */
    show: (name, content) => {
      root.querySelectorAll(`[data-value="${name}"]`).forEach((place) => { place.textContent = content; });
      const of = slider(name);
      if (of) of.setAttribute("aria-valuetext", content);
    },
    /* Call act(x, y), in the panel's units, while the pointer is down on a panel. */
    drag: (name, act) => {
      const panel = parts.panel(name);
      const follow = (event) => {
        const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(panel.getScreenCTM().inverse());
        act(place.x, place.y);
      };
      panel.style.cursor = "crosshair";
      panel.style.touchAction = "none";
      panel.addEventListener("pointerdown", (event) => { panel.setPointerCapture(event.pointerId); follow(event); });
      panel.addEventListener("pointermove", (event) => { if (event.buttons) follow(event); });
    },
    draw: () => draw(parts),
  };
  root.querySelectorAll("img[data-panel]").forEach((still) => { still.outerHTML = svg("svg",
    { "data-panel": still.dataset.panel, viewBox: still.dataset.box, role: "img", "aria-label": still.alt }); });
  root.querySelectorAll("input").forEach((input) => input.addEventListener("input", parts.draw));
  root.querySelectorAll("[hidden]").forEach((part) => { part.hidden = false; part.style.display = ""; });
  return parts;
}
