// Outlier rejection: a head does not jump between two frames, a tracker does
// (pechead_live/tracker/outlier.py).

import { allFinite } from "./coefficients.js";
import { angleBetween } from "./rotation.js";

/** `OutlierConfig`: degrees, outer-eye distances, a factor, seconds and frames. */
export const OUTLIER = {
  confidence: 0.5,
  rotation: 40,
  translation: 0.6,
  scale: 1.6,
  frameS: 0.1,
  patience: 3,
};

/** The state before the first frame: `last` coefficients that were believed, when a frame was
 * `seenAt` (seconds), and how many were `rejected` in a row. */
export function initialOutlierState() {
  return { last: null, seenAt: 0, rejected: 0 };
}

/** `[coefficients, state]`; the first is null where they are not to be believed. */
export function rejectOutlier(coefficients, state, config = OUTLIER) {
  if (!allFinite(coefficients) || coefficients.confidence < config.confidence) return [null, state];
  const { capturedAt } = coefficients;
  const since = capturedAt - state.seenAt;
  const near = since >= 0 && since <= config.frameS;
  const patient = state.rejected < config.patience;
  if (state.last && near && patient && jumps(coefficients, state.last, config)) {
    return [null, { ...state, seenAt: capturedAt, rejected: state.rejected + 1 }];
  }
  return [coefficients, { last: coefficients, seenAt: capturedAt, rejected: 0 }];
}

function jumps(now, last, config) {
  const [x, y] = now.translation.map((value, axis) => value - last.translation[axis]);
  return (
    Math.hypot(x, y) / last.scale > config.translation ||
    Math.max(now.scale / last.scale, last.scale / now.scale) > config.scale ||
    angleBetween(last.rotation, now.rotation) > config.rotation
  );
}
