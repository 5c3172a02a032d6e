// Gaussian blur of small masks, mirrored at the edges.

const tables = new Map();

/**
 * `mask` (height x width) blurred into `into`; `rows` is a buffer of the same size. `sigma` in
 * pixels; the kernel ends at three of them, as OpenCV's does for bytes.
 */
export function blur(mask, width, height, sigma, into, rows) {
  const kernel = kernelOf(sigma);
  const half = (kernel.length - 1) / 2;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      const inside = x >= half && x + half < width;
      for (let k = -half; k <= half; k++) {
        sum += kernel[k + half] * mask[y * width + (inside ? x + k : mirrored(x + k, width))];
      }
      rows[y * width + x] = sum;
    }
  }
  into.fill(0, 0, width * height);
  for (let y = 0; y < height; y++) {
    for (let k = -half; k <= half; k++) {
      const weight = kernel[k + half];
      const [to, from] = [y * width, mirrored(y + k, height) * width];
      for (let x = 0; x < width; x++) into[to + x] += weight * rows[from + x];
    }
  }
}

/** A place beyond an edge seen in the mirror that stands on the edge's last pixel. */
function mirrored(place, length) {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const within = ((place % period) + period) % period;
  return within < length ? within : period - within;
}

function kernelOf(sigma) {
  const size = Math.round(6 * sigma + 1) | 1;
  const known = tables.get(size);
  if (known?.sigma === sigma) return known.kernel;
  const half = (size - 1) / 2;
  const kernel = Float64Array.from({ length: size }, (_, i) =>
    Math.exp(-((i - half) ** 2) / (2 * sigma * sigma)));
  const sum = kernel.reduce((total, weight) => total + weight);
  kernel.forEach((weight, i) => (kernel[i] = weight / sum));
  tables.set(size, { sigma, kernel });
  return kernel;
}
