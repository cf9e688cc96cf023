// A series and its anomaly score on a canvas: scroll, zoom, and step through the events. `about` is replaced by the data.
for (const root of document.querySelectorAll(`[data-aenb-series="${about.id}"]:not([data-ready])`)) {
  root.dataset.ready = "1";
  const unpacked = (text, Kind) => new Kind(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
  const values = about.values.map((text) => unpacked(text, Float32Array)), expected = about.expected.map((text) => unpacked(text, Float32Array));
  const scores = unpacked(about.scores, Float32Array), times = about.times ? unpacked(about.times, Float64Array) : null, n = scores.length;
  const COLOURS = ["#2b88c8", "#009E73", "#CC79A7", "#767676"], ORANGE = "#E69F00", LEAST = 20; // rows on the screen, at least
  const canvas = root.querySelector("canvas"), [, tools, live] = root.children;
  let from = 0, to = n, chosen = -1;

  const events = []; // [first, last, peak]
  for (let row = 0, open = null; row <= n; row++) {
    const isOver = row < n && scores[row] > about.threshold;
    if (isOver && !open) open = [row, row, row];
    if (isOver) { open[1] = row; if (scores[row] > scores[open[2]]) open[2] = row; }
    if (!isOver && open && (row === n || !Number.isNaN(scores[row]))) { events.push(open); open = null; }
  }
  const label = (row) => (times ? new Date(times[row]).toISOString().replace("T", " ").slice(0, to - from < 5000 ? 19 : 16) : `row ${row.toLocaleString("en")}`);
  const short = (value) => (value === 0 || (Math.abs(value) >= 1e-3 && Math.abs(value) < 1e6) ? String(Number(value.toPrecision(4))) : value.toExponential(2));

  const envelope = (line, columns) => { // the smallest and the largest value in each column of pixels
    const low = new Float32Array(columns).fill(NaN), high = new Float32Array(columns).fill(NaN);
    for (let row = Math.floor(from); row < Math.min(n, Math.ceil(to)); row++) {
      const value = line[row], column = Math.min(columns - 1, Math.max(0, Math.floor(((row - from) / (to - from)) * columns)));
      if (Number.isNaN(value)) continue;
      if (!(low[column] <= value)) low[column] = value;
      if (!(high[column] >= value)) high[column] = value;
    }
    return [low, high];
  };
  const stroke = (context, [low, high], y, colour, width) => {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    let isDown = false;
    const gap = Math.ceil((1.5 * low.length) / (to - from)); // columns without a row, when zoomed in
    for (let column = 0, last = -Infinity; column < low.length; column++) {
      if (Number.isNaN(low[column])) { isDown = isDown && column - last <= gap; continue; }
      context[isDown ? "lineTo" : "moveTo"](column, y(low[column]));
      if (high[column] > low[column]) context.lineTo(column, y(high[column]));
      isDown = true;
      last = column;
    }
    context.stroke();
  };

  const draw = () => {
    const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    if (!width) return;
    Object.assign(canvas, { width: width * ratio, height: height * ratio });
    const context = canvas.getContext("2d"), ink = getComputedStyle(canvas).color, left = 56, inner = width - left;
    context.scale(ratio, ratio);
    context.font = "11px sans-serif";
    const panels = [...values.map((line, place) => ({ line, model: expected[place], name: about.names[place], colour: COLOURS[place] })), { line: scores, name: "anomaly score", colour: ink, isScore: true }];
    const tall = (height - 18) / panels.length, columns = Math.max(1, Math.floor(inner));
    const x = (row) => ((row - from) / (to - from)) * inner;
    panels.forEach(({ line, model, name, colour, isScore }, place) => {
      const top = place * tall + 12, ends = envelope(line, columns), ownModel = model && envelope(model, columns);
      let low = Infinity, high = -Infinity;
      for (const [lows, highs] of [ends, ...(ownModel ? [ownModel] : [])]) for (let k = 0; k < columns; k++) if (!Number.isNaN(lows[k])) { low = Math.min(low, lows[k]); high = Math.max(high, highs[k]); }
      if (isScore) [low, high] = [0, Math.max(high, about.threshold * 1.1)];
      if (!(high > low)) [low, high] = [low - 1, low + 1];
      const y = (value) => top + (tall - 16) * (1 - (value - low) / (high - low));
      context.fillStyle = ink;
      context.fillText(name.slice(0, 40), left, top - 2);
      for (const value of [low, high]) if (Number.isFinite(value)) context.fillText(short(value), 2, y(value) + (value === low ? 0 : 8));
      context.save();
      context.translate(left, 0);
      context.beginPath();
      context.rect(0, top, inner, tall - 12);
      context.clip();
      events.forEach(([first, last], number) => {
        if (last < from || first > to) return;
        context.globalAlpha = number === chosen ? 0.6 : 0.3;
        context.fillStyle = ORANGE;
        context.fillRect(x(first), top, Math.max(1.5, x(last + 1) - x(first)), tall - 16);
      });
      context.globalAlpha = 1;
      if (ownModel) { context.globalAlpha = 0.55; stroke(context, ownModel, y, "#999999", 3); context.globalAlpha = 1; }
      stroke(context, ends, y, colour, 1);
      if (isScore) { context.strokeStyle = ORANGE; context.beginPath(); context.moveTo(0, y(about.threshold)); context.lineTo(inner, y(about.threshold)); context.stroke(); }
      context.restore();
    });
    context.fillStyle = ink;
    const last = Math.min(n - 1, Math.ceil(to) - 1);
    context.fillText(label(Math.floor(from)), left, height - 4);
    context.textAlign = "right";
    context.fillText(label(last), width - 2, height - 4);
    Object.assign(canvas.dataset, { from: Math.floor(from), to: last + 1, event: chosen });
    slider.value = String(Math.round((1000 * from) / Math.max(1, n - (to - from))));
    slider.setAttribute("aria-valuetext", `${label(Math.floor(from))} to ${label(last)}`);
  };
  const say = () => {
    const shown = events.filter(([first, end]) => end >= from && first < to).length;
    const event = events[chosen];
    live.textContent = event
      ? `Event ${chosen + 1} of ${events.length}: ${label(event[0])} to ${label(event[1])}, peak score ${short(scores[event[2]])} at ${label(event[2])}.`
      : `${label(Math.floor(from))} to ${label(Math.min(n - 1, Math.ceil(to) - 1))}: ${shown} of ${events.length} events.`;
  };
  const go = (begin, width, event = -1) => {
    width = Math.max(Math.min(LEAST, n), Math.min(n, width));
    from = Math.max(0, Math.min(n - width, begin));
    to = from + width;
    chosen = event;
    draw();
    say();
  };
  const zoom = (factor, at = (from + to) / 2) => go(at - (at - from) * factor, (to - from) * factor);
  const scroll = (share) => go(from + share * (to - from), to - from);
  const visit = (step) => {
    if (!events.length) return;
    const ahead = step > 0 ? events.findIndex(([first]) => first >= from) : events.findLastIndex(([, last]) => last < to);
    const next = chosen >= 0 ? (chosen + step + events.length) % events.length : Math.max(0, ahead);
    const [first, last] = events[next], width = Math.max(8 * (last - first + 1), Math.min(to - from, n / 20), 200);
    go((first + last) / 2 - width / 2, width, next);
  };

  const button = (words, title, action) => {
    const one = Object.assign(document.createElement("button"), { type: "button", textContent: words, title, onclick: action });
    one.setAttribute("aria-label", title);
    one.setAttribute("data-lm-suppress-shortcuts", "true");
    tools.append(one);
  };
  button("−", "zoom out", () => zoom(2));
  button("+", "zoom in", () => zoom(0.5));
  button("all", "show all", () => go(0, n));
  button("‹ event", "previous event", () => visit(-1));
  button("event ›", "next event", () => visit(1));
  const slider = Object.assign(document.createElement("input"), { type: "range", min: 0, max: 1000, value: 0, oninput: () => go((slider.value / 1000) * (n - (to - from)), to - from) });
  slider.setAttribute("aria-label", "scroll through the series");
  slider.setAttribute("data-lm-suppress-shortcuts", "true");
  slider.style.flex = "1 1 160px";
  tools.append(slider);

  const keys = { ArrowLeft: () => scroll(-0.2), ArrowRight: () => scroll(0.2), PageUp: () => scroll(-1), PageDown: () => scroll(1), Home: () => go(0, to - from), End: () => go(n, to - from), "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), 0: () => go(0, n), n: () => visit(1), p: () => visit(-1) };
  canvas.onkeydown = (press) => {
    if (!keys[press.key] || press.ctrlKey || press.metaKey || press.altKey) return;
    press.preventDefault();
    press.stopPropagation();
    keys[press.key]();
  };
  const rowAt = (x) => from + (Math.max(0, x - 56) / (canvas.clientWidth - 56)) * (to - from);
  canvas.addEventListener("wheel", (turn) => {
    if (!turn.ctrlKey && !turn.metaKey) return; // the page scrolls
    turn.preventDefault();
    zoom(turn.deltaY > 0 ? 1.25 : 0.8, rowAt(turn.offsetX));
  }, { passive: false });
  canvas.onpointerdown = (press) => {
    const begin = from, start = press.clientX, width = to - from;
    canvas.setPointerCapture(press.pointerId);
    canvas.onpointermove = (move) => go(begin - ((move.clientX - start) / (canvas.clientWidth - 56)) * width, width);
    canvas.onpointerup = canvas.onpointercancel = () => (canvas.onpointermove = null);
  };
  new ResizeObserver(draw).observe(canvas);
  go(0, n);
}
