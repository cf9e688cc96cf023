// The latent explorer in the page: a latent plane, a point in it that is moved, and what it decodes to.
// Text is never set as HTML, so that names and labels are shown as they are.

const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const STEP = 0.02, LEAP = 0.1; // fractions of the plane's width, for a key alone and with Shift
const SECONDS = 2; // for the path from A to B
const NEAR = 8; // codes that are averaged for a point of a curved plane

// Decoding: the layers of a Keras model, one after another, as the kernel describes them

const erf = (x) => {
  // Abramowitz & Stegun 7.1.26, to 1.5e-7
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const y = 1 - ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * Math.exp(-x * x);
  return x < 0 ? -y : y;
};
const ACTIVATIONS = {
  linear: null,
  relu: (x) => (x > 0 ? x : 0),
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  selu: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  silu: (x) => x / (1 + Math.exp(-x)),
  leaky_relu: (x) => (x > 0 ? x : 0.2 * x),
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  softplus: (x) => (x > 30 ? x : Math.log1p(Math.exp(x))),
};

const size = (shape) => shape.reduce((a, b) => a * b, 1);

const STEPS = {
  as_is: (x) => x,
  activation: (x) => Float32Array.from(x),
  dense(x, step, take) {
    const units = size(step.shape), kernel = take(x.length * units), output = Float32Array.from(take(units));
    for (let i = 0; i < x.length; i++) {
      const value = x[i], row = i * units;
      if (value !== 0) for (let j = 0; j < units; j++) output[j] += value * kernel[row + j];
    }
    return output;
  },
  transposed(x, step, take) {
    const [height, width, depth] = step.from, [high, wide, filters] = step.shape, [kh, kw] = step.kernel;
    const kernel = take(kh * kw * filters * depth), bias = take(filters), output = new Float32Array(high * wide * filters);
    for (let i = 0; i < output.length; i++) output[i] = bias[i % filters];
    const top = Math.max(kh - step.stride, 0) >> 1, left = Math.max(kw - step.stride, 0) >> 1;
    for (let r = 0; r < height; r++) for (let c = 0; c < width; c++) {
      const from = (r * width + c) * depth;
      for (let a = 0; a < kh; a++) {
        const y = r * step.stride + a - top;
        if (y < 0 || y >= high) continue;
        for (let b = 0; b < kw; b++) {
          const z = c * step.stride + b - left;
          if (z < 0 || z >= wide) continue;
          for (let f = 0; f < filters; f++) { // the kernel is (kh, kw, filters, depth)
            let sum = 0;
            const at = ((a * kw + b) * filters + f) * depth;
            for (let d = 0; d < depth; d++) sum += x[from + d] * kernel[at + d];
            output[(y * wide + z) * filters + f] += sum;
          }
        }
      }
    }
    return output;
  },
  norm(x, step, take) {
    const depth = step.shape[step.shape.length - 1], gamma = take(depth), beta = take(depth), output = new Float32Array(x.length);
    for (let at = 0; at < x.length; at += depth) {
      let mean = 0, variance = 0;
      for (let d = 0; d < depth; d++) mean += x[at + d] / depth;
      for (let d = 0; d < depth; d++) variance += (x[at + d] - mean) ** 2 / depth;
      const scale = 1 / Math.sqrt(variance + step.epsilon);
      for (let d = 0; d < depth; d++) output[at + d] = (x[at + d] - mean) * scale * gamma[d] + beta[d];
    }
    return output;
  },
  crop(x, step) {
    const [, width, depth] = step.from, [high, wide] = step.shape, output = new Float32Array(size(step.shape));
    for (let r = 0; r < high; r++) {
      const begin = ((r + step.top) * width + step.left) * depth;
      output.set(x.subarray(begin, begin + wide * depth), r * wide * depth);
    }
    return output;
  },
};

export function decode(steps, weights, code) {
  let at = 0, x = code;
  const take = (n) => weights.subarray(at, (at += n));
  for (const step of steps) {
    x = STEPS[step.kind](x, step, take);
    const activation = ACTIVATIONS[step.activation ?? "linear"];
    if (activation) for (let i = 0; i < x.length; i++) x[i] = activation(x[i]);
  }
  return x;
}

// Drawing

