// The driver's face that counts as the portrait's own: the first frame, or the median over a second
// of neutral face (pechead_live/motion/state.py, calibration.py).

import { placeOf } from "./coefficients.js";
import { initialLidState } from "./lids.js";
import { NO_TURN, turnBetween, turned } from "./rotation.js";

const SAMPLES = 64;
const EASE_S = 0.15; // time constant with which a new anchor replaces an old one

/**
 * @typedef {object} Anchor
 * @property {Float32Array} expression (52)
 * @property {number[]} rotation (9)
 * @property {number[]} place (3) x, y, logarithm of the scale
 */

/**
 * What retargeting remembers.
 *
 * @typedef {object} MotionState
 * @property {Anchor | null} anchor in use now; null before the first frame
 * @property {Anchor | null} target towards which it eases
 * @property {boolean} calibrating
 * @property {boolean} provisional the anchor is what the first calibration has seen so far
 * @property {number} calibratedUntil seconds
 * @property {object[]} samples `{expression, turn, place}` of the running calibration, at most 64
 * @property {number} watched frames of it
 * @property {number[]} firstRotation (9) its first
 * @property {number} capturedAt seconds
 * @property {object[]} lids of `lids.js`
 */

/** The state before the first frame. */
export function initialMotionState() {
  const nobody = { anchor: null, target: null, capturedAt: 0, lids: [] };
  const idle = { calibrating: false, provisional: false, calibratedUntil: Infinity };
  return { ...nobody, ...idle, samples: [], watched: 0, firstRotation: NO_TURN };
}

/** Starts a calibration with the next frame: look at the camera, neutral face. */
export function requestCalibration(state) {
  return { ...state, calibrating: true, samples: [], watched: 0, calibratedUntil: Infinity };
}

/** This face as an anchor. */
export function anchorOf(coefficients) {
  const { expression, rotation } = coefficients;
  return { expression, rotation, place: placeOf(coefficients) };
}

/** The state with this frame seen: its anchor set, learned or eased. */
export function followAnchor(driver, state, { calibrate, calibrationS }) {
  if (!state.anchor) {
    const anchor = anchorOf(driver);
    state = {
      ...state,
      anchor,
      target: anchor,
      lids: initialLidState(anchor.expression),
      calibrating: calibrate || state.calibrating,
      provisional: calibrate,
      capturedAt: driver.capturedAt,
    };
  }
  if (state.calibrating) state = learned(driver, state, calibrationS);
  const elapsed = Math.max(0, driver.capturedAt - state.capturedAt);
  const anchor = eased(state.anchor, state.target, 1 - Math.exp(-elapsed / EASE_S));
  return { ...state, anchor, capturedAt: driver.capturedAt };
}

function learned(driver, state, calibrationS) {
  const seen = watched(driver, state, calibrationS);
  const done = driver.capturedAt >= seen.calibratedUntil;
  if (!done) return seen.provisional ? { ...seen, target: median(seen) } : seen;
  const target = median(seen);
  const lids = initialLidState(target.expression);
  return { ...seen, target, lids, calibrating: false, provisional: false };
}

function watched(driver, state, calibrationS) {
  const { expression, rotation, place } = anchorOf(driver);
  const first = state.watched === 0;
  const firstRotation = first ? rotation : state.firstRotation;
  const samples = [...state.samples];
  const turn = turnBetween(firstRotation, rotation);
  samples[state.watched % SAMPLES] = { expression, place, turn };
  const calibratedUntil = first ? driver.capturedAt + calibrationS : state.calibratedUntil;
  return { ...state, samples, firstRotation, calibratedUntil, watched: state.watched + 1 };
}

function median({ samples, firstRotation }) {
  const middle = (name) =>
    Array.from(samples[0][name], (_, at) => middleOf(samples.map((sample) => sample[name][at])));
  return {
    expression: Float32Array.from(middle("expression")),
    rotation: turned(firstRotation, middle("turn")),
    place: middle("place"),
  };
}

function middleOf(values) {
  values.sort((a, b) => a - b);
  const half = values.length >> 1;
  return values.length % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}

function eased(anchor, target, share) {
  const between = (value, at, goal) => value + share * (goal[at] - value);
  const turn = turnBetween(anchor.rotation, target.rotation);
  return {
    expression: anchor.expression.map((value, i) => between(value, i, target.expression)),
    rotation: turned(anchor.rotation, turn.map((angle) => share * angle)),
    place: anchor.place.map((value, axis) => between(value, axis, target.place)),
  };
}
