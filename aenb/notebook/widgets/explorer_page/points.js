// The examples as points of the plane, or as thumbnails, and what is marked over them

const RADIUS = 2.1, LARGEST_RADIUS = 5, THUMBNAIL = 20, LARGEST_THUMBNAIL = 36, OVERLAP = 0.2;
const ACCENT = "#d55e00"; // of the point that is moved
const FADED = 0.1, LETTER = 7.5; // pixels that a letter of a name takes, about

// Images on one canvas, each drawn when it is first needed
class Sprite {
  constructor(about, example, count) {
    const [height, width] = about.shape, scale = Math.min(1, LARGEST_THUMBNAIL / Math.max(height, width));
    Object.assign(this, { about, example, width: Math.ceil(width * scale), height: Math.ceil(height * scale), columns: Math.ceil(Math.sqrt(count)), drawn: new Set() });
    this.canvas = element("canvas", { width: this.columns * this.width, height: this.columns * this.height });
    this.one = element("canvas");
    this.pen = this.canvas.getContext("2d");
  }
  draw(pen, index, x, y, size) {
    const left = (index % this.columns) * this.width, top = Math.floor(index / this.columns) * this.height, longest = Math.max(this.width, this.height);
    if (!this.drawn.has(index)) {
      drawImage(this.one, this.about.shape, this.example(index), 1);
      this.pen.drawImage(this.one, left, top, this.width, this.height);
      this.drawn.add(index);
    }
    const w = (size * this.width) / longest, h = (size * this.height) / longest;
    pen.drawImage(this.canvas, left, top, this.width, this.height, x - w / 2, y - h / 2, w, h);
    return [x - w / 2, y - h / 2, w, h];
  }
}

// Which examples to draw as thumbnails of a size, so that none covers more than a fifth of another's side
function thinned(scene, size) {
  const gap = size * (1 - OVERLAP), cells = new Map(), kept = [], [w, h] = scene.view.size;
  const important = (i) => scene.selected.has(i) || scene.matches?.has(i);
  const order = Array.from({ length: scene.space.count }, (_, i) => i).filter(scene.isShown);
  for (const i of [...order.filter(important), ...order.filter((i) => !important(i))]) {
    const [x, y] = scene.view.toPixel(scene.space.point(i)), column = Math.floor(x / gap), row = Math.floor(y / gap);
    if (x < 0 || y < 0 || x > w || y > h) continue;
    const around = [-1, 0, 1].flatMap((r) => [-1, 0, 1].flatMap((c) => cells.get(`${row + r} ${column + c}`) ?? []));
    if (around.some(([a, b]) => Math.abs(a - x) < gap && Math.abs(b - y) < gap)) continue;
    const cell = `${row} ${column}`;
    cells.set(cell, [...(cells.get(cell) ?? []), [x, y]]);
    kept.push(i);
  }
  return kept;
}

function drawPoints(scene, canvas) {
  const { view, space } = scene;
  if (view.isHidden) return;
  const [w, h] = view.size, pen = sharp(canvas, w, h), ink = getComputedStyle(scene.root).color, growth = Math.max(1, view.magnification) ** 0.4;
  const radius = Math.min(LARGEST_RADIUS, RADIUS * growth), usual = space.count > 1500 && growth < 1.5 ? 0.6 : 0.8;
  const dot = (i, wide) => {
    const [x, y] = view.toPixel(space.point(i));
    if (x < -9 || y < -9 || x > w + 9 || y > h + 9) return;
    pen.fillStyle = scene.colour(i);
    pen.beginPath();
    pen.arc(x, y, wide, 0, 7);
    pen.fill();
    if (scene.isOutlined || scene.selected.has(i)) pen.stroke();
  };
  drawAxes(pen, view, ink);
  pen.strokeStyle = "rgba(140, 140, 140, .7)"; // light and dark colours of a scale need an edge on one of the themes
  pen.lineWidth = 0.6;
  for (let i = 0; i < space.count; i++) {
    if (!scene.isShown(i) || scene.selected.has(i)) continue;
    const isMatch = scene.matches?.has(i);
    pen.globalAlpha = !scene.matches ? usual : isMatch ? 1 : FADED;
    dot(i, isMatch ? radius * 1.5 : radius);
  }
  scene.drawnThumbnails = scene.hasThumbnails ? drawThumbnails(scene, pen, Math.min(LARGEST_THUMBNAIL, THUMBNAIL * growth), ink) : [];
  const asThumbnails = new Set(scene.drawnThumbnails);
  pen.strokeStyle = ink;
  pen.lineWidth = scene.selected.size > 100 ? 1.1 : 1.6;
  for (const i of scene.selected) {
    if (!scene.isShown(i) || asThumbnails.has(i)) continue;
    pen.globalAlpha = scene.matches && !scene.matches.has(i) ? 3 * FADED : 1;
    dot(i, scene.hasThumbnails ? radius : radius * 1.4);
  }
}

