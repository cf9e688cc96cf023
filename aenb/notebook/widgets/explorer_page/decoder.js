// Decoding: the layers of a Keras model, one after another, as the kernel describes them

const erf = (x) => {
  // Abramowitz & Stegun 7.1.26, to 1.5e-7
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const y = 1 - ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * Math.exp(-x * x);
  return x < 0 ? -y : y;
};
const ACTIVATIONS = {
  linear: null,
  relu: (x) => (x > 0 ? x : 0),
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  selu: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  silu: (x) => x / (1 + Math.exp(-x)),
  leaky_relu: (x) => (x > 0 ? x : 0.2 * x),
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  softplus: (x) => (x > 30 ? x : Math.log1p(Math.exp(x))),
};

const size = (shape) => shape.reduce((a, b) => a * b, 1);

const STEPS = {
  as_is: (x) => x,
  activation: (x) => Float32Array.from(x),
  dense(x, step, take) {
    const units = size(step.shape), kernel = take(x.length * units), output = Float32Array.from(take(units));
    for (let i = 0; i < x.length; i++) {
      const value = x[i], row = i * units;
      if (value !== 0) for (let j = 0; j < units; j++) output[j] += value * kernel[row + j];
    }
    return output;
  },
  transposed(x, step, take) {
    const [height, width, depth] = step.from, [high, wide, filters] = step.shape, [kh, kw] = step.kernel;
    const kernel = take(kh * kw * filters * depth), bias = take(filters), output = new Float32Array(high * wide * filters);
    for (let i = 0; i < output.length; i++) output[i] = bias[i % filters];
    const top = Math.max(kh - step.stride, 0) >> 1, left = Math.max(kw - step.stride, 0) >> 1;
    for (let r = 0; r < height; r++) for (let c = 0; c < width; c++) {
      const from = (r * width + c) * depth;
      for (let a = 0; a < kh; a++) {
        const y = r * step.stride + a - top;
        if (y < 0 || y >= high) continue;
        for (let b = 0; b < kw; b++) {
          const z = c * step.stride + b - left;
          if (z < 0 || z >= wide) continue;
          for (let f = 0; f < filters; f++) { // the kernel is (kh, kw, filters, depth)
            let sum = 0;
            const at = ((a * kw + b) * filters + f) * depth;
            for (let d = 0; d < depth; d++) sum += x[from + d] * kernel[at + d];
            output[(y * wide + z) * filters + f] += sum;
          }
        }
      }
    }
    return output;
  },
  norm(x, step, take) {
    const depth = step.shape[step.shape.length - 1], gamma = take(depth), beta = take(depth), output = new Float32Array(x.length);
    for (let at = 0; at < x.length; at += depth) {
      let mean = 0, variance = 0;
      for (let d = 0; d < depth; d++) mean += x[at + d] / depth;
      for (let d = 0; d < depth; d++) variance += (x[at + d] - mean) ** 2 / depth;
      const scale = 1 / Math.sqrt(variance + step.epsilon);
      for (let d = 0; d < depth; d++) output[at + d] = (x[at + d] - mean) * scale * gamma[d] + beta[d];
    }
    return output;
  },
  crop(x, step) {
    const [, width, depth] = step.from, [high, wide] = step.shape, output = new Float32Array(size(step.shape));
    for (let r = 0; r < high; r++) {
      const begin = ((r + step.top) * width + step.left) * depth;
      output.set(x.subarray(begin, begin + wide * depth), r * wide * depth);
    }
    return output;
  },
};

export function decode(steps, weights, code) {
  let at = 0, x = code;
  const take = (n) => weights.subarray(at, (at += n));
  for (const step of steps) {
    x = STEPS[step.kind](x, step, take);
    const activation = ACTIVATIONS[step.activation ?? "linear"];
    if (activation) for (let i = 0; i < x.length; i++) x[i] = activation(x[i]);
  }
  return x;
}
