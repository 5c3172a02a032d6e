// Openings of the face: eyes that close fully and lips that meet (facemodel/apertures.py says why).

import { clamp, distance, meanGap } from "./numbers.js";

const [LID_SHUT, LID_FREE] = [0.33, 0.7]; // opening over the open eye's
const [LIP_SHUT, LIP_FREE] = [0.035, 0.075]; // gap over the mouth's width
const [UPPER_LID_SHARE, UPPER_LIP_SHARE] = [0.85, 0.2]; // of the closing

/** How far a face is open: `lids` over the same eyes opened, `lips` over the mouth's width. */
export function openingsOf(model, points, opened) {
  return {
    lids: model.lids.map(([upper, lower]) =>
      openingOf(points, upper, lower) / Math.max(openingOf(opened, upper, lower), 1e-3)),
    lips: openingOf(points, ...model.lips),
  };
}

/**
 * Draws nearly shut lids and lips of `points` (478 x 2, y down) shut, in place. `opened`: the same
 * face with open eyes; `own`: the openings of the portrait at rest, which stay as they are.
 */
export function settle(model, points, opened, own) {
  const now = openingsOf(model, points, opened);
  const shares = now.lids.map((ratio, i) => keptOf(ratio, LID_SHUT, LID_FREE, own.lids[i]));
  const lips = keptOf(now.lips, LIP_SHUT, LIP_FREE, own.lips);
  // gaps before anything moves: what closes one opening must not tell in another
  const gaps = [...model.lids.map((pair) => gapOf(points, ...pair)), gapOf(points, ...model.lips)];
  shares.forEach((kept, i) => close(points, gaps[i], model.follow.lids[i], kept, UPPER_LID_SHARE));
  close(points, gaps[2], model.follow.lips, lips, UPPER_LIP_SHARE);
}

function openingOf(points, upper, lower) {
  const width = distance(points, upper[0], upper[upper.length - 1]);
  return meanGap(points, upper, lower) / Math.max(width, 1e-6);
}

/** Share of the opening that stays; an `own` one between the bounds lowers both. */
function keptOf(ratio, shut, free, own) {
  const lowered = shut < own && own < free;
  const [low, high] = lowered ? [(shut * own) / free, own] : [shut, free];
  const x = clamp((ratio - low) / (high - low), 0, 1);
  return x * x * (3 - 2 * x);
}

function gapOf(points, upper, lower) {
  return Array.from(upper, (_, i) => [0, 1].map((k) =>
    points[2 * lower[i] + k] - points[2 * upper[i] + k]));
}

function close(points, gap, [above, below], kept, share) {
  if (kept >= 1) return;
  const count = points.length / 2;
  gap.forEach(([x, y], edge) => {
    const first = edge * count;
    for (let i = 0; i < count; i++) {
      const part = (above[first + i] * share - below[first + i] * (1 - share)) * (1 - kept);
      points[2 * i] += part * x;
      points[2 * i + 1] += part * y;
    }
  });
}
