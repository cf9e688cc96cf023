// The latent explorer in the page: a latent plane, a point in it that is moved, and what it decodes to. The files of this
// folder are joined to one module, in the order that `explorer.py` names. Text is never set as HTML, so that names and
// labels are shown as they are. The parts share a scene: its state, and what each part offers to the others.

const QUIET = 500; // milliseconds without a key, after which the nearest example is read out

const button = (text, help, onclick) => element("button", { type: "button", title: help, onclick }, text);

function newScene(model) {
  const about = model.get("about");
  const slice = (name) => { const view = model.get(name); return view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength); };
  const floats = (name) => new Float32Array(slice(name));
  const bytes = (name) => { const view = model.get(name); return new Uint8Array(view.buffer, view.byteOffset, view.byteLength); };
  const scene = {
    model, about, latencies: [], classes: bytes("classes"), examples: bytes("examples"), weights: floats("weights"), indices: Array.from(new Uint32Array(slice("indices"))),
    code: Float32Array.from(about.start), near: -1, label: 0, ends: { A: null, B: null }, marks: [], playing: 0,
    mode: "point", lasso: null, hidden: new Set(), groups: null, matches: null, selected: new Set(),
    hasThumbnails: false, drawnThumbnails: [], isOutlined: false, colour: () => about.colour,
  };
  scene.space = new LatentSpace({ about, points: floats("points"), codes: floats("codes") });
  scene.isShown = (i) => !scene.groups || !scene.hidden.has(scene.groups[i]);
  scene.nearest = (z) => scene.space.nearest(z, scene.isShown);
  scene.labelOf = (i) => (scene.classes.length ? about.class_names[scene.classes[i]] : about.labels[i] ?? "");
  scene.nameOf = (i) => [`#${scene.indices[i]}`, about.names[i], scene.labelOf(i)].filter(Boolean).join(" · ");
  return scene;
}

// The canvases of the plane, and a hint beside the point under the pointer
function stage(scene) {
  const back = element("canvas", { class: "aenb-points", "aria-hidden": "true" });
  const front = element("canvas", { class: "aenb-plane", tabindex: 0, role: "application",
    "aria-label": "Latent plane. Arrow keys move the point, with Shift farther. Enter takes the nearest example, Space selects it. Plus and minus zoom, 0 shows all." });
  const thumbnail = element("canvas"), words = element("span"), hint = element("div", { class: "aenb-hint", "aria-hidden": "true", hidden: "" }, scene.about.kind === "image" ? thumbnail : "", words);
  scene.view = new View(scene.about.bounds, front);
  scene.drawPoints = () => drawPoints(scene, back);
  scene.drawMarks = () => drawMarks(scene, front);
  scene.hideHint = () => { hint.hidden = true; };
  scene.showHint = ([x, y], target) => {
    const mark = typeof target === "object" ? target : null, text = mark ? mark.text : scene.about.texts[target];
    hint.hidden = false;
    words.textContent = [mark ? mark.name : scene.nameOf(target), text && (text.length > 80 ? `${text.slice(0, 79)}…` : text)].filter(Boolean).join(": ");
    if (scene.about.kind === "image" && (mark || scene.about.has_examples)) mark ? scene.drawPlaced(thumbnail, mark) : scene.drawExample(thumbnail, target);
    const [w] = scene.view.size, isRight = x > w / 2;
    Object.assign(hint.style, { top: `${Math.max(0, y - 20)}px`, left: isRight ? "auto" : `${x + 14}px`, right: isRight ? `${w - x + 14}px` : "auto" });
  };
  // the mark or the point that is drawn at a pixel; -1 if there is none
  scene.hit = (pixel) => {
    const mark = scene.marks.find((one) => apart(scene.view.toPixel(one.point), pixel) < REACH);
    if (mark) return mark;
    let best = -1, least = REACH;
    for (let i = 0; i < scene.space.count; i++) {
      if (!scene.isShown(i)) continue;
      const distance = apart(scene.view.toPixel(scene.space.point(i)), pixel);
      if (distance < least) [best, least] = [i, distance];
    }
    return best;
  };
  return { node: element("div", { class: "aenb-stage" }, back, front, hint), front };
}

// Buttons above the plane: what dragging does, and zoom
function tools(scene) {
  const modes = [["point", "Move", "Drag the point"], ["pan", "Pan", "Drag the plane (in every mode: with Alt or the middle button)"], ["lasso", "Lasso", "Draw around examples to select them (in every mode: with Shift; with Ctrl they are added)"]];
  const buttons = modes.map(([mode, text, help]) => element("button", { type: "button", title: help, "aria-pressed": String(mode === scene.mode), onclick: (event) => {
    scene.mode = mode;
    buttons.forEach((one) => one.setAttribute("aria-pressed", String(one === event.currentTarget)));
    scene.root.dataset.mode = mode;
  } }, text));
  const zoom = [["+", "Zoom in", ZOOM], ["−", "Zoom out", 1 / ZOOM], ["Fit", "Show all", 0]].map(([text, help, factor]) =>
    element("button", { type: "button", title: `${help} (${{ "+": "the key +", "−": "the key -", Fit: "the key 0" }[text]}; the wheel zooms once the plane is clicked)`, "aria-label": help, onclick: () => scene.zoom(factor) }, text));
  return element("div", { class: "aenb-row aenb-tools" },
    element("span", { role: "group", "aria-label": "What dragging does" }, ...buttons), element("span", { role: "group", "aria-label": "Zoom" }, ...zoom));
}

