// The similarity that brings one set of points nearest to another
// (pechead_live/facemodel/similarity.py, there by Umeyama's way, here by Horn's: the same optimum).

const SMALLEST_SCALE = 1e-6;
const SWEEPS = 30; // of Jacobi's method; four are the rule

/**
 * `y = scale * rotation x + translation`.
 *
 * @typedef {object} Similarity
 * @property {number[]} rotation (9) row by row, determinant +1
 * @property {number[]} translation (3)
 * @property {number} scale > 0
 */

/**
 * The similarity that brings `source` nearest to `target`, both (N * 3), by least squares with
 * `weights` (N).
 *
 * @returns {Similarity}
 */
export function nearestSimilarity(source, target, weights) {
  const total = weights.reduce((sum, weight) => sum + weight);
  const from = mean(source, weights, total);
  const to = mean(target, weights, total);
  const m = new Float64Array(9); // sum of w x y^T
  let variance = 0;
  for (let point = 0; point < weights.length; point++) {
    const w = weights[point] / total;
    for (let i = 0; i < 3; i++) {
      const x = source[3 * point + i] - from[i];
      variance += w * x * x;
      for (let j = 0; j < 3; j++) m[3 * i + j] += w * x * (target[3 * point + j] - to[j]);
    }
  }
  const rotation = rotationOf(largestEigenvector(horn(m)));
  let along = 0; // trace(rotation m)
  for (let at = 0; at < 9; at++) along += rotation[at] * m[3 * (at % 3) + Math.floor(at / 3)];
  const scale = Math.max(along / variance, SMALLEST_SCALE);
  const moved = rotated(rotation, from);
  return { rotation, scale, translation: to.map((value, axis) => value - scale * moved[axis]) };
}

/** `points` (N * 3) before the similarity moved them. */
export function undone({ rotation, translation, scale }, points) {
  const before = new Float64Array(points.length);
  for (let at = 0; at < points.length; at += 3) {
    const [x, y, z] = translation.map((value, axis) => (points[at + axis] - value) / scale);
    for (let i = 0; i < 3; i++) {
      before[at + i] = rotation[i] * x + rotation[3 + i] * y + rotation[6 + i] * z;
    }
  }
  return before;
}

function mean(points, weights, total) {
  const sum = [0, 0, 0];
  for (let point = 0; point < weights.length; point++) {
    for (let axis = 0; axis < 3; axis++) sum[axis] += weights[point] * points[3 * point + axis];
  }
  return sum.map((value) => value / total);
}

function rotated(m, [x, y, z]) {
  return [0, 3, 6].map((row) => m[row] * x + m[row + 1] * y + m[row + 2] * z);
}

/** (4, 4) whose largest eigenvector is the rotation as a quaternion w, x, y, z (Horn 1987). */
function horn([xx, xy, xz, yx, yy, yz, zx, zy, zz]) {
  return [
    [xx + yy + zz, yz - zy, zx - xz, xy - yx],
    [yz - zy, xx - yy - zz, xy + yx, zx + xz],
    [zx - xz, xy + yx, yy - xx - zz, yz + zy],
    [xy - yx, zx + xz, yz + zy, zz - xx - yy],
  ];
}

/** Of a symmetric (4, 4) matrix, by Jacobi's rotations. */
function largestEigenvector(a) {
  const vectors = a.map((row, i) => row.map((_, j) => (i === j ? 1 : 0)));
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let left = 0;
    for (let p = 0; p < 3; p++) {
      for (let q = p + 1; q < 4; q++) {
        left += Math.abs(a[p][q]);
        annul(a, vectors, p, q);
      }
    }
    if (left === 0) break;
  }
  const values = a.map((row, i) => row[i]);
  const largest = values.indexOf(Math.max(...values));
  return vectors.map((row) => row[largest]);
}

function annul(a, vectors, p, q) {
  if (a[p][q] === 0) return;
  const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
  const tangent = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const cosine = 1 / Math.hypot(tangent, 1);
  const sine = tangent * cosine;
  const turn = (row) => {
    const [x, y] = [row[p], row[q]];
    row[p] = cosine * x - sine * y;
    row[q] = sine * x + cosine * y;
  };
  a.forEach(turn);
  for (let k = 0; k < 4; k++) {
    const [x, y] = [a[p][k], a[q][k]];
    a[p][k] = cosine * x - sine * y;
    a[q][k] = sine * x + cosine * y;
  }
  a[p][q] = a[q][p] = 0;
  vectors.forEach(turn);
}

function rotationOf([w, x, y, z]) {
  return [
    1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
    2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
    2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
  ];
}
