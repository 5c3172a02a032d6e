// Closed lips stay closed: small scores of an open mouth are noise (pechead_live/motion/lips.py).

import { EXPRESSION_INDEX } from "./expressions.js";

const JAW = EXPRESSION_INDEX.get("jawOpen");
const LIPS = ["LowerDownLeft", "LowerDownRight", "UpperUpLeft", "UpperUpRight"].map((part) =>
  EXPRESSION_INDEX.get(`mouth${part}`));
const [CLOSED, OPEN] = [0.005, 0.03]; // openings

/**
 * A copy of `expression` that opens no further than `rest` while `driver`'s lips are closed; in
 * between the lips part smoothly. All (52).
 */
export function withClosedLips(expression, rest, driver) {
  const linear = Math.min(1, Math.max(0, (opening(driver) - CLOSED) / (OPEN - CLOSED)));
  const amount = linear * linear * (3 - 2 * linear);
  const closed = Float32Array.from(expression);
  for (const i of [JAW, ...LIPS]) {
    closed[i] = expression[i] - (1 - amount) * Math.max(expression[i] - rest[i], 0);
  }
  return closed;
}

/** How far `expression` parts the lips, in jawOpen scores. */
function opening(expression) {
  return expression[JAW] + 0.5 * LIPS.reduce((sum, i) => sum + expression[i], 0);
}
