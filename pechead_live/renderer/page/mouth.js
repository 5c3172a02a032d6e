// The mouth's inside, painted once per portrait (renderer/mouth.py says why and from what).

import { blur } from "./blur.js";
import { clamp, distance, interpolated } from "./numbers.js";
import { eroded, hardPolygon } from "./polygon.js";
import { LOWER, teethAt, UPPER } from "./teeth.js";

const MOUTH_SHOWN = 0.04; // gap over the mouth's width above which the photo shows its inside
const IRIS_DISTANCE = 63; // millimetres, the ruler of a face
const [UPPER_EDGE, OVERLAP] = [2, 0.5]; // of the upper incisors, millimetres
const LOWERED = 1.25; // how far the lower teeth go down, of the chin's skin
const SKIN = [168, 104, 82]; // around a mouth in the light in which the colours below hold
const TINT = 0.65; // how much of another skin's colour is the light's
const TEETH = [202, 162, 143];
const GUM = [150, 74, 62];
const TONGUE = [144, 72, 62];
const CAVITY = [56, 22, 15];
const BRIGHTER = 75; // percentile of what a photo shows between the lips that is lit teeth
const IN_SHADOW = [1, 1.2, 1.25]; // exponents of a tooth's shade

/**
 * The mouth behind the lips of `patch` (width x height x 3) with (x, y) `points`, its pixels:
 * {cavity (3), jaw, skull}, layers of width x height x 4: colour times share, and the share.
 */
export function paintMouth(patch, width, height, points, model) {
  const [upper, lower] = model.lips;
  const wide = distance(points, upper[0], upper[upper.length - 1]);
  const gaps = Array.from(upper, (up, i) => points[2 * lower[i] + 1] - points[2 * up + 1]);
  const inner = gaps.slice(1, -1);
  const shown = inner.reduce((sum, gap) => sum + gap) / inner.length > MOUTH_SHOWN * wide;
  const place = placeOf(points, upper, model.irises);
  const light = [0, 1, 2].map((k) =>
    clamp(percentile(channel(patch, k), 50) / SKIN[k], 0.3, 2) ** TINT);
  const lit = (colour) => colour.map((value, k) => value * light[k]);
  const paint = (draw) => layerOf(width, height, draw, place);
  const mouth = { cavity: lit(CAVITY), width, height };
  if (!shown) {
    mouth.jaw = paint(jawOf(lit, lit(TEETH), UPPER_EDGE - OVERLAP));
    mouth.skull = paint(skullOf(lit, lit(TEETH)));
    return mouth;
  }
  const outline = [...upper, ...[...lower].reverse()].flatMap((i) => [
    points[2 * i],
    points[2 * i + 1],
  ]);
  const known = hardPolygon(outline, width, height);
  const rim = Math.trunc(0.012 * wide); // pixels that show the lips' own edge
  const core = eroded(known, width, height, rim);
  const seen = new Float32Array(known.length);
  blur(core, width, height, 0.3 + 0.5 * rim, seen, new Float32Array(known.length));
  mouth.skull = paint((layer, at, x, y, pixel, i) => {
    lay(layer, at, lit(GUM), clamp(0.5 - y / pixel / 2, 0, 1));
    lay(layer, at, patch.subarray(3 * i, 3 * i + 3), Math.min(seen[i], known[i]));
  });
  const bright = [0, 1, 2].map((k) => channel(patch, k).filter((_, i) => core[i]));
  const anyLit = bright[0].length > 0;
  const white = anyLit ? bright.map((levels) => percentile(levels, BRIGHTER)) : lit(TEETH);
  mouth.jaw = paint(jawOf(lit, white, Math.max(...gaps) * place.pixel));
  return mouth;
}

/**
 * The mouth from column `left` and row `top` on into `into` (height x width x 3), levels, while
 * the chin is `shift` (2) pixels from where it rests.
 */
