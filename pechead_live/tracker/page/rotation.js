// Rotations: matrices of nine numbers, row by row, as vectors and as angles
// (pechead_live/rotation.py, pechead_live/coefficients.py).

export const NO_TURN = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/** a b, both (9). */
export function product(a, b) {
  return NO_TURN.map((_, at) => {
    const [row, column] = [at - (at % 3), at % 3];
    return a[row] * b[column] + a[row + 1] * b[column + 3] + a[row + 2] * b[column + 6];
  });
}

/** The inverse of a rotation. */
export function transposed(a) {
  return [a[0], a[3], a[6], a[1], a[4], a[7], a[2], a[5], a[8]];
}

/** (9) rotation to (3) axis times angle, radians, its length in [0, pi]. */
export function rotationVector(m) {
  const twiceSine = [m[7] - m[5], m[2] - m[6], m[3] - m[1]];
  const sine = Math.hypot(...twiceSine) / 2;
  const cosine = (m[0] + m[4] + m[8] - 1) / 2;
  if (sine > 1e-6) return scaled(twiceSine, Math.atan2(sine, cosine) / (2 * sine));
  if (cosine > 0) return scaled(twiceSine, 0.5);
  // Half a turn: the axis is the direction that the rotation leaves alone.
  const diagonal = [m[0], m[4], m[8]];
  const column = diagonal.indexOf(Math.max(...diagonal));
  const axis = [0, 1, 2].map((row) => m[3 * row + column] + (row === column ? 1 : 0));
  return scaled(axis, Math.PI / Math.hypot(...axis));
}

/** (3) axis times angle in radians to a (9) rotation (Rodrigues). */
export function rotationFromVector([x, y, z]) {
  const angle = Math.hypot(x, y, z);
  const cross = [0, -z, y, z, 0, -x, -y, x, 0];
  const first = angle > 1e-8 ? Math.sin(angle) / angle : 1;
  const second = angle > 1e-4 ? (1 - Math.cos(angle)) / (angle * angle) : 0.5;
  const twice = product(cross, cross);
  return NO_TURN.map((one, at) => one + first * cross[at] + second * twice[at]);
}

/** (3) rotation vector that, applied on the left, takes `start` to `end`. */
export function turnBetween(start, end) {
  return rotationVector(product(end, transposed(start)));
}

/** `rotation` turned by `vector` on the left; rounding errors do not pile up. */
export function turned(rotation, vector) {
  const matrix = product(rotationFromVector(vector), rotation);
  // One Newton step towards the nearest rotation.
  const square = product(transposed(matrix), matrix);
  return scaled(product(matrix, NO_TURN.map((one, at) => 3 * one - square[at])), 0.5);
}

/** The angle of the turn from `start` to `end`, degrees in [0, 180]. */
export function angleBetween(start, end) {
  return degrees(Math.hypot(...turnBetween(start, end)));
}

/** (9) from degrees: yaw > 0 to the picture's right, pitch > 0 up, roll > 0 clockwise. */
export function rotationFromEuler(yaw, pitch, roll) {
  const [a, b, c] = [radians(-pitch), radians(-yaw), radians(roll)];
  const x = [1, 0, 0, 0, Math.cos(a), -Math.sin(a), 0, Math.sin(a), Math.cos(a)];
  const y = [Math.cos(b), 0, Math.sin(b), 0, 1, 0, -Math.sin(b), 0, Math.cos(b)];
  const z = [Math.cos(c), -Math.sin(c), 0, Math.sin(c), Math.cos(c), 0, 0, 0, 1];
  return product(product(z, y), x);
}

/** [yaw, pitch, roll] in degrees, the inverse of `rotationFromEuler` for |yaw| < 90. */
export function eulerFromRotation(m) {
  const yaw = -Math.asin(Math.max(-1, Math.min(1, -m[6])));
  const [pitch, roll] = [-Math.atan2(m[7], m[8]), Math.atan2(m[3], m[0])];
  return [degrees(yaw), degrees(pitch), degrees(roll)];
}

export function degrees(angle) {
  return (angle * 180) / Math.PI;
}

export function radians(angle) {
  return (angle * Math.PI) / 180;
}

function scaled(numbers, factor) {
  return numbers.map((number) => factor * number);
}
