// A comparison in the page, without a kernel: sort the tables, read the curves, filter by the range of a score, pick an
// input. `about` is replaced by the data; chart.js stands before this.
for (const root of document.querySelectorAll(`[data-aenb-comparison="${about.id}"]:not([data-ready])`)) {
  root.dataset.ready = "1";

  // Tables: each head is a button that sorts by its column: ascending, descending, as it was

  const numeric = (cell) => { const match = cell.textContent.replace(/,/g, "").match(/^-?\d+(\.\d+)?(e[+-]?\d+)?/); return match ? Number(match[0]) : NaN; };
  const order = (a, b, sign) => {
    const [x, y] = [numeric(a), numeric(b)], [p, q] = [a.textContent.trim(), b.textContent.trim()];
    if (!isNaN(x) && !isNaN(y)) return sign * (x - y);
    const [isFirst, isSecond] = [!["", "–"].includes(p), !["", "–"].includes(q)];
    return isFirst && isSecond ? sign * p.localeCompare(q) : isSecond - isFirst; // what is absent stands last, either way
  };
  const tables = [...root.querySelectorAll("table")];
  for (const table of tables) {
    const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0], first = [...body.rows];
    heads.forEach((head, column) => {
      const button = make("button", { type: "button", className: "aenb-sort", title: "Sort by this column" }, ...head.childNodes);
      const mark = button.appendChild(make("span", { ariaHidden: "true" }));
      head.append(button);
      head.scope = "col";
      button.onclick = () => {
        const was = head.getAttribute("aria-sort"), way = was === "ascending" ? "descending" : was === "descending" ? "" : "ascending";
        for (const other of heads) {
          other.removeAttribute("aria-sort");
          other.querySelector(".aenb-sort > span:last-child").textContent = "";
        }
        if (way) head.setAttribute("aria-sort", way);
        mark.textContent = { ascending: "▲", descending: "▼" }[way] ?? "";
        const sign = way === "descending" ? -1 : 1;
        body.append(...(way ? [...first].sort((a, b) => order(a.cells[column], b.cells[column], sign)) : first));
      };
    });
  }

  // Learning curves: a chart instead of the picture of them

  const place = root.querySelector(".aenb-curves"), readings = Object.entries(about.curves);
  if (place && readings.length) {
    const choice = make("select"), own = make("input", { type: "checkbox", checked: about.areDifferent });
    const scaled = (line, all) => { // 1 is the first epoch of the contender, 0 its lowest
      const { points } = all.find((other) => other.name === line.name), values = points.map(([, value]) => value);
      const low = Math.min(...values), high = values[0] > low ? values[0] : low + 1;
      return { ...line, values: line.points, points: line.points.map(([x, y]) => [x, (y - low) / (high - low)]) };
    };
    const chart = new Chart(() => {
      const { lines } = about.curves[choice.value];
      return own.checked ? lines.map((line) => scaled(line, lines)) : lines;
    });
    own.onchange = () => { chart.isChosen = false; chart.show(); };
    choice.setAttribute("aria-label", "loss to draw");
    for (const [name, { label }] of readings) choice.append(new Option(label, name));
    choice.onchange = () => { chart.hidden.clear(); chart.isChosen = false; chart.show(); };
    const tools = chart.element.querySelector(".aenb-tools"), wish = make("label", {}, own, "each on its own scale");
    wish.title = "1 is the first epoch of each, 0 its lowest";
    tools.prepend(choice);
    tools.append(wish);
    place.replaceChildren(chart.element);
    chart.show();
  }

  // Brushing: contenders whose score is outside the range are dimmed, in the tables and among the images

  const scores = about.scores, names = about.names, bar = root.querySelector(".aenb-brush"), pick = root.querySelector(".aenb-pick");
  const select = bar.querySelector("select"), [low, high] = bar.querySelectorAll("input"), summary = bar.querySelector("output");
  let least = 0, most = 0; // sliders count hundredths of the range, so that both ends are exact
  const at = (slider) => (slider.value === "100" ? most : least + ((most - least) * slider.value) / 100);
  const bounds = () => [at(low), at(high)].sort((a, b) => a - b);
  const inside = (name) => {
    const value = scores[select.value]?.[names.indexOf(name)], [from, to] = bounds();
    return value == null || (value >= from && value <= to);
  };
  const dim = () => {
    for (const table of tables) for (const row of table.tBodies[0].rows)
      row.style.opacity = names.includes(row.cells[0].textContent) && !inside(row.cells[0].textContent) ? 0.3 : 1;
    for (const tile of root.querySelectorAll("[data-contender]")) tile.style.opacity = inside(tile.dataset.contender) ? 1 : 0.25;
    for (const slider of [low, high]) slider.setAttribute("aria-valuetext", at(slider).toPrecision(3));
    summary.textContent = `${bounds().map((bound) => bound.toPrecision(3)).join(" to ")}: ${names.filter(inside).join(", ") || "none"}`;
  };
  const range = () => {
    const values = scores[select.value].filter((value) => value != null);
    [least, most, low.value, high.value] = [Math.min(...values), Math.max(...values), 0, 100];
    dim();
  };
  for (const name of Object.keys(scores)) select.append(new Option(about.heads[name], name));
  select.onchange = range;
  low.oninput = high.oninput = dim;
  if (names.length > 2) { // of two there is nothing to filter
    bar.style.display = "flex";
    range();
  }

  // An input, and its reconstruction by each contender

  if (pick && about.sprite) {
    const sprite = new Image(), slider = pick.querySelector("input"), tiles = pick.querySelector("div"), label = pick.querySelector("output");
    const canvases = ["original", ...names].map((name, row) => {
      const canvas = document.createElement("canvas"), figure = document.createElement("figure"), caption = document.createElement("figcaption");
      Object.assign(canvas, { width: about.width, height: about.height });
      canvas.style.cssText = "width:112px;image-rendering:pixelated;border-radius:3px";
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", row ? `reconstruction by ${name}` : "the input");
      figure.style.margin = "0";
      if (row) figure.dataset.contender = name;
      caption.textContent = name;
      figure.append(canvas, caption);
      tiles.append(figure);
      return canvas;
    });
    const draw = () => {
      const column = Number(slider.value);
      canvases.forEach((canvas, row) => canvas.getContext("2d").drawImage(sprite, column * about.width, row * about.height, about.width, about.height, 0, 0, about.width, about.height));
      label.textContent = about.labels[column] ?? `input ${column + 1}`;
    };
    slider.oninput = draw;
    sprite.onload = () => { pick.style.display = "block"; draw(); };
    sprite.src = about.sprite;
  }
  // or JupyterLab takes their keys as shortcuts
  for (const one of root.querySelectorAll("button, input, select")) one.setAttribute("data-lm-suppress-shortcuts", "true");
}
