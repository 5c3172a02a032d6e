// What a lite network leaves to its guide picture: eyes and teeth (renderer/kept.py says why).

import { blur } from "./blur.js";
import { clamp } from "./numbers.js";
import { softPolygon } from "./polygon.js";

const CORNERS = [[36, 39], [42, 45]]; // of each eye, in the guide's 70 landmarks
const [ALONG, ACROSS] = [0.8, 0.55]; // half axes of an eye's ellipse in eye widths
const [LIPS, LIPS_END] = [60, 68]; // the inner lips' outline in the landmarks
const [INNER, OUTER] = [0.56, 1.56]; // squares of the distance between which the mask falls
const SMALLEST_WIDTH = 1e-3; // picture coordinates; an eye seen from its side is not narrower

/** What `keep` works in, for masks of `side`. */
export function maskOf(side) {
  const plane = () => new Float32Array(side * side);
  return { side, eyes: plane(), lips: plane(), soft: plane(), rows: plane() };
}

/**
 * Takes from `residual` (h x h x 2) and `alpha` (S x S), in place, what would change the guide's
 * eyes and teeth. `landmarks` (70 x 2) of the guide; `coarse` and `fine` are `maskOf` h and S.
 */
export function keep(residual, alpha, landmarks, coarse, fine) {
  writeMask(landmarks, coarse);
  for (let i = 0; i < coarse.eyes.length; i++) {
    residual[2 * i] *= 1 - coarse.eyes[i];
    residual[2 * i + 1] *= 1 - coarse.eyes[i];
  }
  writeMask(landmarks, fine);
  for (let i = 0; i < alpha.length; i++) alpha[i] = 1 - (1 - alpha[i]) * (1 - fine.eyes[i]);
}

/** Writes into `mask.eyes` 1 on lids and irises and between the lips, 0 elsewhere. */
function writeMask(landmarks, mask) {
  mask.eyes.fill(0);
  for (const [first, second] of CORNERS) addEye(landmarks, first, second, mask);
  addMouth(landmarks, mask);
}

function addEye(landmarks, first, second, { eyes, side }) {
  const [x0, y0] = [landmarks[2 * first], landmarks[2 * first + 1]];
  const [across, down] = [landmarks[2 * second] - x0, landmarks[2 * second + 1] - y0];
  const width = Math.max(Math.hypot(across, down), SMALLEST_WIDTH);
  const [cosine, sine] = [across / width, down / width];
  const [wide, tall] = [(ALONG * width) ** 2, (ACROSS * width) ** 2];
  const both = 2 * cosine * sine * (1 / wide - 1 / tall);
  const byX = cosine ** 2 / wide + sine ** 2 / tall;
  const byY = sine ** 2 / wide + cosine ** 2 / tall;
  const [middleX, middleY] = [x0 + across / 2, y0 + down / 2];
  const reach = ALONG * width * Math.sqrt(OUTER);
  const step = 2 / (side - 1);
  const [left, right] = placesOf(middleX, reach, side);
  const [top, bottom] = placesOf(middleY, reach, side);
  for (let row = top; row <= bottom; row++) {
    const y = row * step - 1 - middleY;
    for (let column = left; column <= right; column++) {
      const x = column * step - 1 - middleX;
      const squared = both * x * y + byX * x * x + byY * y * y;
      const value = Math.min(1, (OUTER - squared) / (OUTER - INNER));
      const at = row * side + column;
      if (value > eyes[at]) eyes[at] = value;
    }
  }
}

function addMouth(landmarks, { eyes, lips, soft, rows, side }) {
  const sigma = side / 200;
  const room = Math.ceil(3 * sigma) + 3;
  const spots = [...landmarks.slice(2 * LIPS, 2 * LIPS_END)].map((v) => ((v + 1) * (side - 1)) / 2);
  const bounds = [0, 1].map((k) => {
    const along = spots.filter((_, i) => i % 2 === k);
    const low = clamp(Math.floor(Math.min(...along)) - room, 0, side);
    return [low, clamp(Math.ceil(Math.max(...along)) + room, low, side)];
  });
  const [[left, right], [top, bottom]] = bounds;
  const [width, height] = [right - left, bottom - top];
  if (width === 0 || height === 0) return;
  softPolygon(spots.map((value, i) => value - bounds[i % 2][0]), width, height, lips);
  blur(lips, width, height, sigma, soft, rows);
  for (let y = 0, i = 0; y < height; y++) {
    let at = (top + y) * side + left;
    for (let x = 0; x < width; x++, i++, at++) if (soft[i] > eyes[at]) eyes[at] = soft[i];
  }
}

/** First and last place of `side` within `reach` of `middle`, picture coordinates. */
function placesOf(middle, reach, side) {
  const place = (value) => ((value + 1) * (side - 1)) / 2;
  return [
    Math.max(0, Math.ceil(place(middle - reach))),
    Math.min(side - 1, Math.floor(place(middle + reach))),
  ];
}
