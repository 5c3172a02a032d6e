// What MediaPipe's Face Landmarker says of a picture, as our measurement of its face
// (pechead_live/detector/landmarker.py).

import { EXPRESSION_INDEX, EXPRESSION_SIZE } from "./expressions.js";

/**
 * One face in one picture.
 *
 * @typedef {object} Measurement
 * @property {Float32Array} points (478 * 3) picture coordinates, z away from the viewer
 * @property {Float32Array} scores (52) in [0, 1]; tongueOut is always 0
 * @property {number} presence [0, 1]
 */

/**
 * The face in `found`, the landmarker's result for a picture of `width` x `height` pixels; null
 * when there is none.
 *
 * @returns {Measurement | null}
 */
export function measurementOf(found, width, height) {
  if (found.faceLandmarks.length === 0) return null;
  return {
    points: pictureCoordinates(found.faceLandmarks[0], width, height),
    scores: scoresOf(found.faceBlendshapes[0].categories),
    presence: 1,
  };
}

/** Landmarks in [0, 1] of the picture's sides to (478 * 3) picture coordinates. */
export function pictureCoordinates(landmarks, width, height) {
  const half = (Math.min(width, height) - 1) / 2;
  const points = new Float32Array(3 * landmarks.length);
  landmarks.forEach(({ x, y, z }, place) => {
    points[3 * place] = (x * width - width / 2) / half;
    points[3 * place + 1] = (y * height - height / 2) / half;
    points[3 * place + 2] = (z * width) / half; // MediaPipe scales z like x
  });
  return points;
}

function scoresOf(categories) {
  const scores = new Float32Array(EXPRESSION_SIZE);
  for (const { categoryName, score } of categories) {
    const index = EXPRESSION_INDEX.get(categoryName);
    if (index !== undefined) scores[index] = score; // "_neutral" is not an expression
  }
  return scores;
}
