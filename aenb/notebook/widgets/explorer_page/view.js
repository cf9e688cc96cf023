// The part of the plane that is shown: zoomed about a pixel, panned by pixels, from the plane to pixels and back

const MAX_ZOOM = 200, MIN_ZOOM = 0.5;

class View {
  constructor(bounds, canvas) {
    this.whole = [...bounds];
    this.canvas = canvas;
    this.reset();
  }
  reset() { [this.x0, this.x1, this.y0, this.y1] = this.whole; }
  get size() { return [this.canvas.clientWidth, this.canvas.clientHeight]; }
  get isHidden() { return Math.min(...this.size) < 1; }
  get magnification() { return (this.whole[1] - this.whole[0]) / (this.x1 - this.x0); }
  get span() { return [this.x1 - this.x0, this.y1 - this.y0]; }

  toPixel([x, y]) {
    const [w, h] = this.size;
    return [((x - this.x0) / (this.x1 - this.x0)) * w, h - ((y - this.y0) / (this.y1 - this.y0)) * h];
  }
  toPoint([px, py]) {
    const [w, h] = this.size;
    return [this.x0 + (px / w) * (this.x1 - this.x0), this.y0 + (1 - py / h) * (this.y1 - this.y0)];
  }
  // magnify about a pixel, which stays where it is; without one about the middle
  zoom(factor, pixel = this.size.map((side) => side / 2)) {
    const by = Math.min(Math.max(factor, MIN_ZOOM / this.magnification), MAX_ZOOM / this.magnification), [x, y] = this.toPoint(pixel);
    this.x0 = x + (this.x0 - x) / by;
    this.x1 = x + (this.x1 - x) / by;
    this.y0 = y + (this.y0 - y) / by;
    this.y1 = y + (this.y1 - y) / by;
  }
  pan(dx, dy) {
    const [w, h] = this.size, [wide, high] = this.span;
    this.x0 -= (dx / w) * wide;
    this.x1 -= (dx / w) * wide;
    this.y0 += (dy / h) * high;
    this.y1 += (dy / h) * high;
  }
  // move as far as needed for a point to be inside
  follow(point) {
    const [w, h] = this.size, [px, py] = this.toPixel(point);
    const over = (p, side) => (p < 0 ? -p : p > side ? side - p : 0);
    this.pan(over(px, w), over(py, h));
    return over(px, w) !== 0 || over(py, h) !== 0;
  }
}
