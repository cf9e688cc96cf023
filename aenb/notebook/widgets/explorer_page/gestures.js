// Pointer, wheel and keys over the plane

const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const STEP = 0.02, LEAP = 0.1; // fractions of what is shown, for a key alone and with Shift
const ZOOM = 1.5, REACH = 9; // for a key or a button; pixels at which a point is hit

const apart = ([a, b], [c, d]) => Math.hypot(a - c, b - d);

// Call the scene for what a pointer does: it moves the point, pans, draws a lasso, or pinches with two fingers
function followPointers(scene, canvas) {
  const fingers = new Map(); // pixels by pointer
  let action = "";
  const pixelOf = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * canvas.clientWidth, ((event.clientY - box.top) / box.height) * canvas.clientHeight];
  };
  canvas.addEventListener("pointerdown", (event) => {
    const pixel = pixelOf(event);
    fingers.set(event.pointerId, pixel);
    canvas.setPointerCapture(event.pointerId);
    if (event.button === 1) event.preventDefault(); // the page would scroll
    if (fingers.size > 1) { scene.lasso = null; action = "pinch"; return; }
    action = event.button === 1 || event.altKey ? "pan" : event.shiftKey ? "lasso" : scene.mode;
    scene.hideHint();
    if (action === "lasso") scene.lasso = [pixel];
    else if (action === "point" && scene.press(pixel, event.timeStamp)) action = "pick"; // a hand that shakes moves nothing
  });
  canvas.addEventListener("pointermove", (event) => {
    const pixel = pixelOf(event), before = fingers.get(event.pointerId);
    if (!before) { scene.hover(pixel, event.timeStamp); return; }
    fingers.set(event.pointerId, pixel);
    if (action === "point") scene.go(pixel, event.timeStamp);
    else if (action === "pan") scene.pan(pixel[0] - before[0], pixel[1] - before[1]);
    else if (action === "lasso") { scene.lasso.push(pixel); scene.drawMarks(); }
    else if (action === "pinch") {
      const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
      if (!other) return; // one finger was lifted
      const middle = pixel.map((p, k) => (p + other[k]) / 2);
      scene.zoom(Math.max(1, apart(pixel, other)) / Math.max(1, apart(before, other)), middle);
      scene.pan((pixel[0] - before[0]) / 2, (pixel[1] - before[1]) / 2);
    }
  });
  const release = (event) => {
    if (!fingers.delete(event.pointerId)) return;
    const drawn = scene.lasso;
    scene.lasso = null;
    if (action === "lasso" && event.type === "pointerup") scene.lassoed(drawn, event.ctrlKey || event.metaKey);
    if (action === "pinch" && fingers.size) return;
    action = "";
    scene.drawMarks();
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", () => { if (!fingers.size) scene.leave(); });
  canvas.addEventListener("dblclick", (event) => scene.take(scene.hit(pixelOf(event)), event.timeStamp));
  canvas.addEventListener("wheel", (event) => { // with the focus or with Ctrl, as a trackpad's pinch has; else the page scrolls
    if (!event.ctrlKey && canvas.getRootNode().activeElement !== canvas) return;
    event.preventDefault();
    event.stopPropagation();
    const pixels = event.deltaY * (event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 100 : 1);
    scene.zoom(Math.exp(-Math.max(-200, Math.min(200, pixels)) * (event.ctrlKey ? 0.01 : 0.002)), pixelOf(event));
  }, { passive: false });
}

function followKeys(scene, canvas) {
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const by = event.shiftKey ? LEAP : STEP, arrow = KEYS[event.key], [w, h] = scene.view.size, [wide, high] = scene.view.span;
    if (arrow && scene.mode === "pan") scene.pan(-arrow[0] * by * w, arrow[1] * by * h);
    else if (arrow) {
      const now = scene.space.project(scene.code);
      scene.set(scene.space.moved(scene.code, [now[0] + arrow[0] * by * wide, now[1] + arrow[1] * by * high]), event.timeStamp, true);
    } else if (event.key === "Enter") scene.take(scene.nearest(scene.code), event.timeStamp);
    else if (event.key === " ") scene.toggle(scene.nearest(scene.code));
    else if (event.key === "+" || event.key === "=") scene.zoom(ZOOM);
    else if (event.key === "-" || event.key === "_") scene.zoom(1 / ZOOM);
    else if (event.key === "0") scene.zoom(0);
    else if (event.key === "Escape" && scene.selected.size) scene.select([]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

const isInside = ([x, y], polygon) => polygon.reduce((inside, [x1, y1], k) => {
  const [x0, y0] = polygon[(k || polygon.length) - 1];
  return (y0 > y) !== (y1 > y) && x < x1 + ((y - y1) / (y0 - y1)) * (x0 - x1) ? !inside : inside;
}, false);
