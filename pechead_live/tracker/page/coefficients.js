// Pose, expression and identity of one face at one moment (pechead_live/coefficients.py).

/**
 * Arrays must not be written to.
 *
 * @typedef {object} Coefficients
 * @property {Float32Array} identity (50) alpha of the face model
 * @property {Float32Array} expression (52) in [0, 1], in the order of EXPRESSION_NAMES
 * @property {Float32Array} rotation (9) model space to the camera, row by row
 * @property {number[]} translation [x, y] picture coordinates: 0 is the picture's middle, its
 *   shorter side goes from -1 to 1, y down
 * @property {number} scale picture units per model unit, > 0
 * @property {number} confidence [0, 1]
 * @property {number} capturedAt seconds
 */

const finite = (numbers) => numbers.every(Number.isFinite);

/** True if no number in it is NaN or infinite and the scale is positive. */
export function allFinite({ identity, expression, rotation, translation, ...numbers }) {
  const { scale, confidence, capturedAt } = numbers;
  return (
    scale > 0 &&
    finite([scale, confidence, capturedAt]) &&
    [identity, expression, rotation, translation].every(finite)
  );
}

/** (3) x, y and the logarithm of the scale. */
export function placeOf({ translation: [x, y], scale }) {
  return [x, y, Math.log(scale)];
}