const FOCUSED = new Set(["button", "canvas", "input", "select"]); // JupyterLab would take their keys as shortcuts

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  if (FOCUSED.has(tag)) node.setAttribute("data-lm-suppress-shortcuts", "true");
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

function sharp(canvas, width, height) {
  // as many pixels as the screen has
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  return pen;
}

// An example on a canvas: values are in [0, 1] for images (as floats, or bytes as numbers in [0, 255])
function drawImage(canvas, [height, width, channels], values, scale) {
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext("2d"), image = pen.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) {
      const value = channels === 3 ? values[3 * i + c] : values[channels * i];
      image.data[4 * i + c] = Math.max(0, Math.min(255, value * scale));
    }
    image.data[4 * i + 3] = 255;
  }
  pen.putImageData(image, 0, 0);
}

function drawLines(canvas, [length, channels], values, [low, high], colours) {
  const pen = sharp(canvas, canvas.clientWidth || 220, canvas.clientHeight || 140);
  const w = canvas.clientWidth || 220, h = canvas.clientHeight || 140;
  pen.clearRect(0, 0, w, h);
  for (let c = 0; c < Math.min(channels, 3); c++) {
    pen.strokeStyle = colours[c];
    pen.lineWidth = 1.6;
    pen.beginPath();
    for (let t = 0; t < length; t++)
      pen.lineTo((t / Math.max(1, length - 1)) * (w - 8) + 4, h - 6 - ((values[t * channels + c] - low) / (high - low)) * (h - 12));
    pen.stroke();
  }
}

function drawBars(canvas, names, values, [low, high], colour) {
  const row = 15, w = canvas.clientWidth || 260, h = row * names.length + 4, left = w * 0.55;
  canvas.style.height = `${h}px`;
  const pen = sharp(canvas, w, h);
  const ink = getComputedStyle(canvas).color || "#808080", zero = left + ((0 - low) / (high - low)) * (w - left - 4);
  pen.font = "11px sans-serif";
  pen.textBaseline = "middle";
  names.forEach((name, i) => {
    const end = left + ((Math.max(low, Math.min(high, values[i])) - low) / (high - low)) * (w - left - 4);
    pen.fillStyle = ink;
    pen.textAlign = "right";
    pen.fillText(name.length > 22 ? `${name.slice(0, 21)}…` : name, left - 6, row * i + row / 2 + 2);
    pen.fillStyle = colour;
    pen.fillRect(Math.min(zero, end), row * i + 4, Math.max(1, Math.abs(end - zero)), row - 5);
  });
}