function sliders(scene) {
  const all = scene.about.sliders.map((slider) => {
    const value = element("span", { class: "aenb-value" }), input = element("input", {
      type: "range", min: slider.low, max: slider.high, step: (slider.high - slider.low) / 200,
      "aria-label": `latent dimension ${slider.dimension}`, title: slider.help,
      oninput: (event) => { scene.stop(); scene.code[slider.dimension] = Number(input.value); scene.changed(event.timeStamp); },
    });
    return { ...slider, input, value, row: element("label", { title: slider.help }, element("span", {}, slider.label), input, value) };
  });
  return { node: element("div", { class: "aenb-sliders" }, ...all.map((one) => one.row)), update() {
    for (const one of all) {
      one.input.value = scene.code[one.dimension];
      one.value.textContent = scene.code[one.dimension].toFixed(2).replace(/^-0\.00$/, "0.00");
    }
  } };
}

function choices(scene, moves) {
  const { about, space } = scene;
  const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  const random = () => (about.has_prior ? Float32Array.from({ length: space.dimensions }, normal) : space.code(Math.floor(Math.random() * space.count)));
  const node = element("div", { class: "aenb-row aenb-buttons" }, ...moves,
    button("Random", about.random_help, (event) => scene.set(random(), event.timeStamp)),
    button("Centre", "Go to the median of the latent codes", (event) => scene.set(Float32Array.from(about.start), event.timeStamp)));
  if (about.condition_classes.length)
    node.append(element("label", {}, "class ", element("select", { "aria-label": "class to generate", onchange: (event) => { scene.label = Number(event.target.value); scene.changed(event.timeStamp); } },
      ...about.condition_classes.map((name, number) => element("option", { value: number }, name)))));
  return node;
}

// What a gesture does to the scene
function actions(scene, sliding, inPage) {
  let reading = 0;
  scene.changed = (since = performance.now()) => {
    sliding.update();
    scene.show(scene.code, since);
    scene.drawMarks();
  };
  scene.set = (code, since, isKey = false) => {
    scene.stop();
    scene.code = code;
    if (isKey && scene.view.follow(scene.space.project(code))) scene.drawPoints();
    scene.changed(since);
    clearTimeout(reading);
    if (isKey && scene.near >= 0) reading = setTimeout(() => scene.say(`Nearest example: ${scene.nameOf(scene.near)}.`), QUIET);
  };
  scene.go = (pixel, since) => scene.set(scene.space.moved(scene.code, scene.view.toPoint(pixel)), since);
  scene.press = (pixel, since) => { // tells whether it picked a placed example
    const mark = scene.hit(pixel), picks = typeof mark === "object";
    picks ? scene.pickMark(mark, since) : scene.go(pixel, since);
    return picks;
  };
  scene.take = (target, since) => {
    if (typeof target === "object") scene.pickMark(target, since);
    else if (target >= 0) {
      scene.set(scene.space.code(target), since);
      scene.say(`The point is at ${scene.nameOf(target)}.`);
    }
  };
  scene.hover = (pixel, since) => {
    const target = scene.hit(pixel);
    target === -1 ? scene.hideHint() : scene.showHint(pixel, target);
    if (!inPage || scene.mode !== "point" || scene.playing) return;
    scene.show(scene.space.moved(scene.code, scene.view.toPoint(pixel)), since, "decoded at the pointer"); // the point stays where it is
    scene.drawMarks();
  };
  scene.leave = () => {
    scene.hideHint();
    if (inPage && !scene.playing) scene.changed();
  };
  scene.zoom = (factor, pixel) => {
    factor === 0 ? scene.view.reset() : scene.view.zoom(factor, pixel);
    scene.hideHint();
    scene.redraw();
  };
  scene.pan = (dx, dy) => { scene.view.pan(dx, dy); scene.redraw(); };
  scene.redraw = () => { scene.drawPoints(); scene.drawMarks(); };
  return () => clearTimeout(reading);
}

function render({ model, el }) {
  const scene = newScene(model), { about } = scene;
  const status = element("div", { class: "aenb-status", role: "status", "aria-live": "polite" });
  scene.say = (text) => { status.textContent = text; };
  const plane = stage(scene), colours = colouring(scene), chosen = selecting(scene), shown = pictures(scene), sliding = sliders(scene);
  const placed = placing(scene, shown.own), way = path(scene);
  if (about.kind === "image" && about.has_examples) scene.sprite = new Sprite(about, scene.exampleBytes, scene.space.count);
  const silence = actions(scene, sliding, shown.inPage);
  const root = scene.root = element("div", { class: "aenb-explorer", "data-mode": scene.mode, role: "group", "aria-label": "Latent explorer" },
    element("div", { class: "aenb-title" }, about.title),
    element("div", { class: "aenb-columns" },
      element("div", { class: "aenb-left" }, tools(scene), plane.node),
      element("div", { class: "aenb-right" }, shown.node),
      element("div", { class: "aenb-moves" }, choices(scene, way.nodes), placed.node, status),
      element("div", { class: "aenb-below" }, element("div", { class: "aenb-axes" }, about.axis_names), colours.node, colours.legend, chosen.node),
      sliding.node));
  root.aenbLatencies = scene.latencies;
  root.aenbScene = scene;
  el.append(root);
  followPointers(scene, plane.front);
  followKeys(scene, plane.front);

  const receivers = { decoded: shown.receive, column: colours.receive, animation: way.receive, failed: ({ text }) => scene.say(text) };
  const heard = (message, buffers) => { if (root.isConnected) receivers[message.kind]?.(message, buffers?.[0]); };
  model.on("msg:custom", heard);
  for (const part of [colours, chosen, placed, way]) part.start();
  scene.changed();
  const watcher = new ResizeObserver(scene.redraw);
  watcher.observe(plane.front);
  return () => {
    watcher.disconnect();
    model.off("msg:custom", heard);
    silence();
    for (const part of [chosen, placed, way]) part.end();
  };
}

export default { render };
