// Coefficients as the 52 numbers that a stream carries, and back (docs/coefficient-stream.md,
// "Parameters"). Coefficients are those of an avatar, without its identity:
//
//   expression   Float32Array(52), 0 to 1, in the order of EXPRESSION_NAMES
//   rotation     9 numbers, row-major, from model space (x right, y down, z away) to the camera
//   translation  [x, y] of the model's origin: (0, 0) is the picture's middle, y down, the shorter
//                side spans -1 to 1
//   scale        picture units per model unit, > 0
//   confidence   0 to 1

import { EXPRESSION_NAMES } from "./expressions.js";
import { eulerFromRotation, rotationFromEuler } from "./rotation.js";

// Ends of one movement: the positive and the negative one.
const OPPOSITES = {
  eyeLookOutLeft: "eyeLookInLeft",
  eyeLookOutRight: "eyeLookInRight",
  eyeLookUpLeft: "eyeLookDownLeft",
  eyeLookUpRight: "eyeLookDownRight",
  jawLeft: "jawRight",
  mouthLeft: "mouthRight",
};
const POSE = ["yaw", "pitch", "roll", "x", "y", "log_scale"];
const LARGEST_LOG_SCALE = 8; // so that no number overflows

const negative = new Set(Object.values(OPPOSITES));
const carried = EXPRESSION_NAMES.filter((name) => !negative.has(name));

/** Their names, in order; one that has an opposite is named by its positive end. */
export const PARAMETER_NAMES = [...POSE, ...carried];

// Of each carried expression: its place, and that of its opposite, -1 if it has none.
const PLACES = carried.map((name) =>
  [name, OPPOSITES[name]].map((end) => EXPRESSION_NAMES.indexOf(end)),
);

/** Float64Array(52) in the order of PARAMETER_NAMES. */
export function toParameters({ expression, rotation, translation, scale }) {
  const sizes = [expression, rotation, translation].map((values) => values.length);
  if (sizes.join() !== "52,9,2") {
    throw new TypeError(`coefficients of ${sizes} numbers: give 52, 9 and 2`);
  }
  const expressions = PLACES.map(
    ([place, opposite]) => expression[place] - (opposite < 0 ? 0 : expression[opposite]),
  );
  const pose = [...eulerFromRotation(rotation), ...translation, Math.log(scale)];
  return Float64Array.from([...pose, ...expressions]);
}

/** The inverse; expressions are clipped to [0, 1]. */
export function fromParameters(values, confidence) {
  const [yaw, pitch, roll, x, y, logScale] = values;
  const expression = new Float32Array(EXPRESSION_NAMES.length);
  PLACES.forEach(([place, opposite], k) => {
    const value = values[POSE.length + k];
    expression[place] = clamp(value, 0, 1);
    if (opposite >= 0) expression[opposite] = clamp(-value, 0, 1);
  });
  return {
    expression,
    rotation: rotationFromEuler(yaw, pitch, roll),
    translation: [Math.fround(x), Math.fround(y)],
    scale: Math.exp(clamp(logScale, -LARGEST_LOG_SCALE, LARGEST_LOG_SCALE)),
    confidence,
  };
}

/** 52 distances from the avatar at rest in steps of `header`; 0 of what is not carried. */
export function inSteps(coefficients, { steps, origin }) {
  return toParameters(coefficients).map((value, place) =>
    steps[place] > 0 ? (value - origin[place]) / steps[place] : 0,
  );
}

/** Whether no number is NaN or infinite and the scale is positive. */
export function areFinite({ expression, rotation, translation, scale, confidence }) {
  const numbers = [...expression, ...rotation, ...translation, scale, confidence];
  return scale > 0 && numbers.every(Number.isFinite);
}

function clamp(value, least, most) {
  return Math.min(Math.max(value, least), most);
}