export function openMouth(mouth, shift, left, top, width, height, into) {
  const [across, down] = [left - shift[0], top - LOWERED * shift[1]];
  const [firstX, firstY] = [Math.floor(across), Math.floor(down)];
  const [u, v] = [across - firstX, down - firstY];
  const shares = [(1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v];
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      jaw.fill(0);
      for (let corner = 0; corner < 4; corner++) {
        const [column, row] = [firstX + x + (corner & 1), firstY + y + (corner >> 1)];
        if (column < 0 || row < 0 || column >= mouth.width || row >= mouth.height) continue;
        const from = 4 * (row * mouth.width + column);
        for (let k = 0; k < 4; k++) jaw[k] += shares[corner] * mouth.jaw[from + k];
      }
      const skull = 4 * ((top + y) * mouth.width + left + x);
      const behind = 1 - mouth.skull[skull + 3];
      for (let k = 0; k < 3; k++) {
        const lower = jaw[k] + mouth.cavity[k] * (1 - jaw[3]);
        into[at + k] = mouth.skull[skull + k] + lower * behind;
      }
    }
  }
}

const jaw = new Float64Array(4);

/** Where a pixel is in the mouth: the line through its corners is across, millimetres. */
function placeOf(points, upper, irises) {
  const at = (i) => [points[2 * i], points[2 * i + 1]];
  const [first, last] = [at(upper[0]), at(upper[upper.length - 1])];
  const length = Math.max(Math.hypot(last[0] - first[0], last[1] - first[1]), 1e-3);
  const along = [(last[0] - first[0]) / length, (last[1] - first[1]) / length];
  const middle = at(upper[upper.length >> 1]);
  const turned = ([x, y]) => {
    const [right, down] = [x - middle[0], y - middle[1]];
    return [right * along[0] + down * along[1], down * along[0] - right * along[1]];
  };
  const line = Array.from(upper, (i) => turned(at(i)));
  const [xs, ys] = [line.map(([x]) => x), line.map(([, y]) => y)];
  const pixel = IRIS_DISTANCE / Math.max(distance(points, ...irises), 8);
  const of = (x, y) => {
    const [right, down] = turned([x, y]);
    return [right * pixel, (down - interpolated(right, xs, ys)) * pixel];
  };
  return { pixel, of };
}

function skullOf(lit, white) {
  const gum = lit(GUM);
  return (layer, at, x, y, pixel) => {
    const row = teethAt(UPPER, x, y - UPPER_EDGE, pixel);
    lay(layer, at, gum, row.gum);
    layTeeth(layer, at, row, white);
  };
}

/** Lower teeth, whose free edge is `edge` below the upper lip, before the tongue's back. */
function jawOf(lit, white, edge) {
  const [tongue, gum] = [lit(TONGUE), lit(GUM).map((value) => 0.8 * value)];
  return (layer, at, x, y, pixel) => {
    const below = y - edge;
    const row = teethAt(LOWER, x, -below, pixel);
    const mound = 1.3 - (x / 19) ** 2 - ((below - 6) / 13) ** 2;
    const shade = 0.6 + 0.4 * clamp((below + 6) / 10, 0, 1);
    lay(layer, at, tongue.map((value) => value * shade), clamp(2 * mound, 0, 1));
    lay(layer, at, gum, row.gum);
    layTeeth(layer, at, row, white);
  };
}

function layTeeth(layer, at, row, white) {
  lay(layer, at, white.map((value, k) => value * row.shade ** IN_SHADOW[k]), row.tooth);
}

/** Lays `share` of `colour` (3) over what is at `at` of `layer`. */
function lay(layer, at, colour, share) {
  for (let k = 0; k < 3; k++) {
    layer[at + k] = clamp(colour[k], 0, 255) * share + layer[at + k] * (1 - share);
  }
  layer[at + 3] = share + layer[at + 3] * (1 - share);
}

function layerOf(width, height, draw, place) {
  const layer = new Float32Array(4 * width * height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) draw(layer, 4 * i, ...place.of(x, y), place.pixel, i);
  }
  return layer;
}

function channel(patch, k) {
  return Float64Array.from({ length: patch.length / 3 }, (_, i) => patch[3 * i + k]);
}

function percentile(values, percent) {
  const sorted = Float64Array.from(values).sort();
  const place = (percent / 100) * (sorted.length - 1);
  const at = Math.min(Math.floor(place), sorted.length - 2);
  if (at < 0) return sorted[0];
  return sorted[at] + (place - at) * (sorted[at + 1] - sorted[at]);
}
