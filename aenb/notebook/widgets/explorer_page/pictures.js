// What the point decodes to, the example nearest to it, and an example that was placed

function pictures(scene) {
  const { about, model } = scene, inPage = about.steps.length > 0, length = size(about.shape);
  const frame = (label) => {
    const picture = element(about.kind === "text" ? "div" : "canvas", { class: `aenb-picture aenb-${about.kind}`, role: "img", "aria-label": label });
    if (about.kind === "image") [picture.height, picture.width] = about.shape;
    return picture;
  };
  const isTable = about.kind === "tabular"; // one chart shows the decoded row and the nearest example
  const decoded = frame("what the point decodes to"), example = frame("the example nearest to the point"), placed = frame("the placed example");
  const wording = element("span", {}, "decoded"), nearWording = element("figcaption"), placedWording = element("span");
  const ownFigure = element("figure", { hidden: "" }, placed, element("figcaption", {}, placedWording));
  const node = element("div", { class: "aenb-pictures" },
    isTable ? element("figure", {}, element("figcaption", {}, wording), about.has_examples ? nearWording : "", element("div", { class: "aenb-scroll", tabindex: 0, role: "group", "aria-label": "decoded row" }, decoded))
      : element("figure", {}, decoded, element("figcaption", {}, wording)),
    about.has_examples && !isTable ? element("figure", {}, example, nearWording) : "", ownFigure);

  function draw(place, values, scale = 255) {
    if (about.kind === "image") drawImage(place, about.shape, values, scale);
    else if (about.kind === "signal") drawLines(place, about.shape, values, about.range, about.line_colours);
    else if (isTable) drawBars(place, about.feature_names, values, about.range, about.colour, place === decoded && scene.near >= 0 ? floatsOf(scene.exampleBytes(scene.near)) : null);
    else place.textContent = values;
  }
  const floatsOf = (bytes) => new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const drawPacked = (place, bytes, text) => { // as the kernel sends examples: images as bytes, texts as text, else floats
    if (about.kind === "text") draw(place, text);
    else if (about.kind === "image") draw(place, bytes, 1);
    else draw(place, floatsOf(bytes));
  };
  const bytesPer = about.kind === "image" ? 1 : 4;
  scene.exampleBytes = (index) => scene.examples.subarray(index * length * bytesPer, (index + 1) * length * bytesPer);
  scene.drawExample = (place, index) => drawPacked(place, scene.exampleBytes(index), about.texts[index]);
  scene.drawPlaced = (place, mark) => drawPacked(place, mark.example, mark.text);

  // One request at a time: the latest one waits for the answer
  let waiting = 0, wanted = null;
  function ask() {
    if (waiting || !wanted) return;
    const [z, since] = wanted;
    wanted = null;
    waiting = since || performance.now();
    model.send({ kind: "decode", label: scene.label }, undefined, [new Float32Array(z).buffer]);
  }
  scene.show = (z, since, words = "decoded") => {
    wording.textContent = isTable ? `${words}: bars` : words;
    scene.showNearest(z);
    if (inPage) {
      draw(decoded, decode(about.steps, scene.weights, z));
      scene.latencies.push(performance.now() - since);
    } else {
      wanted = [z, since];
      ask();
    }
  };
  scene.showNearest = (z) => {
    scene.near = about.has_examples ? scene.nearest(z) : -1;
    if (scene.near < 0) return;
    if (!isTable) scene.drawExample(example, scene.near);
    const distance = Math.sqrt(scene.space.squared(scene.near, z)), name = about.names[scene.near];
    nearWording.replaceChildren(element("span", {}, isTable ? "nearest example: lines" : "nearest example"), element("span", {}, `#${[scene.indices[scene.near], scene.labelOf(scene.near)].filter((one) => one !== "").join(" · ")}`), name ? element("span", {}, name) : "");
    nearWording.title = `${scene.nameOf(scene.near)}; Euclidean distance between the latent codes: ${brief(distance)}`;
    example.setAttribute("aria-label", `the example nearest to the point in the latent space: ${scene.nameOf(scene.near)}`);
  };
  function receive(message, view) {
    drawPacked(decoded, view && new Uint8Array(view.buffer, view.byteOffset, view.byteLength), message.text);
    if (waiting) scene.latencies.push(performance.now() - waiting);
    waiting = 0;
    ask();
  }
  const own = { name: null, show(mark) {
    own.name = mark ? mark.name : null;
    ownFigure.hidden = !mark;
    if (!mark) return;
    scene.drawPlaced(placed, mark);
    placedWording.textContent = `★ ${mark.name}`;
  } };
  return { node, receive, own, inPage };
}
