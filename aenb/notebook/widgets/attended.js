// What a token attends to: pick an example, a token of it, a layer and a head. `about` is replaced by the data.
for (const root of document.querySelectorAll(`[data-aenb-attention="${about.id}"]:not([data-ready])`)) {
  root.dataset.ready = "1";
  const raw = atob(about.maps), { layers, heads, tokens } = about, stage = root.querySelector(".aenb-stage");
  const [example, layer, head] = root.querySelectorAll("select"), summary = root.querySelector("output");
  let query = 0;
  const weight = (number, l, h, q, k) => raw.charCodeAt((((number * layers + l) * heads + h) * tokens + q) * tokens + k) / 255;
  const shares = (q) => {
    const l = Number(layer.value), h = Number(head.value), totals = new Array(tokens).fill(0);
    for (let k = 0; k < tokens; k++) {
      if (h >= 0) totals[k] = weight(Number(example.value), l, h, q, k);
      else for (let each = 0; each < heads; each++) totals[k] += weight(Number(example.value), l, each, q, k) / heads;
    }
    const largest = Math.max(...totals, 1e-9);
    return totals.map((share) => share / largest);
  };
  const there = () => about.counts[Number(example.value)];
  let show;

  if (about.kind === "text") {
    const words = document.createElement("div");
    words.style.cssText = "display:flex;flex-wrap:wrap;gap:6px;font-size:1.15em;max-width:640px";
    stage.append(words);
    show = () => {
      query = Math.min(query, there() - 1);
      const attention = shares(query), focused = words.contains(document.activeElement);
      words.replaceChildren(...about.words[Number(example.value)].map((word, k) => {
        const token = document.createElement("button");
        token.type = "button";
        token.setAttribute("data-lm-suppress-shortcuts", "true");
        token.textContent = word;
        token.setAttribute("aria-pressed", String(k === query));
        token.style.cssText = `font:inherit;color:inherit;padding:2px 7px;border-radius:4px;cursor:pointer;border:2px solid ${k === query ? "#2b88c8" : "transparent"};background:rgba(230,159,0,${(0.8 * attention[k]).toFixed(3)})`;
        token.onclick = () => { query = k; show(); };
        return token;
      }));
      if (focused) words.children[query].focus();
      const strongest = attention.map((share, k) => [share, k]).slice(0, there()).sort((a, b) => b[0] - a[0]).slice(0, 3);
      summary.textContent = `“${about.words[Number(example.value)][query]}” attends most to ${strongest.map(([, k]) => `“${about.words[Number(example.value)][k]}”`).join(", ")}`;
    };
  } else {
    const canvas = document.createElement("canvas"), [rows, columns] = about.grid, pictures = about.pictures.map((source) => Object.assign(new Image(), { src: source }));
    const wide = about.kind === "image" ? 320 : 640, high = about.kind === "image" ? Math.round((320 * about.height) / about.width) : 200;
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
    canvas.setAttribute("aria-label", "The example: click or use the arrow keys to pick a position; what it attends to is coloured");
    canvas.style.cssText = `width:${wide}px;max-width:100%;cursor:pointer;border-radius:3px;image-rendering:pixelated`;
    [canvas.width, canvas.height] = [wide, high];
    stage.append(canvas);
    const pen = canvas.getContext("2d"), w = (wide * about.patch) / about.width, h = about.kind === "image" ? (high * about.patch) / about.height : high;
    show = () => {
      const attention = shares(query), picture = pictures[Number(example.value)];
      pen.imageSmoothingEnabled = about.kind !== "image";
      pen.clearRect(0, 0, wide, high);
      if (picture.complete) pen.drawImage(picture, 0, 0, wide, high);
      attention.forEach((share, k) => {
        pen.fillStyle = `rgba(230,159,0,${(0.75 * share).toFixed(3)})`;
        pen.fillRect((k % columns) * w, Math.floor(k / columns) * h, w, h);
      });
      pen.strokeStyle = "#2b88c8";
      pen.lineWidth = 3;
      pen.strokeRect((query % columns) * w + 1.5, Math.floor(query / columns) * h + 1.5, w - 3, h - 3);
      summary.textContent = `position ${query + 1} of ${tokens}: deeper orange, more attention`;
    };
    const pick = (row, column) => {
      const next = Math.max(0, Math.min(rows - 1, row)) * columns + Math.max(0, Math.min(columns - 1, column));
      if (next === query) return; // nothing to draw, or to read out
      query = next;
      show();
    };
    canvas.onpointermove = canvas.onpointerdown = (event) => {
      const box = canvas.getBoundingClientRect();
      pick(Math.floor((((event.clientY - box.top) / box.height) * high) / h), Math.floor((((event.clientX - box.left) / box.width) * wide) / w));
    };
    canvas.onkeydown = (event) => {
      const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      pick(Math.floor(query / columns) + by[0], (query % columns) + by[1]);
    };
    pictures.forEach((picture) => (picture.onload = show));
  }
  about.counts.forEach((_, number) => example.append(new Option(about.titles[number], number)));
  for (let l = 0; l < layers; l++) layer.append(new Option(`layer ${l + 1}`, l));
  head.append(new Option("mean of all heads", -1));
  for (let h = 0; h < heads; h++) head.append(new Option(`head ${h + 1}`, h));
  example.onchange = layer.onchange = head.onchange = show;
  // or JupyterLab takes their keys as shortcuts
  for (const one of root.querySelectorAll("button, canvas, input, select, th")) one.setAttribute("data-lm-suppress-shortcuts", "true");
  root.querySelector(".aenb-still").style.display = "none";
  root.querySelector(".aenb-asked").style.display = "block";
  show();
}
