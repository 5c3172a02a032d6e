// Polygons as masks. What counts as inside is OpenCV's choice, so that pictures are as Python's: a
// hard polygon includes its outline, a soft one has an outline that fades over a pixel around it.

import { clamp } from "./numbers.js";

const FINE = 16; // places a pixel's side is divided into
const SOFTNESS = 0.57; // of an outline: twice the squared deviation of its profile, pixels

/**
 * Widens, for each row, the span from `left` to `right` (Int32Array, rows `top` and on) by the
 * pixels of the line from (x0, y0) to (x1, y1), within `height` rows.
 */
export function widen(left, right, height, x0, y0, x1, y1) {
  const [across, down] = [x1 - x0, y1 - y0];
  if (Math.abs(across) <= Math.abs(down)) {
    const slope = down === 0 ? 0 : across / down;
    const [low, high] = x0 < x1 ? [x0, x1] : [x1, x0];
    const first = Math.max(0, Math.floor((y0 < y1 ? y0 : y1) + 0.5));
    const last = Math.min(height - 1, Math.floor((y0 < y1 ? y1 : y0) + 0.5));
    for (let y = first; y <= last; y++) {
      let at = x0 + (y - y0) * slope;
      at = at < low ? low : at > high ? high : at;
      const x = Math.floor(at + 0.5);
      if (x < left[y]) left[y] = x;
      if (x > right[y]) right[y] = x;
    }
    return;
  }
  const slope = down / across;
  const [low, high] = y0 < y1 ? [y0, y1] : [y1, y0];
  const first = Math.floor((x0 < x1 ? x0 : x1) + 0.5);
  const last = Math.floor((x0 < x1 ? x1 : x0) + 0.5);
  for (let x = first; x <= last; x++) {
    let at = y0 + (x - x0) * slope;
    at = at < low ? low : at > high ? high : at;
    const y = Math.floor(at + 0.5);
    if (y < 0 || y >= height) continue;
    if (x < left[y]) left[y] = x;
    if (x > right[y]) right[y] = x;
  }
}

/** (height x width) 1 within the polygon of (x, y) `points`, outline included, else 0. */
export function hardPolygon(points, width, height) {
  const mask = new Uint8Array(width * height);
  const corners = cornersOf(points);
  fillInside(corners, width, height, mask, nearest, nearest);
  const [left, right] = [new Int32Array(height), new Int32Array(height)];
  for (const [x0, y0, x1, y1] of edgesOf(corners)) {
    left.fill(width);
    right.fill(-1);
    widen(left, right, height, nearest(x0), y0, nearest(x1), y1);
    for (let y = 0; y < height; y++) {
      const end = Math.min(right[y], width - 1);
      for (let x = Math.max(0, left[y]); x <= end; x++) mask[y * width + x] = 1;
    }
  }
  return mask;
}

/** Writes the polygon of (x, y) `points` into `mask` (height x width), [0, 1], soft at its edge. */
export function softPolygon(points, width, height, mask) {
  mask.fill(0, 0, width * height);
  const corners = cornersOf(points);
  for (const edge of edgesOf(corners)) {
    const [x0, y0, x1, y1] = edge;
    const steep = Math.abs(y1 - y0) > Math.abs(x1 - x0);
    if (steep) softLine(mask, y0, x0, y1, x1, height, width, width, 1);
    else softLine(mask, x0, y0, x1, y1, width, height, 1, width);
  }
  fillInside(corners, width, height, mask, Math.ceil, Math.floor);
}

/** What of `mask` is further than `reach` pixels (of a square) from what is outside it. */
export function eroded(mask, width, height, reach) {
  return mask.map((_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    const [right, bottom] = [Math.min(width - 1, x + reach), Math.min(height - 1, y + reach)];
    for (let row = Math.max(0, y - reach); row <= bottom; row++) {
      for (let column = Math.max(0, x - reach); column <= right; column++) {
        if (!mask[row * width + column]) return 0;
      }
    }
    return 1;
  });
}

/**
 * A line that is longer along u than along v; pixel (u, v) of `mask` lies at u `alongStep` + v
 * `acrossStep`.
 */
function softLine(mask, u0, v0, u1, v1, length, breadth, alongStep, acrossStep) {
  if (u0 > u1) [u0, v0, u1, v1] = [u1, v1, u0, v0];
  if (u0 === u1) return;
  const slope = (v1 - v0) / (u1 - u0);
  const strength = Math.sqrt((1 + slope * slope) / 2);
  const last = Math.min(length - 1, Math.floor(u1 + 0.5));
  for (let u = Math.max(0, Math.floor(u0 + 0.5)); u <= last; u++) {
    const covered = Math.min(u + 0.5, u1) - Math.max(u - 0.5, u0);
    const middle = v0 + (clamp(u, u0, u1) - u0) * slope;
    const end = Math.min(breadth - 1, Math.ceil(middle + 1));
    for (let v = Math.max(0, Math.floor(middle - 1)); v <= end; v++) {
      const off = v - middle;
      const once = 1 - covered * strength * Math.exp((-off * off) / SOFTNESS);
      const at = u * alongStep + v * acrossStep;
      mask[at] = 1 - (1 - mask[at]) * once * once; // OpenCV draws it twice
    }
  }
}

/** Even-odd; `first` and `last` say which columns are inside between two crossings. */
function fillInside(corners, width, height, mask, first, last) {
  const edges = edgesOf(corners);
  const rows = corners.map(([, y]) => y);
  const bottom = Math.min(height - 1, Math.max(...rows));
  for (let y = Math.max(0, Math.min(...rows)); y <= bottom; y++) {
    const crossings = [];
    for (const [x0, y0, x1, y1] of edges) {
      if (y0 <= y === y1 <= y) continue;
      crossings.push(x0 + ((y - y0) * (x1 - x0)) / (y1 - y0));
    }
    crossings.sort((a, b) => a - b);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const end = Math.min(width - 1, last(crossings[i + 1]));
      for (let x = Math.max(0, first(crossings[i])); x <= end; x++) mask[y * width + x] = 1;
    }
  }
}

/** OpenCV rounds the rows of a polygon's corners; of their columns it keeps sixteenths. */
function cornersOf(points) {
  return Array.from({ length: points.length / 2 }, (_, i) => [
    Math.round(points[2 * i] * FINE) / FINE,
    nearest(Math.round(points[2 * i + 1] * FINE) / FINE),
  ]);
}

function edgesOf(corners) {
  return corners.map(([x, y], i) => [x, y, ...corners[(i + 1) % corners.length]]);
}

function nearest(value) {
  return Math.floor(value + 0.5);
}