function drawThumbnails(scene, pen, size, ink) {
  const kept = thinned(scene, size);
  for (const i of kept) {
    pen.globalAlpha = scene.matches && !scene.matches.has(i) ? FADED : 1;
    const frame = scene.sprite.draw(pen, i, ...scene.view.toPixel(scene.space.point(i)), size);
    for (const [colour, width] of scene.selected.has(i) ? [[ink, 6], [scene.colour(i), 2.5]] : [[scene.colour(i), 1.5]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = width;
      pen.strokeRect(...frame);
    }
  }
  return kept;
}

function drawAxes(pen, view, ink) { // where a coordinate is 0
  const [w, h] = view.size, [x, y] = view.toPixel([0, 0]);
  pen.strokeStyle = ink;
  pen.globalAlpha = 0.25;
  pen.beginPath();
  if (x > 0 && x < w) { pen.moveTo(x, 0); pen.lineTo(x, h); }
  if (y > 0 && y < h) { pen.moveTo(0, y); pen.lineTo(w, y); }
  pen.stroke();
}

// What moves over the points: the nearest example, A and B, placed examples, the lasso, the point
function drawMarks(scene, canvas) {
  const { view, space, ends } = scene;
  if (view.isHidden) return;
  const pen = sharp(canvas, ...view.size), style = getComputedStyle(scene.root), ink = style.color;
  const paper = style.getPropertyValue("--jp-layout-color0").trim() || "#ffffff";
  const ring = ([x, y], radius, colour, width) => { pen.strokeStyle = colour; pen.lineWidth = width; pen.beginPath(); pen.arc(x, y, radius, 0, 7); pen.stroke(); };
  const word = (text, x, y, align) => {
    pen.font = "bold 12px sans-serif"; pen.textAlign = align; pen.textBaseline = "middle";
    pen.strokeStyle = paper; pen.lineWidth = 3; pen.lineJoin = "round"; pen.strokeText(text, x, y);
    pen.fillStyle = ink; pen.fillText(text, x, y);
  };
  if (scene.near >= 0) ring(view.toPixel(space.point(scene.near)), 6, ink, 1.2);
  if (ends.A && ends.B && space.axes.length) {
    const [a, b] = [ends.A, ends.B].map((end) => view.toPixel(space.project(end)));
    pen.strokeStyle = ink; pen.globalAlpha = 0.6; pen.setLineDash([4, 4]); pen.beginPath(); pen.moveTo(...a); pen.lineTo(...b); pen.stroke(); pen.setLineDash([]); pen.globalAlpha = 1;
  }
  for (const mark of scene.marks) {
    const [x, y] = view.toPixel(mark.point);
    drawStar(pen, x, y, ink, paper);
    const right = view.size[0] - x, most = Math.floor((Math.max(x, right) - 14) / LETTER), isLeft = x > right && right < 14 + LETTER * mark.name.length;
    const text = mark.name.length > most ? `${mark.name.slice(0, Math.max(1, most - 1))}…` : mark.name;
    word(text, isLeft ? x - 11 : x + 11, y, isLeft ? "right" : "left");
  }
  for (const name of ["A", "B"]) if (ends[name]) {
    const [x, y] = view.toPixel(space.project(ends[name]));
    ring([x, y], 9, ink, 1.2);
    word(name, x, y, "center");
  }
  if (scene.lasso) {
    pen.fillStyle = "rgba(43, 136, 200, .15)"; pen.strokeStyle = "#2b88c8"; pen.lineWidth = 1.5; pen.beginPath();
    for (const pixel of scene.lasso) pen.lineTo(...pixel);
    pen.closePath(); pen.fill(); pen.stroke();
  }
  const here = view.toPixel(space.project(scene.code));
  ring(here, 8, "#ffffff", 4.5);
  ring(here, 8, ACCENT, 2.5);
}

function drawStar(pen, x, y, ink, paper) {
  pen.beginPath();
  for (let corner = 0; corner < 10; corner++) {
    const angle = (corner * Math.PI) / 5 - Math.PI / 2, radius = corner % 2 ? 3.4 : 8;
    pen.lineTo(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
  }
  pen.closePath();
  pen.fillStyle = ink; pen.strokeStyle = paper; pen.lineWidth = 2; pen.lineJoin = "round";
  pen.stroke(); pen.fill();
}
