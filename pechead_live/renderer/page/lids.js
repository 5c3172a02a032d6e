// Upper lids that shut: skin and lashes (renderer/lids.py says why).

import { clamp, distance, interpolated, meanGap, roundEven } from "./numbers.js";

const BEGINS = 0.45; // how shut a lid is when its skin begins to be laid
const SKIN = 0.7; // share of the skin's colour on a shut lid
const LASHES = 0.8; // how plainly the lashes of a shut eye are drawn
const LIGHTEST_LASHES = 0.5; // of the skin's brightness
const CREASE = 0.35; // above the open eye's edge, in radii of the iris
const THICK = 0.16; // of the lashes, in radii of the iris

/** {skin, lashes}, colours (3) of the lid on `layer` between edges of (x, y) `points`, pixels. */
export function lidOf(layer, points, upper, lower) {
  const skin = lidColour(layer, points, upper, lower);
  const edge = [...upper].slice(1, -1).map((i) => [points[2 * i], points[2 * i + 1]]);
  const darkest = meanColour(fromDarkToLight(layer, edge).slice(0, 3));
  return { skin, lashes: darkest.map((value, k) => Math.min(value, LIGHTEST_LASHES * skin[k])) };
}

function lidColour(layer, points, upper, lower) {
  let gap = 0;
  upper.forEach((up, i) => (gap += (points[2 * lower[i] + 1] - points[2 * up + 1]) / upper.length));
  const width = distance(points, upper[0], upper[upper.length - 1]);
  const reach = Math.max(2, 0.9 * gap, 0.25 * width); // of a shut eye, past its lashes
  const spots = (edge, by) =>
    [...edge].slice(2, 7).map((i) => [points[2 * i], points[2 * i + 1] + by]);
  const found = fromDarkToLight(layer, [...spots(upper, -0.6 * reach), ...spots(lower, reach)]);
  return meanColour(found.slice(-6)).map((value) => 0.92 * value);
}

function fromDarkToLight({ data, width, height }, spots) {
  const colours = spots.map(([x, y]) => {
    const [column, row] = [clamp(roundEven(x), 0, width - 1), clamp(roundEven(y), 0, height - 1)];
    const at = (row * width + column) * 4;
    return [data[at], data[at + 1], data[at + 2]];
  });
  const light = ([r, g, b]) => r + g + b;
  return colours.sort((one, other) => light(one) - light(other));
}

function meanColour(colours) {
  return [0, 1, 2].map((k) => colours.reduce((sum, c) => sum + c[k], 0) / colours.length);
}

/** How far a lid has come down from `rest`, 0 to 1 on the lower one; (x, y) points, pixels. */
export function shutOf(driven, rest, upper, lower) {
  let drop = 0;
  for (let i = 1; i < upper.length - 1; i++) {
    drop += driven[2 * upper[i] + 1] - rest[2 * upper[i] + 1];
  }
  drop /= upper.length - 2;
  return clamp(drop / Math.max(meanGap(rest, upper, lower), 1), 0, 1);
}

/** Lays an eye's skin over its lid on `layer`, in place. `shut` of `shutOf`. */
export function drawLid(layer, opening, driven, rest, shut) {
  const share = SKIN * clamp((shut - BEGINS) / 0.4, 0, 1);
  if (share <= 0) return;
  const { upper, radius, lid } = opening;
  const edge = curveOf(driven, upper, 0);
  const above = curveOf(rest, upper, -CREASE * (radius + 1));
  layColumns(layer, opening, edge, (along, edgeY, x, lay) => {
    const crease = interpolated(x, above.xs, above.ys);
    const taper = share * clamp(Math.min(along, 1 - along) / 0.15, 0, 1);
    if (taper <= 0) return;
    const end = Math.ceil(edgeY + 0.5);
    for (let y = Math.floor(crease); y <= end; y++) {
      const down = (y - crease) / Math.max(edgeY - crease, 1);
      const weight = taper * clamp(down / 0.6, 0, 1) * clamp(edgeY - y + 0.5, 0, 1);
      // the ball behind it catches light
      lay(y, lid.skin, 0.95 + 0.05 * Math.sin(Math.PI * clamp(down, 0, 1)), weight);
    }
  });
}

/** Draws the lashes along the edge of a shut lid on `layer`, in place. */
export function drawLashes(layer, opening, driven, shut) {
  const share = LASHES * clamp((shut - 0.55) / 0.35, 0, 1);
  if (share <= 0) return;
  const { upper, radius, lid } = opening;
  layColumns(layer, opening, curveOf(driven, upper, 0), (along, edgeY, x, lay) => {
    const taper = clamp(Math.min(along, 1 - along) / 0.25, 0, 1) ** 0.7;
    if (taper <= 0) return;
    const half = (0.4 + THICK * radius * taper) / 2;
    const end = Math.ceil(edgeY + half + 0.5);
    for (let y = Math.floor(edgeY - half - 0.5); y <= end; y++) {
      lay(y, lid.lashes, 1, share * taper * clamp(half - Math.abs(y - edgeY) + 0.5, 0, 1));
    }
  });
}

/** Calls `draw` for each column of the opening that lies along `edge`. */
function layColumns({ data, width }, opening, edge, draw) {
  const { left, top } = opening;
  const bottom = top + opening.height - 1;
  const [low, high] = [edge.xs[0], edge.xs.at(-1)];
  const end = Math.min(left + opening.width - 1, Math.floor(high));
  for (let x = Math.max(left, Math.ceil(low)); x <= end; x++) {
    const along = (x - low) / Math.max(high - low, 1);
    draw(along, interpolated(x, edge.xs, edge.ys), x, (y, colour, bright, weight) => {
      if (y < top || y > bottom || weight <= 0) return;
      const at = (y * width + x) * 4;
      for (let k = 0; k < 3; k++) {
        data[at + k] += (colour[k] * bright - data[at + k]) * weight + 0.5;
      }
    });
  }
}

/** A curve through `edge` of (x, y) `points`, `by` lower: {xs rising, ys}. */
function curveOf(points, edge, by) {
  const spots = Array.from(edge, (i) => [points[2 * i], points[2 * i + 1] + by]);
  spots.sort((one, other) => one[0] - other[0]);
  return { xs: spots.map(([x]) => x), ys: spots.map(([, y]) => y) };
}
