// A linear model of shapes: directions that are added up, and least squares along them.

import { factorised } from "./symmetric.js";

/**
 * Directions of a linear model and the least squares along them: `(B W B' + prior) a = B W x`.
 *
 * @typedef {object} Basis
 * @property {Float64Array} directions (K, N * 3)
 * @property {Float64Array} normal (K, K)
 * @property {Float64Array} factor (K, K) of `normal`, by `factorised`
 * @property {number} prior
 */

/** `directions` with W = `weights` (N * 3), on the diagonal. */
export function basisOf(directions, weights, prior) {
  const length = weights.length;
  const size = directions.length / length;
  const normal = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    const direction = directions.subarray(row * length, (row + 1) * length);
    normal.set(projected({ directions }, weights, direction), row * size);
    normal[row * size + row] += prior;
  }
  return { directions, normal, factor: factorised(normal, size), prior };
}

/** (N * 3) sum of a basis's directions times `values` (K). */
export function combined({ directions }, values) {
  const length = directions.length / values.length;
  const sum = new Float64Array(length);
  values.forEach((value, k) => {
    if (value === 0) return;
    for (let at = 0; at < length; at++) sum[at] += value * directions[k * length + at];
  });
  return sum;
}

/** (K) `B W x` of a basis, `x` being (N * 3). */
export function projected({ directions }, weights, x) {
  const length = x.length;
  const weighted = x.map((value, at) => value * weights[at]);
  return Float64Array.from({ length: directions.length / length }, (_, k) => {
    let sum = 0;
    for (let at = 0; at < length; at++) sum += directions[k * length + at] * weighted[at];
    return sum;
  });
}
