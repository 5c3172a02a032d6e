// Rotations: 9 numbers, row-major, from model space to the camera; as angles in degrees, and as
// vectors, the axis times the angle in radians.

const RADIANS = Math.PI / 180;
const DEGREES = 180 / Math.PI;
const IDENTITY = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/**
 * Float32Array(9) of degrees; > 0 turns the nose to the picture's right, lifts it, tilts the head
 * clockwise.
 */
export function rotationFromEuler(yaw, pitch, roll) {
  const [a, b, c] = [-pitch * RADIANS, -yaw * RADIANS, roll * RADIANS];
  const rx = [1, 0, 0, 0, Math.cos(a), -Math.sin(a), 0, Math.sin(a), Math.cos(a)];
  const ry = [Math.cos(b), 0, Math.sin(b), 0, 1, 0, -Math.sin(b), 0, Math.cos(b)];
  const rz = [Math.cos(c), -Math.sin(c), 0, Math.sin(c), Math.cos(c), 0, 0, 0, 1];
  return Float32Array.from(product(product(rz, ry), rx));
}

/** [yaw, pitch, roll] in degrees, the inverse for |yaw| < 90. */
export function eulerFromRotation(rotation) {
  const yaw = -Math.asin(Math.max(-1, Math.min(1, -rotation[6])));
  const pitch = -Math.atan2(rotation[7], rotation[8]);
  const roll = Math.atan2(rotation[3], rotation[0]);
  return [yaw * DEGREES, pitch * DEGREES, roll * DEGREES];
}

/** The matrix product, `a` applied last. */
export function product(a, b) {
  return IDENTITY.map((_, place) => {
    const [row, column] = [place - (place % 3), place % 3];
    return a[row] * b[column] + a[row + 1] * b[column + 3] + a[row + 2] * b[column + 6];
  });
}

/** The vector that, applied on the left, takes `start` to `end`; its length is at most pi. */
export function turnBetween(start, end) {
  const m = product(end, transposed(start));
  const twiceSine = [m[7] - m[5], m[2] - m[6], m[3] - m[1]];
  const sine = Math.hypot(...twiceSine) / 2;
  const cosine = (m[0] + m[4] + m[8] - 1) / 2;
  if (sine > 1e-6) return scaled(twiceSine, Math.atan2(sine, cosine) / (2 * sine));
  if (cosine > 0) return scaled(twiceSine, 0.5);
  // Half a turn: the axis is the direction that the rotation leaves alone.
  const symmetric = sum(m, IDENTITY);
  const diagonal = [symmetric[0], symmetric[4], symmetric[8]];
  const column = diagonal.indexOf(Math.max(...diagonal));
  const axis = [0, 1, 2].map((row) => symmetric[3 * row + column]);
  return scaled(axis, Math.PI / Math.hypot(...axis));
}

/** Float32Array(9): `rotation` turned by `vector` on the left; rounding errors do not pile up. */
export function turned(rotation, vector) {
  const m = product(rotationFromVector(vector), rotation);
  // One Newton step towards the nearest rotation.
  const error = sum(scaled(IDENTITY, 3), scaled(product(transposed(m), m), -1));
  return Float32Array.from(scaled(product(m, error), 0.5));
}

/** Rodrigues. */
function rotationFromVector([x, y, z]) {
  const angle = Math.hypot(x, y, z);
  const cross = [0, -z, y, z, 0, -x, -y, x, 0];
  const first = angle > 1e-8 ? Math.sin(angle) / angle : 1;
  const second = angle > 1e-4 ? (1 - Math.cos(angle)) / (angle * angle) : 0.5;
  return sum(IDENTITY, sum(scaled(cross, first), scaled(product(cross, cross), second)));
}

function transposed(m) {
  return [m[0], m[3], m[6], m[1], m[4], m[7], m[2], m[5], m[8]];
}

function scaled(values, factor) {
  return values.map((value) => value * factor);
}

function sum(a, b) {
  return a.map((value, place) => value + b[place]);
}
