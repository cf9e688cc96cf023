// A sheet of decoded images over a plane, without a kernel: the image at the pointer is interpolated from its four
// neighbours on the sheet. `about` is replaced by the data.
for (const root of document.querySelectorAll(`[data-aenb-sheet="${about.id}"]:not([data-ready])`)) {
  root.dataset.ready = "1";
  const plane = root.querySelector("canvas.aenb-plane"), decoded = root.querySelector("canvas.aenb-decoded");
  const places = Uint16Array.from({ length: about.count * 2 }, (_, i) => 0);
  const raw = atob(about.points);
  for (let i = 0; i < places.length; i++) places[i] = raw.charCodeAt(2 * i) | (raw.charCodeAt(2 * i + 1) << 8);
  const kinds = atob(about.classes), sprite = new Image();
  let at = [0.5, 0.5];
  const draw = () => {
    const n = about.cells, w = about.width, h = about.height, pen = decoded.getContext("2d");
    const x = Math.min(n - 1.001, Math.max(0, at[0] * n - 0.5)), y = Math.min(n - 1.001, Math.max(0, at[1] * n - 0.5));
    const c = Math.floor(x), r = Math.floor(y), u = x - c, v = y - r;
    let total = 0;
    for (const [dc, dr, share] of [[0, 0, (1 - u) * (1 - v)], [1, 0, u * (1 - v)], [0, 1, (1 - u) * v], [1, 1, u * v]]) {
      total += share;
      if (share === 0) continue;
      pen.globalAlpha = share / total;
      pen.drawImage(sprite, (c + dc) * w, (r + dr) * h, w, h, 0, 0, w, h);
    }
    const size = plane.clientWidth, ratio = window.devicePixelRatio || 1, mark = plane.getContext("2d");
    plane.width = plane.height = size * ratio;
    mark.scale(ratio, ratio);
    for (let i = 0; i < about.count; i++) {
      mark.fillStyle = kinds.length ? about.colours[kinds.charCodeAt(i)] : about.colours[0];
      mark.globalAlpha = 0.7;
      mark.beginPath();
      mark.arc((places[2 * i] / 65535) * size, (places[2 * i + 1] / 65535) * size, 2, 0, 7);
      mark.fill();
    }
    mark.globalAlpha = 1;
    for (const [colour, width] of [["#fff", 4.5], ["#d55e00", 2.5]]) {
      mark.strokeStyle = colour;
      mark.lineWidth = width;
      mark.beginPath();
      mark.arc(at[0] * size, at[1] * size, 8, 0, 7);
      mark.stroke();
    }
  };
  const move = (x, y) => { at = [Math.min(1, Math.max(0, x)), Math.min(1, Math.max(0, y))]; draw(); };
  plane.addEventListener("pointermove", (event) => {
    const box = plane.getBoundingClientRect();
    move((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  });
  plane.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!by) return;
    move(at[0] + 0.02 * by[0], at[1] + 0.02 * by[1]);
    event.preventDefault();
    event.stopPropagation();
  });
  sprite.onload = () => {
    root.querySelector(".aenb-still").style.display = "none";
    root.querySelector(".aenb-live-sheet").style.display = "flex";
    draw();
  };
  sprite.src = about.sprite;
}
