// What lies behind the face's openings: eyeballs and the mouth's inside (renderer/openings.py).

import { blur } from "./blur.js";
import { isShut, paintEyeball, turnEyeball } from "./eyeball.js";
import { drawLashes, drawLid, lidOf, shutOf } from "./lids.js";
import { openMouth, paintMouth } from "./mouth.js";
import { clamp, distance, meanGap, roundEven } from "./numbers.js";
import { hardPolygon, softPolygon } from "./polygon.js";

const SMALLEST_GAP = 0.3; // pixels between two edges below which nothing is seen between them
const [EYE_SHADE, MOUTH_SHADE] = [0.25, 0.4]; // how much darker the inside is at its edge

/**
 * Both eyes and the mouth of the portrait `layer` {data RGBA, width, height} with (x, y) `points`
 * (478 x 2), its pixels.
 */
export function findOpenings(layer, points, model) {
  const radii = model.irises.map((iris) => radiusOf(points, iris));
  // one eye that is seen tells the other's colour, too
  const shut = model.lids.every((pair, i) => isShut(outlineOf(points, ...pair), radii[i]));
  const eyes = model.lids.map((pair, i) =>
    eyeOf(layer, points, pair, model.irises[i], radii[i], shut));
  return [...eyes, mouthOf(layer, points, model)];
}

/** Draws the openings into `layer`, in place; `driven` and `rest` (478 x 2) are its pixels. */
export function drawOpenings(layer, openings, driven, rest) {
  for (const opening of openings) {
    if (opening.lid === null) {
      drawInside(layer, opening, driven, rest);
      continue;
    }
    const shut = shutOf(driven, rest, opening.upper, opening.lower);
    drawLid(layer, opening, driven, rest, shut);
    drawInside(layer, opening, driven, rest);
    drawLashes(layer, opening, driven, shut);
  }
}

function drawInside(layer, opening, driven, rest) {
  const gap = meanGap(driven, opening.upper, opening.lower);
  if (gap < SMALLEST_GAP) return;
  const box = boxOf(opening, driven);
  const [left, top, width, height] = box;
  if (width <= 0 || height <= 0) return;
  const { outline, alpha, share, depth, rows, inside } = opening;
  for (let i = 0; i < outline.length; i += 2) {
    outline[i] -= left;
    outline[i + 1] -= top;
  }
  softPolygon(outline, width, height, alpha);
  blur(alpha, width, height, 0.6, share, rows);
  blur(alpha, width, height, Math.max(1, gap / 5), depth, rows);
  const { centre, behind } = opening;
  const shift = [0, 1].map((k) => driven[2 * centre + k] - rest[2 * centre + k]);
  const draw = opening.lid === null ? openMouth : turnEyeball;
  draw(behind, shift, left, top, width, height, inside);
  // what the photo shows has its own shade; the farther from that, the more is ours
  const own = meanGap(rest, opening.upper, opening.lower);
  const shade = opening.shade * Math.min(1, Math.abs(gap - own) / Math.max(0.5 * own, 1));
  const visible = Math.min(gap, 1.5) / 1.5;
  for (let y = 0, i = 0; y < height; y++) {
    let at = ((opening.top + top + y) * layer.width + opening.left + left) * 4;
    for (let x = 0; x < width; x++, i++, at += 4) {
      const weight = share[i] * visible;
      if (weight === 0) continue;
      const light = 1 - shade * (1 - depth[i] * depth[i]);
      for (let k = 0; k < 3; k++) {
        const level = layer.data[at + k];
        layer.data[at + k] = level + (inside[3 * i + k] * light - level) * weight + 0.5;
      }
    }
  }
}