function render({ model, el }) {
  const about = model.get("about"), dimensions = about.latent_dim;
  const floats = (name) => { const view = model.get(name); return new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength)); };
  const bytes = (name) => { const view = model.get(name); return new Uint8Array(view.buffer, view.byteOffset, view.byteLength); };
  const points = floats("points"), codes = floats("codes"), weights = floats("weights"), classes = bytes("classes"), examples = bytes("examples");
  const count = points.length / 2, [x0, x1, y0, y1] = about.bounds, origin = about.origin, axes = about.axes;
  let code = Float32Array.from(about.start), hidden = new Set(), near = -1, ends = { A: null, B: null }, playing = 0, label = 0;
  const latencies = [];

  // The elements

  const back = element("canvas", { class: "aenb-points", "aria-hidden": "true" });
  const front = element("canvas", {
    class: "aenb-plane", tabindex: 0, role: "application",
    "aria-label": `Latent plane. Arrow keys move the point, with Shift farther; Enter takes the nearest example.`,
  });
  const status = element("div", { class: "aenb-status", "aria-live": "polite" });
  const picture = () => element(about.kind === "text" ? "div" : "canvas", { class: `aenb-picture aenb-${about.kind}`, role: "img" });
  const decoded = picture(), shown = picture();
  decoded.setAttribute("aria-label", "what the point decodes to");
  shown.setAttribute("aria-label", "the example nearest to the pointer");
  const wording = element("figcaption", {}, "decoded");
  const nearWording = element("figcaption", {}, "nearest example");
  const pictures = element("div", { class: "aenb-pictures" },
    element("figure", {}, decoded, wording), about.has_examples ? element("figure", {}, shown, nearWording) : "");
  const sliders = about.sliders.map((slider) => {
    const input = element("input", {
      type: "range", min: slider.low, max: slider.high, step: (slider.high - slider.low) / 200,
      "aria-label": `latent dimension ${slider.dimension}`, title: slider.help,
      oninput: (event) => { stop(); code[slider.dimension] = Number(input.value); changed(event.timeStamp); },
    });
    const value = element("output", {}, "");
    return { ...slider, input, value, row: element("label", { title: slider.help }, element("span", {}, slider.label), input, value) };
  });
  const button = (text, help, onclick) => element("button", { type: "button", title: help, onclick }, text);
  const play = button("Play A → B", "Move the point from A to B and back", () => (playing ? stop() : walk()));
  const buttons = element("div", { class: "aenb-buttons" },
    button("Set A", "Remember the point as A", () => mark("A")), button("Set B", "Remember the point as B", () => mark("B")), play,
    button("Random", about.random_help, random), button("Centre", "Go to the median of the latent codes", (e) => { stop(); code = Float32Array.from(about.start); changed(e.timeStamp); }));
  if (about.condition_classes.length)
    buttons.append(element("label", {}, "class ", element("select", { "aria-label": "class to generate", onchange: (e) => { label = Number(e.target.value); changed(e.timeStamp); } },
      ...about.condition_classes.map((name, number) => element("option", { value: number }, name)))));
  const legend = element("div", { class: "aenb-legend" }, ...about.class_names.map((name, number) => {
    const chip = element("button", { type: "button", "aria-pressed": "true", title: "Show or hide this class", onclick: () => {
      hidden.has(number) ? hidden.delete(number) : hidden.add(number);
      chip.setAttribute("aria-pressed", String(!hidden.has(number)));
      drawPoints();
    } }, element("i", { style: `background:${about.colours[number]}` }), name);
    return chip;
  }));
  const root = element("div", { class: "aenb-explorer" },
    element("div", { class: "aenb-title" }, about.title),
    element("div", { class: "aenb-columns" },
      element("div", { class: "aenb-left" }, element("div", { class: "aenb-stage" }, back, front), element("div", { class: "aenb-axes" }, about.axis_names), legend),
      element("div", { class: "aenb-right" }, pictures, buttons, status, element("div", { class: "aenb-sliders" }, ...sliders.map((s) => s.row)))));
  root.aenbLatencies = latencies;
  el.append(root);

  // From a code to the plane and back

  const project = (z) => {
    if (!axes.length) return blend(z);
    return [0, 1].map((k) => axes[k].reduce((sum, a, j) => sum + a * (z[j] - origin[j]), 0));
  };
  function moved(point) {
    // the code at a point of the plane; for a flat plane, the components outside it stay as they are
    if (axes.length) {
      const now = project(code), output = Float32Array.from(code);
      for (let k = 0; k < 2; k++) for (let j = 0; j < dimensions; j++) output[j] += axes[k][j] * (point[k] - now[k]);
      return output;
    }
    const distances = Array.from({ length: count }, (_, i) => [(points[2 * i] - point[0]) ** 2 + (points[2 * i + 1] - point[1]) ** 2, i]);
    return average(distances, (i) => codes.subarray(i * dimensions, (i + 1) * dimensions), dimensions);
  }
  function average(distances, value, length) {
    distances.sort((a, b) => a[0] - b[0]);
    const output = new Float32Array(length);
    let total = 0;
    for (const [distance, i] of distances.slice(0, NEAR)) {
      const weight = 1 / (distance + 1e-9);
      total += weight;
      value(i).forEach((v, j) => (output[j] += weight * v));
    }
    return output.map((v) => v / total);
  }
  const blend = (z) => {
    const distances = Array.from({ length: count }, (_, i) => {
      let sum = 0;
      for (let j = 0; j < dimensions; j++) sum += (codes[i * dimensions + j] - z[j]) ** 2;
      return [sum, i];
    });
    return Array.from(average(distances, (i) => points.subarray(2 * i, 2 * i + 2), 2));
  };

  // The plane

  const side = () => [front.clientWidth, front.clientHeight];
  const toPixel = ([x, y]) => { const [w, h] = side(); return [((x - x0) / (x1 - x0)) * w, h - ((y - y0) / (y1 - y0)) * h]; };
  const toPoint = (event) => { const box = front.getBoundingClientRect(); return [x0 + ((event.clientX - box.left) / box.width) * (x1 - x0), y0 + (1 - (event.clientY - box.top) / box.height) * (y1 - y0)]; };
  const mean = () => Math.min(...side()) < 1;

  function drawPoints() {
    if (mean()) return;
    const [w, h] = side(), pen = sharp(back, w, h), ink = getComputedStyle(root).color;
    pen.globalAlpha = count > 1500 ? 0.55 : 0.75;
    for (let i = 0; i < count; i++) {
      if (classes.length && hidden.has(classes[i])) continue;
      const [x, y] = toPixel([points[2 * i], points[2 * i + 1]]);
      pen.fillStyle = classes.length ? about.colours[classes[i]] : about.colour;
      pen.beginPath();
      pen.arc(x, y, 2.1, 0, 7);
      pen.fill();
    }
    pen.globalAlpha = 1;
    if (x0 < 0 && x1 > 0 && y0 < 0 && y1 > 0) { // the axes, where a coordinate is 0
      const [x, y] = toPixel([0, 0]);
      pen.strokeStyle = ink;
      pen.globalAlpha = 0.25;
      pen.beginPath();
      pen.moveTo(x, 0); pen.lineTo(x, h); pen.moveTo(0, y); pen.lineTo(w, y);
      pen.stroke();
    }
  }

  function drawMarks() {
    if (mean()) return;
    const pen = sharp(front, ...side()), ink = getComputedStyle(root).color;
    const ring = ([x, y], radius, colour, width) => { pen.strokeStyle = colour; pen.lineWidth = width; pen.beginPath(); pen.arc(x, y, radius, 0, 7); pen.stroke(); };
    if (near >= 0) ring(toPixel([points[2 * near], points[2 * near + 1]]), 6, ink, 1.2);
    if (ends.A && ends.B && axes.length) {
      const [a, b] = [toPixel(project(ends.A)), toPixel(project(ends.B))];
      pen.strokeStyle = ink; pen.globalAlpha = 0.6; pen.setLineDash([4, 4]); pen.beginPath(); pen.moveTo(...a); pen.lineTo(...b); pen.stroke(); pen.setLineDash([]); pen.globalAlpha = 1;
    }
    pen.font = "bold 13px sans-serif"; pen.textAlign = "center"; pen.textBaseline = "middle";
    for (const name of ["A", "B"]) if (ends[name]) {
      const [x, y] = toPixel(project(ends[name]));
      ring([x, y], 9, ink, 1.2); pen.fillStyle = ink; pen.fillText(name, x, y);
    }
    const here = toPixel(project(code));
    ring(here, 8, "#ffffff", 4.5);
    ring(here, 8, "#d55e00", 2.5);
  }

  // Pictures

  function draw(place, values, scale = 255) {
    if (about.kind === "image") drawImage(place, about.shape, values, scale);
    else if (about.kind === "signal") drawLines(place, about.shape, values, about.range, about.line_colours);
    else if (about.kind === "tabular") drawBars(place, about.feature_names, values, about.range, about.colour);
    else place.textContent = values;
  }

  let waiting = false, wanted = null;
  const inPage = about.steps.length > 0;
  function show(z, since) {
    if (inPage) { draw(decoded, decode(about.steps, weights, z)); latencies.push(performance.now() - since); return; }
    wanted = [z, since];
    ask();
  }
  function ask() { // one request at a time: the latest one waits for the answer
    if (waiting || !wanted) return;
    const [z, since] = wanted;
    wanted = null;
    waiting = since || performance.now();
    model.send({ kind: "decode", label }, undefined, [new Float32Array(z).buffer]);
  }
  model.on("msg:custom", (message, buffers) => {
    if (message.kind !== "decoded" || !root.isConnected) return;
    const view = buffers?.[0];
    if (about.kind === "text") draw(decoded, message.text);
    else if (about.kind === "image") draw(decoded, new Uint8Array(view.buffer, view.byteOffset, view.byteLength), 1);
    else draw(decoded, new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength)));
    if (waiting) latencies.push(performance.now() - waiting);
    waiting = false;
    ask();
  });

  function changed(since = performance.now()) {
    for (const slider of sliders) {
      slider.input.value = code[slider.dimension];
      slider.value.textContent = code[slider.dimension].toFixed(2);
    }
    wording.textContent = "decoded";
    drawMarks();
    show(code, since);
  }

  function showItem(index) {
    near = index;
    drawMarks();
    if (!about.has_examples || index < 0) return;
    const length = size(about.shape);
    if (about.kind === "text") draw(shown, about.texts[index]);
    else if (about.kind === "image") draw(shown, examples.subarray(index * length, (index + 1) * length), 1);
    else draw(shown, new Float32Array(examples.buffer.slice(examples.byteOffset + 4 * index * length, examples.byteOffset + 4 * (index + 1) * length)));
    nearWording.textContent = classes.length ? `nearest example: ${about.class_names[classes[index]]}` : "nearest example";
  }
  function nearest(point) {
    let best = -1, least = Infinity;
    const [sx, sy] = [1 / (x1 - x0), 1 / (y1 - y0)];
    for (let i = 0; i < count; i++) {
      if (classes.length && hidden.has(classes[i])) continue;
      const distance = ((points[2 * i] - point[0]) * sx) ** 2 + ((points[2 * i + 1] - point[1]) * sy) ** 2;
      if (distance < least) [best, least] = [i, distance];
    }
    return best;
  }

  // Interaction

  let pressed = false;
  const go = (event) => { stop(); code = moved(toPoint(event)); changed(event.timeStamp); };
  front.addEventListener("pointerdown", (event) => { pressed = true; front.setPointerCapture(event.pointerId); go(event); });
  front.addEventListener("pointermove", (event) => {
    if (pressed) go(event);
    else if (inPage) { // a preview: the point stays where it is
      wording.textContent = "decoded under the pointer";
      show(moved(toPoint(event)), event.timeStamp);
    }
    showItem(nearest(toPoint(event)));
  });
  front.addEventListener("pointerup", () => (pressed = false));
  front.addEventListener("pointerleave", () => { pressed = false; near = -1; changed(); });
  front.addEventListener("keydown", (event) => {
    const by = event.shiftKey ? LEAP : STEP, now = project(code);
    if (KEYS[event.key]) {
      const [dx, dy] = KEYS[event.key];
      stop();
      code = moved([now[0] + dx * by * (x1 - x0), now[1] + dy * by * (y1 - y0)]);
      changed(event.timeStamp);
      showItem(nearest(project(code)));
    } else if (event.key === "Enter" || event.key === " ") {
      const index = nearest(now);
      stop();
      code = codes.slice(index * dimensions, (index + 1) * dimensions);
      showItem(index);
      changed(event.timeStamp);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });

  function normal() { return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random()); }
  function random(event) {
    stop();
    const index = Math.floor(Math.random() * count);
    code = about.has_prior ? Float32Array.from({ length: dimensions }, normal) : codes.slice(index * dimensions, (index + 1) * dimensions);
    changed(event.timeStamp);
  }
  function mark(name) {
    stop();
    ends[name] = Float32Array.from(code);
    status.textContent = ends.A && ends.B ? "" : `${name} is set. Now move the point, and set ${name === "A" ? "B" : "A"}.`;
    drawMarks();
  }
  function stop() { cancelAnimationFrame(playing); playing = 0; play.textContent = "Play A → B"; }
  function walk() {
    if (!ends.A || !ends.B) { status.textContent = "Set A and B first: the path goes from one to the other."; return; }
    const begin = performance.now();
    play.textContent = "Stop";
    const frame = (now) => {
      const phase = Math.max(0, now - begin) / 1000 / SECONDS, part = 1 - Math.abs((phase % 2) - 1); // there and back
      code = ends.A.map((a, j) => (1 - part) * a + part * ends.B[j]);
      changed(now);
      playing = root.isConnected ? requestAnimationFrame(frame) : 0;
    };
    playing = requestAnimationFrame(frame);
  }

  const watcher = new ResizeObserver(() => { drawPoints(); drawMarks(); });
  watcher.observe(front);
  changed();
  showItem(nearest(project(code)));
  near = -1;
  return () => { stop(); watcher.disconnect(); };
}

export default { render };
