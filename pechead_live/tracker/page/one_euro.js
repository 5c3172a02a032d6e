// One-Euro filtering in coefficient space: still when the face is, quick when it moves
// (pechead_live/tracker/filter.py).

import { placeOf } from "./coefficients.js";
import { BROWS, EXPRESSION_SIZE, GAZE, LIDS, MOUTH } from "./expressions.js";
import { degrees, radians, turnBetween, turned } from "./rotation.js";

const GAZE_DEGREES = 30; // eye angle of an eyeLook score of 1

/** `FilterConfig`: cut-offs in Hz at rest, and how much each unit of speed adds to them. */
export const FILTER = {
  rotationCutoff: 1.2,
  rotationBeta: 0.4,
  positionCutoff: 1.0,
  positionBeta: 0.3,
  browsCutoff: 1.5,
  browsBeta: 0.5,
  mouthCutoff: 3.0,
  mouthBeta: 1.5,
  lidsCutoff: 6.0,
  lidsBeta: 4.0,
  gazeCutoff: 2.0,
  gazeDeadZone: 1.0,
  gazeSaccade: 4.0,
  speedCutoff: 1.0,
  gapS: 0.5,
};

/**
 * The last estimate and its speed; null before the first frame.
 *
 * @typedef {object} FilterState
 * @property {Float64Array} expression (52) and its `expressionSpeed`, a second
 * @property {number[]} rotation (9), and `rotationSpeed` (3) in degrees a second
 * @property {number[]} place (3) x, y, logarithm of the scale, and its `placeSpeed` in per cent of
 *   the outer-eye distance a second
 * @property {number} capturedAt seconds
 */

/** One frame, filtered, and the state after it. */
export function filterCoefficients(coefficients, state, config = FILTER) {
  const { capturedAt, scale } = coefficients;
  if (coefficients.confidence <= 0) return [coefficients, state];
  const dt = state ? capturedAt - state.capturedAt : 0;
  if (!(dt > 0 && dt <= config.gapS)) return [coefficients, started(coefficients)];
  const speedShare = shareOf(config.speedCutoff, dt);

  const turn = turnBetween(state.rotation, coefficients.rotation).map(degrees);
  const rotationSpeed = followed(state.rotationSpeed, turn, speedShare, dt);
  const turnCutoff = config.rotationCutoff + config.rotationBeta * Math.hypot(...rotationSpeed);
  const turnShare = shareOf(turnCutoff, dt);
  const rotation = turned(state.rotation, turn.map((angle) => radians(turnShare * angle)));

  const step = placeOf(coefficients).map((value, axis) => value - state.place[axis]);
  const percent = [(100 * step[0]) / scale, (100 * step[1]) / scale, 100 * step[2]];
  const placeSpeed = followed(state.placeSpeed, percent, speedShare, dt);
  const placeCutoff = config.positionCutoff + config.positionBeta * Math.hypot(...placeSpeed);
  const placeShare = shareOf(placeCutoff, dt);
  const place = state.place.map((value, axis) => value + placeShare * step[axis]);

  const [expression, expressionSpeed] = filteredExpression(coefficients, state, config, dt);
  const smooth = {
    ...coefficients,
    expression: Float32Array.from(expression),
    rotation: Float32Array.from(rotation),
    translation: place.slice(0, 2),
    scale: Math.exp(place[2]),
  };
  const speeds = { expressionSpeed, rotationSpeed, placeSpeed };
  return [smooth, { expression, rotation, place, ...speeds, capturedAt }];
}

function filteredExpression({ expression }, state, config, dt) {
  const step = state.expression.map((value, i) => expression[i] - value);
  const speed = followed(state.expressionSpeed, step, shareOf(config.speedCutoff, dt), dt);
  const share = new Float64Array(EXPRESSION_SIZE);
  const groups = [
    [BROWS, config.browsCutoff, config.browsBeta],
    [MOUTH, config.mouthCutoff, config.mouthBeta],
    [LIDS, config.lidsCutoff, config.lidsBeta],
    [GAZE, config.gazeCutoff, 0],
  ];
  for (const [group, rest, beta] of groups) {
    for (const i of group) share[i] = shareOf(rest + beta * Math.abs(speed[i]), dt);
  }
  const moved = GAZE_DEGREES * Math.max(...GAZE.map((i) => Math.abs(step[i])));
  if (moved < config.gazeDeadZone) GAZE.forEach((i) => (share[i] = 0));
  else if (moved > config.gazeSaccade) GAZE.forEach((i) => (share[i] = 1));
  return [state.expression.map((value, i) => value + share[i] * step[i]), speed];
}

/** Speeds on their way to those of `step` in `dt` seconds. */
function followed(speed, step, share, dt) {
  return speed.map((value, i) => value + share * (step[i] / dt - value));
}

/** How much of the way to the new value a low-pass of `cutoff` Hz goes in `dt` seconds. */
function shareOf(cutoff, dt) {
  return 1 / (1 + 1 / (2 * Math.PI * cutoff * dt));
}

function started(coefficients) {
  return {
    expression: Float64Array.from(coefficients.expression),
    expressionSpeed: new Float64Array(EXPRESSION_SIZE),
    rotation: [...coefficients.rotation],
    rotationSpeed: [0, 0, 0],
    place: placeOf(coefficients),
    placeSpeed: [0, 0, 0],
    capturedAt: coefficients.capturedAt,
  };
}
