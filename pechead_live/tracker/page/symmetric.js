// Symmetric equations: Cholesky's factor, and the least of a quadratic in a box
// (the second as `_boxed` in pechead_live/facemodel/fit.py).

const ROUNDS = 2;

/** Lower factor L, L L' = `matrix`, both (size, size); `matrix` is positive definite. */
export function factorised(matrix, size) {
  const lower = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = matrix[i * size + j];
      for (let k = 0; k < j; k++) rest -= lower[i * size + k] * lower[j * size + k];
      lower[i * size + j] = i === j ? Math.sqrt(rest) : rest / lower[j * size + j];
    }
  }
  return lower;
}

/** (size) x of `L L' x = right`. */
export function solved(lower, right) {
  const size = right.length;
  const x = Float64Array.from(right);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) x[i] -= lower[i * size + k] * x[k];
    x[i] /= lower[i * size + i];
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) x[i] -= lower[k * size + i] * x[k];
    x[i] /= lower[i * size + i];
  }
  return x;
}

/**
 * (size) the x in [0, 1] at which `x' normal x / 2 - right' x` is least, or nearly so: Newton on
 * the entries that are not held at an end of the box. `factor`: of `normal`, by `factorised`.
 */
export function boxed({ normal, factor }, right) {
  const size = right.length;
  const all = [...right.keys()];
  let free = solved(factor, right);
  let inside = free.map(clipped);
  for (let round = 0; round < ROUNDS; round++) {
    if (free.every((value, i) => value === inside[i])) break;
    const gradient = all.map((i) => dot(normal, i, inside, all) - right[i]);
    const isHeld = (i) =>
      (inside[i] <= 0 && gradient[i] > 0) || (inside[i] >= 1 && gradient[i] < 0);
    const held = all.filter(isHeld);
    const open = all.filter((i) => !isHeld(i));
    const part = Float64Array.from(open.flatMap((i) => open.map((j) => normal[i * size + j])));
    const rest = open.map((i) => right[i] - dot(normal, i, inside, held));
    const found = solved(factorised(part, open.length), rest);
    free = Float64Array.from(inside);
    open.forEach((i, place) => (free[i] = found[place]));
    inside = free.map(clipped);
  }
  return inside;
}

function clipped(value) {
  return Math.min(1, Math.max(0, value));
}

/** Row `row` of `matrix` times `x`, over the entries `of` only. */
function dot(matrix, row, x, of) {
  let sum = 0;
  for (const i of of) sum += matrix[row * x.length + i] * x[i];
  return sum;
}
