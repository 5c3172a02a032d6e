// An eyeball painted once per portrait: what the lids cover is completed (renderer/eyeball.py).

import { fill } from "./fill.js";
import { clamp, interpolated } from "./numbers.js";
import { eroded } from "./polygon.js";

const DARKEST = 0.45; // of the white, of the skin's brightness: what is darker is lashes
const SHUT = 0.5; // mean height of an opening, in radii of the iris, that shows no eye
const WHITE = 0.95; // brightness of a white that no photo shows, of the skin's
const UNSEEN = [
  ...[0, 1, 2].map(() => [18, 14, 13]),
  ...[[72, 50, 37], [67, 46, 34], [60, 42, 31], [50, 35, 27], [34, 25, 21], [60, 52, 48]],
]; // colour by distance of an iris that no photo shows: brown, as most are
const GLINT = [-0.3, -0.35]; // in radii of the iris
const [NEAR, FAR] = [0.8, 1.4]; // shifts of the iris up to which the eye is stretched, then laid
const EIGHTHS = [0, 1, 2, 3, 4, 5, 6, 7, 8];

/** Whether an opening within the (x, y) `outline`, pixels, shows lashes and no eye. */
export function isShut(outline, radius) {
  const count = outline.length / 2;
  let [area, low, high] = [0, Infinity, -Infinity];
  for (let i = 0; i < count; i++) {
    const j = (i + 1) % count;
    area += outline[2 * i] * outline[2 * j + 1] - outline[2 * j] * outline[2 * i + 1];
    low = Math.min(low, outline[2 * i]);
    high = Math.max(high, outline[2 * i]);
  }
  return Math.abs(area) / 2 < SHUT * Math.max(radius, 0.5) * Math.max(high - low, 1);
}

/**
 * The eyeball without lids {seen, white (width x height x 3), centre, radius, width, height}.
 * `patch` (the same size) shows it where `known` is not 0; `skin` (3) is the lids' colour.
 */
export function paintEyeball(patch, known, width, height, centre, iris, skin) {
  const radius = Math.max(iris, 0.5);
  const distance = Float64Array.from(known, (_, i) =>
    Math.hypot((i % width) - centre[0], Math.floor(i / width) - centre[1]) / radius);
  const core = eroded(known, width, height, 1);
  const white = paintWhite(patch, core, distance, width, height, skin);
  const profile = radialProfile(patch, core, distance);
  const nothingKnown = !known.some((value) => value);
  const seen = new Uint8Array(patch.length);
  for (let i = 0; i < known.length; i++) {
    const eighth = clamp(distance[i] * 8 - 0.5, 0, 8);
    const share = disc(distance[i]);
    const glint = nothingKnown ? glintAt(i % width, Math.floor(i / width), centre, radius) : 0;
    for (let k = 0; k < 3; k++) {
      const ring = interpolated(eighth, EIGHTHS, profile[k]);
      let painted = white[3 * i + k] * (1 - share) + ring * share;
      painted += 0.85 * glint * (240 - painted);
      seen[3 * i + k] = known[i] ? patch[3 * i + k] : clamp(painted + 0.5, 0, 255);
    }
  }
  return { seen, white, centre, radius, width, height };
}

/**
 * The eye with its iris moved by `shift` (2) pixels, from column `left` and row `top` on, into
 * `into` (height x width x 3), levels. A little: the eye is stretched, so that the photo's own
 * shades go with it. Far: the iris is laid over the white.
 */
export function turnEyeball(eye, shift, left, top, width, height, into) {
  const size = Math.max(eye.radius, 1);
  const [x0, y0] = [eye.centre[0] + shift[0], eye.centre[1] + shift[1]];
  const far = (Math.hypot(shift[0], shift[1]) / size - NEAR) / (FAR - NEAR);
  for (let y = top, at = 0; y < top + height; y++) {
    for (let x = left; x < left + width; x++, at += 3) {
      const distance = Math.hypot(x - x0, y - y0) / size;
      const share = clamp((2.6 - distance) / 1.4, 0, 1);
      if (far < 1) sample(eye, x - share * shift[0], y - share * shift[1], into, at);
      if (far <= 0) continue;
      const iris = disc(distance);
      sample(eye, x - shift[0], y - shift[1], moved, 0);
      for (let k = 0; k < 3; k++) {
        const white = eye.white[3 * (y * eye.width + x) + k];
        const laid = white + iris * (moved[k] - white);
        into[at + k] = far < 1 ? into[at + k] + far * (laid - into[at + k]) : laid;
      }
    }
  }
}

const moved = new Float32Array(3);

/** Bilinear, the rim goes on beyond it. */
function sample({ seen, width, height }, across, down, into, at) {
  const x = clamp(across, 0, width - 1);
  const y = clamp(down, 0, height - 1);
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [u, v] = [x - left, y - top];
  const first = 3 * (top * width + left);
  const right = left + 1 < width ? 3 : 0;
  const below = top + 1 < height ? 3 * width : 0;
  for (let k = 0; k < 3; k++) {
    const from = first + k;
    const upper = seen[from] * (1 - u) + seen[from + right] * u;
    const lower = seen[from + below] * (1 - u) + seen[from + below + right] * u;
    into[at + k] = upper + v * (lower - upper);
  }
}

function paintWhite(patch, core, distance, width, height, skin) {
  const lightest = Math.max(...skin);
  const sclera = core.map((inside, i) => {
    const light = Math.max(patch[3 * i], patch[3 * i + 1], patch[3 * i + 2]) > DARKEST * lightest;
    return inside && distance[i] > 1.15 && light ? 1 : 0;
  });
  if (sclera.reduce((sum, value) => sum + value) >= 8) return fill(patch, sclera, width, height);
  const white = skin.map((value) => clamp(WHITE * (0.3 * value + 0.7 * lightest), 90, 235));
  return Uint8Array.from(patch, (_, i) => white[i % 3]);
}

/** The iris's share, by the distance from its centre in radii. */
function disc(distance) {
  return clamp((1.08 - distance) / 0.12, 0, 1);
}

function glintAt(x, y, centre, radius) {
  const [across, down] = [x - centre[0] - GLINT[0] * radius, y - centre[1] - GLINT[1] * radius];
  return Math.exp(-(across ** 2 + down ** 2) / (0.14 * radius) ** 2);
}

/** For each channel, nine mean levels by distance from the iris's centre, in eighths. */
function radialProfile(patch, core, distance) {
  const sums = EIGHTHS.map(() => [0, 0, 0, 0]);
  distance.forEach((away, i) => {
    const ring = Math.floor(away * 8);
    if (!core[i] || away > 1.1 || ring > 8) return;
    for (let k = 0; k < 3; k++) sums[ring][k] += patch[3 * i + k];
    sums[ring][3]++;
  });
  const seen = ([, , , count]) => count >= 2;
  if (!sums.some(seen)) return [0, 1, 2].map((k) => UNSEEN.map((colour) => colour[k]));
  const profile = EIGHTHS.map(() => [60, 60, 60]);
  for (let ring = 8; ring >= 0; ring--) {
    if (seen(sums[ring])) profile[ring] = sums[ring].slice(0, 3).map((sum) => sum / sums[ring][3]);
    else if (ring < 8) profile[ring] = profile[ring + 1].map((value) => value * 0.85);
  }
  return [0, 1, 2].map((k) => profile.map((colour) => colour[k]));
}
