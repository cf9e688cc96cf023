// The latent space behind the plane: distances between codes, and the way from codes to points of the plane and back

const NEAR = 8; // codes that are averaged for a point of a curved plane

class LatentSpace {
  constructor({ about, points, codes }) {
    Object.assign(this, { points, codes, axes: about.axes, origin: about.origin, dimensions: about.latent_dim, count: points.length / 2 });
  }
  code(index) { return this.codes.slice(index * this.dimensions, (index + 1) * this.dimensions); }
  point(index) { return [this.points[2 * index], this.points[2 * index + 1]]; }

  // the squared Euclidean distance of an example's code, over all dimensions; it stops at what is too far
  squared(index, z, limit = Infinity) {
    let sum = 0;
    for (let j = 0, at = index * this.dimensions; j < this.dimensions && sum < limit; j++) sum += (this.codes[at + j] - z[j]) ** 2;
    return sum;
  }
  nearest(z, isShown) {
    let best = -1, least = Infinity;
    for (let i = 0; i < this.count; i++) {
      if (!isShown(i)) continue;
      const distance = this.squared(i, z, least);
      if (distance < least) [best, least] = [i, distance];
    }
    return best;
  }

  project(z) {
    if (this.axes.length) return [0, 1].map((k) => this.axes[k].reduce((sum, a, j) => sum + a * (z[j] - this.origin[j]), 0));
    const distances = Array.from({ length: this.count }, (_, i) => [this.squared(i, z), i]);
    return Array.from(this.average(distances, (i) => this.point(i), 2));
  }
  // the code at a point of the plane; for a flat plane, the components outside it stay as they are
  moved(code, point) {
    if (this.axes.length) {
      const now = this.project(code), output = Float32Array.from(code);
      for (let k = 0; k < 2; k++) for (let j = 0; j < this.dimensions; j++) output[j] += this.axes[k][j] * (point[k] - now[k]);
      return output;
    }
    const distances = Array.from({ length: this.count }, (_, i) => [(this.points[2 * i] - point[0]) ** 2 + (this.points[2 * i + 1] - point[1]) ** 2, i]);
    return this.average(distances, (i) => this.code(i), this.dimensions);
  }
  average(distances, value, length) {
    distances.sort((a, b) => a[0] - b[0]);
    const output = new Float32Array(length);
    let total = 0;
    for (const [distance, i] of distances.slice(0, NEAR)) {
      const weight = 1 / (distance + 1e-9);
      total += weight;
      value(i).forEach((v, j) => (output[j] += weight * v));
    }
    return output.map((v) => v / total);
  }
}
