// What the colours of the points mean: classes with a legend, or numbers with a colour bar

const brief = (x) => (x === 0 ? "0" : Math.abs(x) >= 1e5 || Math.abs(x) < 1e-3 ? x.toExponential(1) : String(Number(x.toPrecision(3))));
const MISSING = "#9a9a9a", EXTREME = 0.02; // the colours range between the 2% and 98% quantiles: outliers would use up the scale

function colouring(scene) {
  const { about } = scene, label = about.class_names.length > 0;
  const own = { names: about.class_names, values: scene.classes };
  const legend = element("div", { class: "aenb-legend" });
  const pick = element("select", { "aria-label": "Colour points by", onchange: () => choose(pick.value) },
    element("option", { value: "" }, label ? "label" : "one colour"),
    ...about.columns.map((name, number) => element("option", { value: number }, name)));
  const known = new Map(); // columns that the kernel has sent, by number

  function choose(value) {
    if (value === "") show(label ? own : null);
    else if (known.has(Number(value))) show(known.get(Number(value)));
    else {
      scene.say(`Computing “${about.columns[value]}” …`);
      scene.model.send({ kind: "column", number: Number(value) });
    }
  }
  function show(column) {
    const wasHidden = scene.hidden.size > 0;
    scene.hidden.clear();
    scene.groups = null;
    scene.isOutlined = false;
    if (!column) {
      scene.colour = () => about.colour;
      legend.replaceChildren();
    } else if (column.names) showGroups(column);
    else showNumbers(column);
    scene.drawPoints();
    if (wasHidden) scene.changed(); // the nearest example may be another one
  }
  function showGroups({ names, values }) {
    const colours = names.map((_, number) => about.colours[number % about.colours.length]);
    scene.groups = values;
    scene.colour = (i) => colours[values[i]] ?? MISSING;
    legend.replaceChildren(...names.map((name, number) => {
      const chip = element("button", { type: "button", "aria-pressed": "true", title: "Show or hide these points", onclick: () => {
        scene.hidden.has(number) ? scene.hidden.delete(number) : scene.hidden.add(number);
        chip.setAttribute("aria-pressed", String(!scene.hidden.has(number)));
        scene.drawPoints();
        scene.changed();
      } }, element("i", { style: `background:${colours[number]}` }), name);
      return chip;
    }));
  }
  function showNumbers({ name, values }) {
    const sorted = values.filter(Number.isFinite).sort(), at = (part) => sorted[Math.round(part * (sorted.length - 1))];
    const [low, high] = sorted.length ? [at(EXTREME), at(1 - EXTREME)] : [0, 1], last = about.scale.length - 1;
    const shade = (value) => about.scale[high > low ? Math.round(Math.max(0, Math.min(1, (value - low) / (high - low))) * last) : last >> 1];
    const shades = Array.from(values, (value) => (Number.isFinite(value) ? shade(value) : MISSING));
    scene.isOutlined = true;
    scene.colour = (i) => shades[i];
    const ends = [sorted[0] < low ? "≤ " : "", sorted[sorted.length - 1] > high ? "≥ " : ""];
    legend.replaceChildren(element("div", { class: "aenb-scale", role: "img", "aria-label": `${name}: colours from ${brief(low)} to ${brief(high)}` },
      element("div", { class: "aenb-bar", style: `background:linear-gradient(to right, ${about.scale.join(", ")})` }),
      element("div", { class: "aenb-ticks" }, ...[ends[0] + brief(low), brief((low + high) / 2), ends[1] + brief(high)].map((text) => element("span", {}, text)))),
      sorted.length < values.length ? element("span", { class: "aenb-missing" }, element("i", { style: `background:${MISSING}` }), "missing") : "");
  }
  // the kernel's answer, to each view of the widget
  function receive({ number, names }, view) {
    const values = new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
    known.set(number, { name: about.columns[number], names, values });
    if (Number(pick.value) === number && pick.value !== "") {
      scene.say("");
      show(known.get(number));
    }
  }
  const thumbnails = element("label", { class: "aenb-check" }, element("input", { type: "checkbox", onchange: (event) => {
    scene.hasThumbnails = event.target.checked;
    scene.drawPoints();
  } }), "thumbnails");
  const node = element("div", { class: "aenb-row" }, element("label", {}, "colour by ", pick), about.kind === "image" && about.has_examples ? thumbnails : "");
  return { node, legend, receive, start: () => choose("") };
}