/** [left, top, width, height] of what is drawn, in the opening's region; fills its outline. */
function boxOf(opening, driven) {
  const { upper, lower, outline } = opening;
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < 2 * upper.length; i++) {
    const vertex = i < upper.length ? upper[i] : lower[2 * upper.length - 1 - i];
    const x = driven[2 * vertex] - opening.left;
    const y = driven[2 * vertex + 1] - opening.top;
    [outline[2 * i], outline[2 * i + 1]] = [x, y];
    [x0, y0, x1, y1] = [Math.min(x0, x), Math.min(y0, y), Math.max(x1, x), Math.max(y1, y)];
  }
  const [left, top] = [Math.max(Math.floor(x0) - 3, 0), Math.max(Math.floor(y0) - 3, 0)];
  const right = Math.min(Math.ceil(x1) + 4, opening.width);
  return [left, top, right - left, Math.min(Math.ceil(y1) + 4, opening.height) - top];
}

function eyeOf(layer, points, [upper, lower], iris, radius, shut) {
  const outline = outlineOf(points, upper, lower);
  const { left, top, right, bottom } = regionOf(layer, outline, 0.35);
  const [width, height] = [right - left, bottom - top];
  const patch = cut(layer, left, top, width, height);
  const moved = outline.map((value, i) => value - (i % 2 ? top : left));
  const known = shut ? new Uint8Array(width * height) : hardPolygon(moved, width, height);
  const centre = [points[2 * iris] - left, points[2 * iris + 1] - top];
  const lid = lidOf(layer, points, upper, lower);
  const behind = paintEyeball(patch, known, width, height, centre, radius, lid.skin);
  return {
    ...{ upper, lower, left, top, width, height, behind, radius, lid },
    ...{ centre: iris, shade: EYE_SHADE, ...buffersOf(outline.length, width, height) },
  };
}

function mouthOf(layer, points, model) {
  const [upper, lower] = model.lips;
  const outline = outlineOf(points, upper, lower);
  const { left, top, right, bottom } = regionOf(layer, outline, 0.25);
  const wide = distance(points, upper[0], upper[upper.length - 1]);
  const below = Math.min(layer.height, bottom + roundEven(0.9 * wide));
  const [width, height] = [right - left, below - top];
  const moved = points.map((value, i) => value - (i % 2 ? top : left));
  const behind = paintMouth(cut(layer, left, top, width, height), width, height, moved, model);
  return {
    ...{ upper, lower, left, top, width, height, behind, radius: 0, lid: null },
    ...{ centre: model.chin, shade: MOUTH_SHADE, ...buffersOf(outline.length, width, height) },
  };
}

/** What a frame's drawing works in, once for all frames. */
function buffersOf(numbers, width, height) {
  const plane = () => new Float32Array(width * height);
  return {
    outline: new Float64Array(numbers),
    ...{ alpha: plane(), share: plane(), depth: plane(), rows: plane() },
    inside: new Float32Array(3 * width * height),
  };
}

/** The outline's box grown by `margin` of its width. Never empty. */
function regionOf({ width, height }, outline, margin) {
  const xs = outline.filter((_, i) => i % 2 === 0);
  const ys = outline.filter((_, i) => i % 2 === 1);
  const grow = margin * (Math.max(...xs) - Math.min(...xs));
  const left = clamp(Math.floor(Math.min(...xs) - grow), 0, width - 1);
  const top = clamp(Math.floor(Math.min(...ys) - grow), 0, height - 1);
  const right = Math.min(width, Math.ceil(Math.max(...xs) + grow) + 1);
  const bottom = Math.min(height, Math.ceil(Math.max(...ys) + grow) + 1);
  return { left, top, right: Math.max(left + 1, right), bottom: Math.max(top + 1, bottom) };
}

function radiusOf(points, iris) {
  return [1, 2, 3, 4].reduce((sum, i) => sum + distance(points, iris, iris + i), 0) / 4;
}

function outlineOf(points, upper, lower) {
  return [...upper, ...[...lower].reverse()].flatMap((i) => [points[2 * i], points[2 * i + 1]]);
}

/** (width x height x 3) of a layer. */
function cut(layer, left, top, width, height) {
  const patch = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) {
    const at = 4 * ((top + Math.floor(i / width)) * layer.width + left + (i % width));
    for (let k = 0; k < 3; k++) patch[3 * i + k] = layer.data[at + k];
  }
  return patch;
}
