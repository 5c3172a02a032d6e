// Fitting one frame: pose, identity once per person, expression by least squares
// (pechead_live/facemodel/fit.py; what is settled there comes with the solver's file).

import { combined, projected } from "./basis.js";
import { radians } from "./rotation.js";
import { nearestSimilarity, undone } from "./similarity.js";
import { boxed, solved } from "./symmetric.js";

/**
 * What is known of the person so far.
 *
 * @typedef {object} FitState
 * @property {Float32Array} identity (50) the running estimate of alpha
 * @property {Float64Array} neutralSum (N * 3) over frames of points less mean and expression
 * @property {number} weight sum of the frames' weights in it
 * @property {number} frames seen
 */

/** The state before the first frame: the mean face. */
export function initialFitState({ mean, identity }) {
  return {
    identity: new Float32Array(identity.directions.length / mean.length),
    neutralSum: new Float64Array(mean.length),
    weight: 0,
    frames: 0,
  };
}

/**
 * A measured face to coefficients in the same picture's coordinates, and the state after it.
 *
 * The first `calibration_frames` of a person also settle the identity, which is then frozen.
 *
 * @param {import("./measure.js").Measurement} measurement
 * @param {import("./solver_file.js").Solver} solver
 * @returns {[import("./coefficients.js").Coefficients, FitState]}
 */
export function fit(measurement, solver, state, capturedAt) {
  const { points, scores, presence } = measurement;
  const { settings } = solver;
  let moved = combined(solver.expression, scores);
  if (state.frames < settings.calibration_frames) state = calibrated(points, moved, solver, state);
  const rest = restOf(solver, state.identity);
  const first = poseOf(sum(rest, moved), points, solver);
  const { seen } = first;
  let { pose } = first;
  let expression = scores;
  for (let round = 0; settings.refine && round < settings.rounds; round++) {
    const target = difference(inModelSpace(points, pose, sum(rest, moved), seen), rest);
    const right = projected(solver.expression, solver.weights, target)
      .map((value, i) => value + solver.expression.prior * scores[i]);
    expression = Float32Array.from(boxed(solver.expression, right));
    moved = combined(solver.expression, expression);
    pose = nearestSimilarity(sum(rest, moved), points, seen);
  }
  const error = meanDistance(undone(pose, points), sum(rest, moved), seen);
  const coefficients = {
    identity: state.identity,
    expression,
    rotation: Float32Array.from(pose.rotation),
    translation: pose.translation.slice(0, 2),
    scale: pose.scale,
    confidence: presence * Math.exp(-((error / settings.tolerance) ** 2)),
    capturedAt,
  };
  return [coefficients, { ...state, frames: state.frames + 1 }];
}

function restOf({ mean, identity }, alpha) {
  return sum(mean, combined(identity, alpha));
}

/**
 * The pose that brings `expected` to `points`, and (N) how far each point is believed: the
 * detector only guesses the far side of a face that is turned.
 */
function poseOf(expected, points, { steady, sides, settings }) {
  const pose = nearestSimilarity(expected, points, steady);
  const turn = pose.rotation[6]; // sine of yaw: > 0 moves the points at x > 0 away
  const [low, high] = [settings.seen, settings.hidden].map((angle) => Math.sin(radians(angle)));
  const hidden = Math.min(1, Math.max(0, (Math.abs(turn) - low) / (high - low)));
  const seen = sides[turn > 0 ? 0 : 1].map((far) => 1 - hidden * far);
  if (!hidden) return { pose, seen };
  const believed = steady.map((weight, point) => weight * seen[point]);
  return { pose: nearestSimilarity(expected, points, believed), seen };
}

/** (N * 3) the measured points in model space; what is not seen is as `expected`. */
function inModelSpace(points, pose, expected, seen) {
  return undone(pose, points).map(
    (value, at) => expected[at] + seen[Math.floor(at / 3)] * (value - expected[at]),
  );
}

/** Adds one frame to the person's neutral face and solves alpha again, twice. */
function calibrated(points, moved, solver, state) {
  let { identity, neutralSum, weight } = state;
  for (let round = 0; round < 2; round++) {
    const expected = sum(restOf(solver, identity), moved);
    const { pose, seen } = poseOf(expected, points, solver);
    const frontal = pose.rotation[8] ** 4; // a face turned away tells less
    const measured = inModelSpace(points, pose, expected, seen);
    const neutral = difference(difference(measured, moved), solver.mean);
    neutralSum = state.neutralSum.map((value, at) => value + frontal * neutral[at]);
    weight = state.weight + frontal;
    const average = neutralSum.map((value) => value / weight);
    const right = projected(solver.identity, solver.weights, average);
    identity = Float32Array.from(solved(solver.identity.factor, right));
  }
  return { ...state, identity, neutralSum, weight };
}

/** Between points (N * 3) in the picture's plane, with `weights` (N). */
function meanDistance(points, expected, weights) {
  let [total, all] = [0, 0];
  weights.forEach((weight, point) => {
    const [x, y] = [3 * point, 3 * point + 1];
    total += weight * Math.hypot(points[x] - expected[x], points[y] - expected[y]);
    all += weight;
  });
  return total / all;
}

function sum(a, b) {
  return a.map((value, at) => value + b[at]);
}

function difference(a, b) {
  return a.map((value, at) => value - b[at]);
}
