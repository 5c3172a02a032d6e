// Rounding and interpolation as NumPy has them.

export function clamp(value, low, high) {
  return value < low ? low : value > high ? high : value;
}

/** The nearest whole number, of two equally near ones the even one. */
export function roundEven(value) {
  const whole = Math.round(value);
  return whole - value === 0.5 && whole % 2 !== 0 ? whole - 1 : whole;
}

/** y at `x` of the line through (`xs`, `ys`), `xs` rising; beyond its ends their own y. */
export function interpolated(x, xs, ys) {
  const last = xs.length - 1;
  if (!(x > xs[0])) return ys[0];
  if (x >= xs[last]) return ys[last];
  let at = 0;
  while (x >= xs[at + 1]) at++;
  return ys[at] + ((ys[at + 1] - ys[at]) * (x - xs[at])) / (xs[at + 1] - xs[at]);
}

/** Mean y of facing points of two edges, their ends left out; pixels of (x, y) `points`. */
export function meanGap(points, upper, lower) {
  let sum = 0;
  for (let i = 1; i < upper.length - 1; i++) {
    sum += points[2 * lower[i] + 1] - points[2 * upper[i] + 1];
  }
  return sum / (upper.length - 2);
}

/** Distance of vertices `one` and `other` of (x, y) `points`. */
export function distance(points, one, other) {
  return Math.hypot(
    points[2 * one] - points[2 * other],
    points[2 * one + 1] - points[2 * other + 1],
  );
}
