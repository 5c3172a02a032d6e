// Between two coefficients (see parameters.js).

import { turnBetween, turned } from "./rotation.js";

/** 0 to 1 over [0, 1] with no speed at both ends. */
export function smoothstep(t) {
  const inside = Math.min(1, Math.max(0, t));
  return inside * inside * (3 - 2 * inside);
}

/** `a` at weight 0, `b` at 1, the shortest way between; the confidence is that of `b`. */
export function blend(a, b, weight) {
  if (weight <= 0) return { ...a, confidence: b.confidence };
  if (weight >= 1) return b;
  const between = (start, end) => start.map((value, k) => value + (end[k] - value) * weight);
  const turn = turnBetween(a.rotation, b.rotation).map((angle) => angle * weight);
  return {
    expression: between(a.expression, b.expression),
    rotation: turned(a.rotation, turn),
    translation: between(a.translation, b.translation),
    scale: Math.exp(Math.log(a.scale) * (1 - weight) + Math.log(b.scale) * weight),
    confidence: b.confidence,
  };
}
