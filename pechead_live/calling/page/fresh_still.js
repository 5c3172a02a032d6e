// A still of an end's camera, taken just now, that the other end moves as it moves the avatar
// (calling/ladder/fresh_still.py).

import { anchorOf, initialMotionState } from "../tracker/anchor.js";
import { initialLidState } from "../tracker/lids.js";
import { MOTION, retarget } from "../tracker/retarget.js";
import { rotationFromVector, rotationVector } from "../tracker/rotation.js";

const RELATIVE = Object.freeze({ ...MOTION, mode: "relative" });

/** What is said of `still`; `anchor`: the pose of the call's avatar when it was taken. */
export function toldStill({ digest, content }, anchor) {
  const { rotation, translation, scale, expression } = anchor;
  const to = (digits) => (value) => Math.round(value * 10 ** digits) / 10 ** digits;
  return {
    type: "still",
    digest,
    bytes: content.length,
    turn: [...rotationVector(rotation)].map(to(4)),
    place: [...translation, Math.log(scale)].map(to(4)),
    expression: [...expression].map(to(2)),
  };
}

/** The pose that a checked message (ladder_messages.js) tells. */
export function anchorFrom({ turn, place: [x, y, size], expression }) {
  return {
    expression: Float32Array.from(expression, (value) => Math.min(Math.max(value, 0), 1)),
    rotation: rotationFromVector(turn),
    translation: [x, y],
    scale: Math.exp(size),
  };
}

/**
 * How a fresh still, `{avatar, anchor}`, moves: gives `moved(coefficients, now)`, to be called for
 * each picture with the coefficients of the call's avatar.
 */
export function movedAs({ avatar, anchor }) {
  const start = anchorOf(anchor);
  const lids = initialLidState(start.expression);
  let state = { ...initialMotionState(), anchor: start, target: start, lids };
  return (coefficients, now) => {
    // at rest nothing is measured: that is a pose, too
    const driver = { ...coefficients, confidence: 1, capturedAt: now };
    let moved;
    [moved, state] = retarget(driver, avatar.rest, state, RELATIVE);
    return moved;
  };
}
